//! The `Date` field (RFC 9110, section 6.6.1), written once a second.
//!
//! In: the clock. Out: a field value that clones without copying. Each thread has its own, so that
//! nothing is locked. Left out: HTTP/1, where hyper writes the field itself.

use std::cell::RefCell;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::HeaderValue;
use httpdate::HttpDate;

/// The value of `Date` now.
pub(crate) fn date() -> HeaderValue {
    thread_local! {
        static WRITTEN: RefCell<(u64, HeaderValue)> = RefCell::new((0, write(0)));
    }
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = since.unwrap_or_default().as_secs();
    WRITTEN.with_borrow_mut(|(second, value)| {
        if *second != now {
            (*second, *value) = (now, write(now));
        }
        value.clone()
    })
}

fn write(second: u64) -> HeaderValue {
    let date = HttpDate::from(UNIX_EPOCH + Duration::from_secs(second)).to_string();
    // Letters, digits, commas, colons and spaces.
    HeaderValue::try_from(date).unwrap_or_else(|_| HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_written_as_an_imf_fixdate() {
        assert_eq!(write(784_111_777), "Sun, 06 Nov 1994 08:49:37 GMT");
    }

    #[test]
    fn is_the_time_now() {
        let written = httpdate::parse_http_date(date().to_str().unwrap()).unwrap();
        let age = SystemTime::now().duration_since(written).unwrap();
        assert!(age < Duration::from_secs(2), "{age:?}");
    }
}

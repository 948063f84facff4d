//! Origins (HTML, section 7.1.1 "Origins"; RFC 6454, section 6.2 ASCII serialization):
//! `scheme://host[:port]`.
//!
//! In: text from a policy file, or scheme and authority of a request. Out: the one spelling of that
//! origin, lower case and without the default port, which is what URL keys are hashed with. Hosts
//! are checked as the URL Standard serializes them. Left out: opaque origins, schemes other than
//! `http` and `https`, and conversion of international names; they must come as `xn--` labels.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// The origin of a site, such as `https://example.com` or `http://localhost:8080`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin(Box<str>);

/// Why a text is no [`Origin`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OriginError {
    /// Neither `http://` nor `https://` in lower case.
    #[error("the origin does not begin with `https://` or `http://`")]
    Scheme,
    /// The host is empty, too long, in upper case, or no host at all; or something follows it.
    #[error("the origin's host is not a host name or address in its normal, lower-case form")]
    Host,
    /// The port is no number from 1 to 65535, or has leading zeros.
    #[error("the origin's port is not a number from 1 to 65535")]
    Port,
    /// The scheme's default port is written out.
    #[error("the origin names the default port of its scheme")]
    DefaultPort,
}

impl Origin {
    /// Checks `text`, which must already be the normal spelling.
    ///
    /// # Errors
    ///
    /// See [`OriginError`].
    pub fn parse(text: &str) -> Result<Self, OriginError> {
        let (authority, default_port) = if let Some(authority) = text.strip_prefix("https://") {
            (authority, "443")
        } else if let Some(authority) = text.strip_prefix("http://") {
            (authority, "80")
        } else {
            return Err(OriginError::Scheme);
        };
        let (host, port) = split_port(authority);
        if !is_host(host) {
            return Err(OriginError::Host);
        }
        match port {
            None => {}
            Some(port) if port == default_port => return Err(OriginError::DefaultPort),
            Some(port) if is_port(port) => {}
            Some(_) => return Err(OriginError::Port),
        }
        Ok(Self(text.into()))
    }

    /// The origin of a request with this scheme and authority (`:scheme` and `:authority`, or
    /// `Host`), in its normal spelling: what to compare with the origin that a policy was made for.
    ///
    /// # Errors
    ///
    /// See [`OriginError`].
    pub fn of_request(scheme: &str, authority: &str) -> Result<Self, OriginError> {
        // A client may send anything; what is longer than any origin need not be copied.
        if scheme.len() + authority.len() > MAX_HOST + 16 {
            return Err(OriginError::Host);
        }
        let mut text = format!("{scheme}://{authority}").to_ascii_lowercase();
        let default_port = if text.starts_with("https:") {
            ":443"
        } else {
            ":80"
        };
        if text.ends_with(default_port) {
            text.truncate(text.len() - default_port.len());
        }
        Self::parse(&text)
    }

    /// The origin as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        Self::parse(text)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// RFC 1035, section 2.3.4, as text without the root label.
const MAX_HOST: usize = 253;

fn split_port(authority: &str) -> (&str, Option<&str>) {
    // The colons of an IPv6 address stand before its bracket.
    let host_end = authority.rfind(']').unwrap_or(0);
    match authority.get(host_end..).and_then(|rest| rest.find(':')) {
        Some(colon) => {
            let (host, port) = authority.split_at(host_end + colon);
            (host, port.strip_prefix(':'))
        }
        None => (authority, None),
    }
}

fn is_port(port: &str) -> bool {
    !port.starts_with(['0', '+']) && port.parse::<u16>().is_ok()
}

fn is_host(host: &str) -> bool {
    if host.is_empty() || host.len() > MAX_HOST {
        return false;
    }
    if let Some(address) = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
    {
        return is_ipv6(address);
    }
    let labels_are_fine = host
        .strip_suffix('.')
        .unwrap_or(host)
        .split('.')
        .all(|label| {
            !label.is_empty()
                && label
                    .bytes()
                    .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'))
        });
    labels_are_fine && (!ends_in_a_number(host) || host.parse::<Ipv4Addr>().is_ok())
}

/// The URL Standard's "ends in a number checker": such hosts are IPv4 addresses or nothing.
fn ends_in_a_number(host: &str) -> bool {
    let last = host
        .strip_suffix('.')
        .unwrap_or(host)
        .rsplit('.')
        .next()
        .unwrap_or_default();
    last.bytes().all(|b| b.is_ascii_digit())
        || last
            .strip_prefix("0x")
            .is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn is_ipv6(address: &str) -> bool {
    let hexadecimal = address
        .bytes()
        .all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f' | b':'));
    let Ok(parsed) = address.parse::<Ipv6Addr>() else {
        return false;
    };
    // The standard library writes mapped IPv4 addresses with dots, the URL Standard does not.
    hexadecimal && (parsed.to_ipv4_mapped().is_some() || parsed.to_string() == address)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn takes_the_normal_spelling() {
        let origins = [
            "https://example.com",
            "http://localhost:8080",
            "https://example.com:8443",
            "http://example.com:443",
            "https://127.0.0.1:3000",
            "https://[::1]",
            "https://[2001:db8::1]:8443",
            "https://[::ffff:7f00:1]",
            "https://xn--bcher-kva.example",
            "https://a_b.example",
            "https://127.0.0.1.xip.io:8081",
        ];
        for origin in origins {
            assert_eq!(
                Origin::parse(origin).map(|o| o.to_string()),
                Ok(origin.to_owned())
            );
        }
    }

    #[test]
    fn refuses_every_other_spelling() {
        use OriginError::*;
        let cases = [
            ("", Scheme),
            ("null", Scheme),
            ("example.com", Scheme),
            ("//example.com", Scheme),
            ("HTTPS://example.com", Scheme),
            ("ftp://example.com", Scheme),
            ("https://", Host),
            ("https://Example.com", Host),
            ("https://example.com/", Host),
            ("https://example.com?x", Host),
            ("https://user@example.com", Host),
            ("https://a..b", Host),
            ("https://.a", Host),
            ("https://bücher.example", Host),
            ("https://a b", Host),
            ("https://a\r\nb", Host),
            ("https://127.1", Host),
            ("https://0x7f.0x1", Host),
            ("https://127.0.0.01", Host),
            ("https://[::1", Host),
            ("https://[0::1]", Host),
            ("https://[::FFFF]", Host),
            ("https://[fe80::1%25eth0]", Host),
            ("https://example.com:443", DefaultPort),
            ("http://example.com:80", DefaultPort),
            ("https://example.com:", Port),
            ("https://example.com:0", Port),
            ("https://example.com:08", Port),
            ("https://example.com:+8", Port),
            ("https://example.com:65536", Port),
            ("https://example.com:8080/", Port),
            ("https://example.com:1:2", Port),
        ];
        for (text, error) in cases {
            assert_eq!(Origin::parse(text), Err(error), "{text:?}");
        }
        let long = format!("https://{}", "a.".repeat(200));
        assert_eq!(Origin::parse(&long), Err(Host));
    }

    #[test]
    fn normalises_what_a_request_says() {
        let cases = [
            ("https", "Example.COM:443", "https://example.com"),
            ("http", "example.com:80", "http://example.com"),
            ("http", "example.com:443", "http://example.com:443"),
            ("HTTPS", "[::1]:443", "https://[::1]"),
            ("https", "localhost:8443", "https://localhost:8443"),
        ];
        for (scheme, authority, expected) in cases {
            assert_eq!(
                Origin::of_request(scheme, authority).unwrap().as_str(),
                expected
            );
        }
        assert!(Origin::of_request("https", "").is_err());
        assert!(Origin::of_request("https", &"a".repeat(100_000)).is_err());
    }

    proptest! {
        #[test]
        fn never_panics(text in "(https?://)?[\\[\\]a-z0-9:.é%-]{0,20}", other in any::<String>()) {
            let _ = Origin::parse(&text);
            let _ = Origin::parse(&other);
            let _ = Origin::of_request("https", &text);
        }
    }
}

//! Numbers for people: times, changes, parts of a whole.

use std::fmt;

use pushgen_analyzer::model::Time;

/// `655 ms`, or a dash for what does not happen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Milliseconds(pub(super) Time);

impl fmt::Display for Milliseconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Time::NEVER => f.write_str("–"),
            time => write!(f, "{}\u{a0}ms", whole(time)),
        }
    }
}

/// Whole milliseconds, rounded.
pub(super) fn whole(time: Time) -> u64 {
    (time + Time::from_micros(500)).as_nanos() / 1_000_000
}

/// By how many per cent a time is beyond another; nothing if that is no time.
pub(super) fn beyond(time: Time, other: Time) -> Option<f64> {
    let other = other.as_nanos();
    (other > 0).then(|| (time.as_nanos() as f64 / other as f64 - 1.0) * 100.0)
}

/// `+3 %`, `−12 %`, or `=` for what rounds to nothing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Percent(pub(super) f64);

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            -0.5..0.5 => f.write_str("="),
            percent if percent < 0.0 => write!(f, "−{:.0}\u{a0}%", -percent),
            percent => write!(f, "+{percent:.0}\u{a0}%"),
        }
    }
}

/// Better, worse or the same, as a class of the style sheet.
pub(super) fn verdict(percent: f64) -> &'static str {
    match percent {
        ..-0.5 => "better",
        0.5.. => "worse",
        _ => "same",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_changes_read_well() {
        let shown = |time| Milliseconds(time).to_string();
        assert_eq!(shown(Time::from_micros(1_499)), "1\u{a0}ms");
        assert_eq!(shown(Time::from_micros(1_500)), "2\u{a0}ms");
        assert_eq!(shown(Time::NEVER), "–");
        for (percent, expected) in [
            (-0.4, "="),
            (0.49, "="),
            (-12.3, "−12\u{a0}%"),
            (3.6, "+4\u{a0}%"),
        ] {
            assert_eq!(Percent(percent).to_string(), expected);
        }
    }

    #[test]
    fn a_time_is_compared_with_another() {
        let millis = Time::from_millis;
        assert_eq!(beyond(millis(150), millis(100)), Some(50.0));
        assert_eq!(beyond(millis(50), millis(100)), Some(-50.0));
        assert_eq!(beyond(millis(50), Time::ZERO), None);
    }
}

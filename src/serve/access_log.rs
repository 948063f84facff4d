//! The line that a finished request leaves.
//!
//! In: what is known of the request, as plain data. Out: one line, for people or as JSON, to be written with one
//! call so that the lines of two threads do not mix. The line for people has the time of day in UTC, since the standard
//! library knows no other. A request target is foreign text: what a terminal would act on, and what changes the
//! order of a line, is escaped.
//!
//! A JSON line is one flat object, `{"type":"request","time":…}`; times are RFC 3339 in UTC, durations in milliseconds,
//! and what there is none of is left out, as
//! `"complete":false` is where the response was sent to its end.

use std::fmt::{self, Display, Write as _};
use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;

/// A finished request.
#[derive(Debug, Clone)]
pub(crate) struct Entry<'a> {
    /// When it came.
    pub(crate) time: SystemTime,
    /// Who asked.
    pub(crate) peer: Option<SocketAddr>,
    pub(crate) method: &'a str,
    pub(crate) target: &'a str,
    /// Such as `HTTP/2`.
    pub(crate) version: &'a str,
    pub(crate) status: u16,
    /// Of the body, if it was sent.
    pub(crate) bytes: Option<u64>,
    /// Whether the response was sent to its end.
    pub(crate) is_complete: bool,
    /// From the request to the end of the response.
    pub(crate) elapsed: Duration,
    /// Paths that were pushed with it.
    pub(crate) pushed: Vec<&'a str>,
    /// Paths that a 103 named.
    pub(crate) early_hints: Vec<&'a str>,
    /// Paths that the response's `Link` fields named.
    pub(crate) links: Vec<&'a str>,
    /// Paths that were left out, empty for the whole page, each with the word for the reason.
    pub(crate) refused: Vec<(&'a str, &'a str)>,
    /// For a pushed response: the page that promised it.
    pub(crate) promised_by: Option<&'a str>,
}

/// How a line is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Text,
    Json,
}

impl Entry<'_> {
    /// The line with its end.
    pub(crate) fn line(&self, format: Format) -> String {
        let mut line = match format {
            Format::Text => self.to_string(),
            // Plain data with text for keys always has a JSON form.
            Format::Json => serde_json::to_string(&Line::of(self)).unwrap_or_default(),
        };
        line.push('\n');
        line
    }
}

/// The line for people:
/// `10:12:03 GET /docs/ 200 HTTP/2 1.2 ms  pushed /a.css /b.js · not pushed /d.png: cache-digest`.
impl Display for Entry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = Utc::of(self.time);
        write!(
            f,
            "{:02}:{:02}:{:02} {} {} {} {} {}",
            time.hour,
            time.minute,
            time.second,
            Escaped(self.method),
            Escaped(self.target),
            self.status,
            self.version,
            Milliseconds(self.elapsed),
        )?;
        let mut notes = Vec::new();
        if !self.is_complete {
            notes.push("broken off".to_owned());
        }
        if let Some(page) = self.promised_by {
            notes.push(format!("promised by {}", Escaped(page)));
        }
        for (word, paths) in [
            ("pushed", &self.pushed),
            ("hinted", &self.early_hints),
            ("linked", &self.links),
        ] {
            if !paths.is_empty() {
                notes.push(paths.iter().fold(word.to_owned(), |mut note, path| {
                    // Writing to a string cannot fail.
                    let _ = write!(note, " {}", Escaped(path));
                    note
                }));
            }
        }
        let refused: Vec<String> = self
            .refused
            .iter()
            .map(|(path, reason)| match *path {
                "" => (*reason).to_owned(),
                path => format!("{}: {reason}", Escaped(path)),
            })
            .collect();
        if !refused.is_empty() {
            let separator = if self.refused.iter().any(|(path, _)| path.is_empty()) {
                "not pushed: "
            } else {
                "not pushed "
            };
            notes.push(format!("{separator}{}", refused.join(", ")));
        }
        if notes.is_empty() {
            return Ok(());
        }
        write!(f, "  {}", notes.join(" \u{b7} "))
    }
}

/// Foreign text on one line, as it is or escaped as in Rust.
struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            let acts_on_the_line = character.is_control()
                || matches!(
                    character,
                    '\\' | ' ' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
                );
            match character {
                ' ' => f.write_str("\\x20")?,
                it if acts_on_the_line => write!(f, "{}", it.escape_default())?,
                it => f.write_char(it)?,
            }
        }
        Ok(())
    }
}

/// A duration at a glance: three digits or so.
struct Milliseconds(Duration);

impl Display for Milliseconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let milliseconds = self.0.as_secs_f64() * 1000.0;
        match milliseconds {
            ..0.995 => write!(f, "{milliseconds:.2} ms"),
            ..99.95 => write!(f, "{milliseconds:.1} ms"),
            ..9999.5 => write!(f, "{milliseconds:.0} ms"),
            _ => write!(f, "{:.1} s", milliseconds / 1000.0),
        }
    }
}

/// A JSON line.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    peer: Option<SocketAddr>,
    method: &'a str,
    target: &'a str,
    version: &'a str,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    #[serde(skip_serializing_if = "is_true")]
    complete: bool,
    elapsed_ms: f64,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pushed: &'a [&'a str],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    early_hints: &'a [&'a str],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    links: &'a [&'a str],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    refused: Vec<Refused<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    promised_by: Option<&'a str>,
}

fn is_true(value: &bool) -> bool {
    *value
}

#[derive(Serialize)]
struct Refused<'a> {
    /// None for the whole page.
    #[serde(skip_serializing_if = "str::is_empty")]
    path: &'a str,
    reason: &'a str,
}

impl<'a> Line<'a> {
    fn of(entry: &'a Entry<'_>) -> Self {
        let refused = entry.refused.iter();
        Self {
            kind: "request",
            time: Utc::of(entry.time).to_string(),
            peer: entry.peer,
            method: entry.method,
            target: entry.target,
            version: entry.version,
            status: entry.status,
            bytes: entry.bytes,
            complete: entry.is_complete,
            // Microseconds are as fine as the clock is worth.
            elapsed_ms: entry.elapsed.as_micros() as f64 / 1000.0,
            pushed: &entry.pushed,
            early_hints: &entry.early_hints,
            links: &entry.links,
            refused: refused
                .map(|&(path, reason)| Refused { path, reason })
                .collect(),
            promised_by: entry.promised_by,
        }
    }
}

/// A moment in the proleptic Gregorian calendar.
struct Utc {
    year: u64,
    month: u64,
    day: u64,
    hour: u64,
    minute: u64,
    second: u64,
    millisecond: u32,
}

impl Utc {
    /// A time before 1970 counts as its first moment: no request came then.
    fn of(time: SystemTime) -> Self {
        let since_epoch = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        let seconds = since_epoch.as_secs();
        // Days are counted from 1 March of year 0, so that a leap day is the last of its year and every cycle of
        // 400 years has the same length (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
        let days = seconds / 86_400 + 719_468;
        let (era, day_of_era) = (days / 146_097, days % 146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let month = (month_from_march + 2) % 12 + 1;
        Self {
            year: era * 400 + year_of_era + u64::from(month <= 2),
            month,
            day: day_of_year - (153 * month_from_march + 2) / 5 + 1,
            hour: seconds / 3600 % 24,
            minute: seconds / 60 % 60,
            second: seconds % 60,
            millisecond: since_epoch.subsec_millis(),
        }
    }
}

/// RFC 3339 with milliseconds.
impl Display for Utc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
            self.year, self.month, self.day, self.hour, self.minute, self.second, self.millisecond
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entry(target: &str) -> Entry<'_> {
        Entry {
            time: UNIX_EPOCH + Duration::from_millis(1_709_201_523_042),
            peer: None,
            method: "GET",
            target,
            version: "HTTP/2",
            status: 200,
            bytes: None,
            is_complete: true,
            elapsed: Duration::from_micros(1_234),
            pushed: vec![],
            early_hints: vec![],
            links: vec![],
            refused: vec![],
            promised_by: None,
        }
    }

    #[test]
    fn a_line_says_what_was_sent_with_the_page() {
        let full = Entry {
            pushed: vec!["/a.css", "/b.js"],
            early_hints: vec!["/c.woff2"],
            links: vec!["/e.js"],
            refused: vec![("/d.png", "cache-digest"), ("/f.png", "budget")],
            ..entry("/docs/")
        };
        let whole_page = Entry {
            refused: vec![("", "push-disabled")],
            ..entry("/docs/")
        };
        let promised = Entry {
            promised_by: Some("/docs/"),
            status: 304,
            ..entry("/a.css")
        };
        let start = "10:12:03 GET /docs/ 200 HTTP/2 1.2 ms";
        for (entry, expected) in [
            (entry("/docs/"), start.to_owned()),
            (
                full,
                format!(
                    "{start}  pushed /a.css /b.js \u{b7} hinted /c.woff2 \u{b7} linked /e.js \u{b7} not pushed \
                     /d.png: cache-digest, /f.png: budget"
                ),
            ),
            (whole_page, format!("{start}  not pushed: push-disabled")),
            (
                promised,
                "10:12:03 GET /a.css 304 HTTP/2 1.2 ms  promised by /docs/".to_owned(),
            ),
        ] {
            assert_eq!(entry.line(Format::Text), format!("{expected}\n"));
        }
    }

    #[test]
    fn durations_are_written_at_a_glance() {
        for (microseconds, expected) in [
            (0, "0.00 ms"),
            (40, "0.04 ms"),
            (999, "1.0 ms"),
            (1_234, "1.2 ms"),
            (99_949, "99.9 ms"),
            (99_960, "100 ms"),
            (1_234_000, "1234 ms"),
            (12_340_000, "12.3 s"),
        ] {
            let duration = Duration::from_micros(microseconds);
            assert_eq!(Milliseconds(duration).to_string(), expected);
        }
    }

    #[test]
    fn foreign_text_cannot_act_on_a_terminal() {
        for (target, expected) in [
            ("/a?b=c&d%20", "/a?b=c&d%20"),
            ("/\u{e4}", "/\u{e4}"),
            ("/\x1b[2J", "/\\u{1b}[2J"),
            ("/a\r\nb\tc\0", "/a\\r\\nb\\tc\\u{0}"),
            ("/\u{9b}1m\u{7f}", "/\\u{9b}1m\\u{7f}"),
            ("/\u{202e}gnp.exe", "/\\u{202e}gnp.exe"),
            ("/a b", "/a\\x20b"),
            ("/a\\nb", "/a\\\\nb"),
        ] {
            assert_eq!(Escaped(target).to_string(), expected);
        }
    }

    #[test]
    fn a_json_line_has_what_there_is() {
        let full = Entry {
            peer: Some(([127, 0, 0, 1], 4321).into()),
            bytes: Some(17),
            pushed: vec!["/a.css"],
            early_hints: vec!["/c.woff2"],
            links: vec!["/e.js"],
            refused: vec![("", "push-disabled"), ("/d.png", "cache-digest")],
            promised_by: Some("/p"),
            ..entry("/\"\n")
        };
        for (entry, expected) in [
            (
                entry("/docs/"),
                r#"{"type":"request","time":"2024-02-29T10:12:03.042Z","method":"GET","target":"/docs/","version":"HTTP/2","status":200,"elapsed_ms":1.234}"#,
            ),
            (
                full,
                r#"{"type":"request","time":"2024-02-29T10:12:03.042Z","peer":"127.0.0.1:4321","method":"GET","target":"/\"\n","version":"HTTP/2","status":200,"bytes":17,"elapsed_ms":1.234,"pushed":["/a.css"],"early_hints":["/c.woff2"],"links":["/e.js"],"refused":[{"reason":"push-disabled"},{"path":"/d.png","reason":"cache-digest"}],"promised_by":"/p"}"#,
            ),
        ] {
            assert_eq!(entry.line(Format::Json), format!("{expected}\n"));
        }
    }

    proptest! {
        #[test]
        fn any_target_is_one_line_without_controls(target in any::<String>()) {
            for format in [Format::Text, Format::Json] {
                let line = entry(&target).line(format);
                let inner = line.strip_suffix('\n').expect("an end");
                prop_assert!(!inner.contains(['\n', '\r', '\x1b', '\0']), "{:?}", line);
            }
            let text = entry(&target).to_string();
            prop_assert!(!text.chars().any(char::is_control));
        }

        #[test]
        fn days_follow_each_other(day in 0u64..200_000) {
            let at = |day: u64| Utc::of(UNIX_EPOCH + Duration::from_secs(day * 86_400));
            let (today, next) = (at(day), at(day + 1));
            let is_leap = today.year % 4 == 0 && (today.year % 100 != 0 || today.year % 400 == 0);
            let length = match today.month {
                2 => 28 + u64::from(is_leap),
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            let expected = if today.day < length {
                (today.year, today.month, today.day + 1)
            } else if today.month < 12 {
                (today.year, today.month + 1, 1)
            } else {
                (today.year + 1, 1, 1)
            };
            prop_assert_eq!((next.year, next.month, next.day), expected);
            prop_assert_eq!(
                httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(day * 86_400))[12..16].to_owned(),
                today.year.to_string()
            );
        }
    }
}

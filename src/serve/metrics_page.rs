//! Metrics as Prometheus reads them.
//!
//! In: metrics with their samples. Out: the text exposition format, version 0.0.4. What the format asks for: the
//! lines of one metric stay together, `HELP` and `TYPE` come once and first, `\` and line ends are escaped in help
//! texts, in label values quotes as well, and the last line has an end too. Names come from this program, but one
//! that the format has no room for is mended rather than letting it break the page.
//!
//! Left out: time stamps, histograms, summaries, exemplars, OpenMetrics.

use std::fmt::Write as _;

/// The `Content-Type` of the page.
pub(crate) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What a metric's values mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A number that only grows.
    Counter,
    /// A number that comes and goes.
    Gauge,
}

/// A metric.
#[derive(Debug, Clone)]
pub(crate) struct Metric<'a> {
    /// Its name, such as `pushgen_requests_total`.
    pub(crate) name: &'a str,
    /// One sentence about it.
    pub(crate) help: &'a str,
    pub(crate) kind: Kind,
    pub(crate) samples: Vec<Sample<'a>>,
}

/// One value of a metric.
#[derive(Debug, Clone)]
pub(crate) struct Sample<'a> {
    /// Names and values that tell it from the metric's other samples.
    pub(crate) labels: Vec<(&'a str, &'a str)>,
    pub(crate) value: f64,
}

/// The page.
pub(crate) fn render(metrics: &[Metric<'_>]) -> String {
    let mut page = String::new();
    for metric in metrics {
        write(&mut page, metric);
    }
    page
}

fn write(page: &mut String, metric: &Metric<'_>) {
    let name = mended(metric.name, true);
    page.extend(["# HELP ", &name, " "]);
    escape(page, metric.help, false);
    let kind = match metric.kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
    };
    page.extend(["\n# TYPE ", &name, " ", kind, "\n"]);
    for sample in &metric.samples {
        page.push_str(&name);
        for (at, (label, value)) in sample.labels.iter().enumerate() {
            page.push(if at == 0 { '{' } else { ',' });
            page.push_str(&mended(label, false));
            page.push_str("=\"");
            escape(page, value, true);
            page.push('"');
        }
        if !sample.labels.is_empty() {
            page.push('}');
        }
        page.push(' ');
        write_value(page, sample.value);
        page.push('\n');
    }
}

/// A name by the format's rule: letters, digits, `_` and, in metrics, `:`; no digit first.
fn mended(name: &str, is_metric: bool) -> String {
    let may_stand = |it: char| it.is_ascii_alphanumeric() || it == '_' || is_metric && it == ':';
    let mut mended: String = name
        .chars()
        .map(|it| if may_stand(it) { it } else { '_' })
        .collect();
    if mended.chars().next().is_none_or(|it| it.is_ascii_digit()) {
        mended.insert(0, '_');
    }
    mended
}

fn escape(page: &mut String, text: &str, is_quoted: bool) {
    for character in text.chars() {
        match character {
            '\\' => page.push_str("\\\\"),
            '\n' => page.push_str("\\n"),
            '"' if is_quoted => page.push_str("\\\""),
            other => page.push(other),
        }
    }
}

/// A number as Go reads it.
fn write_value(page: &mut String, value: f64) {
    if value.is_nan() {
        page.push_str("NaN");
    } else if value.is_infinite() {
        page.push_str(if value > 0.0 { "+Inf" } else { "-Inf" });
    } else {
        // Writing to a string cannot fail.
        let _ = write!(page, "{value}");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sample<'a>(labels: &[(&'a str, &'a str)], value: f64) -> Sample<'a> {
        Sample {
            labels: labels.to_vec(),
            value,
        }
    }

    #[test]
    fn a_page_is_written_as_the_format_has_it() {
        let metrics = [
            Metric {
                name: "pushgen_requests_total",
                help: "Requests, by status.\nA back\\slash and a \"quote\".",
                kind: Kind::Counter,
                samples: vec![
                    sample(&[("status", "200"), ("protocol", "HTTP/2")], 1234.0),
                    sample(&[("status", "a\\b\"c\nd\u{e4}")], 0.5),
                ],
            },
            Metric {
                name: "connections",
                help: "Open connections.",
                kind: Kind::Gauge,
                samples: vec![sample(&[], 0.0)],
            },
            Metric {
                name: "9 bad-name",
                help: "",
                kind: Kind::Gauge,
                samples: vec![
                    sample(&[("a:b", "")], f64::NAN),
                    sample(&[("", "x")], f64::INFINITY),
                    sample(&[], f64::NEG_INFINITY),
                ],
            },
        ];
        let expected = r#"# HELP pushgen_requests_total Requests, by status.\nA back\\slash and a "quote".
# TYPE pushgen_requests_total counter
pushgen_requests_total{status="200",protocol="HTTP/2"} 1234
pushgen_requests_total{status="a\\b\"c\ndä"} 0.5
# HELP connections Open connections.
# TYPE connections gauge
connections 0
# HELP _9_bad_name 
# TYPE _9_bad_name gauge
_9_bad_name{a_b=""} NaN
_9_bad_name{_="x"} +Inf
_9_bad_name -Inf
"#;
        assert_eq!(render(&metrics), expected);
        assert_eq!(render(&[]), "");
    }

    type Labels = Vec<(String, String)>;

    /// One sample line, read by the format's grammar: name, labels, value.
    fn read(line: &str) -> Option<(String, Labels, f64)> {
        let end = line.find(['{', ' '])?;
        let (name, mut rest) = line.split_at(end);
        let mut labels = Vec::new();
        if let Some(inner) = rest.strip_prefix('{') {
            rest = inner;
            loop {
                let (label, value) = rest.split_once("=\"")?;
                let mut characters = value.char_indices();
                let mut text = String::new();
                let end = loop {
                    match characters.next()? {
                        (at, '"') => break at,
                        (_, '\\') => text.push(match characters.next()?.1 {
                            'n' => '\n',
                            it @ ('\\' | '"') => it,
                            _ => return None,
                        }),
                        (_, it) => text.push(it),
                    }
                };
                labels.push((label.to_owned(), text));
                rest = value.get(end + 1..)?;
                match rest.strip_prefix(',') {
                    Some(next) => rest = next,
                    None => break,
                }
            }
            rest = rest.strip_prefix('}')?;
        }
        let value = rest.strip_prefix(' ')?.parse().ok()?;
        Some((name.to_owned(), labels, value))
    }

    proptest! {
        #[test]
        fn what_is_written_can_be_read_back(text in any::<String>(), help in any::<String>(), value: f64) {
            let metric = Metric {
                name: "a",
                help: &help,
                kind: Kind::Gauge,
                samples: vec![sample(&[("x", &text), ("y", "z")], value)],
            };
            let page = render(&[metric]);
            let lines: Vec<&str> = page.split_terminator('\n').collect();
            prop_assert_eq!(lines.len(), 3);
            let (name, labels, read_value) = read(lines[2]).expect("a sample");
            let expected = [("x".to_owned(), text), ("y".to_owned(), "z".to_owned())];
            prop_assert_eq!((&*name, &*labels), ("a", &expected[..]));
            prop_assert!(read_value == value || value.is_nan() && read_value.is_nan());
        }
    }
}

//! Field values that are lists (RFC 9110, section 5.6.1).
//!
//! In: the fields of a message and a name. Out: the members of all lines of that name, in order,
//! trimmed, empty ones left out. A comma within a quoted string does not divide. Left out: the
//! syntax of the members, which each field has its own.

use http::{HeaderMap, HeaderName};

/// The members of the list that the field `name` holds.
pub(crate) fn members<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> impl Iterator<Item = &'a [u8]> {
    headers
        .get_all(name)
        .iter()
        .flat_map(|value| split(value.as_bytes(), b','))
        .filter(|member| !member.is_empty())
}

/// The parts between `separator`, trimmed. Quoted strings stay whole.
pub(crate) fn split(text: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(move |&byte| {
        if escaped {
            escaped = false;
        } else if quoted && byte == b'\\' {
            escaped = true;
        } else if byte == b'"' {
            quoted = !quoted;
        }
        byte == separator && !quoted
    })
    .map(<[u8]>::trim_ascii)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins_lines_and_divides_members() {
        let cases: [(&[&str], &[&str]); 6] = [
            (&[], &[]),
            (&["a"], &["a"]),
            (&["a,b", " c "], &["a", "b", "c"]),
            (&[",, a ,"], &["a"]),
            (&[r#"x="a, b", y"#], &[r#"x="a, b""#, "y"]),
            (&[r#"x="\", a", y"#], &[r#"x="\", a""#, "y"]),
        ];
        for (lines, expected) in cases {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(http::header::VARY, line.parse().unwrap());
            }
            let members: Vec<_> = members(&headers, &http::header::VARY)
                .map(|member| std::str::from_utf8(member).unwrap())
                .collect();
            assert_eq!(members, expected, "{lines:?}");
        }
    }
}

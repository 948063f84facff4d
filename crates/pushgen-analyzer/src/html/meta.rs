//! `<meta http-equiv=refresh>`: a document that the browser moves on to (HTML Standard §4.2.5.3,
//! "shared declarative refresh steps").

use pushgen_policy::Destination;

use super::dom::Node;
use crate::reference::{Reference, confidence};

/// The document that a `meta` element leads to.
pub(super) fn refresh(element: Node<'_>) -> Option<Reference<'_>> {
    if !element
        .attribute("http-equiv")?
        .trim_ascii()
        .eq_ignore_ascii_case("refresh")
    {
        return None;
    }
    let url = refresh_url(element.attribute("content")?)?;
    Some(Reference::new(url, Destination::Document, element.line()).late(confidence::CERTAIN))
}

fn refresh_url(content: &str) -> Option<&str> {
    let rest = content.trim_ascii_start();
    let time = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    let fraction = time.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    if time.len() == rest.len() && !rest.starts_with('.') {
        return None;
    }
    let after = fraction.trim_ascii_start();
    if after.len() == fraction.len() && !after.starts_with([';', ',']) {
        return None;
    }
    let text = after
        .strip_prefix([';', ','])
        .unwrap_or(after)
        .trim_ascii_start();
    let unprefixed = || {
        let rest = text
            .get(..3)
            .filter(|word| word.eq_ignore_ascii_case("url"))
            .and(text.get(3..))?;
        rest.trim_ascii_start()
            .strip_prefix('=')
            .map(str::trim_ascii_start)
    };
    let url = unprefixed().unwrap_or(text);
    let url = match url.chars().next() {
        Some(quote @ ('"' | '\'')) => url[1..].split(quote).next().unwrap_or_default(),
        _ => url,
    };
    Some(url.trim_ascii_end()).filter(|url| !url.is_empty())
}

#[cfg(test)]
mod tests {
    use super::refresh_url;

    #[test]
    fn the_url_is_found_as_the_standard_finds_it() {
        for (content, expected) in [
            ("0; url=a.html", Some("a.html")),
            ("0;URL='a b.html'", Some("a b.html")),
            ("5, a.html", Some("a.html")),
            ("  1.5  url = \"a.html\" x", Some("a.html")),
            ("0 a.html", Some("a.html")),
            (".5;a", Some("a")),
            ("5", None),
            ("5;", None),
            ("5;url=", None),
            ("url=a.html", None),
            ("5x;url=a.html", None),
            ("", None),
        ] {
            assert_eq!(refresh_url(content), expected, "{content:?}");
        }
    }
}

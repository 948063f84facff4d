//! SVG's presentation attributes that refer to other files: `fill="url(paint.svg#a)"` (SVG 2 §6.6, §8).
//!
//! In: an attribute's value. Out: the URLs in it that need a request. `cursor` and the shorthand `marker` are
//! not attributes with an effect. A URL written with CSS escapes is left out.

use html5ever::{LocalName, local_name};

/// The attributes in question.
pub(super) const PAINT: [&str; 8] = [
    "filter",
    "mask",
    "clip-path",
    "fill",
    "stroke",
    "marker-start",
    "marker-mid",
    "marker-end",
];

/// Whether this is one of them.
pub(super) fn is_paint(name: &LocalName) -> bool {
    matches!(
        *name,
        local_name!("filter")
            | local_name!("mask")
            | local_name!("clip-path")
            | local_name!("fill")
            | local_name!("stroke")
            | local_name!("marker-start")
            | local_name!("marker-mid")
            | local_name!("marker-end")
    )
}

/// The URLs of a value that lead to a file.
pub(super) fn urls(value: &str) -> impl Iterator<Item = &str> {
    let mut rest = value;
    std::iter::from_fn(move || {
        loop {
            let (before, after) = rest.split_once('(')?;
            rest = after;
            let name = before.rsplit([' ', '\t', '\n', ')', ',']).next();
            let is_url = name.is_some_and(|name| name.eq_ignore_ascii_case("url"));
            if !is_url {
                continue;
            }
            let argument = after.trim_ascii_start();
            let url = match argument.chars().next()? {
                quote @ ('"' | '\'') => argument[1..].split_once(quote)?.0,
                // A second parenthesis makes it no URL, and bounds the search.
                _ => argument.split([')', '(']).next()?.trim_ascii(),
            };
            let is_fetched = !url.is_empty() && !url.starts_with('#') && !url.contains('\\');
            if is_fetched {
                return Some(url);
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::urls;

    #[test]
    fn urls_that_lead_to_files_are_found() {
        for (value, expected) in [
            ("url(f.svg#a)", &["f.svg#a"][..]),
            (" URL( 'f.svg#a' ) red", &["f.svg#a"]),
            (
                "blur(2px) url(\"a.svg#x\") url( b.svg#y )",
                &["a.svg#x", "b.svg#y"],
            ),
            ("url(#a)", &[]),
            ("url()", &[]),
            ("curl(a)", &["a"][..0]),
            ("url('a", &[]),
            ("red", &[]),
        ] {
            let found: Vec<_> = urls(value).collect();
            assert_eq!(found, expected, "{value}");
        }
    }
}

//! Finds a start tag with an absurd number of attributes.
//!
//! A parser compares every attribute of a tag with those before it (HTML §13.2.5.33), which is
//! quadratic. The parser asks here once per document, and only if a document holds a tag or comment
//! of several kilobytes. In: the text. Out: where such a tag starts.

use super::tag_scan::Tags;

/// How many attributes a tag may have. No real one comes near, and a megabyte of tags this long takes
/// a fraction of a second.
const MAX_ATTRIBUTES: usize = 2_000;

/// The offset of the first tag with too many attributes.
pub(super) fn find(text: &str) -> Option<usize> {
    let long = Tags::of(text).find(|tag| tag.attributes > MAX_ATTRIBUTES);
    long.map(|tag| tag.start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_tag_with_too_many_attributes_is_found() {
        let many = |each: &str| each.repeat(MAX_ATTRIBUTES + 10);
        for (text, expected) in [
            (format!("<p><a {}>", many("b=1 ")), Some(3)),
            (format!("<p><a {}", many("b ")), Some(3)),
            (format!("<a {}>", many("b/")), Some(0)),
            (format!("<a {}>", many("b='x' ")), Some(0)),
            (format!("<a title='{}'>", many("b=1 ")), None),
            (format!("<a title = \"{}\">", many("b=1 ")), None),
            (format!("<!-- <a {} -->", many("b=1 ")), None),
            (format!("<script>i<n; {}</script>", many("b=1 ")), None),
            (format!("1 < 2 {}", many("b=1 ")), None),
            (
                format!("<SCRIPT>x<y {}</script><a {}>", many("b "), "c "),
                None,
            ),
            ("<a b=1".to_owned(), None),
            ("<".to_owned(), None),
        ] {
            assert_eq!(find(&text), expected, "{}", &text[..text.len().min(30)]);
        }
    }
}

//! What decides whether a browser fetches an image, and which one of several: media queries, `srcset` and `sizes`.
//!
//! In: the attributes of `source`, `img` and preloading `link` elements, and the media around a CSS rule. Out: the same as
//! attributes of a link ([`Responsive`]), so that the choice can be left to the browser before it has seen the page. The
//! URLs of candidates become absolute paths. Follows HTML §4.8.4.3.7 to §4.8.4.3.12, "create a source set" and what it
//! calls. Left out: `type`, which the caller has looked at.

use std::fmt::Write;

use pushgen_policy::Responsive;

use crate::css::MediaText;
use crate::html::srcset::{self, Descriptor};

/// On which screens an image is shown, and what it is chosen from.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Selection<'t> {
    pub(crate) media: MediaText,
    pub(crate) candidates: Option<Candidates<'t>>,
}

/// The attributes that a choice by width or density is made from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Candidates<'t> {
    /// The default source: `src`, or the `href` of a link.
    pub(crate) src: Option<&'t str>,
    pub(crate) srcset: &'t str,
    pub(crate) sizes: &'t str,
}

impl Selection<'_> {
    /// The attributes of a link to the image; nothing if it is shown everywhere, or if there are no words for where it
    /// is. `path` tells the request target of a file of this site.
    pub(crate) fn responsive(&self, path: impl Fn(&str) -> Option<String>) -> Option<Responsive> {
        let media = match &self.media {
            MediaText::Everywhere => None,
            media => Some(media.text()?.to_owned()),
        };
        let (imagesrcset, imagesizes) = match &self.candidates {
            Some(candidates) => candidates.attributes(path)?,
            None => (None, None),
        };
        let responsive = Responsive {
            media,
            imagesrcset,
            imagesizes,
        };
        (!responsive.is_empty()).then_some(responsive)
    }
}

impl Candidates<'_> {
    /// `imagesrcset` and `imagesizes`. Where there is no choice there are no attributes; where the choice cannot be
    /// written down, nothing.
    fn attributes(
        &self,
        path: impl Fn(&str) -> Option<String>,
    ) -> Option<(Option<String>, Option<String>)> {
        let candidates = srcset::parse(self.srcset);
        let has_widths = candidates
            .iter()
            .any(|candidate| matches!(candidate.descriptor, Descriptor::Width(_)));
        let is_single = |descriptor| match descriptor {
            Descriptor::None => true,
            Descriptor::Density(density) => density == 1.0,
            Descriptor::Width(_) => false,
        };
        let has_default = has_widths || candidates.iter().any(|it| is_single(it.descriptor));
        // The default source is spelled out, because the link may name another one.
        let default = self
            .src
            .filter(|src| !has_default && !src.trim_ascii().is_empty())
            .map(|url| srcset::Candidate {
                url,
                descriptor: Descriptor::None,
            });
        let mut set = String::new();
        let mut count = 0;
        for srcset::Candidate { url, descriptor } in candidates.into_iter().chain(default) {
            let path = path(url)?;
            // At its ends a comma would not belong to the URL.
            if path.ends_with(',') {
                return None;
            }
            let separator = if count == 0 { "" } else { ", " };
            count += 1;
            // Writing to a string does not fail.
            let _ = write!(set, "{separator}{path}");
            let _ = match descriptor {
                Descriptor::None => Ok(()),
                Descriptor::Width(width) => write!(set, " {width}w"),
                Descriptor::Density(density) if density.is_finite() => write!(set, " {density}x"),
                Descriptor::Density(_) => return None,
            };
            if set.len() > Responsive::MAX_IMAGESRCSET {
                return None;
            }
        }
        if count < 2 {
            return Some((None, None));
        }
        let sizes = self.sizes.split_ascii_whitespace();
        let sizes = sizes.collect::<Vec<_>>().join(" ");
        let is_sayable = |text: &str, longest| text.len() <= longest && Responsive::can_say(text);
        if !is_sayable(&set, Responsive::MAX_IMAGESRCSET) {
            return None;
        }
        if !has_widths || sizes.is_empty() {
            return Some((Some(set), None));
        }
        is_sayable(&sizes, Responsive::MAX_IMAGESIZES).then_some((Some(set), Some(sizes)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::css::MediaQueryList;

    /// The attributes, one after the other.
    fn attributes(media: &str, src: Option<&str>, srcset: &str, sizes: &str) -> String {
        let selection = Selection {
            media: MediaQueryList::parse(media).text(),
            candidates: Some(Candidates { src, srcset, sizes }),
        };
        let path = |url: &str| (!url.contains("gone")).then(|| format!("/img/{url}"));
        let Some(said) = selection.responsive(path) else {
            return "nothing".to_owned();
        };
        let said = [said.media, said.imagesrcset, said.imagesizes];
        said.map(Option::unwrap_or_default).join(" | ")
    }

    #[test]
    fn a_choice_becomes_the_attributes_of_a_link() {
        let wide = "(min-width: 9px)";
        let long: Vec<String> = (1..1000).map(|n| format!("{n}.png {n}w")).collect();
        let long = long.join(",");
        let sizes = format!("calc({} 1px)", "1px + ".repeat(200));
        let table: &[(&str, Option<&str>, &str, &str, &str)] = &[
            (wide, None, "a.png", "", "(min-width: 9px) |  | "),
            ("", None, "a.png", "", "nothing"),
            ("", None, "a.png 1x", "", "nothing"),
            ("print", None, "a.png, b.png 2x", "", "nothing"),
            ("(foo: 'x')", None, "a.png, b.png 2x", "", "nothing"),
            (
                "",
                None,
                "a.png 400w,\n b.png  800w",
                "(max-width: 9px)\n 100vw,\t50vw",
                " | /img/a.png 400w, /img/b.png 800w | (max-width: 9px) 100vw, 50vw",
            ),
            ("", Some("c.png"), "a.png 400w", "", "nothing"),
            (
                wide,
                None,
                "a.png 4w, b.png 8w",
                "",
                "(min-width: 9px) | /img/a.png 4w, /img/b.png 8w | ",
            ),
            (
                "",
                Some("c.png"),
                "b.png 2x",
                "50vw",
                " | /img/b.png 2x, /img/c.png | ",
            ),
            (
                "",
                Some("c.png"),
                "a.png, b.png 1.5x",
                "",
                " | /img/a.png, /img/b.png 1.5x | ",
            ),
            ("", None, "a.png, gone.png 2x", "", "nothing"),
            ("", None, "a.png 1x, b.png 1e99x", "", "nothing"),
            ("", None, "a.png 4w, b.png 8w", "calc(\"", "nothing"),
            ("", None, "a.png 4w, b.png 8w", &sizes, "nothing"),
            ("", None, &long, "", "nothing"),
        ];
        for (media, src, srcset, sizes, expected) in table {
            let shown: String = srcset.chars().take(40).collect();
            let found = attributes(media, *src, srcset, sizes);
            assert_eq!(found, *expected, "{media:?} {src:?} {shown:?}");
        }
    }
}

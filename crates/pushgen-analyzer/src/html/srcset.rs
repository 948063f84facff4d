//! The `srcset` attribute: its candidates, and the one that is fetched.
//!
//! In: attribute values with character references decoded, the source size in CSS pixels (what `sizes` comes to at the
//! viewport) and the device pixel ratio. Out: candidates with their URLs as written, and the URL chosen.
//! HTML section 4.8.4.2.2 (parse a srcset attribute), 4.8.4.3 (normalise the source densities). The standard leaves the
//! choice to the browser; this is Chromium's: the smallest density that is enough.
//!
//! `sizes`, `picture` and its `source` elements are the caller's.

/// One image candidate string.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Candidate<'a> {
    /// As written; never empty.
    pub(crate) url: &'a str,
    pub(crate) descriptor: Descriptor,
}

/// What a candidate says of its image.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Descriptor {
    /// `640w`: pixels, more than 0.
    Width(u32),
    /// `2x`: image pixels per CSS pixel, 0 or more.
    Density(f32),
    /// Nothing, which stands for `1x`.
    None,
}

/// The valid candidates of a `srcset` attribute in source order.
pub(crate) fn parse(srcset: &str) -> Vec<Candidate<'_>> {
    let mut candidates = Vec::new();
    let mut rest = srcset;
    loop {
        rest = rest.trim_start_matches(|c| is_white_space(c) || c == ',');
        if rest.is_empty() {
            return candidates;
        }
        let end = rest.find(is_white_space).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        let url = word.trim_end_matches(',');
        let mut descriptors = Descriptors::default();
        // A comma at the end of the URL ends the candidate; a comma within belongs to the URL.
        rest = if url.len() == word.len() {
            descriptors.read(after)
        } else {
            after
        };
        if let Some(descriptor) = descriptors.finish() {
            candidates.push(Candidate { url, descriptor });
        }
    }
}

/// The URL that an image with these attributes fetches, if any.
///
/// `source_size_px` is needed for width descriptors only; when they decide and it is not known, there is no answer.
pub(crate) fn select<'a>(
    src: Option<&'a str>,
    srcset: Option<&'a str>,
    source_size_px: Option<f32>,
    dpr: f32,
) -> Option<&'a str> {
    select_with_density(src, srcset, source_size_px, dpr).map(|(_, url)| url)
}

/// As [`select`], with the image pixels per CSS pixel that the image is laid out with.
pub(crate) fn select_with_density<'a>(
    src: Option<&'a str>,
    srcset: Option<&'a str>,
    source_size_px: Option<f32>,
    dpr: f32,
) -> Option<(f32, &'a str)> {
    let candidates = parse(srcset.unwrap_or_default());
    let has_width = |it: &Candidate<'_>| matches!(it.descriptor, Descriptor::Width(_));
    let uses_widths = candidates.iter().any(has_width);
    if uses_widths && source_size_px.is_none() {
        return None;
    }
    let default = src
        .map(|url| url.trim_matches(is_white_space))
        .filter(|url| !url.is_empty() && !uses_widths)
        .map(|url| Candidate {
            url,
            descriptor: Descriptor::None,
        });

    let density = |descriptor| match descriptor {
        // Nothing wide needs infinitely many pixels: then all widths are equally good, the first is taken.
        Descriptor::Width(width) => width as f32 / source_size_px.unwrap_or_default().max(0.0),
        Descriptor::Density(density) => density,
        Descriptor::None => 1.0,
    };
    let mut chosen: Option<(f32, &str)> = None;
    for Candidate { url, descriptor } in candidates.into_iter().chain(default) {
        let density = density(descriptor);
        let is_better = chosen.is_none_or(|(best, _)| {
            if best < dpr {
                density > best
            } else {
                density >= dpr && density < best
            }
        });
        if is_better {
            chosen = Some((density, url));
        }
    }
    chosen
}

/// The descriptors of one candidate, as read so far.
#[derive(Default)]
struct Descriptors {
    width: Option<u32>,
    density: Option<f32>,
    /// `480h`, kept for future use: allowed beside a width.
    height: Option<u32>,
    is_invalid: bool,
}

impl Descriptors {
    /// Reads up to the comma that ends the candidate, and returns what follows it.
    fn read<'a>(&mut self, text: &'a str) -> &'a str {
        let mut start = 0;
        let mut in_parentheses = false;
        for (at, character) in text.char_indices() {
            match character {
                '(' => in_parentheses = true,
                ')' => in_parentheses = false,
                ',' if !in_parentheses => {
                    self.add(text.get(start..at).unwrap_or_default());
                    return text.get(at + 1..).unwrap_or_default();
                }
                _ if is_white_space(character) && !in_parentheses => {
                    self.add(text.get(start..at).unwrap_or_default());
                    start = at + 1;
                }
                _ => {}
            }
        }
        self.add(text.get(start..).unwrap_or_default());
        ""
    }

    fn add(&mut self, descriptor: &str) {
        if descriptor.is_empty() {
            return;
        }
        let is_taken = if let Some(number) = descriptor.strip_suffix('w') {
            let is_first = self.width.is_none() && self.density.is_none();
            self.width = positive_integer(number);
            is_first && self.width.is_some()
        } else if let Some(number) = descriptor.strip_suffix('h') {
            let is_first = self.height.is_none() && self.density.is_none();
            self.height = positive_integer(number);
            is_first && self.height.is_some()
        } else if let Some(number) = descriptor.strip_suffix('x') {
            let is_first = self.width.is_none() && self.height.is_none() && self.density.is_none();
            self.density = non_negative_number(number);
            is_first && self.density.is_some()
        } else {
            false
        };
        self.is_invalid |= !is_taken;
    }

    /// Nothing if the candidate is to be dropped.
    fn finish(self) -> Option<Descriptor> {
        if self.is_invalid || (self.height.is_some() && self.width.is_none()) {
            return None;
        }
        Some(match (self.width, self.density) {
            (Some(width), _) => Descriptor::Width(width),
            (None, Some(density)) => Descriptor::Density(density),
            (None, None) => Descriptor::None,
        })
    }
}

/// A valid non-negative integer (HTML section 2.3.4.2) other than 0, within what browsers hold.
fn positive_integer(text: &str) -> Option<u32> {
    if !is_digits(text) {
        return None;
    }
    let number: i32 = text.parse().ok()?;
    u32::try_from(number).ok().filter(|&it| it > 0)
}

/// A valid floating-point number (HTML section 2.3.4.3) that is not negative.
fn non_negative_number(text: &str) -> Option<f32> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (
            mantissa,
            exponent.strip_prefix(['+', '-']).unwrap_or(exponent),
        ),
        None => (unsigned, "0"),
    };
    let is_valid = is_digits(exponent)
        && match mantissa.split_once('.') {
            Some((whole, fraction)) => {
                (whole.is_empty() || is_digits(whole)) && is_digits(fraction)
            }
            None => is_digits(mantissa),
        };
    let number = text.parse::<f32>().ok().filter(|_| is_valid)?;
    (number.is_finite() && number >= 0.0).then_some(number)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// ASCII whitespace, Infra section 4.6.
fn is_white_space(character: char) -> bool {
    character.is_ascii_whitespace()
}

#[cfg(test)]
mod tests {
    use super::*;
    use Descriptor::{Density, None as Plain, Width};

    #[test]
    fn reads_candidates() {
        let rows: &[(&str, &[(&str, Descriptor)])] = &[
            ("", &[]),
            (" ,\t, \n,", &[]),
            ("a", &[("a", Plain)]),
            ("a 1x", &[("a", Density(1.0))]),
            ("a 1x, b 2x", &[("a", Density(1.0)), ("b", Density(2.0))]),
            ("a 1x,b 2x", &[("a", Density(1.0)), ("b", Density(2.0))]),
            ("a,b 2x", &[("a,b", Density(2.0))]),
            ("a, b 2x", &[("a", Plain), ("b", Density(2.0))]),
            ("a,,, b 2x", &[("a", Plain), ("b", Density(2.0))]),
            (",,a 2x", &[("a", Density(2.0))]),
            ("a,", &[("a", Plain)]),
            ("a ,b", &[("a", Plain), ("b", Plain)]),
            ("\u{c}a\t2x\n,\rb", &[("a", Density(2.0)), ("b", Plain)]),
            ("a\u{a0}2x", &[("a\u{a0}2x", Plain)]),
            (
                "data:image/png;base64,AA== 2x",
                &[("data:image/png;base64,AA==", Density(2.0))],
            ),
            ("data:,a ( , data:,b 1x, ), data:,c", &[("data:,c", Plain)]),
            (
                "a(1,2).png 2x, b",
                &[("a(1,2).png", Density(2.0)), ("b", Plain)],
            ),
            (
                "/f=w_1,h_2/a.jpg 640w, /f=w_2,h_4/a.jpg 1280w",
                &[
                    ("/f=w_1,h_2/a.jpg", Width(640)),
                    ("/f=w_2,h_4/a.jpg", Width(1280)),
                ],
            ),
            ("a 100w", &[("a", Width(100))]),
            ("a 100w 50h", &[("a", Width(100))]),
            ("a 50h 100w", &[("a", Width(100))]),
            ("a 007w", &[("a", Width(7))]),
            ("a 2147483647w", &[("a", Width(2_147_483_647))]),
            ("a .5x", &[("a", Density(0.5))]),
            ("a 0x", &[("a", Density(0.0))]),
            ("a -0x", &[("a", Density(0.0))]),
            (
                "a 1e1x, b 1.5E+0x, c 15e-1x",
                &[
                    ("a", Density(10.0)),
                    ("b", Density(1.5)),
                    ("c", Density(1.5)),
                ],
            ),
            ("é 2x, ü", &[("é", Density(2.0)), ("ü", Plain)]),
        ];
        for (srcset, expected) in rows {
            let candidates = parse(srcset).into_iter();
            let found: Vec<_> = candidates.map(|it| (it.url, it.descriptor)).collect();
            assert_eq!(found, *expected, "{srcset:?}");
        }
    }

    #[test]
    fn drops_invalid_candidates_alone() {
        for descriptors in [
            "0w",
            "-1w",
            "+1w",
            "1.0w",
            "1e3w",
            "w",
            "1W",
            "2147483648w",
            "99999999999w",
            "٣w",
            "50h",
            "0h",
            "100w 0h",
            "100w 1.5h",
            "-1x",
            "+1x",
            "1.x",
            "x",
            "1X",
            ".x",
            "1ex",
            "1e+x",
            "infx",
            "nanx",
            "1e99x",
            "0x1x",
            "1x 1x",
            "1w 1w",
            "1w 1h 1h",
            "1x 1w",
            "1w 1x",
            "1h 1x",
            "1x 1h",
            "1",
            "a",
            "1 x",
            "(",
            "()",
            "(1x)",
            "1x()",
            "1x (a, b)",
            "1x )",
            "1w unknown",
        ] {
            let srcset = format!("good 3x, bad {descriptors}");
            let urls: Vec<_> = parse(&srcset).into_iter().map(|it| it.url).collect();
            assert_eq!(urls, ["good"], "{descriptors}");
        }
        let after: Vec<_> = parse("bad 1x (, 2x ), good")
            .into_iter()
            .map(|it| it.url)
            .collect();
        assert_eq!(after, ["good"]);
    }

    /// `src`, `srcset`, source size, device pixel ratio; the URL selected.
    type Selection<'a> = (
        Option<&'a str>,
        Option<&'a str>,
        Option<f32>,
        f32,
        Option<&'a str>,
    );

    #[test]
    fn selects_the_smallest_density_that_is_enough() {
        let rows: &[Selection<'_>] = &[
            (None, None, None, 1.0, None),
            (Some("s"), None, None, 1.0, Some("s")),
            (Some(" s\n"), None, None, 3.0, Some("s")),
            (Some(""), None, None, 1.0, None),
            (Some(" \t"), Some(""), None, 1.0, None),
            (Some("s"), Some(""), None, 1.0, Some("s")),
            (Some("s"), Some("bad 0w"), None, 1.0, Some("s")),
            (Some("s"), Some("a 2x"), None, 1.0, Some("s")),
            (Some("s"), Some("a 2x"), None, 1.5, Some("a")),
            (Some("s"), Some("a 2x"), None, 2.0, Some("a")),
            (Some("s"), Some("a 2x"), None, 3.0, Some("a")),
            (Some("s"), Some("a 1x"), None, 1.0, Some("a")),
            (Some("s"), Some("a"), None, 1.0, Some("a")),
            (Some("s"), Some("a .5x"), None, 1.0, Some("s")),
            (Some("s"), Some("a .5x"), None, 0.5, Some("a")),
            (Some("s"), Some("a 2x, b 1.5x"), None, 1.2, Some("b")),
            (Some(""), Some("a 2x"), None, 1.0, Some("a")),
            (None, Some("a 1x, b 2x, c 3x"), None, 1.0, Some("a")),
            (None, Some("a 1x, b 2x, c 3x"), None, 1.01, Some("b")),
            (None, Some("a 1x, b 2x, c 3x"), None, 2.625, Some("c")),
            (None, Some("a 1x, b 2x, c 3x"), None, 4.0, Some("c")),
            (None, Some("c 3x, b 2x, a 1x"), None, 2.0, Some("b")),
            (None, Some("a 2x, b 2x"), None, 2.0, Some("a")),
            (None, Some("a 1x, b 1x"), None, 2.0, Some("a")),
            (None, Some("a 1x, b"), None, 1.0, Some("a")),
            (None, Some("a 0x, b 0x"), None, 1.0, Some("a")),
            (
                None,
                Some("a 320w, b 640w, c 1280w"),
                Some(320.0),
                1.0,
                Some("a"),
            ),
            (
                None,
                Some("a 320w, b 640w, c 1280w"),
                Some(320.0),
                2.0,
                Some("b"),
            ),
            (
                None,
                Some("a 320w, b 640w, c 1280w"),
                Some(390.0),
                2.0,
                Some("c"),
            ),
            (
                None,
                Some("a 320w, b 640w, c 1280w"),
                Some(1280.0),
                1.0,
                Some("c"),
            ),
            (
                None,
                Some("a 320w, b 640w, c 1280w"),
                Some(1280.0),
                2.0,
                Some("c"),
            ),
            (
                None,
                Some("c 1280w, a 320w, b 640w"),
                Some(500.0),
                1.0,
                Some("b"),
            ),
            (
                Some("s"),
                Some("a 320w, b 640w"),
                Some(100.0),
                1.0,
                Some("a"),
            ),
            (Some("s"), Some("a 320w"), Some(1280.0), 1.0, Some("a")),
            (Some("s"), Some("a 320w, b 2x"), Some(320.0), 1.0, Some("a")),
            (Some("s"), Some("a 320w, b 2x"), Some(320.0), 2.0, Some("b")),
            (Some("s"), Some("a 320w, b 1x"), Some(320.0), 1.0, Some("a")),
            (Some("s"), Some("a 320w, b"), Some(640.0), 1.0, Some("b")),
            (None, Some("a 320w, b 640w"), Some(0.0), 1.0, Some("a")),
            (None, Some("a 320w, b 640w"), Some(-1.0), 1.0, Some("a")),
            (Some("s"), Some("a 320w, b 640w"), None, 1.0, None),
            (Some("s"), Some("a 320w 0h"), None, 1.0, Some("s")),
        ];
        for &(src, srcset, size, dpr, expected) in rows {
            assert_eq!(
                select(src, srcset, size, dpr),
                expected,
                "{src:?} {srcset:?} {size:?} {dpr}"
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn the_selected_url_is_one_of_those_given(
            src in proptest::option::of("[a ]{0,3}"),
            srcset in r"([bé]|,|, | |\(|\)|[0-9]|\.|w|x|h|e|-| 1x| 20w| 3x| 10h){0,24}",
            size in proptest::option::of(proptest::num::f32::ANY),
            dpr in proptest::num::f32::ANY,
        ) {
            let candidates = parse(&srcset);
            let selected = select(src.as_deref(), Some(&srcset), size, dpr);
            if let Some(url) = selected {
                let is_candidate = candidates.iter().any(|it| it.url == url);
                proptest::prop_assert!(is_candidate || src.as_deref().map(str::trim) == Some(url));
                proptest::prop_assert!(!url.is_empty());
            } else if candidates.iter().any(|it| !matches!(it.descriptor, Width(_))) {
                proptest::prop_assert!(size.is_none());
            }
        }
    }
}

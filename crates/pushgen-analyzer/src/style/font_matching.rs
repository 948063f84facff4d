//! Which font faces are fetched for a text.
//!
//! In: the `@font-face` rules of a page, the font an element asks for, and the characters of its text. Out: the faces
//! whose files are fetched. Follows CSS Fonts 4 §5 as Chromium 156 has it: italic is an angle of 14 degrees, faces with
//! the same weights, widths and angles make up one composite face in which the last rule comes first, and text without a
//! family that has it goes on to the next. `local()` counts as missing.
//!
//! Left out: glyphs. That a font's file lacks a character, so that the next family is asked too, needs its contents.

use std::cell::Cell;
use std::collections::{BTreeSet, HashMap};
use std::ops::RangeInclusive;

use super::computed::FontRequest;
use super::value::{Family, Generic};
use crate::css::{FontFace, FontFaceStyle};

/// A face of the page; the number is the caller's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct FaceId(pub(crate) u32);

/// The faces of a page by family.
#[derive(Debug, Default)]
pub(crate) struct FontFaces<'f> {
    /// By name in lower case.
    families: HashMap<String, Vec<Composite<'f>>>,
    /// What is left of the page's allowance.
    steps: Cell<usize>,
}

/// What a page may spend on the search for faces, in faces, ranges or families that are looked at.
const MAX_STEPS: usize = 50_000_000;

/// What looking for a family by its name costs, in steps.
const FAMILY: usize = 16;

/// Faces that differ by their characters only.
#[derive(Debug)]
struct Composite<'f> {
    weight: RangeInclusive<f32>,
    stretch: RangeInclusive<f32>,
    slope: RangeInclusive<f32>,
    /// In the order of the page.
    faces: Vec<(FaceId, &'f FontFace)>,
}

/// The faces that a text needs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct FetchedFaces {
    pub(crate) faces: BTreeSet<FaceId>,
    /// Whether a family before them may be installed, so that there is a machine which does not fetch them all.
    pub(crate) depends_on_machine: bool,
}

/// Whether a machine has a font.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Installed {
    Everywhere,
    Somewhere,
    Unknown,
}

impl<'f> FontFaces<'f> {
    /// Takes the faces that are in force, in the order of the page.
    pub(crate) fn new(faces: impl IntoIterator<Item = (FaceId, &'f FontFace)>) -> Self {
        let mut families: HashMap<String, Vec<Composite<'f>>> = HashMap::new();
        let mut known: HashMap<(String, [u32; 6]), usize> = HashMap::new();
        for (id, face) in faces {
            let name = face.family.to_lowercase();
            let composites = families.entry(name.clone()).or_default();
            let slope = slope(&face.style);
            // Adding zero makes one of the two zeros.
            let bits = |range: &RangeInclusive<f32>| {
                [range.start(), range.end()].map(|end| (end + 0.0).to_bits())
            };
            let ([a, b], [c, d], [e, f]) = (bits(&face.weight), bits(&face.stretch), bits(&slope));
            let at = *known.entry((name, [a, b, c, d, e, f])).or_insert_with(|| {
                composites.push(Composite {
                    weight: face.weight.clone(),
                    stretch: face.stretch.clone(),
                    slope,
                    faces: Vec::new(),
                });
                composites.len() - 1
            });
            if let Some(composite) = composites.get_mut(at) {
                composite.faces.push((id, face));
            }
        }
        Self {
            families,
            steps: Cell::new(MAX_STEPS),
        }
    }

    /// Whether the search was given up, so that faces are missing.
    pub(crate) fn is_exceeded(&self) -> bool {
        self.steps.get() == 0
    }

    fn take(&self, steps: usize) -> bool {
        self.steps.set(self.steps.get().saturating_sub(steps));
        !self.is_exceeded()
    }

    /// The faces that are fetched for the characters of a text, each of which may be told once. A block with inline
    /// content but without text asks for a space: its line takes its height from the font that has it.
    pub(crate) fn fetched(
        &self,
        request: &FontRequest,
        characters: impl IntoIterator<Item = char>,
    ) -> FetchedFaces {
        let mut fetched = FetchedFaces::default();
        // Each family takes the characters it has.
        let mut left: Vec<u32> = characters.into_iter().map(u32::from).collect();
        let mut passed_platform_font = false;
        for family in request.families.iter() {
            if left.is_empty() || !self.take(FAMILY) {
                return fetched;
            }
            let name = match family {
                Family::Generic(Generic::Math) => {
                    passed_platform_font = true;
                    continue;
                }
                Family::Generic(_) => return fetched,
                Family::Named(name) => name,
            };
            let Some(composites) = self.families.get(&**name) else {
                match installed(name) {
                    Installed::Everywhere => return fetched,
                    Installed::Somewhere => passed_platform_font = true,
                    Installed::Unknown => {}
                }
                continue;
            };
            self.take(composites.len());
            let Some(composite) = best(composites, request) else {
                continue;
            };
            left.retain(|character| match composite.face(*character, self) {
                Some((id, face)) => {
                    if face.fetched_source().is_some() {
                        fetched.faces.insert(id);
                        fetched.depends_on_machine |= passed_platform_font;
                    }
                    false
                }
                None => true,
            });
        }
        fetched
    }
}

impl<'f> Composite<'f> {
    fn face(&self, character: u32, page: &FontFaces<'_>) -> Option<(FaceId, &'f FontFace)> {
        let faces = self.faces.iter().rev();
        faces
            .take_while(|(_, face)| page.take(face.unicode_range.len()))
            .find(|(_, face)| {
                let mut ranges = face.unicode_range.iter();
                ranges.any(|range| range.contains(&character))
            })
            .copied()
    }
}

/// The angles of a face.
fn slope(style: &FontFaceStyle) -> RangeInclusive<f32> {
    match style {
        FontFaceStyle::Normal => 0.0..=0.0,
        FontFaceStyle::Italic => 14.0..=14.0,
        FontFaceStyle::Oblique(range) => range.clone(),
    }
}

/// Width first, then style, then weight; the first of equals.
fn best<'c, 'f>(
    composites: &'c [Composite<'f>],
    request: &FontRequest,
) -> Option<&'c Composite<'f>> {
    let rank = |composite: &Composite<'_>| {
        [
            stretch_distance(&composite.stretch, request.stretch),
            slope_distance(&composite.slope, request.slope.0),
            weight_distance(&composite.weight, request.weight),
        ]
    };
    let mut best: Option<(&Composite<'_>, [Distance; 3])> = None;
    for composite in composites {
        let rank = rank(composite);
        let is_better = best.as_ref().is_none_or(|(_, so_far)| rank < *so_far);
        if is_better {
            best = Some((composite, rank));
        }
    }
    best.map(|(composite, _)| composite)
}

/// How far a range is from what is asked for: first in which direction, then how much. Zero if it is inside.
type Distance = (u8, f32);

const INSIDE: Distance = (0, 0.0);

fn stretch_distance(range: &RangeInclusive<f32>, wanted: f32) -> Distance {
    match side(range, wanted) {
        Side::Inside => INSIDE,
        // Narrower ones first, unless a wide one is asked for.
        Side::Below(distance) => (if wanted <= 100.0 { 1 } else { 2 }, distance),
        Side::Above(distance) => (if wanted <= 100.0 { 2 } else { 1 }, distance),
    }
}

fn weight_distance(range: &RangeInclusive<f32>, wanted: f32) -> Distance {
    match side(range, wanted) {
        Side::Inside => INSIDE,
        Side::Above(distance) if (400.0..=500.0).contains(&wanted) => {
            (if *range.start() <= 500.0 { 1 } else { 3 }, distance)
        }
        Side::Below(distance) if (400.0..=500.0).contains(&wanted) => (2, distance),
        Side::Below(distance) => (if wanted < 400.0 { 1 } else { 2 }, distance),
        Side::Above(distance) => (if wanted < 400.0 { 2 } else { 1 }, distance),
    }
}

fn slope_distance(range: &RangeInclusive<f32>, wanted: f32) -> Distance {
    // Angles to the left are searched as those to the right.
    if wanted < 0.0 {
        return slope_distance(&(-range.end()..=-range.start()), -wanted);
    }
    match side(range, wanted) {
        Side::Inside => INSIDE,
        Side::Above(distance) => (if wanted >= 14.0 { 1 } else { 2 }, distance),
        Side::Below(distance) if wanted >= 14.0 => (2, distance),
        Side::Below(distance) => (if *range.end() >= 0.0 { 1 } else { 3 }, distance),
    }
}

enum Side {
    Inside,
    Below(f32),
    Above(f32),
}

fn side(range: &RangeInclusive<f32>, wanted: f32) -> Side {
    if *range.end() < wanted {
        Side::Below(wanted - range.end())
    } else if *range.start() > wanted {
        Side::Above(range.start() - wanted)
    } else {
        Side::Inside
    }
}

/// What is known of a font by its name. Where a machine does not have the first ones it has fonts of the same
/// measures in their place.
fn installed(name: &str) -> Installed {
    match name {
        "arial" | "helvetica" | "times" | "times new roman" | "courier" | "courier new" => {
            Installed::Everywhere
        }
        "-apple-system"
        | "blinkmacsystemfont"
        | "ui-sans-serif"
        | "ui-serif"
        | "ui-monospace"
        | "ui-rounded"
        | "emoji"
        | "fangsong"
        | "helvetica neue"
        | "segoe ui"
        | "segoe ui emoji"
        | "segoe ui symbol"
        | "apple color emoji"
        | "noto color emoji"
        | "noto sans"
        | "roboto"
        | "oxygen"
        | "ubuntu"
        | "cantarell"
        | "droid sans"
        | "fira sans"
        | "georgia"
        | "verdana"
        | "tahoma"
        | "trebuchet ms"
        | "impact"
        | "comic sans ms"
        | "arial black"
        | "lucida grande"
        | "lucida console"
        | "lucida sans unicode"
        | "palatino"
        | "palatino linotype"
        | "book antiqua"
        | "garamond"
        | "cambria"
        | "calibri"
        | "candara"
        | "consolas"
        | "menlo"
        | "monaco"
        | "sfmono-regular"
        | "sf mono"
        | "sf pro text"
        | "sf pro display"
        | "liberation sans"
        | "liberation serif"
        | "liberation mono"
        | "dejavu sans"
        | "dejavu serif"
        | "dejavu sans mono"
        | "andale mono"
        | "ubuntu mono"
        | "avenir"
        | "avenir next"
        | "futura"
        | "optima"
        | "geneva"
        | "charter"
        | "hoefler text"
        | "pingfang sc"
        | "hiragino sans"
        | "microsoft yahei"
        | "meiryo"
        | "noto sans cjk sc" => Installed::Somewhere,
        _ => Installed::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use cssparser::Parser;

    use super::*;
    use crate::css::{FontSource, StyleSheet};
    use crate::style::font_value;
    use crate::style::property::Longhand;
    use crate::style::value::{Slope, Value, Weight};

    /// The file names that `text` in a font fetches.
    fn fetched(faces: &str, font: &str, text: &str) -> String {
        let sheet = StyleSheet::parse(faces);
        let mut request = FontRequest {
            families: Arc::new([]),
            weight: 400.0,
            slope: Slope::NORMAL,
            stretch: 100.0,
        };
        let (font, stretch) = font.split_once(" @").unwrap_or((font, "100"));
        let values = Parser::new(font)
            .parse_entirely(font_value::shorthand)
            .unwrap_or_else(|_| panic!("{font}"));
        for (longhand, value) in values {
            match (longhand, value) {
                (Longhand::FontFamily, Value::Families(families)) => request.families = families,
                (_, Value::Weight(Weight::Number(weight))) => request.weight = weight,
                (_, Value::Style(slope)) => request.slope = slope,
                _ => {}
            }
        }
        request.stretch = stretch.parse().expect("a number");
        let ids = (0..).map(FaceId);
        let all = FontFaces::new(ids.zip(&sheet.font_faces));
        let urls: Vec<String> = all
            .fetched(&request, text.chars())
            .faces
            .into_iter()
            .map(
                |FaceId(at)| match sheet.font_faces[at as usize].fetched_source() {
                    Some(FontSource::File { url: Some(url), .. }) => url.clone(),
                    other => panic!("{other:?}"),
                },
            )
            .collect();
        urls.join(" ")
    }

    fn face(file: &str, descriptors: &str) -> String {
        format!("@font-face {{ font-family: F; src: url({file}); {descriptors} }}")
    }

    /// Each row is what Chromium 156 fetched.
    #[test]
    fn the_nearest_weight_is_taken() {
        let table: &[(&[&str], &str, &str)] = &[
            (&["300", "700"], "400", "300"),
            (&["300", "700"], "500", "300"),
            (&["300", "500", "700"], "400", "500"),
            (&["400", "700"], "500", "400"),
            (&["400", "700"], "600", "700"),
            (&["400", "700"], "300", "400"),
            (&["100", "900"], "500", "100"),
            (&["500", "300"], "400", "500"),
            (&["100 400", "700"], "450", "100 400"),
            (&["100 400", "500 900"], "450", "500 900"),
            (&["600", "900"], "700", "900"),
            (&["600"], "900", "600"),
            (&["200", "600"], "550", "600"),
            (&["300 450", "480"], "470", "480"),
            (&["300 450", "480"], "460", "480"),
            (&["420", "480"], "450", "480"),
            (&["350", "520"], "450", "350"),
        ];
        for (weights, wanted, expected) in table {
            let faces: String = weights
                .iter()
                .map(|weight| face(&format!("'{weight}'"), &format!("font-weight: {weight}")))
                .collect();
            let found = fetched(&faces, &format!("{wanted} 16px F"), "abc");
            assert_eq!(found, *expected, "{wanted} of {weights:?}");
        }
    }

    /// Each row is what Chromium 156 fetched.
    #[test]
    fn the_nearest_style_is_taken() {
        let table: &[(&[&str], &str, &str)] = &[
            (&["normal", "italic"], "italic", "italic"),
            (&["normal", "oblique"], "italic", "oblique"),
            (&["italic", "oblique"], "oblique", "oblique"),
            (&["normal", "italic"], "oblique", "italic"),
            (&["italic"], "normal", "italic"),
            (&["italic", "oblique"], "normal", "oblique"),
            (
                &["oblique 10deg", "oblique 20deg"],
                "oblique 12deg",
                "oblique 10deg",
            ),
            (
                &["oblique 10deg", "oblique 20deg"],
                "oblique 15deg",
                "oblique 20deg",
            ),
            (
                &["oblique 0deg 20deg", "italic"],
                "italic",
                "oblique 0deg 20deg",
            ),
            (
                &["oblique 0deg 20deg", "italic"],
                "oblique 10deg",
                "oblique 0deg 20deg",
            ),
            (
                &["oblique -10deg", "normal"],
                "oblique -10deg",
                "oblique -10deg",
            ),
            (&["oblique -10deg", "normal"], "oblique", "normal"),
            (
                &["oblique -10deg", "oblique 5deg"],
                "normal",
                "oblique 5deg",
            ),
            (&["oblique 5deg", "italic"], "normal", "oblique 5deg"),
            (&["oblique 5deg", "normal"], "oblique 3deg", "normal"),
            (&["oblique 0deg", "italic"], "normal", "oblique 0deg"),
            (
                &["oblique 30deg", "oblique 8deg"],
                "italic",
                "oblique 30deg",
            ),
            (
                &["oblique -5deg", "oblique 30deg"],
                "oblique 8deg",
                "oblique 30deg",
            ),
            (
                &["oblique -5deg", "italic"],
                "oblique -8deg",
                "oblique -5deg",
            ),
            (&["oblique 14deg", "italic"], "italic", "italic"),
            (
                &["italic", "oblique 14deg"],
                "oblique 14deg",
                "oblique 14deg",
            ),
        ];
        for (styles, wanted, expected) in table {
            let faces: String = styles
                .iter()
                .map(|style| face(&format!("'{style}'"), &format!("font-style: {style}")))
                .collect();
            let found = fetched(&faces, &format!("{wanted} 16px F"), "abc");
            assert_eq!(found, *expected, "{wanted} of {styles:?}");
        }
    }

    /// Each row is what Chromium 156 fetched.
    #[test]
    fn the_nearest_width_is_taken_before_style_and_weight() {
        type Faces = [(&'static str, &'static str)];
        let table: &[(&Faces, &str, &str)] = &[
            (
                &[("a", "font-stretch: 75%"), ("b", "font-stretch: 125%")],
                "16px F",
                "a",
            ),
            (
                &[("a", "font-stretch: 75%"), ("b", "font-stretch: 125%")],
                "16px F @110",
                "b",
            ),
            (&[("a", "font-stretch: 75%"), ("b", "")], "16px F @125", "b"),
            (
                &[("a", "font-stretch: 75% 100%"), ("b", "font-stretch: 125%")],
                "16px F @110",
                "b",
            ),
            (
                &[("a", "font-stretch: 50%"), ("b", "font-stretch: 75%")],
                "16px F @62",
                "a",
            ),
            (
                &[("a", "font-stretch: 75%; font-weight: 700"), ("b", "")],
                "bold 16px F",
                "b",
            ),
            (
                &[("a", "font-style: italic"), ("b", "font-weight: 700")],
                "italic bold 16px F",
                "a",
            ),
            (
                &[("a", "font-stretch: 75%"), ("b", "font-style: italic")],
                "italic 16px F @75",
                "a",
            ),
        ];
        for (faces, font, expected) in table {
            let faces: String = faces.iter().map(|(file, rest)| face(file, rest)).collect();
            assert_eq!(fetched(&faces, font, "abc"), *expected, "{font} of {faces}");
        }
    }

    /// Each row is what Chromium 156 fetched.
    #[test]
    fn characters_choose_within_a_composite_face() {
        let cyrillic = face("cyr", "unicode-range: U+400-4FF");
        let latin = face("lat", "unicode-range: U+0-FF");
        let subsets = format!("{cyrillic}{latin}");
        let then_g = format!("{cyrillic}@font-face {{ font-family: G; src: url(g) }}");
        let table: &[(&str, &str, &str, &str)] = &[
            (&subsets, "16px F", "Привет", "cyr"),
            (&subsets, "16px F", "Привет мир", "cyr lat"),
            (&subsets, "16px F", " ", "lat"),
            (&cyrillic, "16px F", " ", ""),
            (&cyrillic, "16px F", "abc", ""),
            (&then_g, "16px F, G", "abc", "g"),
            (&then_g, "16px F, G", " ", "g"),
            (
                &(face("one", "") + &face("two", "")),
                "16px F",
                "abc",
                "two",
            ),
            (
                &(latin.clone() + &face("a", "unicode-range: U+61")),
                "16px F",
                "abc",
                "lat a",
            ),
            (
                &(face("a", "unicode-range: U+61") + &latin),
                "16px F",
                "abc",
                "lat",
            ),
            (
                &(face("a", "unicode-range: U+61")
                    + &face("b", "font-weight: 700; unicode-range: U+62")),
                "bold 16px F",
                "abc",
                "b",
            ),
            (
                &face("one", "font-display: optional"),
                "16px F",
                "abc",
                "one",
            ),
        ];
        for (faces, font, text, expected) in table {
            assert_eq!(fetched(faces, font, text), *expected, "{text:?} in {faces}");
        }
    }

    /// Each row is what Chromium 156 fetched, on a machine with Liberation and DejaVu fonts.
    #[test]
    fn families_before_it_decide_whether_a_face_is_reached() {
        let one = face("one", "");
        for (family, expected) in [
            ("f", "one"),
            ("'f'", "one"),
            ("Nope, F", "one"),
            ("serif, F", ""),
            ("system-ui, F", ""),
            ("-webkit-body, F", ""),
            ("math, F", "one"),
            ("ui-serif, F", "one"),
            ("-apple-system, F", "one"),
            ("emoji, F", "one"),
            ("'serif', F", "one"),
            ("Arial, F", ""),
            ("Helvetica, F", ""),
            ("'Times New Roman', F", ""),
            ("Courier, F", ""),
            ("Georgia, F", "one"),
            ("Segoe UI, F", "one"),
            ("G, Arial", ""),
        ] {
            let found = fetched(&one, &format!("16px {family}"), "abc");
            assert_eq!(found, expected, "{family}");
        }
        let generic = "@font-face { font-family: serif; src: url(one) }";
        assert_eq!(fetched(generic, "16px serif", "abc"), "");
        assert_eq!(fetched(generic, "16px 'serif'", "abc"), "one");
        let local = "@font-face { font-family: F; src: local(Arial), url(one) }";
        assert_eq!(fetched(local, "16px F", "abc"), "one");
    }
}

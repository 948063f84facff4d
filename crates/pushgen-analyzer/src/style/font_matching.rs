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
use super::installed_font::Installed;
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
                match Installed::named(name) {
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

#[cfg(test)]
mod tests;

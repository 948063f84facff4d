//! The search for the faces of all texts of a page.
//!
//! In: the characters that are shown in each style, and the faces in force. Out: the faces that are fetched for them.
//! Styles that ask for the same font are taken together (CSS Fonts 4 §5), as a page has many styles and few fonts.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::characters::Characters;
use super::font_matching::FaceId;
use super::style_table::StyleId;
use super::styles::Styles;
use super::usage::{Certainty, FaceUse, Faces};
use super::value::Family;

/// The characters in one style.
#[derive(Debug, Clone, Default)]
pub(super) struct Texts {
    pub(super) certain: Characters,
    /// Those that layout decides about.
    pub(super) uncertain: Characters,
}

/// The faces for the texts of each style, in the order of the page.
pub(super) fn used_faces(faces: &Faces<'_>, styles: &Styles<'_>, texts: &[Texts]) -> Vec<FaceUse> {
    if faces.places.is_empty() {
        return Vec::new();
    }
    // Most styles share their list of families, so that few lists are compared by their names.
    let mut lists: HashMap<&[Family], usize> = HashMap::new();
    let mut by_place: HashMap<*const [Family], usize> = HashMap::new();
    // Families, weight, slope, stretch.
    type Key = (usize, u32, u32, u32);
    let mut requests: BTreeMap<Key, (StyleId, Texts)> = BTreeMap::new();
    for (id, texts) in styles.ids().zip(texts) {
        if texts.certain.is_empty() && texts.uncertain.is_empty() {
            continue;
        }
        let font = &styles.style(id).font;
        let place = Arc::as_ptr(&font.families);
        let families = *by_place.entry(place).or_insert_with(|| {
            let next = lists.len();
            *lists.entry(&*font.families).or_insert(next)
        });
        let key = (
            families,
            font.weight.to_bits(),
            font.slope.0.to_bits(),
            font.stretch.to_bits(),
        );
        let (_, known) = requests
            .entry(key)
            .or_insert_with(|| (id, Texts::default()));
        known.certain.extend(&texts.certain);
        known.uncertain.extend(&texts.uncertain);
    }
    let mut found: BTreeMap<FaceId, Certainty> = BTreeMap::new();
    for (id, texts) in requests.into_values() {
        let font = &styles.style(id).font;
        let certain = faces.faces.fetched(font, texts.certain.iter());
        let uncertain = faces.faces.fetched(font, texts.uncertain.iter());
        let certainty = if certain.depends_on_machine {
            Certainty::Machine
        } else {
            Certainty::Certain
        };
        for (faces, certainty) in [
            (certain.faces, certainty),
            (uncertain.faces, Certainty::Layout),
        ] {
            for face in faces {
                let known = found.entry(face).or_insert(certainty);
                *known = certainty.max(*known);
            }
        }
    }
    let place = |(FaceId(at), certainty)| {
        let (sheet, face) = *faces.places.get(at as usize)?;
        Some(FaceUse {
            sheet,
            face,
            certainty,
        })
    };
    found.into_iter().filter_map(place).collect()
}

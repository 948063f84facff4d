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

use cssparser::Parser;

use super::*;

/// What becomes of the animations of a declaration block of `animation` and its longhands.
fn courses(declarations: &[(Longhand, &str)], all: &str) -> Vec<(String, Option<f32>, bool)> {
    let mut animations = Animations::default();
    let values = Parser::new(all).parse_entirely(shorthand).expect(all);
    for (_, value) in values {
        let Value::Animation(value) = value else {
            panic!("{value:?}");
        };
        animations.set(&value);
    }
    for (longhand, text) in declarations {
        let read = |input: &mut Parser<'_>| value(*longhand, input);
        let value = Parser::new(text).parse_entirely(read).expect(text);
        animations.set(&value);
    }
    let courses = animations.courses();
    courses
        .map(|(name, course)| (name.to_string(), course.start, course.goes_on))
        .collect()
}

/// As Chromium 156 fetches the images of the frames.
#[test]
fn only_the_frame_at_the_time_0_is_certain() {
    type Expected = &'static [(&'static str, Option<f32>, bool)];
    let table: &[(&str, Expected)] = &[
        ("k 20s", &[("k", Some(0.0), true)]),
        ("1s ease-in k infinite", &[("k", Some(0.0), true)]),
        ("k", &[("k", None, false)]),
        ("none", &[]),
        ("none 20s", &[]),
        ("k 0s forwards", &[("k", Some(1.0), false)]),
        ("k 0s backwards", &[("k", None, false)]),
        ("k 0s both", &[("k", Some(1.0), false)]),
        ("k 5s 9s", &[("k", None, true)]),
        ("k 5s 9s forwards", &[("k", None, true)]),
        ("k 5s 9s both", &[("k", Some(0.0), true)]),
        ("0s k 5s", &[("k", None, false)]),
        ("k 10s -2s", &[("k", None, true)]),
        ("k 20s reverse", &[("k", Some(1.0), true)]),
        ("k 20s alternate-reverse", &[("k", Some(1.0), true)]),
        ("k 20s step-start", &[("k", None, true)]),
        ("k 20s step-start reverse", &[("k", Some(1.0), true)]),
        ("k 20s step-end", &[("k", Some(0.0), true)]),
        ("k 20s steps(2, jump-both)", &[("k", None, true)]),
        ("k 20s paused", &[("k", Some(0.0), true)]),
        (
            "a 1s steps(3, end), b cubic-bezier(0, 0, 1, 1)",
            &[("a", Some(0.0), true), ("b", None, false)],
        ),
    ];
    for (text, expected) in table {
        let expected: Vec<_> = expected
            .iter()
            .map(|(name, start, goes_on)| ((*name).to_owned(), *start, *goes_on))
            .collect();
        assert_eq!(courses(&[], text), expected, "{text}");
    }
}

#[test]
fn lists_are_repeated_and_a_timeline_makes_it_uncertain() {
    let two = [
        ("a".to_owned(), Some(0.0), true),
        ("b".to_owned(), Some(0.0), true),
    ];
    let names = (Longhand::AnimationName, "a, b");
    assert_eq!(courses(&[names], "k 1s"), two);
    let timeline = (Longhand::AnimationTimeline, "auto, view()");
    let [first, mut second] = two;
    second.1 = None;
    assert_eq!(courses(&[names, timeline], "k 1s"), [first, second]);
}

use cssparser::Parser;

use super::Truth::{False, True, Unknown};
use super::*;

/// A container with these custom properties: `--b: 2` and `--e:`.
#[derive(Clone, Copy)]
struct Element {
    name: &'static str,
    container_type: &'static str,
    container_box: ContainerBox,
    has_properties: bool,
}

impl Container for Element {
    fn is_named(&self, name: &str) -> bool {
        self.name == name
    }

    fn container_type(&self) -> ContainerType {
        ContainerType::parse(&mut Parser::new(self.container_type)).expect(self.container_type)
    }

    fn container_box(&self) -> ContainerBox {
        self.container_box
    }

    fn custom_property(&self, name: &str) -> Option<&str> {
        match name {
            "--b" if self.has_properties => Some("2"),
            "--e" if self.has_properties => Some(""),
            _ => None,
        }
    }
}

const PARENT: Element = Element {
    name: "",
    container_type: "normal",
    container_box: ContainerBox::InFlow,
    has_properties: true,
};

fn ask(text: &str, containers: &[Element]) -> Truth {
    match Parser::new(text).parse_entirely(ContainerQueryList::from_tokens) {
        Ok(list) => list.evaluate(containers.iter().copied(), &Viewport::DESKTOP),
        Err(_) => False,
    }
}

/// As Chromium 156 answers, where that does not depend on a size.
#[test]
fn answers_for_the_nearest_container_that_can_be_asked() {
    let inline = Element {
        container_type: "inline-size",
        ..PARENT
    };
    let named = Element {
        name: "foo",
        ..inline
    };
    let size = Element {
        container_type: "size",
        ..PARENT
    };
    let sticky = Element {
        container_type: "scroll-state",
        ..PARENT
    };
    let spanning = Element {
        container_box: ContainerBox::None,
        ..inline
    };
    // No container, `inline-size`, that with a name, `size`, `scroll-state`, one without a box.
    let table: &[(&str, [Truth; 6])] = &[
        ("(width)", [False, True, True, True, False, False]),
        ("(min-width: 1px)", [False, True, True, True, False, False]),
        ("(min-width: 5000px)", [False; 6]),
        ("not (width > 1px)", [False; 6]),
        (
            "(height > 1px)",
            [False, False, False, Unknown, False, False],
        ),
        (
            "(orientation)",
            [False, False, False, Unknown, False, False],
        ),
        (
            "(width > 1px) or (height > 1px)",
            [False, False, False, True, False, False],
        ),
        (
            "(width > 1px), (height > 1px)",
            [False, True, True, True, False, False],
        ),
        ("(foo)", [False; 6]),
        ("not (foo)", [False; 6]),
        ("(foo) or (width > 1px)", [False; 6]),
        ("(hover)", [False; 6]),
        ("(width > 1)", [False; 6]),
        ("(width > 0)", [False, True, True, True, False, False]),
        (
            "foo (width > 1px)",
            [False, False, True, False, False, False],
        ),
        ("foo", [False, False, True, False, False, False]),
        ("not foo", [False; 6]),
        ("", [False; 6]),
        ("none", [False; 6]),
        ("style(--b)", [True; 6]),
        ("style(--a)", [False; 6]),
        ("not style(--a: 1)", [True; 6]),
        ("style(--b: 2 )", [True; 6]),
        ("STYLE(--b:2)", [True; 6]),
        ("style(--b: 02)", [False; 6]),
        ("style(--b: 2 !important)", [True; 6]),
        ("style(--e: )", [True; 6]),
        ("style(--a: initial)", [True; 6]),
        ("style(--b: var(--c))", [Unknown; 6]),
        ("style(--b > 1)", [Unknown; 6]),
        ("style(not (--a))", [True; 6]),
        ("style((--b: 2) and (--e))", [True; 6]),
        ("style(color: red)", [False; 6]),
        ("not style(color: red)", [False; 6]),
        ("style()", [False; 6]),
        (
            "(width > 1px) and style(--b: 2)",
            [False, True, True, True, False, False],
        ),
        (
            "not scroll-state(stuck: top)",
            [False, False, False, False, Unknown, False],
        ),
        ("anchored(fallback: flip-block)", [False; 6]),
    ];
    for (text, expected) in table {
        let answers = [
            None,
            Some(inline),
            Some(named),
            Some(size),
            Some(sticky),
            Some(spanning),
        ]
        .map(|outer| {
            let around: Vec<_> = std::iter::once(PARENT).chain(outer).collect();
            ask(text, &around)
        });
        assert_eq!(answers, *expected, "{text}");
    }
}

#[test]
fn a_width_is_certain_if_it_holds_from_a_quarter_of_the_viewport_to_all_of_it() {
    let in_flow = Element {
        container_type: "inline-size",
        ..PARENT
    };
    let floating = Element {
        container_box: ContainerBox::Other,
        ..in_flow
    };
    // The viewport is 1350 pixels wide.
    for (text, expected) in [
        ("(width >= 337px)", [True, Unknown]),
        ("(width >= 338px)", [Unknown, Unknown]),
        ("(width > 1350px)", [False, False]),
        ("(width <= 1350px)", [True, True]),
        ("(max-width: 337px)", [False, Unknown]),
        ("(300px < width < 1400px)", [True, Unknown]),
        ("(1400px < inline-size < 1500px)", [False, False]),
        ("(min-width: 13rem)", [True, Unknown]),
        ("(min-width: 20rem)", [Unknown, Unknown]),
        ("(min-width: 140rem)", [False, False]),
        ("(width > 1cqw)", [Unknown, Unknown]),
        ("(width: 500px)", [Unknown, Unknown]),
        ("(width: 5px)", [False, Unknown]),
        ("not (width > 1350px)", [True, True]),
    ] {
        assert_eq!(
            [in_flow, floating].map(|container| ask(text, &[container])),
            expected,
            "{text}"
        );
    }
}

#[test]
fn types_combine() {
    for (text, expected) in [
        ("normal", Some([false; 3])),
        ("size", Some([true, true, false])),
        ("inline-size scroll-state", Some([true, false, true])),
        ("scroll-state size", Some([true, true, true])),
        ("size inline-size", None),
        ("normal size", None),
        ("style", None),
        ("", None),
    ] {
        let found = Parser::new(text).parse_entirely(ContainerType::parse).ok();
        let found = found.map(|found| [found.inline_size, found.block_size, found.scroll_state]);
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn a_query_without_end_is_not_answered() {
    let long = format!("(width > 1px){}", " and (width > 1px)".repeat(100_000));
    assert_eq!(ask(&long, &[PARENT]), Unknown);
    let many = format!("(width > 1px){}", ", (width > 1px)".repeat(100_000));
    assert_eq!(ask(&many, &[PARENT]), Unknown);
    let deep = "(".repeat(100_000);
    assert_eq!(ask(&deep, &[PARENT]), False);
}

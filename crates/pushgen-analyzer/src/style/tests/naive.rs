//! The matcher beside one that tries everything.

use proptest::prelude::*;

use super::*;
use crate::html::Node;

#[derive(Debug, Clone)]
struct Compound {
    name: Option<&'static str>,
    class: Option<&'static str>,
    id: Option<&'static str>,
    not: Option<&'static str>,
    is_first: bool,
}

/// A compound with the combinator on its left.
type Complex = Vec<(char, Compound)>;

fn compound() -> impl Strategy<Value = Compound> {
    let of = |values: &'static [&'static str]| prop::option::of(prop::sample::select(values));
    (
        of(&["div", "p", "b"]),
        of(&["x", "y", "Z"]),
        prop::option::weighted(0.1, prop::sample::select(&["i", "j"][..])),
        prop::option::weighted(0.2, prop::sample::select(&["x", "y"][..])),
        prop::bool::weighted(0.1),
    )
        .prop_map(|(name, class, id, not, is_first)| Compound {
            name,
            class,
            id,
            not,
            is_first,
        })
}

fn complex() -> impl Strategy<Value = Complex> {
    prop::collection::vec(
        (prop::sample::select(vec![' ', '>', '+', '~']), compound()),
        1..5,
    )
}

fn text(complex: &Complex) -> String {
    let mut text = String::new();
    for (combinator, compound) in complex {
        if !text.is_empty() {
            text.extend([' ', *combinator, ' ']);
        }
        text.push_str(compound.name.unwrap_or("*"));
        for (sign, value) in [(".", compound.class), ("#", compound.id)] {
            if let Some(value) = value {
                text.push_str(sign);
                text.push_str(value);
            }
        }
        if let Some(class) = compound.not {
            text.push_str(&format!(":not(.{class})"));
        }
        if compound.is_first {
            text.push_str(":first-child");
        }
    }
    text
}

/// `<` opens an element, `>` closes one.
fn page() -> impl Strategy<Value = String> {
    let tag = (
        prop::sample::select(vec!["div", "p", "b"]),
        prop::sample::select(vec!["", "x", "y", "Z", "x y", "y Z", "z"]),
        prop::sample::select(vec!["", "", "", "i", "j"]),
    );
    prop::collection::vec(prop::option::weighted(0.6, tag), 0..60).prop_map(|tags| {
        let mut page = String::from("<!doctype html><body>");
        let mut open = Vec::new();
        for tag in tags {
            match tag {
                // Foreign elements nest as they are written.
                Some((name, class, id)) => {
                    page.push_str(&format!("<x-{name} class='{class}' id='{id}'>"));
                    open.push(name);
                }
                None => {
                    if let Some(name) = open.pop() {
                        page.push_str(&format!("</x-{name}>"));
                    }
                }
            }
        }
        page
    })
}

fn is_compound(node: Node<'_>, compound: &Compound, all: &[Node<'_>]) -> bool {
    let has_class = |class| {
        node.attribute("class")
            .is_some_and(|classes| classes.split(' ').any(|own| own == class))
    };
    compound
        .name
        .is_none_or(|name| node.name() == format!("x-{name}"))
        && compound.class.is_none_or(has_class)
        && !compound.not.is_some_and(has_class)
        && compound
            .id
            .is_none_or(|id| node.attribute("id") == Some(id))
        && (!compound.is_first || siblings_before(node, all).is_empty())
}

fn siblings_before<'d>(node: Node<'d>, all: &[Node<'d>]) -> Vec<Node<'d>> {
    all.iter()
        .copied()
        .filter(|other| other.parent() == node.parent() && other.index() < node.index())
        .collect()
}

fn is_complex(node: Node<'_>, complex: &[(char, Compound)], all: &[Node<'_>]) -> bool {
    let Some(((combinator, compound), rest)) = complex.split_last() else {
        return true;
    };
    if !is_compound(node, compound, all) {
        return false;
    }
    if rest.is_empty() {
        return true;
    }
    let mut before = siblings_before(node, all);
    match combinator {
        ' ' => std::iter::successors(node.parent(), |node| node.parent())
            .any(|outer| is_complex(outer, rest, all)),
        '>' => node
            .parent()
            .is_some_and(|outer| is_complex(outer, rest, all)),
        '+' => before
            .pop()
            .is_some_and(|other| is_complex(other, rest, all)),
        _ => before.into_iter().any(|other| is_complex(other, rest, all)),
    }
}

proptest! {
    #[test]
    fn rules_match_what_a_naive_matcher_finds(page in page(), sheet in prop::collection::vec(complex(), 1..12)) {
        let (dom, _) = parse(&page);
        let lists: Vec<_> = sheet
            .iter()
            .map(|complex| {
                let text = text(complex).replace("div", "x-div").replace('p', "x-p");
                SelectorList::parse(&text.replace("b", "x-b"), Around::Nothing).expect("a selector")
            })
            .collect();
        let index = RuleIndex::new((0u32..).zip(&lists).map(|(id, selectors)| IndexedRule {
            id: RuleId(id),
            selectors,
            scope: None,
        }));
        let mut found = Vec::new();
        let sheet_of_page = PageSheet { rules: &index, owner: None };
        match_page(&dom, &[sheet_of_page], u64::MAX, |node, matches| {
            found.extend(matches.iter().map(|found| (node.index(), found.rule.0)));
        });
        let all: Vec<_> = dom.elements().collect();
        let mut expected = Vec::new();
        for node in &all {
            for (rule, complex) in (0u32..).zip(&sheet) {
                if is_complex(*node, complex, &all) {
                    expected.push((node.index(), rule));
                }
            }
        }
        prop_assert_eq!(found, expected);
    }
}

mod hostile;
mod naive;
mod speed;

use std::sync::Arc;

use super::matching::{Match, Outcome, PageSheet, match_page};
use super::names::{NamespaceUrl, Namespaces};
use super::pseudo_element::PseudoElement;
use super::rule_index::{IndexedRule, RuleId, RuleIndex};
use super::scope::Scope;
use super::selector::{Around, SelectorError, SelectorList, Specificity};
use crate::html::parse;

/// The ids of the elements that a selector matches, in document order. ` { ` stands between a rule and what is nested
/// in it.
fn matched(page: &str, rule: &str) -> Result<Vec<String>, SelectorError> {
    let mut parent: Option<SelectorList> = None;
    let mut scope: Option<Arc<Scope>> = None;
    for part in rule.split(" { ") {
        let around = match (&parent, &scope) {
            (Some(parent), _) => Around::Rule(parent),
            (None, Some(_)) => Around::Scope,
            (None, None) => Around::Nothing,
        };
        if part.starts_with("@media") {
        } else if let Some(prelude) = part.strip_prefix("@scope ") {
            let inner = Scope::parse(prelude, around, scope.take(), &Namespaces::default())?;
            scope = Some(Arc::new(inner));
            parent = None;
        } else {
            parent = Some(SelectorList::parse(part, around)?);
        }
    }
    let selectors = parent.expect("a style rule");
    let index = RuleIndex::new([IndexedRule {
        id: RuleId(0),
        selectors: &selectors,
        scope,
    }]);
    let (dom, _) = parse(page);
    let sheet = PageSheet {
        rules: &index,
        owner: None,
    };
    let mut ids = Vec::new();
    match_page(&dom, &[sheet], 1_000_000, |element, _| {
        ids.push(element.attribute("id").unwrap_or(element.name()).to_owned());
    });
    Ok(ids)
}

const TABLE: &str = include_str!("tests/chromium.txt");

#[test]
fn selectors_match_what_they_match_in_chromium() {
    let mut page = "";
    let mut wrong = Vec::new();
    let mut rows = 0;
    for line in TABLE.lines() {
        if line.is_empty() || line.starts_with("# ") {
            continue;
        }
        if line.starts_with('<') {
            page = line;
            continue;
        }
        let (selector, expected) = line.split_once(" => ").expect("two columns");
        let found = match matched(page, selector) {
            Ok(_) if expected == "valid" => continue,
            Ok(ids) if ids.is_empty() => "-".to_owned(),
            Ok(ids) => ids.join(" "),
            // A nested rule that is dropped leaves the outer one.
            Err(SelectorError::Invalid) if expected == "-" && selector.contains('{') => continue,
            Err(error) => format!("{error:?}").to_lowercase(),
        };
        rows += 1;
        if found != expected {
            wrong.push(format!(
                "{page}\n  {selector}\n    Chromium: {expected}\n    here:     {found}"
            ));
        }
    }
    assert!(rows > 300, "{rows} rows");
    assert!(
        wrong.is_empty(),
        "{} of {rows}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

fn specificity(rule: &str) -> Vec<(u32, u32, u32)> {
    let mut parent: Option<SelectorList> = None;
    for part in rule.split(" { ") {
        let around = parent.as_ref().map_or(Around::Nothing, Around::Rule);
        parent = Some(SelectorList::parse(part, around).expect(part));
    }
    let list = parent.expect("a rule");
    list.selectors()
        .map(|selector| selector.specificity())
        .map(
            |Specificity {
                 ids,
                 classes,
                 types,
             }| (ids, classes, types),
        )
        .collect()
}

#[test]
fn selectors_are_as_specific_as_the_specification_says() {
    for (rule, expected) in [
        ("*", vec![(0, 0, 0)]),
        ("li", vec![(0, 0, 1)]),
        ("ul ol+li", vec![(0, 0, 3)]),
        ("h1 + *[rel=up]", vec![(0, 1, 1)]),
        ("li.red.level", vec![(0, 2, 1)]),
        ("#s:not(foo), a", vec![(1, 0, 1), (0, 0, 1)]),
        (".foo :is(.bar, #baz)", vec![(1, 1, 0)]),
        (":where(#a .b) p", vec![(0, 0, 1)]),
        (":nth-child(2 of .a, #b)", vec![(1, 1, 0)]),
        (":nth-child(2)", vec![(0, 1, 0)]),
        ("a:has(> .b, #c)", vec![(1, 0, 1)]),
        ("p::before", vec![(0, 0, 2)]),
        ("p:before", vec![(0, 0, 2)]),
        (":root", vec![(0, 1, 0)]),
        ("[a=b i]", vec![(0, 1, 0)]),
        ("&", vec![(0, 0, 0)]),
        (".a { .b", vec![(0, 2, 0)]),
        ("#a, .b { .c", vec![(1, 1, 0)]),
        ("#a, .b { & > p, p &", vec![(1, 0, 1), (1, 0, 1)]),
        // A list beside which the parent is the more specific part.
        ("#a { :is(.x, &) p", vec![(1, 0, 1)]),
        ("#a { :not(.x.y, &)", vec![(1, 0, 0)]),
        (".a { :where(&) p", vec![(0, 0, 1)]),
        (".a { .b { .c &", vec![(0, 3, 0)]),
        (".a { :foo, p, .b", vec![]),
    ] {
        if expected.is_empty() {
            let parent = SelectorList::parse(".a", Around::Nothing).expect("a selector");
            let nested = SelectorList::parse(":foo, p, .b", Around::Rule(&parent));
            assert_eq!(nested.err(), Some(SelectorError::Invalid), "{rule}");
        } else {
            assert_eq!(specificity(rule), expected, "{rule}");
        }
    }
}

#[test]
fn a_rule_is_told_once_for_each_thing_that_it_styles() {
    let page = "<!doctype html><p class=a id=b>1<p class=a>2";
    let texts = [
        "p, .a, #b",
        "p::before, #b::before, p::after",
        ".c",
        "p:hover, p",
        "p::before:is(:hover)",
        ":is(p, .a, #b)",
    ];
    let lists = texts.map(|text| SelectorList::parse(text, Around::Nothing).expect(text));
    let rules = |range: std::ops::Range<usize>| {
        RuleIndex::new(
            (0u32..)
                .zip(&lists[range])
                .map(|(id, selectors)| IndexedRule {
                    id: RuleId(id),
                    selectors,
                    scope: None,
                }),
        )
    };
    let sheets = [rules(0..3), rules(3..6)];
    let sheets = sheets
        .each_ref()
        .map(|rules| PageSheet { rules, owner: None });
    let (dom, _) = parse(page);
    let mut found = Vec::new();
    let outcome = match_page(&dom, &sheets, 1_000, |node, matches: &[Match]| {
        for found_one in matches {
            let Specificity {
                ids,
                classes,
                types,
            } = found_one.specificity;
            found.push((
                node.attribute("id").unwrap_or("-"),
                found_one.sheet,
                found_one.rule.0,
                found_one.pseudo_element,
                (ids, classes, types),
            ));
        }
    });
    assert!(
        matches!(outcome, Outcome::Complete { steps: 1.. }),
        "{outcome:?}"
    );
    use PseudoElement::{After, Before};
    assert_eq!(
        found,
        [
            ("b", 0, 0, None, (1, 0, 0)),
            ("b", 0, 1, Some(Before), (1, 0, 1)),
            ("b", 0, 1, Some(After), (0, 0, 2)),
            ("b", 1, 0, None, (0, 0, 1)),
            ("b", 1, 2, None, (1, 0, 0)),
            ("-", 0, 0, None, (0, 1, 0)),
            ("-", 0, 1, Some(Before), (0, 0, 2)),
            ("-", 0, 1, Some(After), (0, 0, 2)),
            ("-", 1, 0, None, (0, 0, 1)),
            ("-", 1, 2, None, (1, 0, 0)),
        ]
    );
}

#[test]
fn a_scope_without_roots_begins_at_the_parent_of_its_element_and_tells_how_near_it_is() {
    let page = "<!doctype html><body><p>0<div><style></style><p>1<section><p>2</section></div>";
    let (dom, _) = parse(page);
    let style = dom.elements().find(|node| node.is("style"));
    let owner = style.and_then(|style| style.parent());
    let scope = Scope::parse("", Around::Nothing, None, &Namespaces::default()).expect("a scope");
    let selectors = SelectorList::parse("p", Around::Scope).expect("a selector");
    let rules = RuleIndex::new([IndexedRule {
        id: RuleId(7),
        selectors: &selectors,
        scope: Some(Arc::new(scope)),
    }]);
    let found_with = |owner| {
        let mut found = Vec::new();
        let sheet = PageSheet {
            rules: &rules,
            owner,
        };
        match_page(&dom, &[sheet], 1_000, |_, matches| {
            found.extend(matches.iter().map(|found| (found.rule.0, found.proximity)));
        });
        found
    };
    assert_eq!(found_with(owner), [(7, Some(1)), (7, Some(2))]);
    assert_eq!(found_with(None), []);
}

#[test]
fn namespaces_are_those_of_the_sheet() {
    let page = "<!doctype html><a id=h></a><svg id=s xlink:href=x><a id=sa></a></svg>";
    let svg = NamespaceUrl::of("http://www.w3.org/2000/svg");
    let html = NamespaceUrl::of("http://www.w3.org/1999/xhtml");
    let xlink = NamespaceUrl::of("http://www.w3.org/1999/xlink");
    let prefixes = vec![("s".into(), svg), ("h".into(), html), ("x".into(), xlink)];
    let (dom, _) = parse(page);
    for (default, text, expected) in [
        (None, "s|a", "sa"),
        (None, "h|a", "h"),
        (None, "a", "h sa"),
        (None, "s|*", "s sa"),
        (None, "[x|href]", "s"),
        (None, "[href]", ""),
        (Some(svg), "a", "sa"),
        (Some(svg), "*|a", "h sa"),
        (Some(svg), "h|a", "h"),
        (Some(svg), "[id]", "s sa"),
        (Some(svg), ":is([id])", "s sa"),
        (Some(svg), "*|*:is([id])", "h s sa"),
        (Some(NamespaceUrl::of("urn:x")), "a", ""),
    ] {
        let namespaces = Namespaces {
            default,
            prefixes: prefixes.clone(),
        };
        let selectors = SelectorList::parse_in(text, Around::Nothing, &namespaces).expect(text);
        let rules = RuleIndex::new([IndexedRule {
            id: RuleId(0),
            selectors: &selectors,
            scope: None,
        }]);
        let mut ids = Vec::new();
        let sheet = PageSheet {
            rules: &rules,
            owner: None,
        };
        match_page(&dom, &[sheet], 1_000, |node, _| {
            ids.extend(node.attribute("id"))
        });
        assert_eq!(ids.join(" "), expected, "{default:?} {text}");
    }
}

#[test]
fn what_is_in_a_shadow_tree_is_passed_over() {
    let page = "<!doctype html><div id=host><template shadowrootmode=open><p id=in></p></template><p id=light></p></div>";
    assert_eq!(matched(page, "p"), Ok(vec!["light".to_owned()]));
    assert_eq!(
        matched(page, "div > :first-child"),
        Ok(vec!["light".to_owned()])
    );
    assert_eq!(matched(page, "template"), Ok(vec![]));
    assert_eq!(matched(page, ":host"), Ok(vec![]));
}

#[test]
fn directions_are_read_from_text() {
    let page = "<!doctype html><p dir=auto id=a>123 \u{5d0}b</p><p dir=auto id=b>b \u{5d0}</p><bdi id=c><i>\u{627}</i></bdi>";
    let selectors = SelectorList::parse("[id]:dir(rtl)", Around::Nothing).expect("a selector");
    let rules = RuleIndex::new([IndexedRule {
        id: RuleId(0),
        selectors: &selectors,
        scope: None,
    }]);
    let (dom, _) = parse(page);
    let mut ids = Vec::new();
    let sheet = PageSheet {
        rules: &rules,
        owner: None,
    };
    match_page(&dom, &[sheet], 1_000, |node, _| {
        ids.extend(node.attribute("id"))
    });
    assert_eq!(ids.join(" "), "a c");
}

#[test]
fn rules_that_wait_for_the_user_are_not_indexed() {
    for (text, never) in [
        ("a:hover", true),
        ("a:hover, a:visited b", true),
        ("a:hover, a", false),
        ("a:not(:hover)", false),
        (":is(a:hover, :visited) b", true),
        (":is(a:hover, b)", false),
        (":is(:foo)", true),
        ("a:has(:target)", true),
        ("a:focus", false),
        (":host", false),
        ("x::part(a)", true),
        ("::slotted(a)", true),
        (".a:hover { & b", true),
        (".a:hover, .a { & b", false),
    ] {
        let mut list: Option<SelectorList> = None;
        for part in text.split(" { ") {
            let around = list.as_ref().map_or(Around::Nothing, Around::Rule);
            list = Some(SelectorList::parse(part, around).expect(text));
        }
        let selectors = list.expect("a rule");
        assert_eq!(selectors.never_matches(), never, "{text}");
        let index = RuleIndex::new([IndexedRule {
            id: RuleId(0),
            selectors: &selectors,
            scope: None,
        }]);
        assert_eq!(index.len() == 0, never, "{text}");
    }
}

#[test]
fn an_index_can_be_shared_by_threads() {
    fn is_shared<T: Send + Sync>() {}
    is_shared::<RuleIndex>();
    is_shared::<SelectorList>();
    is_shared::<Scope>();
}

/// As Chromium 156 focuses when a page has loaded.
#[test]
fn the_focus_is_where_autofocus_puts_it() {
    for (body, focused) in [
        ("<input id=a><input id=b autofocus><input autofocus>", "b"),
        ("<div id=a autofocus></div><input id=b autofocus>", "b"),
        ("<div id=a tabindex=0 autofocus></div>", "a"),
        ("<div id=a tabindex=x autofocus></div>", ""),
        (
            "<button disabled id=a autofocus></button><button id=b autofocus>",
            "b",
        ),
        ("<fieldset disabled><input id=a autofocus></fieldset>", ""),
        (
            "<input type=hidden id=a autofocus><a href=x id=b autofocus>x</a>",
            "b",
        ),
        (
            "<a id=a autofocus>x</a><select id=b autofocus></select>",
            "b",
        ),
        (
            "<dialog><input id=a autofocus></dialog><input id=b autofocus>",
            "b",
        ),
        ("<dialog open><input id=a autofocus></dialog>", "a"),
        ("<div popover><input id=a autofocus></div>", ""),
        ("<p contenteditable id=a autofocus>x</p>", "a"),
        (
            "<details><summary id=a autofocus>x</summary></details>",
            "a",
        ),
        ("<div inert><input id=a autofocus></div>", ""),
        (
            "<input style='display: none' id=a autofocus><textarea id=b autofocus></textarea>",
            "b",
        ),
        ("<video id=a controls autofocus></video>", "a"),
        ("<label id=a autofocus>x</label>", ""),
    ] {
        let html = format!("<!doctype html><main>{body}</main>");
        for (selector, expected) in [
            (":focus", focused),
            (":focus-visible", focused),
            ("main:focus-within :focus", focused),
        ] {
            let ids = matched(&html, selector).expect(selector);
            assert_eq!(ids.join(" "), expected, "{selector}: {body}");
        }
    }
}

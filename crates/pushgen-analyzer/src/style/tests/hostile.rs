//! Sheets and pages that are made to take long: matching ends, and says that it was stopped.

use std::fmt::Write;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

const BUDGET: u64 = 1_000_000;

/// As much stack as worker threads have, and no more.
fn on_a_small_stack(run: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new()
        .stack_size(2 << 20)
        .spawn(run)
        .expect("a thread");
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

fn outcome(page: &str, rules: &[SelectorList]) -> Outcome {
    let index = RuleIndex::new((0u32..).zip(rules).map(|(id, selectors)| IndexedRule {
        id: RuleId(id),
        selectors,
        scope: None,
    }));
    let (dom, _) = parse(page);
    let sheet = PageSheet {
        rules: &index,
        owner: None,
    };
    match_page(&dom, &[sheet], BUDGET, |_, _| {})
}

fn lists(texts: impl IntoIterator<Item = String>) -> Vec<SelectorList> {
    texts
        .into_iter()
        .map(|text| SelectorList::parse(&text, Around::Nothing).expect("a selector"))
        .collect()
}

#[test]
fn ten_thousand_selectors_on_ten_thousand_elements_are_stopped() {
    on_a_small_stack(|| {
        let flat = "<p class='a b c'>x</p>".repeat(10_000);
        let deep = format!(
            "{}{}",
            "<div class='a b'>".repeat(400),
            "<p class=a>".repeat(9_000)
        );
        let wide = format!(
            "<div>{}</div>",
            "<p class=a><b class=z></b></p>".repeat(5_000)
        );
        let long_class = format!("<p class='{}'>", "k ".repeat(200_000)).repeat(20);
        let long_value = format!("<p a='{}'>", "x".repeat(400_000)).repeat(20);
        let form = format!(
            "<form>{}</form>",
            "<input type=radio name=a required><input form=none>".repeat(5_000)
        );
        let select = format!("<select>{}</select>", "<option>".repeat(10_000));
        type Sheet = fn(usize) -> String;
        let table: [(&str, &str, Sheet); 14] = [
            ("universal", &flat, |_| "*".to_owned()),
            ("classes", &flat, |n| format!(".a:not(.x{n})")),
            ("descendants", &deep, |n| {
                format!(".a .a .b .a .a.b .a .x{n} .a")
            }),
            ("siblings", &wide, |n| {
                format!(".a ~ .a ~ .a + .a ~ .x{n} ~ .a")
            }),
            ("has", &deep, |n| format!(":has(.x{n})")),
            ("has descendants", &deep, |n| {
                format!(".a:has(.b .a .x{n}) .b")
            }),
            ("has siblings", &wide, |n| format!(".a:has(~ .a .x{n})")),
            ("has all", &wide, |n| {
                format!("body:has(.a:nth-child({n}) ~ .z) .a")
            }),
            ("nth of", &wide, |n| {
                format!(".a:nth-last-child({n}n+1 of .a:has(.z))")
            }),
            ("class lists", &long_class, |n| format!(".k:not(.x{n})")),
            ("values", &long_value, |n| {
                format!("[a*='xxxxxxxxxxxxxxxxxxxxxxxxxxxy{n}']")
            }),
            ("validity", &form, |n| {
                format!(":valid:not(.x{n}), :indeterminate, :default")
            }),
            ("options", &select, |n| {
                format!("option:checked:not(.x{n}) ~ option")
            }),
            ("lists", &flat, |n| {
                let mut list = String::from("p:not(.b)");
                for other in 0..40 {
                    let _ = write!(list, ", .y{n}{other}");
                }
                format!(".a:is({list})")
            }),
        ];
        for (name, page, sheet) in table {
            let rules = lists((1..=10_000).map(sheet));
            let start = Instant::now();
            let outcome = outcome(page, &rules);
            assert!(
                matches!(outcome, Outcome::Stopped { .. }),
                "{name}: {outcome:?}"
            );
            // Without optimisation, on a busy machine.
            let taken = start.elapsed();
            assert!(taken < Duration::from_secs(30), "{name}: {taken:?}");
        }
    });
}

#[test]
fn selectors_that_would_exhaust_the_stack_are_refused() {
    on_a_small_stack(|| {
        let nested = |open: &str, n: usize| format!("{}p{}", open.repeat(n), ")".repeat(n));
        let table = [
            (nested(":is(", 60), Ok(())),
            (nested(":is(", 50_000), Err(SelectorError::Invalid)),
            (nested(":not(", 60), Ok(())),
            (nested(":not(", 50_000), Err(SelectorError::Invalid)),
            (
                nested("p > p > p > :is(", 60),
                Err(SelectorError::TooComplex),
            ),
            (vec!["p"; 150].join(" + "), Ok(())),
            (
                vec!["p"; 100_000].join(" + "),
                Err(SelectorError::TooComplex),
            ),
            (vec!["*"; 300].join(""), Err(SelectorError::Invalid)),
            (
                format!(":is({})", vec!["p:foo"; 300].join(", ")),
                Err(SelectorError::TooComplex),
            ),
            (format!(":is({})", vec!["p"; 60_000].join(", ")), Ok(())),
            (
                format!(":is({})", vec!["p"; 70_000].join(", ")),
                Err(SelectorError::TooComplex),
            ),
            ("p".repeat(1_000_000), Ok(())),
            (".a".repeat(60_000), Ok(())),
            ("[".repeat(100_000), Err(SelectorError::Invalid)),
            ("\\".repeat(100_000), Ok(())),
        ];
        let page = format!("<div>{}</div>", "<p>".repeat(3_000));
        for (text, expected) in table {
            let start: String = text.chars().take(40).collect();
            let list = SelectorList::parse(&text, Around::Nothing);
            assert_eq!(
                list.as_ref().map(|_| ()),
                expected.as_ref().copied(),
                "{start}"
            );
            if let Ok(list) = list {
                outcome(&page, &[list]);
            }
        }
    });
}

#[test]
fn nested_rules_that_multiply_are_refused() {
    on_a_small_stack(|| {
        for (outer, inner, refused) in [
            (".a", "& &", true),
            (".a", ":not(&):not(&)", true),
            (".a", ":is(&, &) &", true),
            (".a", ":has(&) &", true),
            (".a, .b", "&, & &", true),
            (".a", "& > .b", false),
            (".a", ".b &", false),
        ] {
            let mut list = SelectorList::parse(outer, Around::Nothing).expect("a selector");
            let mut levels = 0;
            let error = loop {
                match SelectorList::parse(inner, Around::Rule(&list)) {
                    Ok(nested) => list = nested,
                    Err(error) => break Some(error),
                }
                levels += 1;
                if levels == 60 {
                    break None;
                }
            };
            assert_eq!(error == Some(SelectorError::TooComplex), refused, "{inner}");
            assert!(levels > 4, "{inner}: {levels}");
            let page = format!("<div>{}</div>", "<p class='a b'>".repeat(1_000));
            outcome(&page, &[list]);
        }
    });
}

#[test]
fn scopes_in_scopes_are_stopped() {
    on_a_small_stack(|| {
        let mut scope: Option<Arc<Scope>> = None;
        for _ in 0..100 {
            let around = if scope.is_some() {
                Around::Scope
            } else {
                Around::Nothing
            };
            let inner = Scope::parse(
                "(div) to (p p)",
                around,
                scope.take(),
                &Namespaces::default(),
            );
            scope = Some(Arc::new(inner.expect("a scope")));
        }
        let selectors = SelectorList::parse("div", Around::Scope).expect("a selector");
        let index = RuleIndex::new([IndexedRule {
            id: RuleId(0),
            selectors: &selectors,
            scope,
        }]);
        let (dom, _) = parse(&"<div>".repeat(300));
        let sheet = PageSheet {
            rules: &index,
            owner: None,
        };
        let outcome = match_page(&dom, &[sheet], BUDGET, |_, _| {});
        assert!(matches!(outcome, Outcome::Stopped { .. }), "{outcome:?}");
    });
}

proptest! {
    #[test]
    fn no_selector_text_panics(text in "\\PC{0,40}", other in "[.#:&>+~*|()\\[\\]=\"', a-c\\\\1-]{0,30}") {
        for text in [text, other] {
            let _ = matched(PAGE, &text);
        }
    }

    #[test]
    fn no_selector_of_known_words_panics(words in prop::collection::vec(prop::sample::select(WORDS.to_vec()), 0..12)) {
        let text = words.concat();
        let _ = matched(PAGE, &text);
        let _ = matched(PAGE, &format!(".a, p {{ {text}"));
        let _ = matched(PAGE, &format!("@scope ({text}) to (.b) {{ {text}"));
    }
}

const PAGE: &str =
    "<div class=a><p class=b id=c>1<svg><a/></svg><input required><select><option></select></div>";

const WORDS: [&str; 64] = [
    "a",
    "p",
    "*",
    ".a",
    ".b",
    "#c",
    " ",
    " > ",
    " + ",
    " ~ ",
    ", ",
    ":is(",
    ":where(",
    ":not(",
    ":has(",
    ")",
    ")",
    ")",
    "&",
    ":nth-child(2n+1 of ",
    ":nth-last-child(",
    "2n",
    ":scope",
    ":root",
    "::before",
    "::after",
    "::marker",
    "::-webkit-x",
    "::part(a)",
    "::slotted(",
    ":host",
    ":host(",
    ":hover",
    ":focus",
    ":checked",
    ":valid",
    ":invalid",
    ":lang(en)",
    ":dir(rtl)",
    ":default",
    ":first-child",
    ":last-of-type",
    ":only-child",
    ":empty",
    "[a]",
    "[a=b]",
    "[a|=b i]",
    "[*|a]",
    "|",
    "*|*",
    ":foo",
    "::foo",
    ":indeterminate",
    ":in-range",
    ":disabled",
    ":read-write",
    ":link",
    ":open",
    ":defined",
    ":-webkit-any(",
    ":state(x)",
    ":vertical",
    "::view-transition-group(*)",
    ":only-child",
];

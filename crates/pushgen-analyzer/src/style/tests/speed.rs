//! How long matching takes: `PUSHGEN_SHEETS=a.css:b.css PUSHGEN_PAGE=index.html cargo test --release -p pushgen-analyzer
//! style::tests::speed -- --ignored --nocapture`.

use std::time::Instant;

use cssparser::{
    AtRuleParser, CowRcStr, ParseError, Parser, ParserState, QualifiedRuleParser, StyleSheetParser,
};

use super::*;

/// The preludes of the rules of a sheet, group rules entered.
#[derive(Default)]
struct Preludes(Vec<String>);

impl<'i> QualifiedRuleParser<'i> for Preludes {
    type Prelude = ();
    type QualifiedRule = ();
    type Error = ();

    fn parse_prelude(&mut self, input: &mut Parser<'i>) -> Result<(), ParseError<()>> {
        let start = input.position();
        while input.next().is_ok() {}
        self.0.push(input.slice_from(start).trim().to_owned());
        Ok(())
    }

    fn parse_block(
        &mut self,
        (): (),
        _: &ParserState,
        input: &mut Parser<'i>,
    ) -> Result<(), ParseError<()>> {
        while input.next().is_ok() {}
        Ok(())
    }
}

impl<'i> AtRuleParser<'i> for Preludes {
    type Prelude = bool;
    type AtRule = ();
    type Error = ();

    fn parse_prelude(
        &mut self,
        name: CowRcStr<'i>,
        input: &mut Parser<'i>,
    ) -> Result<bool, ParseError<()>> {
        while input.next().is_ok() {}
        Ok(["media", "supports", "layer"].contains(&&*name))
    }

    fn rule_without_block(&mut self, _: bool, _: &ParserState) -> Result<(), ()> {
        Ok(())
    }

    fn parse_block(
        &mut self,
        is_group: bool,
        _: &ParserState,
        input: &mut Parser<'i>,
    ) -> Result<(), ParseError<()>> {
        if is_group {
            StyleSheetParser::new(input, self).for_each(drop);
        }
        while input.next().is_ok() {}
        Ok(())
    }
}

#[test]
#[ignore = "a measurement"]
fn speed() {
    let page = std::env::var("PUSHGEN_PAGE").expect("PUSHGEN_PAGE");
    let sheets = std::env::var("PUSHGEN_SHEETS").expect("PUSHGEN_SHEETS");
    let text = std::fs::read_to_string(&page).expect("a page");
    let mut preludes = Preludes::default();
    for sheet in sheets.split(':') {
        let text = std::fs::read_to_string(sheet).expect("a sheet");
        StyleSheetParser::new(&mut Parser::new(&text), &mut preludes).for_each(drop);
    }
    let timed = |what: &str, run: &mut dyn FnMut() -> String| {
        let mut times: Vec<_> = (0..15)
            .map(|_| {
                let start = Instant::now();
                let result = run();
                (start.elapsed(), result)
            })
            .collect();
        times.sort();
        let (median, result) = &times[times.len() / 2];
        println!("{what:>30}: {:>8} us  {result}", median.as_micros());
    };
    timed("parse selectors", &mut || {
        let valid = preludes
            .0
            .iter()
            .filter(|text| SelectorList::parse(text, Around::Nothing).is_ok());
        format!("{} of {} rules", valid.count(), preludes.0.len())
    });
    let lists: Vec<_> = preludes
        .0
        .iter()
        .filter_map(|text| SelectorList::parse(text, Around::Nothing).ok())
        .collect();
    let index = || {
        RuleIndex::new((0u32..).zip(&lists).map(|(id, selectors)| IndexedRule {
            id: RuleId(id),
            selectors,
            scope: None,
        }))
    };
    timed("index", &mut || format!("{} selectors", index().len()));
    timed("parse page", &mut || {
        format!(
            "{} elements, {} bytes",
            parse(&text).0.elements().count(),
            text.len()
        )
    });
    let (dom, _) = parse(&text);
    let index = index();
    timed("match, no rules", &mut || {
        let none = RuleIndex::default();
        let sheet = PageSheet {
            rules: &none,
            owner: None,
        };
        format!("{:?}", match_page(&dom, &[sheet], u64::MAX, |_, _| {}))
    });
    timed("match, all rules", &mut || {
        let sheet = PageSheet {
            rules: &index,
            owner: None,
        };
        let mut count = 0;
        let outcome = match_page(&dom, &[sheet], u64::MAX, |_, matches| {
            count += matches.len()
        });
        format!("{count} matches, {outcome:?}")
    });
    // What the graph is to do: only rules that fetch are indexed, here every twentieth.
    let few = RuleIndex::new(
        (0u32..)
            .zip(&lists)
            .step_by(20)
            .map(|(id, selectors)| IndexedRule {
                id: RuleId(id),
                selectors,
                scope: None,
            }),
    );
    timed("match, every 20th rule", &mut || {
        let sheet = PageSheet {
            rules: &few,
            owner: None,
        };
        let mut count = 0;
        let outcome = match_page(&dom, &[sheet], u64::MAX, |_, matches| {
            count += matches.len()
        });
        format!("{count} matches, {outcome:?}")
    });
}

//! Which pages are worth telling of, where not all can be.
//!
//! In: rows of pages. Out: their places, the most telling first: the front page, then one page of each plan, that of most
//! pages first, then the others. Of several pages those with the greatest gains and with the most findings come first, in
//! turns, then the others by path.

use std::cmp::Reverse;
use std::collections::HashSet;

use pushgen_analyzer::model::Time;

use super::PageRow;

/// The places of the rows in the order of their worth.
pub(crate) fn ranked(rows: &[PageRow]) -> Vec<usize> {
    let mut seen = HashSet::new();
    let (mut firsts, others): (Vec<usize>, Vec<usize>) = by_worth(rows)
        .into_iter()
        .partition(|at| seen.insert(rows.get(*at).map(|row| &row.plan)));
    if let [_front, firsts @ ..] = firsts.as_mut_slice() {
        firsts.sort_by_key(|at| Reverse(rows.get(*at).map(|row| row.same_plan)));
    }
    firsts.extend(others);
    firsts
}

/// Whatever their plans.
fn by_worth(rows: &[PageRow]) -> Vec<usize> {
    let key = |at: &usize| rows.get(*at).map(|row| row.path.as_str());
    let gain = |at: &usize| rows.get(*at).map_or(Time::ZERO, PageRow::gain);
    let findings = |at: &usize| rows.get(*at).map_or(0, |row| row.findings);
    let front = (0..rows.len()).min_by_key(|at| (key(at).map(str::len), key(at)));
    let mut by_gain: Vec<usize> = (0..rows.len()).filter(|at| gain(at) > Time::ZERO).collect();
    by_gain.sort_by_key(|at| (Reverse(gain(at)), key(at)));
    let mut by_findings: Vec<usize> = (0..rows.len()).filter(|at| findings(at) > 0).collect();
    by_findings.sort_by_key(|at| (Reverse(findings(at)), key(at)));
    let mut by_path: Vec<usize> = (0..rows.len()).collect();
    by_path.sort_by_key(key);

    let (mut gains, mut noticed) = (by_gain.into_iter(), by_findings.into_iter());
    let mut candidates: Vec<usize> = front.into_iter().collect();
    loop {
        let turn = [gains.next(), noticed.next()];
        if turn == [None, None] {
            break;
        }
        candidates.extend(turn.into_iter().flatten());
    }
    candidates.extend(by_path);
    let mut seen = HashSet::with_capacity(rows.len());
    candidates.retain(|at| seen.insert(*at));
    candidates
}

#[cfg(test)]
mod tests {
    use pushgen_analyzer::Simulation;
    use pushgen_analyzer::model::{
        Asset, Conditions, Content, Delivery, Discovery, Kind, NETWORK_CLASSES, Page, load,
        lower_bound,
    };
    use pushgen_analyzer::{Site, SiteOptions};

    use super::*;
    use crate::page_plan::PagePlan;
    use crate::report::page_row::{Lists, count_plans};

    /// Rows of a site with these pages, each with a gain in milliseconds and a number of findings.
    fn rows(pages: &[(&str, u64, usize)]) -> Vec<PageRow> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, ..) in pages {
            std::fs::write(folder.path().join(name), "<p>").expect("a file");
        }
        let site = Site::load(folder.path(), &SiteOptions::default()).expect("a site");
        let analyzer = pushgen_analyzer::Analyzer::new(&site, pushgen_analyzer::Options::default());
        let conditions = Conditions::new(NETWORK_CLASSES[0].network);
        let sheet = Asset::new(1_000, Kind::Sheet, Discovery::Html(1));
        let page = Page::new(10, 5, Content::Html(5), vec![sheet]).expect("a page");
        let none = load(&page, &Delivery::NONE, &conditions);
        let mut rows: Vec<PageRow> = Vec::new();
        for (name, gain, findings) in pages {
            let id = site.page(&format!("/{name}")).or_else(|| site.page("/"));
            let id = id.expect("the page");
            let analysis = analyzer.page(id);
            let plan = PagePlan::of(None, &analyzer, &analysis);
            let mut row = PageRow::of(id, &analysis, &plan, &conditions, &Lists::default());
            let mut push = none;
            push.fcp = none.fcp - Time::from_millis(*gain);
            row.simulation = Some(Simulation {
                none,
                hints: none,
                push,
                limit: lower_bound(&page, &conditions),
            });
            row.findings = *findings;
            rows.push(row);
        }
        rows
    }

    #[test]
    fn the_front_page_is_first_then_gains_and_findings_take_turns() {
        let rows = rows(&[
            ("a.html", 0, 0),
            ("b.html", 10, 0),
            ("c.html", 20, 9),
            ("d.html", 0, 2),
            ("index.html", 0, 0),
            ("e.html", 0, 5),
        ]);
        let paths: Vec<&str> = ranked(&rows).iter().map(|at| &*rows[*at].path).collect();
        let expected = ["/", "/c.html", "/b.html", "/e.html", "/d.html", "/a.html"];
        assert_eq!(paths, expected);
    }

    #[test]
    fn one_page_of_each_plan_comes_first_that_of_most_pages_before_the_others() {
        let mut rows = rows(&[
            ("a.html", 90, 0),
            ("b.html", 80, 0),
            ("c.html", 70, 0),
            ("d.html", 60, 0),
            ("e.html", 50, 9),
            ("index.html", 0, 0),
        ]);
        let plans = ["many", "many", "one", "few", "few", "front"];
        for (row, plan) in rows.iter_mut().zip(plans) {
            row.plan = [(plan.to_owned(), Vec::new())].into();
        }
        count_plans(&mut rows);
        let paths: Vec<&str> = ranked(&rows).iter().map(|at| &*rows[*at].path).collect();
        let expected = ["/", "/a.html", "/e.html", "/c.html", "/b.html", "/d.html"];
        assert_eq!(paths, expected);
    }

    #[test]
    fn no_pages_have_no_order() {
        assert_eq!(ranked(&[]), [0_usize; 0]);
    }
}

//! Which pages are worth telling of, where not all can be.
//!
//! In: rows of pages. Out: their places, the most telling first: the front page, then one page of each plan, that of most
//! pages first, then one of each template, known by the files that it asks for, then the others. Of several pages those
//! with the greatest gains and with the most findings come first, in turns, then the others by path.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use pushgen_analyzer::model::Time;

use super::PageRow;

/// The places of the rows in the order of their worth.
pub(crate) fn ranked(rows: &[PageRow]) -> Vec<usize> {
    let by_worth = by_worth(rows);
    let mut ranked: Vec<usize> = by_worth.iter().copied().take(1).collect();
    let others: Vec<usize> = by_worth.into_iter().skip(1).collect();
    let others = one_of_each(rows, |row| &row.plan, &mut ranked, others);
    let others = one_of_each(rows, |row| (&row.plan, &row.files), &mut ranked, others);
    ranked.extend(others);
    ranked
}

/// Ranks one of each kind that is not ranked yet, the kind of most pages first. Returns the others.
fn one_of_each<'a, K: Hash + Eq>(
    rows: &'a [PageRow],
    kind: impl Fn(&'a PageRow) -> K,
    ranked: &mut Vec<usize>,
    others: Vec<usize>,
) -> Vec<usize> {
    let mut counts: HashMap<K, usize> = HashMap::new();
    for row in rows {
        *counts.entry(kind(row)).or_default() += 1;
    }
    let kind_of = |at: &usize| rows.get(*at).map(&kind);
    let mut seen: HashSet<Option<K>> = ranked.iter().map(kind_of).collect();
    let (mut firsts, others): (Vec<usize>, Vec<usize>) =
        others.into_iter().partition(|at| seen.insert(kind_of(at)));
    firsts.sort_by_key(|at| Reverse(kind_of(at).and_then(|kind| counts.get(&kind).copied())));
    ranked.extend(firsts);
    others
}

/// Whatever their plans and templates.
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
    use pushgen_analyzer::model::{
        Asset, Conditions, Content, Delivery, Discovery, Kind, NETWORK_CLASSES, Page, load,
        lower_bound,
    };
    use pushgen_analyzer::{FileId, Simulation};
    use pushgen_analyzer::{Site, SiteOptions};

    use super::*;
    use crate::page_plan::PagePlan;
    use crate::report::page_row::Lists;

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
        let paths: Vec<&str> = ranked(&rows).iter().map(|at| &*rows[*at].path).collect();
        let expected = ["/", "/a.html", "/e.html", "/c.html", "/b.html", "/d.html"];
        assert_eq!(paths, expected);
    }

    #[test]
    fn of_pages_with_one_plan_those_of_different_templates_come_first() {
        let mut rows = rows(&[
            ("a.html", 50, 0),
            ("b.html", 40, 0),
            ("c.html", 30, 0),
            ("d.html", 20, 0),
            ("e.html", 10, 0),
            ("index.html", 0, 0),
        ]);
        let files: Vec<FileId> = rows.iter().map(|row| row.page).collect();
        for (row, template) in rows.iter_mut().zip([0, 0, 1, 2, 2, 3]) {
            row.files = [files[template]].into();
        }
        let paths: Vec<&str> = ranked(&rows).iter().map(|at| &*rows[*at].path).collect();
        let expected = ["/", "/a.html", "/d.html", "/c.html", "/b.html", "/e.html"];
        assert_eq!(paths, expected);
    }

    #[test]
    fn no_pages_have_no_order() {
        assert_eq!(ranked(&[]), [0_usize; 0]);
    }
}

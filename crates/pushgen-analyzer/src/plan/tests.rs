use pushgen_policy::MAX_PUSHES;

use super::proposal::MAX_HINT_BYTES;
use super::*;
use crate::graph::{LcpImage, PageGraph, Rank};
use crate::reference::{When, confidence};

/// A little page graph in evaluation order, written as `(path, class, depth)`; every file weighs 1000
/// bytes and stands in for itself.
struct Page {
    fetches: Vec<Fetch>,
    lcp: Vec<LcpImage>,
    foreign: Option<String>,
    holds_paint: Vec<&'static str>,
}

impl Page {
    fn new(fetches: &[(&str, Class, u32)]) -> Self {
        let fetch = |(order, (path, class, depth)): (u32, &(&str, Class, u32))| Fetch {
            path: (*path).into(),
            destination: match class {
                Class::Font => Destination::Font,
                Class::Image => Destination::Image,
                _ if path.ends_with(".js") => Destination::Script,
                _ => Destination::Style,
            },
            depth: *depth,
            class: *class,
            render_blocking: *class == Class::RenderBlocking,
            parser_blocking: false,
            when: When::Load,
            confidence: 1.0,
            initiator: if *depth == 1 { "/" } else { "/m.js" }.into(),
            location: "index.html:1".into(),
            condition: None,
            used_by: None,
            viewports: Vec::new(),
            responsive: None,
            missing: false,
            file: Some(FileId::for_tests(order)),
            crossorigin: (*class == Class::Font).then_some(CrossOrigin::Anonymous),
            integrity: None,
            corrupt: false,
            rank: Rank::Used,
            is_preloaded: false,
            element: None,
            module: *class == Class::Module,
            order,
        };
        Self {
            fetches: (0u32..).zip(fetches).map(fetch).collect(),
            lcp: Vec::new(),
            foreign: None,
            holds_paint: Vec::new(),
        }
    }

    /// With these scripts drawing the page, or stopping the parser before there is anything to show.
    fn holding_paint(mut self, paths: &[&'static str]) -> Self {
        self.holds_paint = paths.to_vec();
        self
    }

    /// With this image as the largest paint, named by a sheet if it is deeper than the document.
    fn with_lcp(mut self, path: &str, confidence: f64, viewports: &[&str]) -> Self {
        self = self.with(path, |fetch| {
            fetch.class = Class::Lcp;
            if fetch.depth > 1 {
                fetch.initiator = "/a.css".into();
                fetch.used_by = Some("background-image of header".into());
            }
        });
        self.lcp.push(LcpImage {
            path: path.into(),
            element: "header".into(),
            confidence,
            reason: "".into(),
            viewports: viewports.iter().map(|name| Arc::from(*name)).collect(),
        });
        self
    }

    fn with(mut self, path: &str, change: impl Fn(&mut Fetch)) -> Self {
        self.fetches
            .iter_mut()
            .filter(|fetch| &*fetch.path == path)
            .for_each(change);
        self
    }

    /// The plan as `path means`, and what was left out.
    fn planned(self, budget: u64) -> (Vec<String>, Vec<String>, String) {
        let (plan, left_out) = self.plan(budget);
        let left_out = left_out.iter().map(|left| left.path.to_string()).collect();
        (shown(&plan), left_out, plan.reason)
    }

    fn plan(self, budget: u64) -> (Plan, Vec<LeftOut>) {
        let graph = PageGraph {
            page: "/".into(),
            file: "index.html".into(),
            fetches: self.fetches,
            lcp: self.lcp,
            foreign_blocker: self.foreign,
            foreign_stopper: None,
            is_read: true,
        };
        let holds_paint = |path: &str| self.holds_paint.contains(&path);
        propose(
            &graph,
            budget,
            holds_paint,
            |_| Some(1000),
            crate::emit::hint_bytes,
        )
        .settle(None)
    }
}

/// A plan as `path means`.
fn shown(plan: &Plan) -> Vec<String> {
    let entry = |entry: &PlanEntry| {
        let means: Vec<&str> = entry.means.iter().map(|means| means.as_str()).collect();
        format!("{} {}", entry.asset.path, means.join("+"))
    };
    plan.entries.iter().map(entry).collect()
}

const SHEET: (&str, Class, u32) = ("/a.css", Class::RenderBlocking, 1);
const IMPORT: (&str, Class, u32) = ("/b.css", Class::RenderBlocking, 2);
const SCRIPT: (&str, Class, u32) = ("/c.js", Class::RenderBlocking, 1);
const FONT: (&str, Class, u32) = ("/f.woff2", Class::Font, 1);
const MODULE: (&str, Class, u32) = ("/m.js", Class::Module, 1);
const DEEP_MODULE: (&str, Class, u32) = ("/n.js", Class::Module, 2);
const IMAGE: (&str, Class, u32) = ("/i.png", Class::Image, 1);

#[test]
fn the_closure_is_pushed_whole_or_not_at_all() {
    for (fetches, budget, expected) in [
        // Fits, and the preload scanner sees it: no hints.
        (
            [SHEET, SCRIPT].as_slice(),
            2000,
            ["/a.css push", "/c.js push"].as_slice(),
        ),
        // One byte too few: nothing, for the scanner sees it.
        (&[SHEET, SCRIPT], 1999, &[]),
        // A hidden import: hinted with everything before it, in evaluation order.
        (
            &[SHEET, IMPORT, SCRIPT],
            3000,
            &["/a.css push+hint", "/b.css push+hint", "/c.js push"],
        ),
        (
            &[SHEET, IMPORT, SCRIPT],
            2999,
            &["/a.css hint", "/b.css hint"],
        ),
        (
            &[SCRIPT, SHEET, IMPORT],
            0,
            &["/c.js hint", "/a.css hint", "/b.css hint"],
        ),
        // Images are never sent.
        (&[IMAGE], 9000, &[]),
        (&[], 9000, &[]),
    ] {
        let (found, _, reason) = Page::new(fetches).planned(budget);
        assert_eq!(found, expected, "{fetches:?} within {budget}: {reason}");
    }
}

#[test]
fn fonts_and_module_graphs_follow_if_they_fit_what_is_left() {
    for (fetches, budget, expected) in [
        (
            [SHEET, FONT].as_slice(),
            2000,
            ["/a.css push", "/f.woff2 push"].as_slice(),
        ),
        (&[SHEET, FONT], 1500, &["/a.css push"]),
        // A module graph goes as a whole.
        (
            &[SHEET, MODULE, DEEP_MODULE],
            3000,
            &["/a.css push+hint", "/m.js push+hint", "/n.js push+hint"],
        ),
        (
            &[SHEET, MODULE, DEEP_MODULE],
            2999,
            &["/a.css push+hint", "/m.js hint", "/n.js hint"],
        ),
        (
            &[MODULE, DEEP_MODULE],
            2000,
            &["/m.js push+hint", "/n.js push+hint"],
        ),
        // One module alone hides nothing.
        (&[SHEET, MODULE], 9000, &["/a.css push"]),
        // Behind a closure that is not pushed nothing is pushed.
        (&[SHEET, SCRIPT, FONT], 1000, &[]),
    ] {
        let (found, _, reason) = Page::new(fetches).planned(budget);
        assert_eq!(found, expected, "{fetches:?} within {budget}: {reason}");
    }
}

#[test]
fn an_incomplete_closure_is_not_pushed_and_the_reason_names_the_gap() {
    let page = || Page::new(&[SHEET, IMPORT, SCRIPT]);
    let missing = page().with("/c.js", |fetch| (fetch.missing, fetch.file) = (true, None));
    let unsure = page().with("/c.js", |fetch| fetch.confidence = 0.9);
    let mut foreign = page();
    foreign.foreign = Some("https://cdn.example/x.css".to_owned());
    for (page, gap, left_out) in [
        (missing, "/c.js: there is no such file", vec!["/c.js"]),
        (unsure, "/c.js: another viewport", vec!["/c.js"]),
        (
            foreign,
            "https://cdn.example/x.css blocks rendering too",
            vec!["/c.js"],
        ),
    ] {
        let (found, left, reason) = page.planned(9000);
        assert_eq!(found, ["/a.css hint", "/b.css hint"], "{gap}");
        assert_eq!(left, left_out);
        assert!(reason.contains(gap), "{reason}");
    }
}

#[test]
fn hints_stay_within_their_header_budget() {
    let paths: Vec<String> = (0..200)
        .map(|n| format!("/modules/with/a/long/name/{n:03}.js"))
        .collect();
    let fetches: Vec<(&str, Class, u32)> = paths
        .iter()
        .map(|path| (path.as_str(), Class::Module, 2))
        .collect();
    let (found, left_out, _) = Page::new(&fetches).planned(0);
    let bytes: usize = found
        .iter()
        .map(|entry| entry.len() - " hint".len() + "<>; rel=modulepreload; crossorigin".len())
        .sum();
    assert!(bytes as u64 <= MAX_HINT_BYTES && bytes > 4000, "{bytes}");
    assert_eq!(found.len() + left_out.len(), 200);
}

#[test]
fn hints_that_would_not_reach_a_hidden_file_are_not_sent() {
    let paths: Vec<String> = (0..200)
        .map(|n| format!("/sheets/with/a/long/name/{n:03}.css"))
        .collect();
    let mut fetches: Vec<(&str, Class, u32)> = paths
        .iter()
        .map(|path| (path.as_str(), Class::RenderBlocking, 1))
        .collect();
    fetches.push(("/hidden.css", Class::RenderBlocking, 2));
    assert_eq!(Page::new(&fetches).planned(0).0, Vec::<String>::new());
}

#[test]
fn the_largest_paint_is_hinted_behind_what_the_first_paint_waits_for() {
    const HERO: (&str, Class, u32) = ("/i.png", Class::Image, 2);
    for (fetches, confidence, viewports, expected, left_out) in [
        // A sheet names it: the sheet first.
        (
            [SHEET, HERO].as_slice(),
            0.97,
            [].as_slice(),
            ["/a.css push+hint", "/i.png hint"].as_slice(),
            "",
        ),
        (
            &[SHEET, SCRIPT, FONT, HERO],
            0.8,
            &[],
            &[
                "/a.css push+hint",
                "/c.js push+hint",
                "/f.woff2 push+hint",
                "/i.png hint",
            ],
            "",
        ),
        // Never without it.
        (
            &[HERO],
            0.97,
            &[],
            &[],
            "the largest paint, but not without /a.css, which names it",
        ),
        // The preload scanner sees it: only with other hints.
        (
            &[SHEET, IMAGE],
            0.97,
            &[],
            &["/a.css push"],
            "the largest paint, and the preload scanner sees it",
        ),
        (
            &[SHEET, IMPORT, SCRIPT, IMAGE],
            0.97,
            &[],
            &[
                "/a.css push+hint",
                "/b.css push+hint",
                "/c.js push+hint",
                "/i.png hint",
            ],
            "",
        ),
        // Not sure, or not everywhere.
        (
            &[SHEET, HERO],
            0.55,
            &[],
            &["/a.css push"],
            "not sure enough to be the largest paint: 0.55",
        ),
        (
            &[SHEET, HERO],
            0.97,
            &["1350x940@1"],
            &["/a.css push"],
            "the largest paint only at 1350x940@1",
        ),
    ] {
        let page = Page::new(fetches).with_lcp("/i.png", confidence, viewports);
        let (plan, left) = page.plan(9000);
        assert_eq!(shown(&plan), expected, "{fetches:?} {confidence}");
        let reasons: Vec<&str> = left.iter().map(|left| left.reason.as_str()).collect();
        assert_eq!(reasons.join(""), left_out, "{fetches:?} {confidence}");
    }
    let lazy = Page::new(&[SHEET, HERO]).with("/i.png", |fetch| fetch.when = When::Late);
    assert_eq!(
        lazy.with_lcp("/i.png", 0.9, &[]).planned(9000).0,
        ["/a.css push"]
    );
}

#[test]
fn each_module_graph_is_judged_by_itself() {
    let page = Page::new(&[("/lone.js", Class::Module, 1), MODULE, DEEP_MODULE]);
    assert_eq!(page.planned(9000).0, ["/m.js push+hint", "/n.js push+hint"]);
}

#[test]
fn what_a_browser_would_throw_away_is_not_sent() {
    let corrupt = Page::new(&[SHEET]).with("/a.css", |fetch| fetch.corrupt = true);
    assert_eq!(corrupt.planned(9000).0, Vec::<String>::new());
    let plain_font = Page::new(&[SHEET, FONT]).with("/f.woff2", |fetch| fetch.crossorigin = None);
    assert_eq!(plain_font.planned(9000).0, ["/a.css push"]);
}

#[test]
fn late_and_conditional_fetches_are_not_planned() {
    let page = Page::new(&[SHEET, FONT]).with("/f.woff2", |fetch| fetch.when = When::Conditional);
    assert_eq!(page.planned(9000).0, ["/a.css push"]);
}

#[test]
fn an_image_of_some_viewports_is_linked_for_them_or_left_out() {
    const HERO: (&str, Class, u32) = ("/h.webp", Class::Lcp, 1);
    const OTHER: (&str, Class, u32) = ("/o.webp", Class::Lcp, 1);
    let responsive = |media: Option<&str>, imagesrcset: Option<&str>| {
        let said = Responsive {
            media: media.map(str::to_owned),
            imagesrcset: imagesrcset.map(str::to_owned),
            imagesizes: None,
        };
        (!said.is_empty()).then(|| Arc::new(said))
    };
    let wide = responsive(Some("(min-width: 600px)"), None);
    let narrow = responsive(Some("not (min-width: 600px)"), None);
    let set = responsive(None, Some("/h.webp 400w, /o.webp 800w"));
    let long = "/h.webp 400w, ".repeat(400);
    let too_long = responsive(None, Some(&long));
    let (page, preloaded) = ("the page shows it", "the page preloads it");
    // What is said of the first image and of the second, who asks for it; the plan, and what is left out.
    for (first, second, asks, planned, left_out) in [
        (
            &wide,
            &narrow,
            page,
            ["/h.webp link", "/o.webp link"].as_slice(),
            [].as_slice(),
        ),
        (
            &wide,
            &narrow,
            preloaded,
            &["/h.webp link", "/o.webp link"],
            &[],
        ),
        (&wide, &None, page, &["/h.webp link"], &["/o.webp"]),
        (&set, &set, page, &["/h.webp link"], &["/o.webp"]),
        (&too_long, &wide, page, &["/o.webp link"], &["/h.webp"]),
        (&wide, &narrow, "nobody", &[], &[]),
    ] {
        let at = |said: &Option<Arc<Responsive>>, viewport: &str| {
            let (said, viewport) = (said.clone(), viewport.into());
            move |fetch: &mut Fetch| {
                fetch.destination = Destination::Image;
                fetch.viewports = vec![Arc::clone(&viewport)];
                fetch.confidence = confidence::VIEWPORT;
                fetch.responsive = said.clone();
                fetch.is_preloaded = asks == preloaded;
                if asks != page {
                    fetch.class = Class::Image;
                }
            }
        };
        let found = Page::new(&[HERO, OTHER])
            .with("/h.webp", at(first, "phone"))
            .with("/o.webp", at(second, "desktop"))
            .planned(1_000_000);
        assert_eq!(
            (found.0.as_slice(), found.1.as_slice()),
            (
                planned
                    .iter()
                    .map(|&it| it.to_owned())
                    .collect::<Vec<_>>()
                    .as_slice(),
                left_out
                    .iter()
                    .map(|&it: &&str| it.to_owned())
                    .collect::<Vec<_>>()
                    .as_slice(),
            )
        );
    }
}

#[test]
fn an_image_that_has_no_link_leaves_it_to_another_of_its_choice() {
    let choice = Arc::new(Responsive {
        media: None,
        imagesrcset: Some("/h.webp 400w, /o.webp 800w".to_owned()),
        imagesizes: None,
    });
    let of_choice = |fetch: &mut Fetch| {
        fetch.destination = Destination::Image;
        fetch.viewports = vec!["phone".into()];
        fetch.confidence = confidence::VIEWPORT;
        fetch.responsive = Some(Arc::clone(&choice));
    };
    let (plan, left_out) = Page::new(&[
        ("/h.webp", Class::Lcp, 1),
        ("/o.webp", Class::Lcp, 1),
        ("/p.webp", Class::Lcp, 1),
    ])
    .with("/h.webp", of_choice)
    .with("/h.webp", |fetch| fetch.file = None)
    .with("/o.webp", of_choice)
    .with("/p.webp", of_choice)
    .plan(1_000_000);
    assert_eq!(shown(&plan), ["/o.webp link"]);
    let left_out = left_out.iter().map(|left| (&*left.path, &*left.reason));
    assert_eq!(
        left_out.collect::<Vec<_>>(),
        [
            ("/h.webp", "there is no such file in the site"),
            ("/p.webp", "the link of /o.webp lets browsers choose it"),
        ]
    );
}

#[test]
fn scripts_that_the_first_content_waits_for_are_of_the_closure() {
    let page = || {
        let body = ("/d.js", Class::ParserBlocking, 1);
        let page = Page::new(&[SHEET, body, FONT, MODULE, DEEP_MODULE]);
        page.holding_paint(&["/a.css", "/d.js", "/m.js", "/n.js"])
    };
    let hinted = ["/a.css", "/d.js", "/m.js", "/n.js"].map(|path| format!("{path} push+hint"));
    let (entries, ..) = page().planned(4000);
    assert_eq!(entries, hinted);
    let (entries, _, reason) = page().planned(3999);
    assert_eq!(entries, hinted.map(|entry| entry.replace("push+", "")));
    assert!(
        reason.starts_with("the first-paint closure of 4000 bytes exceeds"),
        "{reason}"
    );
}

#[test]
fn no_more_is_pushed_than_a_server_pushes_with_a_page() {
    let names: Vec<String> = (0..=MAX_PUSHES).map(|at| format!("/{at}.css")).collect();
    let sheets = |count: usize| -> Vec<(&str, Class, u32)> {
        let names = names.iter().take(count);
        names
            .map(|name| (&**name, Class::RenderBlocking, 1))
            .collect()
    };
    let pushes = |page: Page| {
        let (plan, _) = page.plan(1_000_000);
        let entries = plan.entries.iter();
        (
            entries
                .filter(|entry| entry.means.contains(&Means::Push))
                .count(),
            plan.reason,
        )
    };
    let mut with_font = sheets(MAX_PUSHES);
    with_font.push(FONT);
    for (fetches, expected) in [
        (sheets(MAX_PUSHES), MAX_PUSHES),
        (with_font, MAX_PUSHES),
        (sheets(MAX_PUSHES + 1), 0),
    ] {
        let (count, reason) = pushes(Page::new(&fetches));
        assert_eq!(count, expected, "{reason}");
    }
}

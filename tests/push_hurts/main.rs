//! Each way in which pushes are known to hurt, on a site of its own: that it hurts there, and that the plan does not.
//!
//! In: the folders `fixtures/push-hurts-*`, each with the pushes of a server that does not ask what they cost
//! (`careless`). Harm is what the model says of loads (`page`), as much as the test states; what the model knows nothing
//! of, such as a request's mode, is shown by what would be promised. What a server remembers is shown on the wire
//! (`wire`). Plans keep the bounds that they are made within: on no network class a later first paint.

mod careless;
mod page;
#[cfg(all(unix, feature = "serve"))]
mod wire;

use pushgen_analyzer::DEFAULT_BUDGET;
use pushgen_analyzer::model::{INITIAL_WINDOW, NETWORK_CLASSES};
use pushgen_policy::{CrossOrigin, Destination};

use crate::page::{Page, cached, first_visit, full_queues, later, open, page, pages};

#[test]
fn pushes_after_the_whole_of_a_long_document_gain_nothing_and_those_of_the_plan_interrupt_it() {
    let page = page("push-hurts-after-document");
    let html = page.html_bytes();
    assert!(html > 3 * INITIAL_WINDOW, "{html} bytes are few");
    for class in NETWORK_CLASSES {
        let network = first_visit(class.name);
        let (none, after) = (page.none(&network), page.careless(&network));
        let plan = page.planned(&network).push;
        let [after, plan] = [after, plan].map(|load| later(load.fcp, none.fcp));
        assert!(after > -3.0, "{}: {after:.1} %", class.name);
        assert!(plan < -20.0, "{}: {plan:.1} %", class.name);
    }
    assert_eq!(page.pushed(), ["/style.css", "/app.js"]);
    assert!(page.plan.is_interleaved);
    page.takes_no_harm_from_its_plan();
}

#[test]
fn what_blocks_nothing_makes_the_first_paint_half_as_late_again_if_it_is_pushed_first() {
    let page = page("push-hurts-unimportant-first");
    is_later(&page, "slow-3g", 80.0);
    is_later(&page, "slow-4g", 50.0);
    assert_eq!(page.pushed(), ["/style.css"]);
    page.takes_no_harm_from_its_plan();
}

#[test]
fn the_first_file_of_a_chain_gains_less_than_half_of_what_the_chain_does() {
    let pages = pages("push-hurts-incomplete-closure");
    let page = &pages["/"];
    for class in NETWORK_CLASSES {
        let network = first_visit(class.name);
        let (none, first) = (page.none(&network), page.careless(&network));
        let plan = page.planned(&network);
        let [first, hints, chain] =
            [first, plan.hints, plan.push].map(|load| -later(load.fcp, none.fcp));
        let said = format!("{}: {first:.1} {hints:.1} {chain:.1} %", class.name);
        assert!(first * 2.0 < chain, "{said}");
        // Hints do more, for no pushed byte.
        assert!(first < hints, "{said}");
    }
    assert_eq!(page.pushed(), ["/base.css", "/theme.css", "/tokens.css"]);
    page.takes_no_harm_from_its_plan();
}

#[test]
fn the_last_file_of_a_chain_makes_the_first_paint_later_if_it_is_pushed_alone() {
    let pages = pages("push-hurts-incomplete-closure");
    let page = &pages["/last/"];
    is_later(page, "satellite", 12.0);
    is_later(page, "slow-4g", 8.0);
    is_later(page, "4g", 5.0);
    // It does not fit the budget. What leads to it does, and goes in its order.
    assert_eq!(page.pushed(), ["/base.css", "/theme.css", "/tokens.css"]);
    assert!(page.plan.reason.contains("exceeds the budget"));
    page.takes_no_harm_from_its_plan();
}

#[test]
fn a_closure_that_cannot_be_sent_whole_is_not_pushed() {
    let pages = pages("push-hurts-incomplete-closure");
    for (page, because) in [
        (
            "/foreign/",
            "https://cdn.example/theme.css blocks rendering too",
        ),
        ("/missing/", "/gone.css: there is no such file in the site"),
    ] {
        let page = &pages[page];
        assert_eq!(page.pushed(), [""; 0]);
        assert!(page.plan.reason.contains(because), "{}", page.plan.reason);
        page.takes_no_harm_from_its_plan();
    }
}

#[test]
fn pushes_to_a_client_that_has_all_are_wasted_and_those_of_the_plan_lose_next_to_nothing() {
    let page = page("push-hurts-cached");
    for (class, percent) in [("slow-3g", 50.0), ("slow-4g", 35.0), ("4g", 15.0)] {
        let client = cached(first_visit(class));
        let (none, careless) = (page.none(&client), page.careless(&client));
        let later = later(careless.fcp, none.fcp);
        assert!(later > percent, "{class}: {later:.1} %");
        // All that comes before the client can refuse it.
        assert!(
            careless.wasted > 25_000,
            "{class}: {} bytes",
            careless.wasted
        );
    }
    assert_eq!(page.pushed(), ["/style.css", "/app.js"]);
    for class in NETWORK_CLASSES {
        let wasted = page.planned(&cached(first_visit(class.name))).push.wasted;
        assert!(
            wasted <= page.pushed_bytes(),
            "{}: {wasted} bytes",
            class.name
        );
    }
    assert!(page.pushed_bytes() <= DEFAULT_BUDGET);
    page.takes_no_harm_from_its_plan();
}

#[test]
fn pushes_are_in_the_mode_of_the_requests_that_they_answer() {
    let pages = pages("push-hurts-request-mode");
    let page = &pages["/"];
    // Nearly all of what a careless server promises is for requests that nobody makes.
    let in_vain = page.careless_bytes_in_vain();
    assert!(in_vain > 25_000, "{in_vain} bytes");
    // The document asks for the font in the wrong mode, the style in the right one.
    let pushed = page.plan.entries.iter().map(|entry| &entry.asset);
    let pushed: Vec<_> = pushed
        .map(|asset| (&*asset.path, asset.destination, asset.crossorigin))
        .collect();
    let expected = [
        ("/style.css", Destination::Style, None),
        (
            "/tags.js",
            Destination::Script,
            Some(CrossOrigin::UseCredentials),
        ),
        ("/text.ttf", Destination::Font, Some(CrossOrigin::Anonymous)),
    ];
    assert_eq!(pushed, expected);
    page.takes_no_harm_from_its_plan();

    let unused = &pages["/unused/"];
    let left_out = unused
        .left_out
        .iter()
        .map(|left| (&*left.path, &*left.reason));
    let reason = "it is not preloaded in the mode that fonts are fetched in";
    assert_eq!(left_out.collect::<Vec<_>>(), [("/text.ttf", reason)]);
    unused.takes_no_harm_from_its_plan();
}

#[test]
fn more_bytes_than_are_idle_make_the_largest_paint_later() {
    let page = page("push-hurts-beyond-idle");
    for (class, percent) in [("slow-3g", 60.0), ("slow-4g", 35.0), ("4g", 5.0)] {
        let network = first_visit(class);
        let later = later(page.careless(&network).lcp, page.none(&network).lcp);
        assert!(later > percent, "{class}: {later:.1} %");
    }
    // What fits the budget is first in the order of evaluation.
    assert_eq!(page.pushed(), ["/style.css"]);
    assert!(page.plan.reason.contains("exceeds the budget"));
    page.takes_no_harm_from_its_plan();
}

#[test]
fn a_large_image_before_the_sheet_doubles_the_time_to_the_first_paint() {
    let page = page("push-hurts-image-first");
    is_later(&page, "slow-3g", 100.0);
    is_later(&page, "slow-4g", 80.0);
    is_later(&page, "cable", 10.0);
    assert_eq!(page.pushed(), ["/style.css"]);
    page.takes_no_harm_from_its_plan();
}

#[test]
fn a_second_page_on_the_connection_wastes_what_the_first_one_brought() {
    let pages = pages("push-hurts-repeat-navigation");
    let page = &pages["/map/"];
    for (class, bytes) in [("slow-3g", 29_000), ("slow-4g", 29_000), ("cable", 29_000)] {
        let second = cached(open(first_visit(class)));
        let careless = page.careless(&second);
        assert!(
            careless.wasted > bytes,
            "{class}: {} bytes",
            careless.wasted
        );
        assert!(careless.fcp > page.none(&second).fcp, "{class}");
    }
    // The plans are those of first pages; that a second page gets nothing twice is the server's part (`wire`).
    assert_eq!(pages["/"].pushed(), ["/style.css", "/app.js"]);
    assert_eq!(page.pushed(), ["/style.css", "/map.css", "/app.js"]);
    for page in pages.values() {
        page.takes_no_harm_from_its_plan();
    }
}

#[test]
fn what_is_asked_for_later_waits_behind_a_full_queue_of_pushes() {
    let page = page("push-hurts-full-queue");
    for (class, percent) in [("slow-3g", 100.0), ("slow-4g", 70.0), ("4g", 20.0)] {
        let network = full_queues(first_visit(class));
        let (none, careless) = (page.none(&network), page.careless(&network));
        let behind = later(careless.fcp, none.fcp);
        assert!(behind > percent, "{class}: {behind:.1} %");
        let plan = later(page.planned(&network).push.fcp, none.fcp);
        assert!(plan < -20.0, "{class}: {plan:.1} %");
    }
    assert_eq!(page.pushed(), ["/style.css", "/theme.css"]);
    page.takes_no_harm_from_its_plan();
}

#[test]
fn a_hundred_tiny_pushes_take_the_first_window_from_the_sheet() {
    let page = page("push-hurts-tiny-files");
    is_later(&page, "slow-3g", 30.0);
    is_later(&page, "slow-4g", 15.0);
    assert_eq!(page.pushed(), ["/style.css"]);
    page.takes_no_harm_from_its_plan();
}

/// The first paint of a first visit, with careless pushes, by more than so many hundredths.
#[track_caller]
fn is_later(page: &Page, class: &str, percent: f64) {
    let network = first_visit(class);
    let later = later(page.careless(&network).fcp, page.none(&network).fcp);
    assert!(later > percent, "{class}: {later:.1} %");
}

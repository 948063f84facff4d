//! When responses come, for those who draw a load.

use super::*;

fn slow() -> Conditions {
    ideal(network(150, 1_600))
}

#[test]
fn recording_a_load_does_not_change_it() {
    let page = flat(8_000, 15_000, 10_000);
    for delivery in [
        Delivery::NONE,
        Delivery {
            push: &[0, 1],
            head: 600,
            ..Delivery::NONE
        },
        Delivery {
            early_hints: &[1],
            link: &[0],
            ..Delivery::NONE
        },
    ] {
        let recorded = timeline(&page, &delivery, &slow());
        assert_eq!(recorded.load, load(&page, &delivery, &slow()));
    }
}

#[test]
fn every_response_is_asked_for_then_begins_then_ends_and_the_last_is_the_load() {
    let page = flat(8_000, 15_000, 10_000);
    let timeline = timeline(&page, &Delivery::NONE, &slow());
    let document = timeline.document;
    assert_eq!(document.first_byte, timeline.load.first_byte);
    // Two handshakes, and a request that takes no time to send.
    assert!((299.0..301.0).contains(&millis(document.asked)));
    for transfer in &timeline.assets {
        assert_eq!(transfer.cause, Cause::Request);
        assert!(document.first_byte <= transfer.asked, "{transfer:?}");
        // No answer is there before a round trip.
        let waited = millis(transfer.first_byte) - millis(transfer.asked);
        assert!(waited >= 150.0, "{transfer:?}");
        assert!(transfer.first_byte <= transfer.last_byte, "{transfer:?}");
    }
    let last = timeline.assets.iter().map(|transfer| transfer.last_byte);
    assert_eq!(last.max(), Some(timeline.load.load));
    assert_eq!(timeline.end(), timeline.load.fcp.max(timeline.load.load));
}

#[test]
fn a_response_comes_by_its_promise_or_its_hint_or_else_by_a_request() {
    let page = flat(8_000, 5_000, 5_000);
    for (delivery, expected) in [
        (Delivery::NONE, [Cause::Request, Cause::Request]),
        (
            Delivery {
                push: &[0],
                head: 600,
                early_hints: &[1],
                ..Delivery::NONE
            },
            [Cause::Promise, Cause::Hint],
        ),
        (
            Delivery {
                early_hints: &[1],
                ..Delivery::NONE
            },
            [Cause::Request, Cause::Hint],
        ),
    ] {
        let timeline = timeline(&page, &delivery, &slow());
        let causes: Vec<Cause> = timeline.assets.iter().map(|it| it.cause).collect();
        assert_eq!(causes, expected);
    }
}

#[test]
fn what_is_pushed_comes_with_the_document_and_not_a_round_trip_later() {
    let page = flat(3_000, 3_000, 3_000);
    let push = Delivery {
        push: &[0, 1],
        head: 1_000,
        ..Delivery::NONE
    };
    let timeline = timeline(&page, &push, &slow());
    for transfer in &timeline.assets {
        let behind = millis(transfer.first_byte) - millis(timeline.document.first_byte);
        assert!((0.0..75.0).contains(&behind), "{transfer:?}");
    }
}

#[test]
fn what_a_full_cache_has_never_comes() {
    let page = flat(3_000, 3_000, 3_000);
    let conditions = Conditions {
        cache: Cache::Full,
        ..slow()
    };
    let timeline = timeline(&page, &Delivery::NONE, &conditions);
    for transfer in &timeline.assets {
        assert_eq!(transfer.last_byte, Time::NEVER);
    }
    assert!(timeline.end() < Time::NEVER);
}

/// A script in the head, a style sheet, and what they hold up.
fn with_script() -> Page {
    let asset = |bytes, kind, at| Asset::new(bytes, kind, Discovery::Html(at));
    let assets = vec![
        asset(4_000, Kind::Sheet, 200),
        asset(20_000, Kind::DeferScript, 300),
    ];
    Page::new(6_000, 400, Content::Html(500), assets).expect("a page")
}

#[test]
fn the_thread_does_one_thing_after_the_other_and_each_in_its_time() {
    let conditions = Conditions::new(network(150, 1_600));
    let machine = conditions.machine;
    let timeline = timeline(&with_script(), &Delivery::NONE, &conditions);
    let works = &timeline.work;
    for (before, after) in works.iter().zip(works.iter().skip(1)) {
        assert!(before.to <= after.from, "{before:?} {after:?}");
    }
    let spent = |task: Task| {
        let works = works.iter().filter(|work| work.task == task);
        works
            .map(|work| work.to - work.from)
            .fold(Time::ZERO, |all, it| all + it)
    };
    for (task, expected) in [
        (Task::Commit, machine.commit),
        (Task::Parse, machine.html * 6),
        (Task::Prepare(0), machine.css * 4),
        (Task::Prepare(1), Time::ZERO),
        (Task::Run(0), Time::ZERO),
        (Task::Run(1), machine.script_base + machine.script * 20),
        (Task::Layout, machine.layout * 6),
    ] {
        assert_eq!(spent(task), expected, "{task:?}");
    }
    // A script is not run before it is there.
    let run = works.iter().find(|work| work.task == Task::Run(1));
    let run = run.expect("it is run");
    let script = timeline.assets.get(1).expect("the script");
    assert!(script.last_byte <= run.from);
    assert!(run.to <= timeline.end());
}

#[test]
fn a_machine_that_takes_no_time_has_no_work() {
    let timeline = timeline(&with_script(), &Delivery::NONE, &slow());
    assert!(timeline.work.is_empty(), "{:?}", timeline.work);
}

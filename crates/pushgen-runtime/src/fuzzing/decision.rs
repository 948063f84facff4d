//! The delivery decision, and what is told to it afterwards.

use std::sync::{Arc, LazyLock};
use std::time::UNIX_EPOCH;

use http::{HeaderValue, Method, Version, response};

use super::choices::Choices;
use super::message;
use crate::connection_facts::{ConnectionFacts, StreamFacts};
use crate::decision::{Decision, Situation, decide, decide_redirect, invariants};
use crate::loaded_policy::{LoadedPolicy, example};
use crate::record::Record;
use crate::refusal::{Refusal, Refusals};
use crate::request_facts::{Navigation, RequestFacts};
use crate::rules::Rules;

/// The first twice, with changed contents; then one with as many entries as a page has pushes and more.
static POLICIES: LazyLock<[Arc<LoadedPolicy>; 3]> = LazyLock::new(|| {
    const FILES: [(&str, &str); 6] = [
        ("/a.css", "a"),
        ("/b.css", "b"),
        ("/c.js", "c"),
        ("/c.js", "c"),
        ("/d.woff2", "d"),
        ("/e?v=1", "e"),
    ];
    let pages: &[(&str, &[example::Entry])] = &[
        ("/", &[(0, "both"), (1, "push"), (2, "hint")]),
        ("/one/", &[(5, "both")]),
        ("/empty", &[]),
        (
            "/twice/",
            &[(2, "push"), (3, "both"), (4, "hint"), (0, "push")],
        ),
    ];
    let mut changed = FILES;
    changed[1].1 = "b, changed";
    changed[4].0 = "/d2.woff2";
    let paths: Vec<String> = (0..40).map(|place| format!("/{place:02}.css")).collect();
    let files: Vec<_> = paths.iter().map(|path| (&**path, &**path)).collect();
    let means = ["push", "hint", "both", "link"];
    let all: Vec<_> = (0..40).map(|asset| (asset, means[asset % 4])).collect();
    let few: Vec<_> = (0..12).map(|asset| (asset * 3, "both")).collect();
    [
        example::policy(&FILES, pages),
        example::policy(&changed, pages),
        example::policy(&files, &[("/", &few), ("/twice/", &all)]),
    ]
});

const TARGETS: [&str; 9] = [
    "/", "/one/", "/a.css", "/b.css", "/c.js", "/e?v=1", "/00.css", "/empty", "/03.css",
];

/// Any request for a page of a small policy, over a connection in any state.
pub fn decision(bytes: &[u8]) {
    let (text, mut choices) = Choices::with_text(bytes);
    let request = &RequestFacts::of(&message::request(text), choices.byte() != 1);
    let rules = &rules(&mut choices);
    let record = &record(&mut choices);
    let stream = StreamFacts {
        promised: choices.byte() == 1,
        closed: choices.byte() == 1,
        early_hints_sent: choices.byte() == 1,
    };
    let situation = Situation {
        request,
        stream,
        connection: connection(&mut choices),
        record,
        rules,
    };
    let redirect = (choices.byte() == 1).then(|| redirect(&mut choices));
    let ask = || match &redirect {
        Some(response) => decide_redirect(&situation, response),
        None => decide(&situation),
    };
    let mut decision = ask();
    assert_eq!(decision.verdicts(), ask().verdicts());
    let hold = |decision: &Decision| {
        invariants::check(decision, &situation.connection, rules);
        assert!(redirect.is_none() || decision.links().next().is_none());
    };
    hold(&decision);
    pushes_only_where_allowed(&decision, &situation);
    told(&mut decision, &situation, &mut choices, hold);
    decision.count(&Refusals::default());
}

/// As a page's delivery goes: hints are withheld until the 103 is sent, and pushes given up at any time.
fn told(
    decision: &mut Decision,
    situation: &Situation<'_>,
    choices: &mut Choices<'_>,
    hold: impl Fn(&Decision),
) {
    let links = |decision: &Decision| decision.early_hints().cloned().collect::<Vec<_>>();
    let mut sent: Option<Vec<HeaderValue>> = None;
    for _ in 0..choices.below(8) {
        let refusal = choices.of(Refusal::ALL);
        let had = decision.pushes().count();
        match choices.below(4) {
            0 if sent.is_none() => decision.withhold(choices.below(42), refusal),
            1 => {
                let asset = choices.flag().then(|| choices.below(42));
                decision.fall_back(asset, refusal, sent.is_some());
                assert_eq!(decision.pushes().count(), 0, "pushes are left");
            }
            2 => {
                let now = connection(choices);
                let answer = decision.recheck(situation.stream, &now, situation.rules);
                if answer.is_ok() {
                    // What is promised then is within the limits of then.
                    invariants::check(decision, &now, situation.rules);
                }
            }
            _ => {
                sent.get_or_insert_with(|| links(decision));
            }
        }
        assert!(decision.pushes().count() <= had, "more pushes than before");
        if let Some(sent) = &sent {
            assert_eq!(
                &links(decision),
                sent,
                "a 103 that is sent is not taken back"
            );
        }
        hold(decision);
    }
}

fn pushes_only_where_allowed(decision: &Decision, situation: &Situation<'_>) {
    if decision.pushes().next().is_none() {
        return;
    }
    let Situation {
        request,
        stream,
        connection,
        record,
        rules,
    } = situation;
    assert!(request.method == Method::GET && request.navigation == Navigation::TopLevel);
    assert!(request.origin.is_some());
    assert!(!request.prefetch && !request.conditional && !request.range);
    assert!(!request.save_data && !request.declines_pushes);
    assert!(!request.authorization || rules.push_authorized);
    assert!(!request.proxied || rules.trust_proxies);
    assert!(!stream.promised && !stream.closed);
    assert_eq!(connection.push_enabled, Some(true));
    assert!(!connection.goaway && !connection.shutting_down);
    assert!(decision.pushes().all(|asset| !record.has(asset)));
    assert_eq!(
        decision.recheck(*stream, connection, rules),
        Ok(()),
        "nothing has changed"
    );
}

fn rules(choices: &mut Choices<'_>) -> Rules {
    let mut is = || choices.byte() != 1;
    Rules {
        push: is(),
        early_hints: is(),
        links: is(),
        cache_digest: is(),
        digest_cookie: is(),
        any_authority: is(),
        redirects: is(),
        push_authorized: !is(),
        trust_proxies: !is(),
        max_pushes_per_page: choices.of(&[16, 0, 1, 2, 3, 12, 100]),
        max_promises: choices.of(&[100, 0, 2, 12]),
        max_pushed_bytes: choices.of(&[1 << 20, 0, 999, 3000, u64::MAX]),
        max_cancels: choices.of(&[4, 0, 1]),
        max_hint_bytes: choices.of(&[4096, 0, 40, 100, usize::MAX]),
        ..Rules::default()
    }
}

fn connection(choices: &mut Choices<'_>) -> ConnectionFacts {
    ConnectionFacts {
        version: choices.of(&[Version::HTTP_2, Version::HTTP_11]),
        push_enabled: choices.of(&[Some(true), Some(false), None]),
        goaway: choices.byte() == 1,
        shutting_down: choices.byte() == 1,
        free_slots: choices.of(&[100, 0, 1, 2, 3, 20]),
        promises: choices.of(&[0, 1, 4, 98, 99, 100, u32::MAX]),
        pushed_bytes: choices.of(&[0, 1, 1 << 20, u64::MAX]),
        cancels: choices.of(&[0, 1, 3, 4, u32::MAX]),
    }
}

fn record(choices: &mut Choices<'_>) -> Record {
    let mut policy = choices.of(&POLICIES.each_ref());
    let mut record = Record::new(Arc::clone(policy));
    for _ in 0..choices.below(6) {
        let target = choices.of(&TARGETS);
        match choices.below(4) {
            // Of the policy now, or of one before.
            0 => record.mark_pushed(&POLICIES[choices.below(3)], choices.below(42)),
            1 => record.mark_requested(target),
            2 => record.mark_answered(target, &answer(choices), UNIX_EPOCH),
            _ => {
                policy = choices.of(&POLICIES.each_ref());
                record.follow(policy);
            }
        }
        let assets = record.policy().policy().assets().len();
        assert!(Arc::ptr_eq(record.policy(), policy));
        assert!(record.kept().all(|asset| asset < assets));
    }
    record
}

fn answer(choices: &mut Choices<'_>) -> response::Parts {
    let control = choices.of(&["max-age=60", "no-store", ""]);
    let response = http::Response::builder()
        .status(choices.of(&[200, 304, 404]))
        .header("cache-control", control);
    response.body(()).expect("a response").into_parts().0
}

fn redirect(choices: &mut Choices<'_>) -> response::Parts {
    let location = choices.of(&[
        "/",
        "/twice/",
        "https://example.com/",
        "/empty",
        "//other/",
        ".",
        "?q",
        "",
    ]);
    let response = http::Response::builder()
        .status(choices.of(&[302, 301, 200]))
        .header("location", location);
    response.body(()).expect("a response").into_parts().0
}

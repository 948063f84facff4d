//! The decision as a whole, on small policies.

use std::sync::Arc;

use super::*;
use crate::loaded_policy::example::{self, Entry};
use pushgen_policy::cache_digest::{Flags, GolombSet};
use pushgen_policy::{Origin, UrlPath, url_key};

mod properties;

/// A page that a browser asks for over a connection that takes everything, and what is changed.
#[derive(Debug, Clone)]
struct Scene {
    policy: Arc<LoadedPolicy>,
    method: Method,
    uri: String,
    fields: Vec<(&'static str, String)>,
    stream: StreamFacts,
    connection: ConnectionFacts,
    carried: Vec<&'static str>,
    rules: Rules,
}

const FILES: [(&str, &str); 4] = [
    ("/a.css", "a"),
    ("/b.css", "b"),
    ("/c.js", "c"),
    ("/d.woff2", "d"),
];

/// Two pushes, one of them hinted as well, then a hint.
const PLAN: &[Entry] = &[(0, "both"), (1, "push"), (2, "hint")];

impl Scene {
    fn new() -> Self {
        Self::of(
            &FILES,
            &[("/", PLAN), ("/empty", &[]), ("/other/", &[(3, "both")])],
        )
    }

    fn of(files: &[(&str, &str)], pages: &[(&str, &[Entry])]) -> Self {
        Self {
            policy: example::policy(files, pages),
            method: Method::GET,
            uri: "https://example.com/".to_owned(),
            fields: vec![
                ("sec-fetch-mode", "navigate".to_owned()),
                ("sec-fetch-dest", "document".to_owned()),
            ],
            stream: StreamFacts::default(),
            connection: ConnectionFacts {
                push_enabled: Some(true),
                free_slots: 100,
                ..ConnectionFacts::new(Version::HTTP_2)
            },
            carried: Vec::new(),
            rules: Rules::default(),
        }
    }

    fn with(change: impl FnOnce(&mut Self)) -> Self {
        let mut scene = Self::new();
        change(&mut scene);
        scene
    }

    fn field(name: &'static str, value: &str) -> Self {
        Self::with(|scene| scene.fields.push((name, value.to_owned())))
    }

    fn fetch(mode: &str, dest: &str) -> Self {
        Self::with(|scene| {
            scene.fields = vec![
                ("sec-fetch-mode", mode.to_owned()),
                ("sec-fetch-dest", dest.to_owned()),
            ];
        })
    }

    fn facts(&self) -> RequestFacts {
        let mut request = http::Request::builder()
            .method(self.method.clone())
            .uri(&self.uri);
        for (name, value) in &self.fields {
            request = request.header(*name, value);
        }
        RequestFacts::of(&request.body(()).unwrap().into_parts().0, true)
    }

    fn ask<T>(&self, question: impl FnOnce(&Situation<'_>) -> T) -> T {
        let mut record = Record::new(Arc::clone(&self.policy));
        for target in &self.carried {
            record.mark_requested(target);
        }
        question(&Situation {
            request: &self.facts(),
            stream: self.stream,
            connection: self.connection,
            record: &record,
            rules: &self.rules,
        })
    }

    fn decide(&self) -> Decision {
        self.ask(decide)
    }

    fn redirect(&self, status: u16, location: &str) -> Decision {
        let response = http::Response::builder()
            .status(status)
            .header("location", location)
            .body(())
            .unwrap()
            .into_parts()
            .0;
        self.ask(|situation| decide_redirect(situation, &response))
    }
}

/// `push`, `103`, `link` or `-`, with the reasons: `-(not pushed)[not hinted]`.
fn read(decision: &Decision) -> String {
    if let Some(refusal) = decision.refusal() {
        assert!(decision.verdicts().is_empty());
        return format!("nothing: {refusal}");
    }
    let verdicts: Vec<String> = decision
        .verdicts()
        .iter()
        .map(|verdict| {
            let word = match verdict.delivery {
                Delivery::Push => "push",
                Delivery::EarlyHint => "103",
                Delivery::Link => "link",
                Delivery::Nothing => "-",
            };
            let push = verdict
                .not_pushed
                .map_or(String::new(), |refusal| format!("({refusal})"));
            let hint = verdict
                .not_hinted
                .map_or(String::new(), |refusal| format!("[{refusal}]"));
            format!("{word}{push}{hint}")
        })
        .collect();
    verdicts.join(" ")
}

#[test]
fn pushes_what_can_be_pushed_and_hints_the_rest() {
    let decision = Scene::new().decide();
    assert_eq!(read(&decision), "push push 103");
    assert_eq!(decision.pushes().collect::<Vec<_>>(), [0, 1]);
    let links: Vec<_> = decision.links().collect();
    assert_eq!(links, ["</c.js>; rel=preload; as=style"]);
    assert_eq!(decision.early_hints().collect::<Vec<_>>(), links);
}

#[test]
fn delivers_nothing_to_requests_that_want_nothing() {
    let cases = [
        (
            Scene::with(|s| s.uri = "https://example.com/unknown".to_owned()),
            "no-plan",
        ),
        (
            Scene::with(|s| s.uri = "https://example.com/empty".to_owned()),
            "empty-plan",
        ),
        (
            Scene::with(|s| s.stream.promised = true),
            "promised-request",
        ),
        (Scene::with(|s| s.method = Method::POST), "method"),
        (Scene::with(|s| s.method = Method::OPTIONS), "method"),
        (
            Scene::with(|s| {
                s.rules.any_authority = false;
                s.uri = "https://other.example/".to_owned();
            }),
            "authority",
        ),
        (
            Scene::with(|s| {
                s.rules.any_authority = false;
                s.uri = "/".to_owned();
            }),
            "authority",
        ),
        (Scene::fetch("cors", "empty"), "not-a-navigation"),
        (Scene::fetch("no-cors", "image"), "not-a-navigation"),
        (Scene::field("range", "bytes=0-99"), "range"),
    ];
    for (scene, reason) in cases {
        assert_eq!(read(&scene.decide()), format!("nothing: {reason}"));
    }
}

#[test]
fn hints_where_it_may_not_push() {
    let cases = [
        (Scene::with(|s| s.rules.push = false), "switched-off"),
        (Scene::with(|s| s.uri = "/".to_owned()), "authority"),
        (Scene::field("if-none-match", "\"a\""), "conditional"),
        (
            Scene::field("if-modified-since", "Thu, 01 Oct 2026 00:00:00 GMT"),
            "conditional",
        ),
        (Scene::field("authorization", "Basic eDp5"), "authorization"),
        (Scene::field("x-forwarded-for", "192.0.2.1"), "proxy"),
        (Scene::field("via", "1.1 proxy"), "proxy"),
        (Scene::field("forwarded", "for=192.0.2.1"), "proxy"),
        (Scene::field("save-data", "on"), "save-data"),
        (
            Scene::field("accept-push-policy", "none"),
            "accept-push-policy",
        ),
        (
            Scene::with(|s| s.connection.push_enabled = None),
            "settings-unseen",
        ),
        (
            Scene::with(|s| s.connection.push_enabled = Some(false)),
            "push-disabled",
        ),
        (Scene::with(|s| s.connection.goaway = true), "goaway"),
        (
            Scene::with(|s| s.connection.shutting_down = true),
            "shutting-down",
        ),
        (Scene::with(|s| s.connection.cancels = 4), "cancels"),
        (
            Scene::with(|s| {
                s.connection.cancels = 3;
                s.connection.promises = 5;
            }),
            "cancels",
        ),
        (
            Scene::with(|s| s.rules.max_pushes_per_page = 1),
            "page-limit",
        ),
        (
            Scene::with(|s| s.connection.promises = 99),
            "promise-budget",
        ),
        (
            Scene::with(|s| s.connection.promises = u32::MAX),
            "promise-budget",
        ),
        (
            Scene::with(|s| s.connection.pushed_bytes = (16 << 20) - 1999),
            "byte-budget",
        ),
        (Scene::with(|s| s.connection.free_slots = 1), "slots"),
        (Scene::with(|s| s.connection.free_slots = 0), "slots"),
    ];
    for (scene, reason) in cases {
        assert_eq!(
            read(&scene.decide()),
            format!("103({reason}) -({reason}) 103")
        );
    }
}

#[test]
fn pushes_up_to_every_limit() {
    for scene in [
        Scene::with(|s| s.rules.max_pushes_per_page = 2),
        Scene::with(|s| s.connection.promises = 98),
        Scene::with(|s| s.connection.pushed_bytes = (16 << 20) - 2000),
        Scene::with(|s| s.connection.free_slots = 2),
        Scene::with(|s| {
            s.connection.cancels = 3;
            s.connection.promises = 6;
        }),
        // What is allowed on purpose.
        Scene::with(|s| {
            s.rules.push_authorized = true;
            s.fields.push(("authorization", "Basic eDp5".to_owned()));
        }),
        Scene::with(|s| {
            s.rules.trust_proxies = true;
            s.fields.push(("via", "2 proxy".to_owned()));
        }),
        Scene::with(|s| s.rules.any_authority = false),
        Scene::with(|s| s.uri = "https://other.example/?query".to_owned()),
        // nghttp, Node and curl.
        Scene::with(|s| s.fields = Vec::new()),
        Scene::with(|s| s.fields = vec![("accept", "*/*".to_owned())]),
    ] {
        assert_eq!(read(&scene.decide()), "push push 103");
    }
}

#[test]
fn sends_a_103_only_where_it_is_heard() {
    let cases = [
        (
            Scene::with(|s| s.rules.early_hints = false),
            "push push link[switched-off]",
        ),
        (
            Scene::with(|s| s.stream.early_hints_sent = true),
            "push push link[early-hints-sent]",
        ),
        (
            Scene::field("expect", "100-continue"),
            "push push link[expect]",
        ),
        (
            Scene::with(|s| s.connection.version = Version::HTTP_11),
            "link(http-version)[http-version] -(http-version) link[http-version]",
        ),
        (
            Scene::with(|s| s.method = Method::HEAD),
            "link(method)[method] -(method) link[method]",
        ),
        (
            Scene::fetch("navigate", "iframe"),
            "link(nested-navigation)[nested-navigation] -(nested-navigation) link[nested-navigation]",
        ),
        (
            Scene::field("sec-purpose", "prefetch;prerender"),
            "link(prefetch)[prefetch] -(prefetch) link[prefetch]",
        ),
        (
            Scene::with(|s| s.stream.closed = true),
            "-(stream-closed)[stream-closed] -(stream-closed) -[stream-closed]",
        ),
    ];
    for (scene, expected) in cases {
        let decision = scene.decide();
        assert_eq!(read(&decision), expected);
        assert_eq!(decision.early_hints().count(), 0);
    }
}

/// For wide screens: after a hint, and beside a push.
fn wide(change: impl FnOnce(&mut Scene)) -> Scene {
    let entries: &[Entry] = &[(0, "both"), (1, "link"), (2, "hint")];
    let mut scene = Scene::of(&FILES, &[("/", entries)]);
    change(&mut scene);
    scene
}

#[test]
fn what_only_some_viewports_ask_for_goes_into_the_final_response_alone() {
    const WIDE: &str = "</b.css>; rel=preload; as=style; media=\"(min-width: 600px)\"";
    let cases = [
        (wide(|_| {}), "push link 103"),
        (wide(|s| s.rules.push = false), "103(switched-off) link 103"),
        (
            wide(|s| s.rules.early_hints = false),
            "push link link[switched-off]",
        ),
        (
            wide(|s| {
                s.connection = ConnectionFacts::new(Version::HTTP_11);
            }),
            "link(http-version)[http-version] link link[http-version]",
        ),
        // It is no fallback for anything, and has none.
        (wide(|s| s.rules.links = false), "push -[switched-off] 103"),
        (wide(|s| s.carried = vec!["/b.css"]), "push -[recorded] 103"),
        // Without room for it there may be room for what comes after it.
        (
            wide(|s| s.rules.max_hint_bytes = 40),
            "push -[hint-bytes] 103",
        ),
        (
            wide(|s| s.rules.max_hint_bytes = 30 + WIDE.len()),
            "push link 103",
        ),
        (
            wide(|s| s.rules.max_hint_bytes = 29 + WIDE.len()),
            "push link -[hint-bytes]",
        ),
    ];
    for (scene, expected) in cases {
        let decision = scene.decide();
        assert_eq!(read(&decision), expected);
        invariants::check(&decision, &scene.connection, &scene.rules);
        assert!(decision.early_hints().all(|link| link != WIDE));
        let is_linked = expected.split(' ').nth(1) == Some("link");
        assert_eq!(decision.links().any(|link| link == WIDE), is_linked);
    }
    let mut decision = wide(|_| {}).decide();
    decision.fall_back(None, Refusal::PageStatus, true);
    assert_eq!(
        read(&decision),
        "link(page-status)[early-hints-sent] link 103"
    );
    decision.withhold(1, Refusal::NotFresh);
    assert_eq!(decision.links().filter(|link| *link == WIDE).count(), 0);
}

#[test]
fn repeats_no_links_when_they_are_switched_off() {
    let decision = Scene::with(|s| s.rules.links = false).decide();
    assert_eq!(read(&decision), "push push 103");
    assert_eq!(decision.early_hints().count(), 1);
    assert_eq!(decision.links().count(), 0);
    let decision = Scene::with(|s| {
        s.rules.links = false;
        s.rules.early_hints = false;
    })
    .decide();
    assert_eq!(read(&decision), "push push -[switched-off]");
}

#[test]
fn what_the_connection_carried_is_not_sent_again() {
    let cases: [(&[&'static str], &str); 4] = [
        (&["/a.css"], "-(recorded)[recorded] push 103"),
        (&["/b.css"], "push -(recorded) 103"),
        (
            &["/a.css", "/b.css", "/c.js"],
            "-(recorded)[recorded] -(recorded) -[recorded]",
        ),
        (&["/a.css?x", "/"], "push push 103"),
    ];
    for (carried, expected) in cases {
        assert_eq!(
            read(&Scene::with(|s| s.carried = carried.to_vec()).decide()),
            expected
        );
    }
}

#[test]
fn what_the_client_has_counts_as_delivered() {
    // One slot is enough when one of two is there already.
    let scene = Scene::with(|s| {
        s.carried = vec!["/a.css"];
        s.connection.free_slots = 1;
    });
    assert_eq!(read(&scene.decide()), "-(recorded)[recorded] push 103");
}

fn digest(paths: &[&str], flags: Flags) -> String {
    let origin = Origin::parse(example::ORIGIN).unwrap();
    let keys: Vec<_> = paths
        .iter()
        .map(|path| url_key(&origin, &UrlPath::parse(*path).unwrap(), None))
        .collect();
    GolombSet::new(&keys, 20).unwrap().to_field_value(flags)
}

#[test]
fn hears_cache_digests() {
    let stale = Flags {
        stale: true,
        ..Flags::default()
    };
    let cases = [
        (
            digest(&["/a.css"], Flags::default()),
            "-(cache-digest)[cache-digest] push 103",
        ),
        (
            digest(&["/c.js"], Flags::default()),
            "push push -[cache-digest]",
        ),
        (digest(&["/x"], Flags::default()), "push push 103"),
        // What is stale is not sent, but asked for early.
        (
            digest(&["/a.css", "/b.css"], stale),
            "103(cache-digest) -(cache-digest) 103",
        ),
        ("AAA, !, AAAA; what".to_owned(), "push push 103"),
    ];
    for (value, expected) in cases {
        let mut scene = Scene::field("cache-digest", &value);
        assert_eq!(read(&scene.decide()), expected, "{value}");
        scene.rules.cache_digest = false;
        assert_eq!(read(&scene.decide()), "push push 103");
    }
}

#[test]
fn hears_the_digest_cookie() {
    let mut scene = Scene::new();
    let set_cookie = scene.ask(|situation| {
        let mut record = situation.record.clone();
        record.mark_pushed(record.policy().clone().as_ref(), 0);
        crate::digest_cookie::set_cookie(situation.request, &record, situation.rules).unwrap()
    });
    let pair = set_cookie.to_str().unwrap().split(';').next().unwrap();
    scene.fields.push(("cookie", pair.to_owned()));
    assert_eq!(
        read(&scene.decide()),
        "-(digest-cookie)[digest-cookie] push 103"
    );

    let mut files = FILES;
    files[0].1 = "changed";
    scene.policy = Scene::of(&files, &[("/", PLAN)]).policy;
    assert_eq!(read(&scene.decide()), "push push 103");
}

#[test]
fn promises_a_file_once_whatever_its_roles() {
    let scene = Scene::of(
        &[("/a", "a"), ("/a", "a"), ("/b", "b")],
        &[("/", &[(0, "both"), (1, "both"), (2, "push")])],
    );
    assert_eq!(
        read(&scene.decide()),
        "push -(same-target)[same-target] push"
    );
    let scene = Scene::of(
        &[("/a", "a"), ("/a", "a")],
        &[("/", &[(0, "hint"), (1, "push")])],
    );
    assert_eq!(read(&scene.decide()), "-[same-target] push");
    // Without push both roles are hinted: to a browser they are two requests.
    let mut scene = Scene::of(
        &[("/a", "a"), ("/a", "a")],
        &[("/", &[(0, "both"), (1, "both")])],
    );
    scene.rules.push = false;
    assert_eq!(read(&scene.decide()), "103(switched-off) 103(switched-off)");
}

#[test]
fn hints_no_more_bytes_than_allowed_and_in_order() {
    let long = format!("/{}", "x".repeat(100));
    let files = [("/a", "a"), ("/b", "b"), (&*long, "x"), ("/z", "z")];
    let mut scene = Scene::of(&files, &[("/", &[(0, "hint"), (2, "hint"), (1, "hint")])]);
    let link = scene.policy.link(0).unwrap().len();
    scene.rules.max_hint_bytes = 3 * link;
    assert_eq!(read(&scene.decide()), "103 -[hint-bytes] -[hint-bytes]");
    scene.rules.max_hint_bytes = link - 1;
    assert_eq!(
        read(&scene.decide()),
        "-[hint-bytes] -[hint-bytes] -[hint-bytes]"
    );
}

#[test]
fn what_went_out_in_a_103_keeps_its_room() {
    let mut scene = Scene::new();
    scene.rules.max_hint_bytes = scene.policy.link(2).unwrap().len() + 1;
    let mut decision = scene.decide();
    assert_eq!(read(&decision), "push push 103");
    decision.fall_back(None, Refusal::Slots, true);
    assert_eq!(read(&decision), "-(slots)[hint-bytes] -(slots) 103");
}

#[test]
fn falls_back_to_hints_when_an_asset_cannot_be_pushed() {
    let mut decision = Scene::new().decide();
    decision.fall_back(Some(1), Refusal::SetCookie, false);
    assert_eq!(read(&decision), "103(incomplete) -(set-cookie) 103");
    // Nothing is left to fall back from.
    decision.fall_back(None, Refusal::Slots, false);
    assert_eq!(read(&decision), "103(incomplete) -(set-cookie) 103");

    let mut decision = Scene::new().decide();
    decision.fall_back(None, Refusal::PageStatus, false);
    assert_eq!(read(&decision), "103(page-status) -(page-status) 103");

    let mut decision = Scene::new().decide();
    decision.fall_back(Some(0), Refusal::Unresolved, true);
    assert_eq!(
        read(&decision),
        "link(unresolved)[early-hints-sent] -(incomplete) 103"
    );
}

#[test]
fn withholds_hints_that_would_be_fetched_twice() {
    let mut decision = Scene::new().decide();
    decision.withhold(2, Refusal::NotFresh);
    assert_eq!(read(&decision), "push push -[not-fresh]");
    decision.withhold(0, Refusal::NotFresh);
    assert_eq!(read(&decision), "push push -[not-fresh]");
    decision.fall_back(Some(0), Refusal::NotFresh, false);
    assert_eq!(
        read(&decision),
        "-(not-fresh)[not-fresh] -(incomplete) -[not-fresh]"
    );
}

#[test]
fn checks_again_before_it_promises() {
    let scene = Scene::new();
    let decision = scene.decide();
    let recheck = |stream, connection| decision.recheck(stream, &connection, &scene.rules);
    let (stream, connection) = (scene.stream, scene.connection);
    assert_eq!(recheck(stream, connection), Ok(()));
    let closed = StreamFacts {
        closed: true,
        ..stream
    };
    assert_eq!(recheck(closed, connection), Err(Refusal::StreamClosed));
    let cases = [
        (
            ConnectionFacts {
                push_enabled: Some(false),
                ..connection
            },
            Refusal::PushDisabled,
        ),
        (
            ConnectionFacts {
                goaway: true,
                ..connection
            },
            Refusal::Goaway,
        ),
        (
            ConnectionFacts {
                shutting_down: true,
                ..connection
            },
            Refusal::ShuttingDown,
        ),
        (
            ConnectionFacts {
                free_slots: 1,
                ..connection
            },
            Refusal::Slots,
        ),
        (
            ConnectionFacts {
                promises: 99,
                ..connection
            },
            Refusal::PromiseBudget,
        ),
        (
            ConnectionFacts {
                cancels: 9,
                ..connection
            },
            Refusal::Cancels,
        ),
    ];
    for (connection, refusal) in cases {
        assert_eq!(recheck(stream, connection), Err(refusal));
    }
}

#[test]
fn delivers_the_plan_of_the_page_behind_a_redirect() {
    let mut scene = Scene::with(|s| s.uri = "https://example.com/other".to_owned());
    assert_eq!(
        read(&scene.redirect(301, "/other/")),
        "nothing: switched-off"
    );
    scene.rules.redirects = true;
    assert_eq!(read(&scene.redirect(301, "/other/")), "push");
    assert_eq!(
        read(&scene.redirect(302, "https://example.com/other/?x#y")),
        "push"
    );
    for (status, location) in [
        (200, "/other/"),
        (301, "/unknown/"),
        (301, "https://evil.example/other/"),
        (304, "/other/"),
    ] {
        assert_eq!(
            read(&scene.redirect(status, location)),
            "nothing: redirect-target"
        );
    }
    scene.connection.push_enabled = Some(false);
    let decision = scene.redirect(308, "other/");
    assert_eq!(read(&decision), "103(push-disabled)");
    assert_eq!(decision.links().count(), 0);
    scene.connection.version = Version::HTTP_11;
    assert_eq!(
        read(&scene.redirect(308, "other/")),
        "-(http-version)[http-version]"
    );
    scene.method = Method::POST;
    assert_eq!(read(&scene.redirect(303, "other/")), "nothing: method");
}

#[test]
fn counts_each_reason_of_each_entry_once() {
    let refusals = Refusals::default();
    Scene::with(|s| s.uri = "/unknown".to_owned())
        .decide()
        .count(&refusals);
    Scene::with(|s| s.connection.version = Version::HTTP_11)
        .decide()
        .count(&refusals);
    Scene::with(|s| s.carried = vec!["/a.css"])
        .decide()
        .count(&refusals);
    Scene::new().decide().count(&refusals);
    let counted: Vec<_> = refusals.iter().filter(|(_, count)| *count > 0).collect();
    assert_eq!(
        counted,
        [
            (Refusal::NoPlan, 1),
            (Refusal::HttpVersion, 3),
            (Refusal::Recorded, 1)
        ]
    );
}

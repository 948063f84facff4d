//! What holds for every decision.

use super::*;
use proptest::prelude::*;
use pushgen_policy::Sha256;

/// Nine assets, the fourth in two roles.
fn any_scene() -> impl Strategy<Value = Scene> {
    let means = prop::sample::select(vec!["push", "hint", "both", "link"]);
    let entries = prop::collection::btree_map(0_usize..10, means, 1..10);
    let connection = (any::<[bool; 5]>(), 0_usize..12, 90_u32..102, 0_u32..6);
    let carried = prop::sample::subsequence(vec!["/0", "/1", "/2", "/3", "/4", "/5"], 0..3);
    let rules = (any::<[bool; 4]>(), 0_usize..12, 0_usize..400);
    let field = prop::sample::select(vec![
        ("x-nothing", "1"),
        ("if-none-match", "\"x\""),
        ("save-data", "on"),
        ("range", "bytes=0-"),
        ("sec-purpose", "prefetch"),
        ("via", "1.1 x"),
    ]);
    (entries, connection, carried, rules, field).prop_map(
        |(
            entries,
            (flags, free_slots, promises, cancels),
            carried,
            (switches, pages, bytes),
            field,
        )| {
            let entries: Vec<Entry> = entries.into_iter().collect();
            let paths = ["/0", "/1", "/2", "/3", "/3", "/4", "/5", "/6", "/7", "/8"];
            let files: Vec<_> = paths.iter().map(|path| (*path, *path)).collect();
            let mut scene = Scene::of(&files, &[("/", &entries)]);
            scene.fields.push((field.0, field.1.to_owned()));
            scene.connection = ConnectionFacts {
                version: if flags[0] || flags[1] {
                    Version::HTTP_2
                } else {
                    Version::HTTP_11
                },
                push_enabled: Some(flags[2] || flags[3]),
                goaway: flags[2] && flags[4],
                free_slots,
                promises,
                cancels,
                ..scene.connection
            };
            scene.carried = carried;
            scene.rules = Rules {
                push: switches[0] || switches[1],
                early_hints: switches[1],
                links: switches[2],
                trust_proxies: switches[3],
                max_pushes_per_page: pages,
                max_hint_bytes: bytes,
                ..Rules::default()
            };
            scene
        },
    )
}

fn check(scene: &Scene, decision: &Decision) {
    invariants::check(decision, &scene.connection, &scene.rules);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn keeps_its_promises(scene in any_scene()) {
        let mut decision = scene.decide();
        check(&scene, &decision);
        prop_assert_eq!(read(&scene.decide()), read(&decision));
        if decision.pushes().next().is_some() {
            let recheck = decision.recheck(scene.stream, &scene.connection, &scene.rules);
            prop_assert_eq!(recheck, Ok(()));
        }
        decision.fall_back(Some(0), Refusal::Vary, false);
        check(&scene, &decision);
        prop_assert_eq!(decision.pushes().count(), 0);
        decision.withhold(1, Refusal::Vary);
        check(&scene, &decision);
    }

    #[test]
    fn a_103_that_is_sent_is_not_taken_back(scene in any_scene()) {
        let mut decision = scene.decide();
        let sent: Vec<_> = decision.early_hints().cloned().collect();
        decision.fall_back(None, Refusal::Slots, true);
        let hinted: Vec<_> = decision.early_hints().cloned().collect();
        if decision.verdicts().iter().any(|verdict| verdict.not_pushed == Some(Refusal::Slots)) {
            prop_assert_eq!(&hinted, &sent);
        }
        check(&scene, &decision);
        prop_assert_eq!(decision.pushes().count(), 0);
    }

    #[test]
    fn what_a_client_says_it_has_only_keeps_deliveries_from_it(
        scene in any_scene(),
        has in prop::sample::subsequence(vec!["/0", "/1", "/2", "/3", "/4"], 0..4),
        noise in "[A-Za-z0-9_;, =-]{0,60}",
        cookie in "[A-Za-z0-9_-]{0,60}",
        spread in prop::collection::vec(any::<u64>(), 0..8),
    ) {
        let keys: Vec<Sha256> = spread.iter().map(|high| {
            let mut key = [0; 32];
            key[..8].copy_from_slice(&high.to_be_bytes());
            Sha256(key)
        }).collect();
        let set = GolombSet::new(&keys, 10).unwrap().to_field_value(Flags::default());
        let plain = scene.decide();
        let values = [
            ("cache-digest", digest(&has, Flags::default())),
            ("cache-digest", noise),
            ("cookie", format!("__Host-pushgen-digest={cookie}")),
            ("cookie", format!("__Host-pushgen-digest={set}")),
        ];
        for value in values {
            let mut scene = scene.clone();
            scene.fields.push(value);
            let decision = scene.decide();
            check(&scene, &decision);
            // What one connection lets through does not become more, except that fewer pushes may
            // fit.
            let limits = [
                Refusal::Slots,
                Refusal::PageLimit,
                Refusal::PromiseBudget,
                Refusal::ByteBudget,
            ];
            let was_limited = plain.push.is_err_and(|refusal| limits.contains(&refusal));
            if plain.push.is_err() && !was_limited {
                prop_assert_eq!(decision.push, plain.push);
                prop_assert_eq!(decision.pushes().count(), 0);
            }
            if plain.push.is_ok() {
                let target = |asset| &scene.policy.asset(asset).unwrap().path;
                let before: Vec<_> = plain.pushes().map(target).collect();
                for asset in decision.pushes() {
                    prop_assert!(before.contains(&target(asset)));
                }
            }
        }
    }
}

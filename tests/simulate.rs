//! `pushgen simulate`: what a plan is worth, by the model.

use serde_json::Value;

use crate::support::{TestSite, fixture, pushgen};

fn demo() -> String {
    fixture("demo").display().to_string()
}

#[test]
fn people_get_a_table_of_each_page() {
    let demo = demo();
    let arguments = [
        "simulate",
        &demo,
        "--page",
        "/about/",
        "--network",
        "4g",
        "--network",
        "50ms/5Mbit",
    ];
    let run = pushgen(&arguments).ok();
    for part in [
        "/about/",
        "first paint",
        "largest paint",
        "none",
        "hints",
        "push",
        "limit",
        "50ms/5Mbit",
    ] {
        assert!(
            run.stdout.contains(part),
            "{part:?} is not in {}",
            run.stdout
        );
    }
    assert!(!run.stdout.contains("cable"), "{}", run.stdout);
}

#[test]
fn no_plan_of_the_demo_makes_a_load_slower_and_none_beats_the_limit() {
    let run = pushgen(&["simulate", &demo(), "--format", "json"]).ok();
    let rows = run.json_lines();
    assert!(rows.len() > 20, "{}", run.stdout);
    for row in rows {
        let time = |load: &str, what: &str| row[load][what].as_f64().expect("a time");
        for delivery in ["hints", "push"] {
            for (paint, share) in [("fcp_ms", 1.0), ("lcp_ms", 1.01)] {
                assert!(
                    time(delivery, paint) <= time("none", paint) * share + 0.1,
                    "{row}"
                );
            }
            assert!(time("limit", "fcp_ms") <= time(delivery, "fcp_ms"), "{row}");
        }
    }
}

#[test]
fn a_policy_is_simulated_as_it_is() {
    let site = TestSite::new(&[
        (
            "index.html",
            b"<!doctype html><link rel=stylesheet href=a.css><p>Text.",
        ),
        ("a.css", b"@import 'b.css'; p { color: red }"),
        ("b.css", b"p { color: green }"),
    ]);
    site.pushgen(&["analyze", "dist", "-o", "policy.json"]).ok();
    let gain = |arguments: &[&str]| {
        let run = site.pushgen(arguments).ok();
        let row: Value = run.json_lines().remove(0);
        row["none"]["fcp_ms"].as_f64().expect("a time")
            - row["push"]["fcp_ms"].as_f64().expect("a time")
    };
    let json = ["simulate", "dist", "--network", "4g", "--format", "json"];
    let own = gain(&json);
    assert!(own > 50.0, "{own}");
    let with = |policy| gain(&[&json[..], &["--policy", policy]].concat());
    assert!((with("policy.json") - own).abs() < 1e-6);
    let policy = std::fs::read_to_string(site.folder.path().join("policy.json")).expect("a policy");
    let mut policy: Value = serde_json::from_str(&policy).expect("JSON");
    policy["pages"] = serde_json::json!({});
    policy["plans"] = serde_json::json!([]);
    policy["assets"] = serde_json::json!([]);
    std::fs::write(site.folder.path().join("empty.json"), policy.to_string()).expect("a file");
    assert!(with("empty.json").abs() < 1e-6);
}

#[test]
fn what_cannot_be_simulated_is_told() {
    let demo = demo();
    for (arguments, says) in [
        (
            vec!["simulate", &demo, "--network", "5g"],
            "neither a network class",
        ),
        (
            vec!["simulate", &demo, "--think", "soon"],
            "is no time up to 60s",
        ),
        (
            vec!["simulate", &demo, "--page", "/nowhere/"],
            "no page /nowhere/",
        ),
        (
            vec!["simulate", &demo, "--policy", "nowhere.json"],
            "cannot read nowhere.json",
        ),
    ] {
        pushgen(&arguments).fails(2, says);
    }
    let site = TestSite::new(&[("index.html", b"<p>Text.")]);
    site.pushgen(&["simulate", "dist"])
        .fails(2, "no page of the site has a plan");
}

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

/// A site with a plan, and its policy beside `dist/`.
fn planned(options: &[&str]) -> TestSite {
    let site = TestSite::new(&[
        ("index.html", PAGE),
        ("a/index.html", PAGE),
        ("b c.html", PAGE),
        ("a.css", b"@import 'b.css'; p { color: red }"),
        ("b.css", b"p { color: green }"),
    ]);
    site.pushgen(&[&["analyze", "dist", "-q"], options].concat())
        .ok();
    site
}

const PAGE: &[u8] = b"<!doctype html><link rel=stylesheet href=a.css><p>Text.";

#[test]
fn a_policy_is_simulated_with_its_site_in_any_order_or_with_the_one_beside_it() {
    let site = planned(&[]);
    let expected = site.pushgen(&["simulate", "dist"]).ok().stdout;
    for (paths, is_found) in [
        (["push-policy.json"].as_slice(), true),
        (&["push-policy.json", "dist"], false),
        (&["dist", "push-policy.json"], false),
        (&["dist", "--policy", "push-policy.json"], false),
    ] {
        let run = site.pushgen(&[&["simulate"], paths].concat()).ok();
        assert_eq!(run.stdout, expected, "{paths:?}");
        let says = "site dist: it has the 3 pages of push-policy.json\n";
        assert_eq!(run.stderr.contains(says), is_found, "{}", run.stderr);
    }
    let run = site.pushgen(&["simulate", "push-policy.json", "-q"]).ok();
    assert_eq!(run.stderr, "");
    let policy = std::fs::read(site.folder.path().join("push-policy.json")).expect("a policy");
    let run = site.pushgen_reading(&policy, &["simulate", "-"]).ok();
    assert_eq!(run.stdout, expected);
}

#[test]
fn the_site_is_the_folder_of_the_policy_or_a_build_folder_in_it() {
    let site = planned(&[]);
    let folder = site.folder.path();
    let finds = |policy: &str, expected: &str| {
        let run = site.pushgen(&["simulate", policy]).ok();
        let says = format!("site {expected}: it has the 3 pages of {policy}");
        assert!(run.stderr.starts_with(&says), "{}", run.stderr);
    };
    finds("push-policy.json", "dist");
    // Sources with the same pages lack what the build made of the rest.
    for name in ["index.html", "a/index.html", "b c.html"] {
        let copy = folder.join(name);
        std::fs::create_dir_all(copy.parent().expect("a parent")).expect("folders");
        std::fs::write(copy, PAGE).expect("a file");
    }
    finds("push-policy.json", "dist");
    std::fs::remove_file(folder.join("index.html")).expect("it is removed");
    std::fs::rename(site.dist(), folder.join("_site")).expect("it is renamed");
    finds("push-policy.json", "_site");
    let moved = folder.join("_site/push-policy.json");
    std::fs::rename(folder.join("push-policy.json"), moved).expect("it is moved");
    finds("_site/push-policy.json", "_site");
    // A site that has changed since is found by its pages.
    std::fs::remove_file(folder.join("_site/b.css")).expect("it is removed");
    let run = site.pushgen(&["simulate", "_site/push-policy.json"]).ok();
    let says = "of _site/push-policy.json, though not all of its assets";
    assert!(run.stderr.contains(says), "{}", run.stderr);
}

#[test]
fn a_site_is_read_as_its_policy_says() {
    let options = ["--base-path", "/docs/", "--clean-urls", "--exclude", "a/**"];
    let site = planned(&options);
    let network = ["--network", "4g"];
    let told = [&["simulate", "dist"], &network[..], &options[..]].concat();
    let expected = site.pushgen(&told).ok().stdout;
    assert!(expected.contains("/docs/b%20c\n"), "{expected}");
    let paths: [&[&str]; 3] = [
        &["push-policy.json"],
        &["push-policy.json", "dist"],
        &["dist", "--policy", "push-policy.json"],
    ];
    for paths in paths {
        let run = site.pushgen(&[&["simulate"], paths, &network[..]].concat());
        assert_eq!(run.ok().stdout, expected, "{paths:?}");
    }
}

#[test]
fn a_policy_without_a_site_or_that_is_none_is_told_with_the_way_out() {
    let site = planned(&[]);
    let folder = site.folder.path();
    let policy = std::fs::read(folder.join("push-policy.json")).expect("a policy");
    std::fs::create_dir(folder.join("policies")).expect("a folder");
    std::fs::create_dir(folder.join("policies/build")).expect("a folder");
    std::fs::write(folder.join("policies/policy.json"), &policy).expect("a file");
    let text = String::from_utf8(policy).expect("UTF-8");
    let broken = text.replacen("\"version\": 1", "\"version\": 2", 1);
    std::fs::write(folder.join("broken.json"), broken).expect("a file");
    let mut empty: Value = serde_json::from_str(&text).expect("JSON");
    for member in ["assets", "plans"] {
        empty[member] = serde_json::json!([]);
    }
    empty["pages"] = serde_json::json!({});
    std::fs::write(folder.join("empty.json"), empty.to_string()).expect("a file");
    for command in ["simulate", "report"] {
        let way_out = format!("name its folder: `pushgen {command} policies/policy.json dist/`");
        let lacking = "policies has no /, policies/build has no /";
        for (paths, says) in [
            (["policies/policy.json"].as_slice(), way_out.as_str()),
            (&["policies/policy.json"], lacking),
            (&["empty.json"], "empty.json has no pages"),
            (&["broken.json"], "broken.json is not a valid policy: "),
            (&["broken.json", "dist"], "/version"),
            (&["nowhere"], "cannot read nowhere: it does not exist"),
            (&["dist", "dist"], "dist is one too many"),
            (
                &["push-policy.json", "broken.json"],
                "broken.json is one too many",
            ),
            (
                &["push-policy.json", "--policy", "broken.json"],
                "takes one policy; push-policy.json is named beside --policy broken.json",
            ),
        ] {
            site.pushgen(&[&[command], paths].concat()).fails(2, says);
        }
    }
    assert!(!folder.join("report.html").exists());
}

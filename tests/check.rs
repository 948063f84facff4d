//! `pushgen check` and `pushgen schema`.

use crate::support::{TestSite, pushgen, root};

fn site() -> TestSite {
    let site = TestSite::new(&[
        (
            "index.html",
            b"<!doctype html><link rel=stylesheet href=a.css><p>Text",
        ),
        ("a.css", b"p { color: red }"),
    ]);
    site.pushgen(&["analyze", "dist", "-q"]).ok();
    site
}

#[test]
fn a_fresh_policy_is_valid_and_current() {
    let site = site();
    for arguments in [
        ["check", "push-policy.json"].as_slice(),
        &["check", "dist"],
        &["check", "push-policy.json", "dist"],
        &["check", "dist", "push-policy.json"],
    ] {
        let run = site.pushgen(arguments).ok();
        assert!(
            run.stderr.contains("a valid policy of 1 page"),
            "{}",
            run.stderr
        );
    }
}

#[test]
fn a_changed_asset_makes_the_policy_out_of_date() {
    let site = site();
    site.write("a.css", b"p { color: green }");
    let run = site.pushgen(&["check", "dist"]).fails(1, "out of date");
    assert!(run.stderr.contains("asset /a.css"), "{}", run.stderr);
    let run = site.pushgen(&["check", "dist", "--format", "json"]);
    assert_eq!(run.json_lines()[0]["current"], false);
    assert_eq!(run.json_lines()[0]["changed_assets"][0], "/a.css");
}

#[test]
fn a_new_page_makes_the_policy_out_of_date() {
    let site = site();
    site.write("b/index.html", b"<p>");
    let run = site.pushgen(&["check", "dist"]).fails(1, "out of date");
    assert!(run.stderr.contains("page /b/"), "{}", run.stderr);
}

#[test]
fn check_repeats_the_analysis_with_the_options_that_the_policy_was_made_with() {
    let site = site();
    let options = [
        "--origin",
        "https://example.com",
        "--base-path",
        "/docs/",
        "--budget",
        "1",
        "--viewport",
        "400x800",
        "--dpr",
        "2.625",
        "--clean-urls",
        "--etags",
        "--exclude",
        "x/**",
    ];
    site.pushgen(&[&["analyze", "dist", "-q"], options.as_slice()].concat())
        .ok();
    site.pushgen(&["check", "dist"]).ok();
}

#[test]
fn invalid_policies_are_refused_with_a_pointer() {
    let site = site();
    let good =
        std::fs::read_to_string(site.folder.path().join("push-policy.json")).expect("a policy");
    for (from, to, says) in [
        ("\"version\": 1", "\"version\": 2", "/version"),
        ("\"/a.css\"", "\"//host/a.css\"", "/assets/0/path"),
        ("\"/a.css\"", "\"/../a.css\"", "/assets/0/path"),
        ("\"/a.css\"", "\"/a\\r\\nb.css\"", "/assets/0/path"),
        ("\"asset\": 0", "\"asset\": 7", "/plans/0/entries/0/asset"),
        ("\"asset\":0", "\"asset\":7", "/plans/0/entries/0/asset"),
        ("\"generator\"", "\"version\": 1, \"generator\"", "version"),
    ] {
        if !good.contains(from) {
            continue;
        }
        let bad = good.replacen(from, to, 1);
        std::fs::write(site.folder.path().join("bad.json"), bad).expect("a file");
        let run = site.pushgen(&["check", "bad.json"]);
        assert_eq!(run.code, 2, "{from} -> {to}: {}", run.stderr);
        assert!(
            run.stderr.contains("bad.json") && run.stderr.contains(says),
            "{says}: {}",
            run.stderr
        );
    }
}

#[test]
fn a_policy_may_come_from_standard_input_and_missing_files_are_named() {
    let site = site();
    site.pushgen(&["check", "nowhere.json"])
        .fails(2, "cannot read nowhere.json");
    site.pushgen(&["check", "dist", "dist"])
        .fails(2, "one too many");
}

#[test]
fn the_schema_is_the_committed_one_and_a_policy_of_the_demo_conforms() {
    let schema = pushgen(&["schema"]).ok().stdout;
    let committed = root().join("crates/pushgen-policy/schema/policy-1.json");
    let committed = std::fs::read_to_string(committed).expect("the committed schema");
    assert!(
        schema == committed,
        "write the output of `pushgen schema` to schema/policy-1.json"
    );
    let schema: serde_json::Value = serde_json::from_str(&schema).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a JSON Schema");
    let policy = pushgen(&[
        "analyze",
        "fixtures/demo/dist",
        "-o",
        "-",
        "-q",
        "--origin",
        "https://example.com",
        "--etags",
    ]);
    let policy: serde_json::Value = serde_json::from_str(&policy.ok().stdout).expect("JSON");
    let errors: Vec<String> = validator
        .iter_errors(&policy)
        .map(|error| error.to_string())
        .collect();
    assert!(errors.is_empty(), "{errors:?}");
}

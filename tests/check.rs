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
fn the_plans_of_a_server_that_thinks_are_compared_with_such_plans() {
    let site = site();
    site.pushgen(&["analyze", "dist", "-q", "--think", "300ms"])
        .ok();
    let policy = site.folder.path().join("push-policy.json");
    let policy = std::fs::read_to_string(policy).expect("a policy");
    assert!(policy.contains(r#""think_us": 300000"#), "{policy}");
    assert!(policy.contains("the server thinks"), "{policy}");
    site.pushgen(&["check", "dist"]).ok();
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
fn an_asset_that_one_page_gains_changes_no_other_page() {
    let page =
        |sheet: &str| format!("<!doctype html><link rel=stylesheet href=/{sheet}.css><p>Text");
    let site = TestSite::new(&[
        ("b/index.html", page("b").as_bytes()),
        ("c/index.html", page("c").as_bytes()),
        ("c/d/index.html", page("b").as_bytes()),
        ("0.css", b"p { margin: 0 }"),
        ("b.css", b"p { color: red }"),
        ("c.css", b"p { color: green }"),
    ]);
    site.pushgen(&["analyze", "dist", "-q"]).ok();
    // Its asset comes first in the table, so that the indices of all others shift.
    site.write("b/index.html", (page("0") + &page("b")).as_bytes());
    let run = site.pushgen(&["check", "dist", "--format", "json"]);
    let report = &run.json_lines()[0];
    assert_eq!(run.code, 1);
    assert_eq!(report["changed_pages"], serde_json::json!(["/b/"]));
    assert_eq!(report["changed_assets"], serde_json::json!(["/0.css"]));
}

#[test]
fn assets_that_went_came_or_changed_are_listed_once_each() {
    let page = |sheets: &[&str]| -> String {
        let link = |sheet: &&str| format!("<link rel=stylesheet href=/{sheet}.css>");
        "<!doctype html>".to_owned() + &sheets.iter().map(link).collect::<String>()
    };
    let site = TestSite::new(&[
        ("index.html", page(&["a", "b", "c"]).as_bytes()),
        ("a.css", b"a {}"),
        ("b.css", b"b {}"),
        ("c.css", b"c {}"),
        ("d.css", b"d {}"),
    ]);
    site.pushgen(&["analyze", "dist", "-q"]).ok();
    site.write("index.html", page(&["b", "c", "d"]).as_bytes());
    site.write("c.css", b"c { color: red }");
    let run = site.pushgen(&["check", "dist", "--format", "json"]);
    assert_eq!(
        run.json_lines()[0]["changed_assets"],
        serde_json::json!(["/a.css", "/c.css", "/d.css"])
    );
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
        ("\"plan\": 0", "\"plan\": 7", "/pages/~1/plan"),
        ("\"generator\"", "\"version\": 1, \"generator\"", "version"),
    ] {
        assert!(good.contains(from), "{from} is not in {good}");
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
fn a_policy_may_come_from_standard_input() {
    let site = site();
    let policy = std::fs::read(site.folder.path().join("push-policy.json")).expect("a policy");
    for arguments in [["check", "-"].as_slice(), &["check", "-", "dist"]] {
        let run = site.pushgen_reading(&policy, arguments).ok();
        assert!(
            run.stderr.contains("-: a valid policy of 1 page"),
            "{}",
            run.stderr
        );
    }
    site.pushgen_reading(b"{}", &["check", "-"])
        .fails(2, "- is not a valid policy");
}

#[test]
fn what_does_not_exist_or_is_too_much_is_named() {
    let site = site();
    for (arguments, says) in [
        (
            ["check", "nowhere.json"].as_slice(),
            "cannot read nowhere.json: it does not exist",
        ),
        (
            &["check", "push-policy.json", "nowhere"],
            "cannot read nowhere: it does not exist",
        ),
        (
            &["check", "nowhere", "push-policy.json"],
            "cannot read nowhere: it does not exist",
        ),
        (&["check", "dist", "dist"], "dist is one too many"),
    ] {
        site.pushgen(arguments).fails(2, says);
    }
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

//! What the first paint waits for, as the reasons of plans tell: whole pages, from their markup to the plan.

use crate::support::TestSite;

const HEAD: &str = "<!doctype html><title>Page</title><link rel=stylesheet href=/a.css><body>";

/// The reason of the plan of `/`, and what it pushes.
fn planned(body: &str) -> (String, Vec<String>) {
    let page = format!("{HEAD}{body}");
    let site = TestSite::new(&[
        ("index.html", page.as_bytes()),
        ("a.css", b"p { color: red }"),
        ("b.js", b"document.title = 'b'"),
        ("c.js", b"document.title = 'c'"),
    ]);
    let policy = site.pushgen(&["analyze", "dist", "-o", "-", "-q", "--fail-on", "never"]);
    let policy: serde_json::Value =
        serde_json::from_str(&policy.ok().stdout).expect("a policy as JSON");
    let plan = &policy["plans"][0];
    let entries = plan["entries"].as_array().expect("entries").iter();
    let path = |entry: &serde_json::Value| {
        let asset = entry["asset"].as_u64().expect("an index") as usize;
        policy["assets"][asset]["path"]
            .as_str()
            .expect("a path")
            .to_owned()
    };
    let pushed = entries
        .filter(|entry| entry["means"][0] == "push")
        .map(path);
    let reason = plan["reason"].as_str().expect("a reason").to_owned();
    (reason, pushed.collect())
}

#[test]
fn the_closure_ends_with_what_the_first_content_waits_for() {
    let whole = "the whole first-paint closure fits";
    let foreign = "not complete and is not pushed (https://cdn.example/x.js";
    let missing = "not complete and is not pushed (/gone.js: there is no such file";
    for (body, reason, pushed) in [
        ("<p>Text", whole, &["/a.css"][..]),
        (
            "<script src=/b.js></script><p>Text",
            whole,
            &["/a.css", "/b.js"],
        ),
        ("<p>Text<script src=/b.js></script>", whole, &["/a.css"]),
        (
            "<script src=https://cdn.example/x.js></script><p>Text",
            foreign,
            &[],
        ),
        (
            "<p>Text<script src=https://cdn.example/x.js></script>",
            whole,
            &["/a.css"],
        ),
        ("<script src=/gone.js></script><p>Text", missing, &[]),
        ("<p>Text<script src=/gone.js></script>", whole, &["/a.css"]),
        // Drawn by a script: the last that runs in its turn.
        (
            "<div id=app></div><script defer src=/b.js></script>",
            whole,
            &["/a.css", "/b.js"],
        ),
        (
            "<div id=app></div><script defer src=/b.js></script><script async src=/c.js></script>",
            whole,
            &["/a.css", "/b.js"],
        ),
        (
            "<div id=app></div><script async src=/c.js></script>",
            whole,
            &["/a.css", "/c.js"],
        ),
        (
            "<div id=app></div><script src=https://cdn.example/x.js></script><script src=/b.js></script>",
            foreign,
            &[],
        ),
    ] {
        let found = planned(body);
        assert!(found.0.contains(reason), "{body}: {}", found.0);
        assert_eq!(found.1, pushed, "{body}");
    }
}

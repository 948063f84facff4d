//! `--trace`: what real loads add to a graph, what they never change, and files that are no traces; and what `explain`
//! says of code that only running tells.

use std::fs;

use serde_json::{Value, json};

use crate::support::{TestSite, fixture, pushgen};

/// A page with a script, and files that only the script asks for.
fn site() -> TestSite {
    TestSite::new(&[
        ("index.html", b"<!doctype html><link rel=stylesheet href=/a.css><script src=/app.js></script><div style=height:9999px></div><img src=/lazy.png loading=lazy>"),
        ("b/index.html", b"<!doctype html><p>Text"),
        ("a.css", b"@font-face { font-family: F; src: url(/f.woff2) }"),
        ("app.js", b"fetch(name)"),
        ("data.json", b"{}"),
        ("lazy.png", b""),
        ("f.woff2", b""),
    ])
}

/// A request's path, type and milliseconds since the start.
type Asked<'t> = (&'t str, &'t str, u32);

/// A HAR of loads of `/`, each from an origin; the load event comes after a second.
fn har(loads: &[(&str, &[Asked<'_>])]) -> Value {
    let mut pages = Vec::new();
    let mut entries = Vec::new();
    for (page, (origin, requests)) in loads.iter().enumerate() {
        pages.push(json!({
            "id": page.to_string(),
            "startedDateTime": "2024-05-01T12:00:00Z",
            "pageTimings": {"onLoad": 1000}
        }));
        for (path, kind, at) in [("/", "document", 0)].iter().chain(*requests) {
            entries.push(json!({
                "pageref": page.to_string(),
                "startedDateTime": format!("2024-05-01T12:00:{:02}.{:03}Z", at / 1000, at % 1000),
                "_resourceType": kind,
                "_initiator": {"type": "script", "stack": {"callFrames": [{"url": format!("{origin}/app.js")}]}},
                "request": {"method": "GET", "url": format!("{origin}{path}")},
                "response": {"status": 200, "content": {}}
            }));
        }
    }
    json!({"log": {"pages": pages, "entries": entries}})
}

/// Path, class, when, confidence, depth.
type Row = (String, String, String, f64, u64);

/// What the trace adds or changes.
fn traced(trace: &Value, arguments: &[&str]) -> Vec<Row> {
    let site = site();
    fs::write(site.folder.path().join("load.har"), trace.to_string()).expect("a trace");
    let all = [
        &["graph", "dist", "--page", "/", "--trace", "load.har"],
        arguments,
    ]
    .concat();
    let lines = site.pushgen(&all).ok().json_lines();
    let fetches = lines[0]["fetches"].as_array().expect("fetches").iter();
    let traced = fetches.filter(|it| it["initiator"] == "trace");
    traced
        .map(|it| {
            let word = |name: &str| it[name].as_str().expect("a string").to_owned();
            assert!(word("location").starts_with("load.har, entry "), "{it}");
            assert_eq!(
                (&it["render_blocking"], &it["parser_blocking"]),
                (&json!(false), &json!(false))
            );
            let depth = it["depth"].as_u64().expect("a number");
            (
                word("path"),
                word("class"),
                word("when"),
                it["confidence"].as_f64().expect("a number"),
                depth,
            )
        })
        .collect()
}

fn row(path: &str, class: &str, when: &str, confidence: f64, depth: u64) -> Row {
    (
        path.to_owned(),
        class.to_owned(),
        when.to_owned(),
        confidence,
        depth,
    )
}

const HERE: &str = "http://localhost:8080";
const THERE: &str = "https://example.com";

#[test]
fn adds_what_a_load_asked_for() {
    let trace = har(&[(
        HERE,
        &[
            ("/app.js", "script", 10),
            ("/data.json", "fetch", 20),
            ("/lazy.png", "image", 30),
            ("/f.woff2", "font", 1500),
            ("/api/no-file", "fetch", 40),
            ("/data.json?q#f", "fetch", 2000),
        ],
    )]);
    assert_eq!(
        traced(&trace, &[]),
        [
            row("/lazy.png", "image", "load", 0.9, 2),
            row("/data.json", "other", "load", 0.9, 2),
            row("/f.woff2", "font", "late", 0.9, 2),
            row("/data.json?q", "other", "late", 0.9, 2),
        ]
    );
}

#[test]
fn a_file_is_as_sure_as_the_share_of_the_loads_that_asked_for_it() {
    let trace = har(&[
        (HERE, &[("/data.json", "fetch", 20)]),
        (THERE, &[("/app.js", "script", 10)]),
        (
            HERE,
            &[("/data.json", "fetch", 1200), ("/lazy.png", "image", 1200)],
        ),
    ]);
    assert_eq!(
        traced(&trace, &[]),
        [row("/data.json", "other", "load", 0.3, 2)],
        "the lazy image is late already"
    );
}

#[test]
fn a_load_that_asked_for_nothing_of_the_site_is_of_another_site() {
    let trace = har(&[
        ("https://search.example", &[("/logo.png", "image", 20)]),
        (HERE, &[("/data.json", "fetch", 20)]),
    ]);
    assert_eq!(
        traced(&trace, &[]),
        [row("/data.json", "other", "load", 0.9, 2)]
    );
}

#[test]
fn loads_of_the_site_itself_are_preferred() {
    let trace = har(&[
        (HERE, &[("/data.json", "fetch", 20)]),
        (
            THERE,
            &[
                ("/lazy.png", "image", 30),
                ("https://cdn.example/x.js", "script", 30),
            ],
        ),
    ]);
    assert_eq!(
        traced(&trace, &["--origin", THERE]),
        [row("/lazy.png", "image", "load", 0.9, 2)]
    );
    // Another origin than any load's: all of them count.
    assert_eq!(
        traced(&trace, &["--origin", "https://www.example.com"]).len(),
        2
    );
}

#[test]
fn no_policy_depends_on_a_trace() {
    let folders = ["trace-script-requests", "trace-of-a-frame", "trace-by-page"];
    for folder in folders {
        let dist = fixture(folder);
        let trace = dist.with_file_name("trace.har");
        let arguments = |extra: &[&str]| {
            let dist = dist.to_str().expect("a UTF-8 path");
            let run = pushgen(&[&["analyze", dist, "-o", "-"], extra].concat());
            run.ok().stdout
        };
        let with = arguments(&["--trace", trace.to_str().expect("a UTF-8 path")]);
        assert_eq!(arguments(&[]), with, "{folder}");
    }
    let site = site();
    let trace = har(&[(HERE, &[("/f.woff2", "font", 5), ("/lazy.png", "image", 5)])]);
    fs::write(site.folder.path().join("load.har"), trace.to_string()).expect("a trace");
    let without = site.pushgen(&["analyze", "dist", "-o", "-"]).ok().stdout;
    let with = site.pushgen(&["analyze", "dist", "-o", "-", "--trace", "load.har"]);
    assert_eq!(with.ok().stdout, without);
}

#[test]
fn no_simulated_load_depends_on_a_trace() {
    let site = site();
    // First in the graph, so that all else moves.
    site.write("0.json", b"{}");
    let trace = har(&[(HERE, &[("/0.json", "fetch", 5)])]);
    fs::write(site.folder.path().join("load.har"), trace.to_string()).expect("a trace");
    let simulate = ["simulate", "dist", "--page", "/", "--format", "json"];
    let without = site.pushgen(&simulate).ok();
    assert!(without.stdout.contains(r#""network":"4g""#));
    let with = site.pushgen(&[&simulate[..], &["--trace", "load.har"]].concat());
    assert_eq!(with.ok().stdout, without.stdout);
}

#[test]
fn a_file_that_is_no_trace_ends_the_run() {
    let site = site();
    fs::write(site.folder.path().join("page.har"), "<!doctype html>").expect("a file");
    for command in [
        &["analyze", "dist"][..],
        &["graph", "dist"],
        &["explain", "dist", "/"],
    ] {
        let run = |file| site.pushgen(&[command, &["--trace", file]].concat());
        run("page.har").fails(
            2,
            "cannot use the trace page.har: not a HAR file; save one from",
        );
        run("none.har").fails(2, "cannot read the trace none.har");
        run("dist").fails(2, "cannot read the trace dist");
    }
}

#[test]
fn a_trace_of_no_page_is_told() {
    let site = site();
    let mut trace = har(&[(HERE, &[])]);
    trace["log"]["entries"][0]["request"]["url"] = json!("http://localhost/elsewhere/");
    fs::write(site.folder.path().join("load.har"), trace.to_string()).expect("a trace");
    fs::write(
        site.folder.path().join("empty.har"),
        r#"{"log":{"entries":[]}}"#,
    )
    .expect("a trace");
    let arguments = [
        "analyze",
        "dist",
        "--trace",
        "load.har",
        "--trace",
        "empty.har",
    ];
    let run = site.pushgen(&arguments).ok();
    for says in [
        "warning[trace-of-no-page]: the trace is of no page of the site; its first load is of /elsewhere/",
        "warning[trace-of-no-page]: the trace holds no load of a page",
        "load.har",
        "empty.har",
    ] {
        assert!(
            run.stderr.contains(says),
            "{says:?} is not in: {}",
            run.stderr
        );
    }
}

#[test]
fn explain_says_that_running_code_may_ask_for_more() {
    let site = site();
    let tree = site.pushgen(&["explain", "dist", "/"]).ok().stdout;
    let says = "scripts: what running code asks for is not known and may exist (1 \u{d7} fetch(…) in 1 script); --trace FILE.har adds";
    assert!(tree.contains(says), "{tree}");
    let tree = site.pushgen(&["explain", "dist", "/b/"]).ok().stdout;
    assert!(!tree.contains("scripts:"), "{tree}");

    let run = site
        .pushgen(&["explain", "dist", "/", "--format", "json"])
        .ok();
    let explained: Value = serde_json::from_str(&run.stdout).expect("JSON");
    let expected = json!({"scripts": 1, "signs": [{"sign": "fetch(…)", "count": 1}]});
    assert_eq!(explained["running_code"], expected);
}

#[test]
fn explain_counts_inline_scripts_and_modules_but_not_strings() {
    let site = TestSite::new(&[
        (
            "index.html",
            b"<!doctype html><script>fetch(a); 'fetch(b)'</script>\
              <script type=module>import './m.js'; import(c)</script>\
              <script type=application/json>fetch(d)</script>\
              <script src=plain.js></script>",
        ),
        (
            "m.js",
            b"export const x = () => import(`./${name}.js`); // fetch(e)",
        ),
        ("plain.js", b"document.title = 'fetch(f)'"),
    ]);
    let run = site
        .pushgen(&["explain", "dist", "/", "--format", "json"])
        .ok();
    let explained: Value = serde_json::from_str(&run.stdout).expect("JSON");
    let signs = json!([
        {"sign": "fetch(…)", "count": 1},
        {"sign": "import(…) of a computed name", "count": 2},
    ]);
    assert_eq!(
        explained["running_code"],
        json!({"scripts": 3, "signs": signs})
    );
}

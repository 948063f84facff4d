//! `pushgen report`: one file that needs nothing else, whatever the site's names are.

use html5ever::tendril::TendrilSink;
use markup5ever_rcdom::{Handle, NodeData, RcDom};

use crate::support::{TestSite, fixture, pushgen};

/// A report of the demo site on standard output.
fn demo(options: &[&str]) -> String {
    let dist = fixture("demo");
    let dist = dist.to_str().expect("a UTF-8 path");
    let mut arguments = vec!["report", dist, "-o", "-"];
    arguments.extend(options);
    pushgen(&arguments).ok().stdout
}

/// The elements of a document: name, attributes, text directly inside.
struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    text: String,
}

impl Element {
    fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

fn elements(html: &str) -> Vec<Element> {
    let dom = html5ever::parse_document(RcDom::default(), Default::default()).one(html);
    assert_eq!(dom.errors.borrow().as_slice(), [] as [&str; 0]);
    let mut elements = Vec::new();
    let mut stack: Vec<Handle> = vec![Handle::clone(&dom.document)];
    while let Some(node) = stack.pop() {
        let children = node.children.borrow();
        if let NodeData::Element { name, attrs, .. } = &node.data {
            let attributes = attrs.borrow();
            let attributes = attributes.iter();
            let texts = children.iter().filter_map(|child| match &child.data {
                NodeData::Text { contents } => Some(contents.borrow().to_string()),
                _ => None,
            });
            elements.push(Element {
                name: name.local.to_string(),
                attributes: attributes
                    .map(|it| (it.name.local.to_string(), it.value.to_string()))
                    .collect(),
                text: texts.collect(),
            });
        }
        stack.extend(children.iter().rev().cloned());
    }
    // A node that is dropped takes its whole subtree apart, also what others still hold.
    drop(dom);
    elements
}

/// Nothing in it is fetched, and the only script is the report's own.
#[track_caller]
fn needs_nothing(html: &str) {
    let own = include_str!("../src/report/behaviour.js");
    let mut scripts = 0;
    for element in elements(html) {
        let name = element.name.as_str();
        let fetches = [
            "link", "img", "image", "iframe", "object", "embed", "video", "audio", "source",
            "base", "use", "feImage", "form", "input",
        ];
        assert!(!fetches.contains(&name), "<{name}>");
        for (attribute, value) in &element.attributes {
            let is_loaded = [
                "src",
                "srcset",
                "data",
                "poster",
                "background",
                "action",
                "ping",
            ];
            assert!(!is_loaded.contains(&&**attribute), "<{name} {attribute}>");
            assert!(!attribute.starts_with("on"), "<{name} {attribute}>");
            // Styles are in the sheet, which the document's policy allows by its hash.
            assert_ne!(attribute, "style");
            if attribute == "href" {
                assert!(value.starts_with('#'), "{value}");
            }
        }
        match name {
            "script" => {
                assert_eq!(element.text, own);
                scripts += 1;
            }
            "style" => {
                assert!(!element.text.contains("url(") && !element.text.contains("@import"));
            }
            "meta" => assert_ne!(element.attribute("http-equiv"), Some("refresh")),
            _ => {}
        }
    }
    assert_eq!(scripts, 1);
}

#[test]
fn a_report_needs_no_network() {
    needs_nothing(&demo(&[]));
}

#[test]
fn a_report_tells_of_every_page_and_of_what_is_sent() {
    let html = demo(&["--network", "4g", "--network", "150ms/1.6Mbit"]);
    let elements = elements(&html);
    let named = |name: &str| -> Vec<&Element> {
        elements
            .iter()
            .filter(|element| element.name == name)
            .collect()
    };
    let pages: Vec<_> = named("h3").iter().map(|it| it.text.clone()).collect();
    let expected = [
        "/",
        "/404.html",
        "/about/",
        "/blog/",
        "/blog/spring-tides/",
        "/docs/",
    ];
    assert_eq!(pages, expected);
    // Links of the list lead to the pages.
    for element in named("a") {
        let target = element.attribute("href").and_then(|it| it.get(1..));
        let target = elements.iter().find(|it| it.attribute("id") == target);
        assert!(target.is_some(), "{:?}", element.attribute("href"));
    }
    let waterfalls = named("h5");
    let waterfalls = waterfalls.iter().take(3);
    let waterfalls: Vec<_> = waterfalls.map(|it| &*it.text).collect();
    let expected = ["without a plan", "with hints", "with pushes"];
    assert_eq!(waterfalls, expected);
    for part in [
        "Waterfalls on 4g",
        "150ms/1.6Mbit",
        "nothing is painted before it",
        "hides it from the preload scanner",
        "used by text in",
        "main thread",
        "<title>/js/main.js compiled and run, ",
        "<title>HTML parsed, ",
        "The main thread is busy for ",
    ] {
        assert!(html.contains(part), "{part:?} is not in the report");
    }
}

#[test]
fn a_report_does_not_depend_on_the_number_of_threads_or_the_run() {
    let first = demo(&["--jobs", "1"]);
    for jobs in ["1", "2", "5"] {
        assert!(demo(&["--jobs", jobs]) == first, "--jobs {jobs}");
    }
}

/// Windows has no such names.
#[cfg(unix)]
#[test]
fn names_of_the_site_are_no_markup() {
    let page = b"<!doctype html><title>x</title><link rel=stylesheet href='&quot;><b>.css'><p>x<img src='gone<i>.png'>";
    let site = TestSite::new(&[
        ("<script>alert(1)</script>", b"a folder and a file"),
        ("<script>alert(1)</script>.html", page),
        ("\u{1b}[31m\u{202e}\"onload='alert(2)'.html", page),
        ("</details></main><!--/index.html", page),
        ("\"><b>.css", b"p { color: red }"),
    ]);
    let run = site.pushgen(&["report", "dist", "-o", "report.html"]).ok();
    assert!(
        run.stderr.contains("3 pages, 3 in detail"),
        "{}",
        run.stderr
    );
    let html = std::fs::read_to_string(site.folder.path().join("report.html")).expect("a report");
    needs_nothing(&html);
    assert!(!html.contains(['\u{1b}', '\u{202e}']));
    let main = elements(&html);
    assert_eq!(main.iter().filter(|it| it.name == "h3").count(), 3);
    // It is shown all the same.
    assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;.html"));
    assert!(html.contains("missing-asset"));
}

#[test]
fn of_many_pages_some_are_told_of_in_detail_and_the_others_by_name() {
    let site = TestSite::new(&[
        ("a.css", b"@import 'b.css';"),
        ("b.css", b"p { color: red }"),
    ]);
    for number in 0..40 {
        let page = format!("<!doctype html><link rel=stylesheet href=/a.css><p>{number}");
        site.write(&format!("{number:02}.html"), page.as_bytes());
    }
    site.write("bad.html", b"<!doctype html><p>x<img src=/gone.png>");
    let report = |options: &[&str]| {
        let mut arguments = vec!["report", "dist", "-o", "-"];
        arguments.extend(options);
        site.pushgen(&arguments).ok().stdout
    };
    let all = report(&[]);
    let in_detail = |html: &str| html.matches("<details class=\"page\"").count();
    assert_eq!(in_detail(&all), 30);
    assert!(all.contains("30 of 41 pages"), "it says what is left out");
    assert!(
        all.contains("<h3>/bad.html</h3>"),
        "findings are worth telling"
    );
    assert!(!all.contains("<h3>/39.html</h3>"));
    let named = report(&["--page", "/39.html", "--page", "38.html"]);
    assert_eq!(in_detail(&named), 2);
    assert!(named.contains("<h3>/39.html</h3>") && named.contains("<h3>/38.html</h3>"));
}

/// Of so many pages no analysis is kept until the end.
#[test]
fn pages_in_detail_are_of_different_plans_those_of_most_pages_first() {
    let site = TestSite::new(&[
        ("a.css", b"@import 'b.css';"),
        ("b.css", b"p { color: red }"),
        ("c.css", b"@import 'd.css';"),
        ("d.css", b"p { color: green }"),
        ("e.css", b"@import 'b.css'; @import 'd.css';"),
    ]);
    let write = |name: &str, sheet: &str| {
        let page = format!("<!doctype html><link rel=stylesheet href=/{sheet}.css><p>{name}");
        site.write(name, page.as_bytes());
    };
    for number in 0..310 {
        write(&format!("notes/{number:03}.html"), "a");
    }
    write("posts/1.html", "c");
    write("posts/2.html", "c");
    write("zoo.html", "e");
    site.write("index.html", b"<!doctype html><p>Text");
    let html = site
        .pushgen(&["report", "dist", "-o", "-", "--jobs", "2"])
        .ok()
        .stdout;
    let one = site
        .pushgen(&["report", "dist", "-o", "-", "--jobs", "1"])
        .ok()
        .stdout;
    assert!(html == one, "it does not depend on the threads");
    let elements = elements(&html);
    let pages = elements.iter().filter(|it| it.name == "h3");
    let pages: Vec<&str> = pages.map(|it| it.text.as_str()).collect();
    assert_eq!(pages.len(), 30);
    for page in ["/", "/posts/1.html", "/zoo.html"] {
        assert!(pages.contains(&page), "{page} is not in {pages:?}");
    }
    for part in [
        "30 of 314 pages",
        "The same is sent with 309 other pages.",
        "The same is sent with 1 other page.",
    ] {
        assert!(html.contains(part), "{part:?} is not in the report");
    }
}

#[test]
fn a_report_tells_of_the_plans_of_a_policy() {
    let site = TestSite::new(&[
        (
            "index.html",
            b"<!doctype html><link rel=stylesheet href=a.css><p>Text.",
        ),
        ("a.css", b"@import 'b.css'; p { color: red }"),
        ("b.css", b"p { color: green }"),
    ]);
    site.pushgen(&["analyze", "dist", "-q"]).ok();
    let file = site.folder.path().join("push-policy.json");
    let policy = std::fs::read_to_string(&file).expect("a policy");
    let mut policy: serde_json::Value = serde_json::from_str(&policy).expect("JSON");
    policy["plans"][0]["reason"] = "because <somebody> wrote so".into();
    policy["plans"][0]["entries"][1]["reason"] = "by hand".into();
    std::fs::write(&file, policy.to_string()).expect("a file");
    let forms: [&[&str]; 4] = [
        &["push-policy.json"],
        &["push-policy.json", "dist"],
        &["dist", "push-policy.json"],
        &["dist", "--policy", "push-policy.json"],
    ];
    for form in forms {
        let run = site.pushgen(&[&["report", "-o", "-"], form].concat()).ok();
        needs_nothing(&run.stdout);
        for part in [
            "<dt>Plans of</dt><dd>push-policy.json</dd>",
            "because &lt;somebody&gt; wrote so",
            "by hand",
            "2 pushed, 2 hinted; first paint ",
            "<h5>with pushes</h5>",
        ] {
            assert!(run.stdout.contains(part), "{form:?}: {part:?} is missing");
        }
    }
    // A page that the policy does not have is told of as such.
    site.write(
        "new.html",
        b"<!doctype html><link rel=stylesheet href=a.css><p>Text.",
    );
    let run = site
        .pushgen(&["report", "push-policy.json", "-o", "-"])
        .ok();
    assert!(run.stdout.contains("the policy does not know the page"));
    assert!(
        run.stdout
            .contains("2 pages, 1 of them with something to send.")
    );
}

#[test]
fn a_report_is_no_page_of_the_site() {
    let site = TestSite::new(&[("index.html", b"<p>x")]);
    site.pushgen(&["report", "dist", "-o", "dist/report.html"])
        .fails(2, "would be a page of the site");
    assert!(!site.dist().join("report.html").exists());
    site.pushgen(&["report", "dist", "--page", "/gone"])
        .fails(2, "no page /gone");
    assert!(!site.folder.path().join("report.html").exists());
}

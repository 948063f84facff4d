//! HAR files of several writers, whole and broken.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn parse(har: &Value) -> Vec<Load> {
    let trace = Trace::parse("a.har", har.to_string().as_bytes()).expect("a HAR");
    trace.loads
}

/// One load as Chromium's network panel writes it; the load event comes one second after the start.
fn chromium(entries: &[Value]) -> Value {
    json!({"log": {
        "version": "1.2",
        "pages": [{
            "startedDateTime": "2024-05-01T12:00:00.000Z",
            "id": "page_1",
            "title": "https://example.com/",
            "pageTimings": {"onContentLoad": 500.5, "onLoad": 1000.25}
        }],
        "entries": entries
    }})
}

fn entry(path: &str, kind: &str, at: &str) -> Value {
    json!({
        "_initiator": {"type": "other"},
        "_priority": "High",
        "_resourceType": kind,
        "pageref": "page_1",
        "request": {"method": "GET", "url": format!("https://example.com{path}")},
        "response": {"status": 200, "content": {"size": 1, "mimeType": "text/html; charset=utf-8"}},
        "startedDateTime": format!("2024-05-01T12:00:{at}Z"),
        "time": 12.5
    })
}

fn with(mut entry: Value, pointer: &str, value: Value) -> Value {
    *entry.pointer_mut(pointer).expect("a field") = value;
    entry
}

/// Path, destination and moment of each request.
fn seen(loads: &[Load]) -> Vec<(String, &'static str, bool)> {
    let requests = loads.iter().flat_map(|load| &load.requests);
    requests
        .map(|it| {
            (
                it.url.path().to_owned(),
                it.destination.as_str(),
                it.before_load,
            )
        })
        .collect()
}

#[test]
fn reads_what_chromium_writes() {
    let script = json!({"type": "script", "stack": {"callFrames": [
        {"functionName": "f", "url": ""},
        {"functionName": "g", "url": "https://example.com/app.js#x", "lineNumber": 3}
    ]}});
    let parser = json!({"type": "parser", "url": "https://example.com/", "lineNumber": 4});
    let loads = parse(&chromium(&[
        entry("/", "document", "00.001"),
        with(entry("/app.js", "script", "00.2"), "/_initiator", parser),
        with(entry("/data.json", "fetch", "00.9"), "/_initiator", script),
        entry("/late.png", "image", "01.001"),
    ]));
    assert_eq!(loads.len(), 1);
    assert_eq!(loads[0].document.as_str(), "https://example.com/");
    assert_eq!(
        seen(&loads),
        [
            ("/app.js".to_owned(), "script", true),
            ("/data.json".to_owned(), "fetch", true),
            ("/late.png".to_owned(), "image", false),
        ]
    );
    let initiators: Vec<_> = loads[0]
        .requests
        .iter()
        .map(|it| it.initiator.as_ref().map(Url::path))
        .collect();
    assert_eq!(initiators, [Some("/"), Some("/app.js"), None]);
    let entries: Vec<usize> = loads[0].requests.iter().map(|it| it.entry).collect();
    assert_eq!(entries, [2, 3, 4]);
}

#[test]
fn reads_what_webpagetest_writes() {
    let entry = |path: &str, kind: &str, start: &str, frame: &str| {
        json!({
            "pageref": "page_1_0_1",
            "_request_type": kind,
            "_initiator": "https://example.com/app.js",
            "_documentURL": format!("https://example.com{frame}"),
            "startedDateTime": format!("2024-05-01T14:00:{start}+02:00"),
            "request": {"method": "GET", "url": format!("https://example.com{path}")},
            "response": {"status": 200, "content": {"mimeType": "text/plain"}}
        })
    };
    let loads = parse(&json!({"log": {
        "pages": [{
            "id": "page_1_0_1",
            "startedDateTime": "2024-05-01T14:00:00.000000+02:00",
            "title": "Run 1",
            "pageTimings": {"onLoad": -1},
            "_docTime": "1500"
        }],
        "entries": [
            with(with(entry("/old", "Document", "00.1", "/old"), "/response/status", json!(301)), "/_initiator", json!("")),
            entry("/", "Document", "00.2", "/"),
            entry("/a.css", "Stylesheet", "00.3", "/"),
            entry("/f.woff2", "Font", "01.4", "/"),
            entry("/x.json", "XHR", "01.6", "/"),
            entry("/frame.html", "Document", "00.3", "/frame.html"),
            entry("/in-frame.js", "Script", "00.4", "/frame.html"),
        ]
    }}));
    assert_eq!(loads[0].document.path(), "/");
    assert_eq!(
        seen(&loads),
        [
            ("/a.css".to_owned(), "style", true),
            ("/f.woff2".to_owned(), "font", true),
            ("/x.json".to_owned(), "fetch", false),
        ]
    );
}

#[test]
fn leaves_out_what_is_no_file_for_the_page() {
    let frame = json!({"type": "parser", "url": "https://example.com/frame.html"});
    for (request, kept) in [
        (entry("/a.js", "script", "00.5"), true),
        (
            with(
                entry("/a.js", "script", "00.5"),
                "/response/status",
                json!(304),
            ),
            true,
        ),
        (
            with(
                entry("/a.js", "script", "00.5"),
                "/response/status",
                json!(404),
            ),
            false,
        ),
        (
            with(
                entry("/a.js", "script", "00.5"),
                "/response/status",
                json!(0),
            ),
            false,
        ),
        (
            with(
                entry("/a.js", "script", "00.5"),
                "/request/method",
                json!("POST"),
            ),
            false,
        ),
        (
            with(
                entry("/a.js", "script", "00.5"),
                "/request/method",
                json!("HEAD"),
            ),
            false,
        ),
        (
            with(entry("/a.js", "script", "00.5"), "/_initiator", frame),
            false,
        ),
        (
            with(
                entry("/a.js", "script", "00.5"),
                "/pageref",
                json!("page_2"),
            ),
            false,
        ),
        (
            with(
                entry("/a.js", "script", "00.5"),
                "/request/url",
                json!("a.js"),
            ),
            false,
        ),
        (entry("/a", "ping", "00.5"), false),
        (entry("/a", "preflight", "00.5"), false),
        (entry("/a", "websocket", "00.5"), false),
    ] {
        let page = entry("/", "document", "00.0");
        let frame = entry("/frame.html", "document", "00.1");
        let found = seen(&parse(&chromium(&[page, frame, request.clone()])));
        let frame = ("/frame.html".to_owned(), "iframe", true);
        assert_eq!(found.first(), Some(&frame));
        assert_eq!(found.len(), 1 + usize::from(kept), "{request}");
    }
}

#[test]
fn takes_the_destination_from_the_type_or_else_from_the_media_type() {
    for (kind, mime_type, expected) in [
        ("stylesheet", "text/plain", Some("style")),
        ("Script", "", Some("script")),
        ("media", "audio/ogg", Some("audio")),
        ("media", "video/mp4", Some("video")),
        ("texttrack", "", Some("track")),
        ("manifest", "", Some("manifest")),
        ("xhr", "image/png", Some("fetch")),
        ("other", "font/woff2", Some("font")),
        ("", "application/x-font-ttf", Some("font")),
        ("", "text/javascript; charset=utf-8", Some("script")),
        ("", "application/x-javascript", Some("script")),
        ("", "image/svg+xml", Some("image")),
        ("", "application/json", Some("fetch")),
        ("", "x", None),
    ] {
        let request = with(
            entry("/a", kind, "00.5"),
            "/response/content/mimeType",
            json!(mime_type),
        );
        let found = seen(&parse(&chromium(&[
            entry("/", "document", "00.0"),
            request,
        ])));
        let found = found.first().map(|it| it.1);
        assert_eq!(found, expected, "{kind} {mime_type}");
    }
}

#[test]
fn every_page_of_a_file_is_a_load() {
    let mut har = chromium(&[entry("/", "document", "00.0")]);
    let log = har.get_mut("log").expect("a log");
    let pages = log["pages"].as_array_mut().expect("pages");
    pages.push(
        json!({"id": "page_2", "startedDateTime": "2024-05-01T12:01:00Z", "pageTimings": null}),
    );
    pages.push(json!({"id": "page_3", "startedDateTime": "2024-05-01T12:02:00Z"}));
    pages.push(json!({"id": "page_2"}));
    let entries = log["entries"].as_array_mut().expect("entries");
    entries.push(with(
        entry("/b.js", "script", "00.5"),
        "/pageref",
        json!("page_2"),
    ));
    entries.push(with(
        entry("/b/", "document", "00.4"),
        "/pageref",
        json!("page_2"),
    ));
    let loads = parse(&har);
    let documents: Vec<_> = loads.iter().map(|it| it.document.path()).collect();
    assert_eq!(documents, ["/", "/b/"]);
    // No load event is known, so nothing is known to be before it.
    assert_eq!(seen(&loads), [("/b.js".to_owned(), "script", false)]);
}

#[test]
fn a_file_without_pages_is_one_load() {
    let entries = [
        entry("/", "document", "00.0"),
        entry("/a.js", "script", "00.5"),
    ];
    let loads = parse(&json!({"log": {"entries": entries}}));
    assert_eq!(seen(&loads), [("/a.js".to_owned(), "script", false)]);
}

#[test]
fn what_is_no_har_is_an_error() {
    for bytes in [
        &b""[..],
        b"{}",
        b"[]",
        b"null",
        b"<html>",
        b"{\"log\": {}}",
        b"{\"log\": {\"entries\": {}}}",
        b"{\"log\": {\"entries\": [",
        b"\x1f\x8b\x08",
        b"{\"log\": {\"entries\": [1]}}",
    ] {
        let error = Trace::parse("a.har", bytes).map(|it| it.load_count());
        assert!(matches!(error, Err(TraceError::NotHar(_))), "{error:?}");
    }
    let deep = [b"{\"log\":".as_slice(), &b"[".repeat(1 << 20)].concat();
    assert!(Trace::parse("a.har", &deep).is_err());
    let minimal = b"\xef\xbb\xbf{\"log\": {\"entries\": [{}]}}";
    assert_eq!(
        Trace::parse("a.har", minimal).expect("a HAR").load_count(),
        0
    );
}

#[test]
fn instants_are_those_of_iso_8601() {
    for (text, expected) in [
        ("1970-01-01T00:00:00Z", Some(0.0)),
        ("1970-01-01T00:00:00.250Z", Some(250.0)),
        ("1970-01-02T00:00:00+00:00", Some(86_400_000.0)),
        ("1970-01-01T02:00:00+02:00", Some(0.0)),
        ("1969-12-31T19:30:00-0430", Some(0.0)),
        ("2000-02-29T12:34:56Z", Some(951_827_696_000.0)),
        ("2024-05-01T12:00:00", Some(1_714_564_800_000.0)),
        ("2024-13-01T12:00:00Z", None),
        ("2024-05-01", None),
        ("2024-05-01T12:00", None),
        ("2024-05-01T12:00:00+é", None),
        ("9999999999-05-01T12:00:00Z", None),
        ("yesterday", None),
        ("", None),
    ] {
        assert_eq!(instant(text), expected, "{text}");
    }
}

/// JSON of any form, with the names of a HAR in it.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "https?://[a-z]{0,3}/[a-z.]{0,4}|GET|document|page_1|[0-9T:Z+.-]{0,24}|\\PC{0,8}"
            .prop_map(Value::from),
    ];
    let names = "log|pages|entries|id|pageref|startedDateTime|pageTimings|onLoad|request|response|method|url|status|content|mimeType|_initiator|stack|callFrames|_resourceType|_documentURL|_docTime";
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(names, inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn reads_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = Trace::parse("a.har", &bytes);
    }

    #[test]
    fn reads_any_json(entries in prop::collection::vec(any_json(), 0..6), pages in any_json(), whole in any_json()) {
        let har = json!({"log": {"pages": pages, "entries": entries}});
        for har in [har, whole] {
            if let Ok(trace) = Trace::parse("a.har", har.to_string().as_bytes()) {
                prop_assert!(trace.load_count() <= entries.len());
            }
        }
    }

    #[test]
    fn reads_any_instant(text in "[0-9]{0,5}-[0-9]{0,3}-[0-9]{0,3}T[0-9:.]{0,12}[Z+-]?[0-9:é]{0,6}|\\PC{0,24}") {
        instant(&text);
    }
}

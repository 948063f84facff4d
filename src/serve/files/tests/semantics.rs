//! Status and fields: codings, conditions, ranges, methods, what is not there.

use std::time::SystemTime;

use super::*;

const IMMUTABLE: &str = "public, max-age=31536000, immutable";

#[test]
fn the_best_coding_is_sent_and_responses_vary_wherever_there_are_some() {
    let fixture = Fixture::new(&[
        ("a.css", b"p{color:red}"),
        ("a.css.br", b"brotli"),
        ("a.css.gz", b"gzipped"),
        ("plain.css", b"p{}"),
        ("lonely.css.br", b"brotli"),
    ]);
    let mut etags = Vec::new();
    for (accepted, coding, body) in [
        ("", None, "p{color:red}"),
        ("gzip, br", Some("br"), "brotli"),
        ("gzip", Some("gzip"), "gzipped"),
        ("br;q=0.1, gzip", Some("gzip"), "gzipped"),
    ] {
        let answer = fixture.get("/a.css", &[("accept-encoding", accepted)]);
        assert_eq!(answer.field("content-encoding"), coding, "{accepted}");
        assert_eq!(answer.body, body, "{accepted}");
        assert_eq!(answer.field("vary"), Some("accept-encoding"), "{accepted}");
        assert_eq!(
            answer.field("content-type"),
            Some("text/css; charset=utf-8")
        );
        let etag = answer.field("etag").expect("an entity-tag").to_owned();
        let fields = [("accept-encoding", accepted), ("if-none-match", &etag)];
        let again = fixture.get("/a.css", &fields);
        assert_eq!(
            (again.status, again.field("vary")),
            (304, Some("accept-encoding"))
        );
        etags.push(etag);
    }
    etags.sort();
    etags.dedup();
    assert_eq!(etags.len(), 3);
    let range = [("accept-encoding", "br"), ("range", "bytes=1-2")];
    let part = fixture.get("/a.css", &range);
    assert_eq!((part.status, &*part.body), (206, b"ro".as_slice()));
    assert_eq!(part.field("content-range"), Some("bytes 1-2/6"));
    let refused = fixture.get("/a.css", &[("accept-encoding", "identity;q=0")]);
    assert_eq!(
        (refused.status, refused.field("vary")),
        (406, Some("accept-encoding"))
    );
    assert_eq!(
        fixture
            .get("/plain.css", &[("accept-encoding", "br")])
            .field("vary"),
        None
    );
    assert_eq!(
        fixture
            .get("/lonely.css", &[("accept-encoding", "br")])
            .status,
        404
    );
    let itself = fixture.get("/a.css.br", &[]);
    assert_eq!(
        (itself.status, itself.field("content-encoding")),
        (200, None)
    );
}

#[test]
fn a_response_has_the_fields_of_its_status() {
    let fixture = Fixture::new(&[
        ("index.html", b"<p>"),
        ("main.3f2a1c9d.css", b"p{}"),
        ("logo.png", b"png"),
    ]);
    let names = |answer: &Answer| {
        let mut names: Vec<String> = answer.headers.keys().map(ToString::to_string).collect();
        names.sort();
        names.join(" ")
    };
    let etag = fixture
        .get("/", &[])
        .field("etag")
        .expect("a tag")
        .to_owned();
    for (target, fields, status, expected) in [
        (
            "/",
            &[][..],
            200,
            "accept-ranges cache-control content-length content-type etag last-modified \
             x-content-type-options",
        ),
        (
            "/",
            &[("range", "bytes=0-1")],
            206,
            "accept-ranges cache-control content-length content-range content-type etag last-modified \
             x-content-type-options",
        ),
        ("/", &[("if-none-match", &*etag)], 304, "cache-control etag"),
        (
            "/",
            &[("range", "bytes=7-")],
            416,
            "cache-control content-length content-range content-type x-content-type-options",
        ),
        (
            "/",
            &[("if-match", "\"x\"")],
            412,
            "cache-control content-length content-type x-content-type-options",
        ),
        (
            "/nowhere",
            &[],
            404,
            "cache-control content-length content-type x-content-type-options",
        ),
    ] {
        let answer = fixture.get(target, fields);
        assert_eq!(answer.status, status, "{target} {fields:?}");
        assert_eq!(names(&answer), expected, "{target} {fields:?}");
    }
    let unsatisfiable = fixture.get("/", &[("range", "bytes=7-")]);
    assert_eq!(unsatisfiable.field("content-range"), Some("bytes */3"));
    for (target, expected) in [
        ("/", "no-cache"),
        ("/main.3f2a1c9d.css", IMMUTABLE),
        ("/logo.png", "public, max-age=600"),
        ("/nowhere.png", "no-cache"),
    ] {
        assert_eq!(
            fixture.get(target, &[]).field("cache-control"),
            Some(expected),
            "{target}"
        );
    }
}

#[test]
fn conditions_hold_for_what_is_served() {
    let fixture = Fixture::new(&[("a.css", b"0123456789")]);
    let first = fixture.get("/a.css", &[]);
    let etag = first.field("etag").expect("a tag");
    let date = first.field("last-modified").expect("a date");
    for (fields, status, body) in [
        (&[("if-modified-since", date)][..], 304, ""),
        (
            &[("if-none-match", "\"x\""), ("if-modified-since", date)],
            200,
            "0123456789",
        ),
        (&[("if-match", etag), ("range", "bytes=-2")], 206, "89"),
        (&[("if-range", etag), ("range", "bytes=-2")], 206, "89"),
        (
            &[("if-range", "\"x\""), ("range", "bytes=-2")],
            200,
            "0123456789",
        ),
        (
            &[("if-range", "\"x\""), ("range", "bytes=70-")],
            200,
            "0123456789",
        ),
        // The file is a moment old, and its second is not over.
        (
            &[("if-range", date), ("range", "bytes=-2")],
            200,
            "0123456789",
        ),
        (&[("range", "bytes=0-1,3-4")], 200, "0123456789"),
        (
            &[("range", "bytes=0-1"), ("range", "bytes=3-4")],
            200,
            "0123456789",
        ),
    ] {
        let answer = fixture.get("/a.css", fields);
        assert_eq!(
            (answer.status, &*answer.body),
            (status, body.as_bytes()),
            "{fields:?}"
        );
    }
    let file = fs::File::options()
        .write(true)
        .open(fixture.path("a.css"))
        .expect("a file");
    file.set_modified(SystemTime::UNIX_EPOCH).expect("a time");
    let epoch = "Thu, 01 Jan 1970 00:00:00 GMT";
    let rebuilt = fixture.get("/a.css", &[("if-modified-since", epoch)]);
    assert_eq!(
        (rebuilt.status, rebuilt.field("last-modified")),
        (200, None)
    );
}

#[test]
fn head_is_get_without_the_body() {
    let large = large();
    let fixture = Fixture::new(&[
        ("index.html", b"<p>"),
        ("a/index.html", b"a"),
        ("a.css", b"p{}"),
        ("a.css.gz", b"g"),
        ("empty.css", b""),
        ("large.bin", &large),
    ]);
    for target in [
        "/",
        "/a",
        "/a.css",
        "/empty.css",
        "/large.bin",
        "/nowhere",
        "/%2e%2e/x",
        "*",
    ] {
        for fields in [
            &[][..],
            &[("accept-encoding", "gzip")],
            &[("if-none-match", "*")],
        ] {
            let get = fixture.get(target, fields);
            let head = fixture.ask("HEAD", target, fields);
            assert_eq!(head.status, get.status, "{target} {fields:?}");
            assert_eq!(head.headers, get.headers, "{target} {fields:?}");
            assert!(head.body.is_empty(), "{target} {fields:?}");
            if get.status != 304 {
                assert_eq!(
                    get.field("content-length"),
                    Some(&*get.body.len().to_string())
                );
            }
        }
    }
    // A range is defined for GET alone.
    assert_eq!(
        fixture.ask("HEAD", "/", &[("range", "bytes=0-0")]).status,
        200
    );
}

#[test]
fn other_methods_are_told_which_there_are() {
    let fixture = Fixture::new(&[("index.html", b"<p>")]);
    for (method, target, status) in [
        ("POST", "/", 405),
        ("DELETE", "/nowhere", 405),
        ("PROPFIND", "/", 405),
        ("CONNECT", "example.com:443", 405),
        ("OPTIONS", "/", 204),
        ("OPTIONS", "*", 204),
    ] {
        let answer = fixture.ask(method, target, &[]);
        assert_eq!(answer.status, status, "{method} {target}");
        assert_eq!(
            answer.field("allow"),
            Some("GET, HEAD, OPTIONS"),
            "{method} {target}"
        );
    }
}

#[test]
fn what_is_not_there_is_answered_with_the_sites_own_page() {
    let fixture = Fixture::new(&[("404.html", b"<p>none"), ("404.html.gz", b"g")]);
    for (target, fields, status, body) in [
        ("/nowhere", &[][..], 404, "<p>none"),
        ("/nowhere.css", &[], 404, "<p>none"),
        ("/../x", &[], 404, "<p>none"),
        ("/nowhere", &[("accept-encoding", "gzip")], 404, "g"),
        (
            "/nowhere",
            &[("accept-encoding", "*;q=0")],
            404,
            "not found\n",
        ),
        ("/nowhere", &[("if-none-match", "*")], 404, "<p>none"),
        ("/nowhere", &[("range", "bytes=0-1")], 404, "<p>none"),
        ("/404.html", &[], 200, "<p>none"),
        ("/404.html", &[("range", "bytes=0-1")], 206, "<p"),
    ] {
        let answer = fixture.get(target, fields);
        assert_eq!(
            (answer.status, &*answer.body),
            (status, body.as_bytes()),
            "{target} {fields:?}"
        );
        assert_eq!(
            answer.field("cache-control"),
            Some("no-cache"),
            "{target} {fields:?}"
        );
        assert_eq!(
            answer.headers.contains_key("etag"),
            status != 404,
            "{target} {fields:?}"
        );
    }
}

#[test]
fn pages_drawn_by_script_are_answered_with_the_root_document() {
    let fixture =
        Fixture::with_options(&[("index.html", b"<p>app"), ("a.css", b"p{}")], |options| {
            options.spa = true
        });
    let navigation = [("accept", "text/html,application/xhtml+xml,*/*;q=0.8")];
    for (target, fields, status, vary) in [
        ("/users/7", &[][..], 200, None),
        ("/users/", &[], 200, None),
        ("/users/7", &[("accept", "application/json")], 200, None),
        ("/users/jane.doe", &navigation, 200, Some("accept")),
        ("/users/jane.doe", &[], 404, Some("accept")),
        (
            "/old.css",
            &[("accept", "text/css,*/*;q=0.1")],
            404,
            Some("accept"),
        ),
        (
            "/old.css",
            &[("accept", "text/html;q=0")],
            404,
            Some("accept"),
        ),
        ("/%2e%2e/x", &navigation, 404, None),
        ("/a.css", &[], 200, None),
    ] {
        let answer = fixture.get(target, fields);
        assert_eq!(answer.status, status, "{target} {fields:?}");
        assert_eq!(answer.field("vary"), vary, "{target} {fields:?}");
    }
    assert_eq!(fixture.get("/users/7", &[]).body, "<p>app");
}

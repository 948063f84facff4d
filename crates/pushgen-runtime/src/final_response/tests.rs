//! Heads before and after.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response, Version};
use http_body::Frame;
use http_body_util::{BodyExt, Empty, Full};

use super::*;
use crate::connection_facts::{ConnectionFacts, StreamFacts};
use crate::decision::{Situation, decide};
use crate::loaded_policy::example;

/// Names and values.
type Fields<'a> = &'a [(&'a str, &'a str)];

fn head(status: u16, fields: Fields<'_>) -> response::Parts {
    let mut response = Response::builder().status(status);
    for (name, value) in fields {
        response = response.header(*name, *value);
    }
    response.body(()).unwrap().into_parts().0
}

/// The fields but `Date`, as `name: value`.
fn fields(head: &response::Parts) -> Vec<String> {
    let fields = head.headers.iter().filter(|(name, _)| *name != DATE);
    let mut fields: Vec<String> = fields
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    fields.sort();
    fields
}

fn body(length: usize) -> Full<Bytes> {
    Full::new(Bytes::from(vec![b'x'; length]))
}

#[test]
fn strips_what_speaks_of_a_connection() {
    let cases: [(Fields<'_>, &[&str]); 6] = [
        (&[("x-a", "1")], &["x-a: 1"]),
        (
            &[
                ("connection", "close"),
                ("keep-alive", "timeout=5"),
                ("proxy-connection", "close"),
                ("transfer-encoding", "chunked"),
                ("upgrade", "h2c"),
                ("te", "trailers"),
                ("x-a", "1"),
            ],
            &["x-a: 1"],
        ),
        (
            &[
                ("connection", "X-A, ,keep-alive"),
                ("connection", "x-b"),
                ("x-a", "1"),
                ("x-b", "2"),
                ("x-c", "3"),
            ],
            &["x-c: 3"],
        ),
        // What is named alone is nothing, and what is no name neither.
        (&[("connection", "x-a b,\"")], &[]),
        (
            &[("trailer", "x"), ("vary", "te")],
            &["trailer: x", "vary: te"],
        ),
        (&[("te", "gzip")], &[]),
    ];
    for (given, expected) in cases {
        let mut head = head(200, given);
        head.headers.insert(CONTENT_LENGTH, HeaderValue::from(3));
        prepare(&mut head, &Method::GET, &body(3));
        head.headers.remove(CONTENT_LENGTH);
        assert_eq!(fields(&head), expected, "{given:?}");
    }
}

#[test]
fn says_how_long_the_body_is_and_whether_the_head_is_all() {
    let get = Method::GET;
    let head_method = Method::HEAD;
    // Method, status, length given, length of the body; length said, whether the head is all.
    let cases = [
        (&get, 200, None, 3, Some("3"), false),
        (&get, 200, Some("3"), 3, Some("3"), false),
        (&get, 200, None, 0, Some("0"), true),
        (&get, 404, None, 3, Some("3"), false),
        (&get, 204, None, 0, None, true),
        (&get, 204, Some("0"), 0, None, true),
        (&get, 204, None, 3, None, true),
        (&get, 205, None, 0, Some("0"), true),
        (&get, 304, None, 0, None, true),
        (&get, 304, Some("9"), 0, Some("9"), true),
        (&get, 304, None, 3, None, true),
        (&head_method, 200, None, 3, Some("3"), true),
        (&head_method, 200, None, 0, None, true),
        (&head_method, 200, Some("9"), 0, Some("9"), true),
        (&head_method, 204, Some("9"), 0, None, true),
        (&head_method, 304, None, 3, None, true),
    ];
    for (method, status, given, length, said, is_all) in cases {
        let given: Vec<_> = given
            .iter()
            .map(|given| ("content-length", *given))
            .collect();
        let mut head = head(status, &given);
        let ends = prepare(&mut head, method, &body(length));
        let case = format!("{method} {status} {given:?} {length}");
        let length = head.headers.get(CONTENT_LENGTH);
        assert_eq!(
            length.map(|length| length.to_str().unwrap()),
            said,
            "{case}"
        );
        assert_eq!(ends, is_all, "{case}");
    }
}

#[test]
fn a_body_of_unknown_length_has_none_said() {
    let mut head = head(200, &[]);
    assert!(!prepare(&mut head, &Method::GET, &Unknown));
    assert!(fields(&head).is_empty());
}

#[test]
fn trailers_follow_an_empty_body() {
    let trailers = async { Some(Ok(HeaderMap::new())) };
    let body = Empty::<Bytes>::new().with_trailers(Box::pin(trailers));
    assert!(!prepare(&mut head(200, &[]), &Method::GET, &body));
}

#[test]
fn a_1xx_is_no_answer() {
    for status in [100, 101, 103] {
        let mut head = head(status, &[("upgrade", "x"), ("x-a", "1")]);
        assert!(prepare(&mut head, &Method::GET, &body(3)));
        assert_eq!(head.status, 500);
        assert_eq!(fields(&head), ["content-length: 0"]);
    }
}

#[test]
fn dates_what_has_no_date() {
    let mut dated = head(200, &[("date", "Sun, 06 Nov 1994 08:49:37 GMT")]);
    prepare(&mut dated, &Method::GET, &body(1));
    assert_eq!(dated.headers[DATE], "Sun, 06 Nov 1994 08:49:37 GMT");
    let mut undated = head(200, &[]);
    prepare(&mut undated, &Method::GET, &body(1));
    assert_eq!(undated.headers.get_all(DATE).iter().count(), 1);
}

#[test]
fn adds_links_to_a_200_that_has_them_not() {
    let policy = example::policy(
        &[("/a.css", "a"), ("/b.css", "b")],
        &[("/", &[(0, "hint"), (1, "hint")])],
    );
    let request = Request::get("/").body(()).unwrap().into_parts().0;
    let decision = decide(&Situation {
        request: &RequestFacts::of(&request, false),
        stream: StreamFacts::default(),
        connection: ConnectionFacts::new(Version::HTTP_11),
        record: &Record::new(policy),
        rules: &Rules::default(),
    });
    let a = "</a.css>; rel=preload; as=style";
    let b = "</b.css>; rel=preload; as=style";
    let cases: [(u16, &[&str], &[&str]); 7] = [
        (200, &[], &[a, b]),
        (200, &["</c>; rel=icon"], &["</c>; rel=icon", a, b]),
        (
            200,
            &["</b.css>; rel=prefetch"],
            &["</b.css>; rel=prefetch", a],
        ),
        (200, &["<x>, </a.css>;x, <y>"], &["<x>, </a.css>;x, <y>", b]),
        // Another target that ends or begins like it.
        (
            200,
            &["</x/a.css>, </b.css?>"],
            &["</x/a.css>, </b.css?>", a, b],
        ),
        (404, &[], &[]),
        (304, &[], &[]),
    ];
    for (status, own, expected) in cases {
        let own: Vec<_> = own.iter().map(|own| ("link", *own)).collect();
        let mut head = head(status, &own);
        let added = add_links(&mut head, &decision);
        let links: Vec<_> = head.headers.get_all(LINK).iter().collect();
        assert_eq!(links, expected, "{status} {own:?}");
        assert_eq!(added, expected.len() - own.len());
    }
}

#[test]
fn remembers_nothing_where_others_might_read_it() {
    let policy = example::policy(&[("/a.css", "a")], &[]);
    let mut record = Record::new(Arc::clone(&policy));
    record.mark_pushed(&policy, 0);
    let request = Request::get("https://example.com/").body(()).unwrap();
    let facts = RequestFacts::of(&request.into_parts().0, true);
    let later = "Fri, 01 Jan 9999 00:00:00 GMT";
    let cases: [(u16, Fields<'_>, bool); 19] = [
        (200, &[], true),
        (
            200,
            &[("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT")],
            true,
        ),
        (200, &[("cache-control", "no-cache")], true),
        (200, &[("cache-control", "no-store")], true),
        (200, &[("cache-control", "private, max-age=60")], true),
        (
            200,
            &[
                ("cache-control", "max-age=60"),
                ("cache-control", "Private"),
            ],
            true,
        ),
        (
            200,
            &[("cache-control", "max-age=0, must-revalidate")],
            true,
        ),
        (200, &[("cache-control", "max-age=60")], false),
        (
            200,
            &[("cache-control", "max-age=60, no-cache=\"x\"")],
            false,
        ),
        (200, &[("cache-control", "max-age=60, no-cache")], true),
        (200, &[("cache-control", "S-MaxAge=60, max-age=0")], false),
        (200, &[("cache-control", "public, max-age=0")], false),
        (200, &[("cache-control", "Public")], false),
        (200, &[("expires", later)], false),
        (200, &[("expires", "0")], true),
        (
            200,
            &[("expires", later), ("cache-control", "private")],
            true,
        ),
        (404, &[], false),
        (304, &[], false),
        (302, &[], false),
    ];
    for (status, fields, expected) in cases {
        let mut head = head(status, fields);
        add_digest_cookie(&mut head, &facts, &record, &Rules::default());
        let cookies = head.headers.get_all(SET_COOKIE).iter().count();
        assert_eq!(cookies, usize::from(expected), "{status} {fields:?}");
    }
}

#[test]
fn stays_beside_the_cookies_of_the_service() {
    let policy = example::policy(&[("/a.css", "a")], &[]);
    let mut record = Record::new(Arc::clone(&policy));
    record.mark_pushed(&policy, 0);
    let request = Request::get("/").body(()).unwrap().into_parts().0;
    let facts = RequestFacts::of(&request, false);
    let mut head = head(200, &[("set-cookie", "a=b")]);
    add_digest_cookie(&mut head, &facts, &record, &Rules::default());
    let cookies: Vec<_> = head.headers.get_all(SET_COOKIE).iter().collect();
    assert_eq!(cookies.len(), 2);
    assert_eq!(cookies[0], "a=b");
}

/// A body that says nothing of itself.
struct Unknown;

impl http_body::Body for Unknown {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(None)
    }
}

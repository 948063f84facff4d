//! Which requests get pushes, hints and links, and what promises take over from them.

use http::{Request, header};

use super::client::{Client, Received};
use super::frame::*;
use super::raw_client::RawClient;
use super::site::{File, Site, plain, settings};
use crate::connection_info::ConnectionInfo;
use crate::http2::observer::tests::wire::*;

type Fields<'a> = &'a [(&'a str, &'a str)];

const ALL: [&str; 3] = ["/1.css", "/2.css", "/3.css"];

/// What a page came with.
#[derive(Debug, PartialEq, Eq)]
enum With {
    Pushes,
    /// A 103, and the links again.
    Hints,
    Links,
    Nothing,
}
use With::{Hints, Links, Nothing, Pushes};

impl With {
    fn of(page: &Received) -> Self {
        let (pushes, hints, links) = (page.paths(), page.hints(), page.links());
        match (pushes.len(), hints.len(), links.len()) {
            (3, 0, 0) => Pushes,
            (0, 1, 3) if hints[0] == links => Hints,
            (0, 0, 3) => Links,
            (0, 0, 0) => Nothing,
            _ => panic!("{page:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn requests_get_what_suits_them() {
    let table: &[(Fields<'_>, With)] = &[
        (&[], Pushes),
        (&[("accept", "text/html")], Pushes),
        (
            &[
                ("sec-fetch-mode", "navigate"),
                ("sec-fetch-dest", "document"),
            ],
            Pushes,
        ),
        (&[("cookie", "session=1")], Pushes),
        (&[("if-none-match", "\"a\"")], Hints),
        (
            &[("if-modified-since", "Thu, 01 Oct 2026 00:00:00 GMT")],
            Hints,
        ),
        (&[("save-data", "on")], Hints),
        (&[("authorization", "Basic YTpi")], Hints),
        (&[("via", "1.1 proxy")], Hints),
        (&[("x-forwarded-for", "192.0.2.1")], Hints),
        (&[("forwarded", "for=192.0.2.1")], Hints),
        (&[("accept-push-policy", "none")], Hints),
        (&[("expect", "100-continue")], Pushes),
        (&[("sec-purpose", "prefetch")], Links),
        (&[("purpose", "prefetch")], Links),
        (
            &[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")],
            Links,
        ),
        (&[("range", "bytes=0-10")], Nothing),
        (&[("accept", "text/css")], Nothing),
        (
            &[("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty")],
            Nothing,
        ),
    ];
    for (fields, expected) in table {
        let mut client = Client::connect(&Site::plain(), settings()).await;
        let page = client.get_with("/", fields).await;
        assert_eq!((page.status, &*page.body), (200, &b"<html>"[..]));
        assert_eq!(With::of(&page), *expected, "{fields:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn methods_get_what_suits_them() {
    for (method, expected) in [
        ("GET", Pushes),
        ("HEAD", Links),
        ("POST", Nothing),
        ("PUT", Nothing),
        ("OPTIONS", Nothing),
    ] {
        let mut client = Client::connect(&Site::plain(), settings()).await;
        let request = Request::builder().method(method).uri("http://example.com/");
        let page = client.send(request.body(()).unwrap()).await;
        assert_eq!(With::of(&page), expected, "{method}");
    }
}

#[tokio::test(start_paused = true)]
async fn targets_are_those_of_the_policy_as_they_are_spelt() {
    for (target, expected) in [
        ("/", Pushes),
        ("/?", Pushes),
        // Its query does not make another page of it.
        ("/?a=b", Pushes),
        ("/index.html", Nothing),
        ("/%2f", Nothing),
        ("//", Nothing),
        ("/none/", Nothing),
    ] {
        let mut client = Client::connect(&Site::plain(), settings()).await;
        let page = client.get(target).await;
        assert_eq!(With::of(&page), expected, "{target}");
    }
}

#[tokio::test(start_paused = true)]
async fn promises_take_over_what_decides_the_encoding_and_nothing_that_says_who_asks() {
    let site = Site::plain();
    let mut client = Client::connect(&site, settings()).await;
    let taken = [
        ("accept", "text/html"),
        ("accept-encoding", "br, gzip"),
        ("accept-language", "de"),
        ("user-agent", "test"),
    ];
    let left = [
        ("cookie", "session=1"),
        ("dnt", "1"),
        ("referer", "http://example.com/"),
        ("origin", "http://example.com"),
        ("x-api-key", "1"),
        ("sec-fetch-dest", "document"),
        ("upgrade-insecure-requests", "1"),
    ];
    let page = client
        .get_with("/", &[&taken[..], &left[..]].concat())
        .await;
    assert_eq!(page.paths(), ALL);
    for push in &page.pushes {
        let mut fields: Vec<(&str, &str)> = (push.request.headers.iter())
            .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
            .collect();
        fields.sort_unstable();
        assert_eq!(fields, taken);
    }
    // The service saw the same, so that it cannot answer for somebody else.
    for seen in site.seen().iter().filter(|seen| seen.is_promised()) {
        assert_eq!(seen.head.headers, page.pushes[0].request.headers);
    }
}

#[tokio::test(start_paused = true)]
async fn credentials_never_reach_a_promise_even_if_such_pages_push() {
    let site = Site::plain();
    let mut settings = settings();
    settings.rules.push_authorized = true;
    let mut client = Client::connect(&site, settings).await;
    let page = client
        .get_with("/", &[("authorization", "Basic YTpi"), ("cookie", "a=b")])
        .await;
    assert_eq!(page.paths(), ALL);
    for push in &page.pushes {
        assert!(push.request.headers.is_empty(), "{:?}", push.request);
    }
}

#[tokio::test(start_paused = true)]
async fn scheme_and_authority_are_those_of_the_connection_and_the_page() {
    // Whether it came over TLS, what the client says the scheme is, the authority, and the promises'.
    let table = [
        (false, "http", "example.com", Some("http://example.com")),
        (false, "https", "example.com", Some("http://example.com")),
        (true, "https", "example.com", Some("https://example.com")),
        (true, "http", "example.com", Some("https://example.com")),
        (
            true,
            "https",
            "example.com:8443",
            Some("https://example.com:8443"),
        ),
        (true, "https", "EXAMPLE.com", Some("https://EXAMPLE.com")),
        (
            true,
            "https",
            "other.example",
            Some("https://other.example"),
        ),
    ];
    for (secure, scheme, authority, expected) in table {
        let info = ConnectionInfo::new().secure(secure);
        let mut client = Client::connect_with(&Site::plain(), settings(), info, true).await;
        let uri = format!("{scheme}://{authority}/");
        let page = client.send(Request::get(uri).body(()).unwrap()).await;
        assert_eq!(page.pushes.len(), if expected.is_some() { 3 } else { 0 });
        for push in &page.pushes {
            let uri = push.request.uri.to_string();
            let path = push.request.uri.path();
            assert_eq!(uri.strip_suffix(path), expected);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_policy_for_its_own_origins_pushes_to_no_other() {
    for (authority, secure, pushes) in [
        ("example.com", true, 3),
        ("EXAMPLE.COM:443", true, 3),
        ("example.com", false, 0),
        ("example.com:444", true, 0),
        ("evil.example", true, 0),
    ] {
        let mut settings = settings();
        settings.rules.any_authority = false;
        let info = ConnectionInfo::new().secure(secure);
        let mut client = Client::connect_with(&Site::plain(), settings, info, true).await;
        let request = Request::get(format!("https://{authority}/"));
        let page = client.send(request.body(()).unwrap()).await;
        assert_eq!(page.pushes.len(), pushes, "{authority}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_of_no_clear_authority_gets_no_pushes() {
    let table: [(&str, Fields<'_>, usize); 8] = [
        ("example.com", &[], 3),
        ("example.com", &[("host", "example.com")], 3),
        ("", &[("host", "example.com")], 3),
        ("", &[], 0),
        ("example.com", &[("host", "evil.example")], 0),
        ("", &[("host", "example.com"), ("host", "evil.example")], 0),
        ("user@example.com", &[], 0),
        ("", &[("host", "exa mple")], 0),
    ];
    for (authority, fields, pushes) in table {
        let mut client = RawClient::connect(&Site::plain(), settings(), &[]).await;
        let block = fields_of("http", "GET", authority, "/", fields);
        client
            .send(frame(HEADERS, END_HEADERS | END_STREAM, 1, &block))
            .await;
        let frames = client.quiet().await;
        assert_eq!(promised(&frames).len(), pushes, "{authority} {fields:?}");
        assert!(client.is_served());
    }
}

#[tokio::test(start_paused = true)]
async fn authorities_on_one_connection_have_their_own_pushes() {
    let mut client = Client::connect(&Site::plain(), settings()).await;
    for (authority, pushes) in [
        ("a.example", 3),
        ("b.example", 3),
        ("a.example", 0),
        ("b.example", 0),
    ] {
        let request = Request::get(format!("http://{authority}/"));
        let page = client.send(request.body(()).unwrap()).await;
        assert_eq!(page.pushes.len(), pushes, "{authority}");
        for push in &page.pushes {
            assert_eq!(push.request.uri.authority().unwrap(), authority);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_second_page_pushes_what_is_new() {
    let site = Site::plain();
    let mut client = Client::connect(&site, settings()).await;
    assert_eq!(client.get("/").await.paths(), ALL);
    let again = client.get("/").await;
    assert_eq!((again.paths(), again.links()), (vec![], vec![]));
    assert_eq!(client.get("/ab/").await.paths(), ["/4.css"]);
    assert_eq!(client.get("/b/").await.paths(), [""; 0]);
    let asked = site.seen().iter().filter(|seen| seen.is_promised()).count();
    assert_eq!(asked, 4);
}

#[tokio::test(start_paused = true)]
async fn what_the_client_has_asked_for_is_not_pushed() {
    let mut client = Client::connect(&Site::plain(), settings()).await;
    client.get_with("/1.css", &[("accept", "text/css")]).await;
    assert_eq!(client.get("/").await.paths(), ["/2.css", "/3.css"]);
    // A HEAD gives nothing to keep.
    let request = Request::head("http://example.com/4.css").body(()).unwrap();
    client.send(request).await;
    assert_eq!(client.get("/b/").await.paths(), ["/4.css"]);
}

#[tokio::test(start_paused = true)]
async fn two_pages_at_once_push_a_common_asset_once() {
    let site = Site::of(|target| plain(target).after(std::time::Duration::from_millis(10)));
    let mut client = RawClient::connect(&site, settings(), &[]).await;
    client.send([get(1, "/b/"), get(3, "/ab/")].concat()).await;
    let frames = client
        .quiet_for(std::time::Duration::from_millis(500))
        .await;
    // One style sheet of the first page, another of the second.
    assert_eq!(promised(&frames).len(), 2, "{:?}", names(&frames));
    assert!(has_ended(&frames, 1) && has_ended(&frames, 3));
}

#[tokio::test(start_paused = true)]
async fn the_digest_cookie_keeps_pushes_from_the_next_connection() {
    let info = ConnectionInfo::new().secure(true);
    // What other users may be given from a cache cannot have one user's cookie.
    let site = Site::of(|target| match target {
        css if css.ends_with(".css") => File::css(),
        _ => File::html().header("cache-control", "no-cache"),
    });
    let mut client = Client::connect_with(&site, settings(), info, true).await;
    let page = client.get("/").await;
    let cookie = page.headers[header::SET_COOKIE].to_str().unwrap();
    let cookie = cookie.split(';').next().unwrap();
    let mut client = Client::connect_with(&Site::plain(), settings(), info, true).await;
    let request = Request::get("https://example.com/").header("cookie", cookie);
    let page = client.send(request.body(()).unwrap()).await;
    assert_eq!((page.paths(), page.links()), (vec![], vec![]));
    let mut client = Client::connect_with(&Site::plain(), settings(), info, true).await;
    let request = Request::get("https://example.com/ab/").header("cookie", cookie);
    let page = client.send(request.body(()).unwrap()).await;
    assert_eq!(page.paths(), ["/4.css"]);
}

#[tokio::test(start_paused = true)]
async fn redirects_deliver_the_page_they_lead_to_where_that_is_on() {
    // The switch, where it leads to, what it is answered with.
    let table: [(bool, &'static str, u16, &[&str]); 8] = [
        (true, "/b/", 302, &["/4.css"]),
        (true, "http://example.com/b/", 307, &["/4.css"]),
        (true, "../b/", 301, &["/4.css"]),
        (true, "http://evil.example/b/", 302, &[]),
        (true, "//evil.example/b/", 302, &[]),
        (true, "/none/", 302, &[]),
        (true, "/b/", 300, &[]),
        (false, "/b/", 302, &[]),
    ];
    for (is_on, location, status, pushed) in table {
        let site = Site::of(move |target| match target {
            "/old/" => File::html().status(status).header("location", location),
            target => plain(target),
        });
        let mut settings = settings();
        settings.rules.redirects = is_on;
        let mut client = Client::connect(&site, settings).await;
        let answer = client.get("/old/").await;
        assert_eq!(
            (answer.status, answer.paths()),
            (status, pushed.to_vec()),
            "{location}"
        );
        assert_eq!(answer.links(), [""; 0]);
        // And not once more.
        let page = client.get("/b/").await;
        assert_eq!(page.pushes.len(), 1 - pushed.len());
    }
}

//! Clients that mean harm, and policies that would: bounded work, and no way out of the origin.

use std::time::Duration;

use pushgen_policy::Policy;

use super::client::Client;
use super::frame::*;
use super::raw_client::RawClient;
use super::site::{File, Site, many_pages, plain, settings, with_policy};
use crate::ConnectionError;
use crate::http2::observer::tests::wire::*;

fn reason(end: Result<(), ConnectionError>) -> Option<u32> {
    match end {
        Err(ConnectionError::Http2(error)) => error.reason().map(u32::from),
        _ => None,
    }
}

/// CVE-2023-44487.
#[tokio::test(start_paused = true)]
async fn requests_that_are_reset_at_once_end_the_connection_soon() {
    let site = Site::of(|target| plain(target).after(Duration::from_secs(1)));
    let settings = with_policy(many_pages(1000, 4));
    let mut client = RawClient::connect(&site, settings, &[]).await;
    let storm: Vec<u8> = (0..1000)
        .flat_map(|page| {
            let stream = 2 * page + 1;
            [
                get(stream, &format!("/{page}/")),
                rst_stream(stream, CANCEL),
            ]
            .concat()
        })
        .collect();
    client.send(storm).await;
    let frames = client.quiet().await;
    assert_eq!(
        frames.last().unwrap().name(),
        format!("GOAWAY CODE {ENHANCE_YOUR_CALM}")
    );
    assert_eq!((promised(&frames).len(), site.alive()), (0, 0));
    assert!(site.seen().len() <= 200, "{}", site.seen().len());
    assert_eq!(reason(client.end().await), Some(ENHANCE_YOUR_CALM));
}

/// What is reset after it was looked at, h2 does not count.
#[tokio::test(start_paused = true)]
async fn pages_that_are_reset_one_by_one_cost_little() {
    let site = Site::of(|target| plain(target).after(Duration::from_secs(1)));
    let settings = with_policy(many_pages(500, 16));
    let mut client = RawClient::connect(&site, settings, &[]).await;
    for page in 0..500 {
        let stream = 2 * page + 1;
        client.send_at_once(get(stream, &format!("/{page}/"))).await;
        tokio::task::yield_now().await;
        client.send(rst_stream(stream, CANCEL)).await;
        if !client.is_served() {
            break;
        }
    }
    assert_eq!(site.alive(), 0);
    // A page each, and the assets of a few.
    assert!(site.seen().len() <= 500 + 16 * 4, "{}", site.seen().len());
}

#[tokio::test(start_paused = true)]
async fn promises_that_are_reset_cost_little() {
    let site = Site::of(|target| match target {
        css if css.ends_with(".css") => File::of(vec![b'x'; 30_000]),
        _ => File::html(),
    });
    let mut client = RawClient::connect(&site, with_policy(many_pages(100, 2)), &[]).await;
    let mut pushes = 0;
    for page in 0..100 {
        client.send(get(2 * page + 1, &format!("/{page}/"))).await;
        for push in promised(&client.quiet().await) {
            pushes += 1;
            client.send_at_once(rst_stream(push, CANCEL)).await;
        }
    }
    assert!(pushes <= 8, "{pushes}");
    assert!(client.is_served());
}

#[tokio::test(start_paused = true)]
async fn the_budget_of_a_connection_is_kept() {
    let site = Site::plain();
    let settings = with_policy(many_pages(100, 4));
    let most = settings.rules.max_promises;
    let mut client = RawClient::connect(&site, settings, &[]).await;
    client.gives_window = true;
    let mut pushes = 0;
    for page in 0..100 {
        client.send(get(2 * page + 1, &format!("/{page}/"))).await;
        pushes += promised(&client.quiet().await).len();
    }
    assert_eq!(pushes, most as usize);
    assert!(client.is_served());
}

#[tokio::test(start_paused = true)]
async fn digests_and_cookies_of_any_kind_only_ever_keep_pushes_back() {
    let long = "A".repeat(12_000);
    let many = "x=y; ".repeat(2_000);
    let names = ["cache-digest", "cookie"];
    let values = [
        "",
        ";",
        ",",
        ",,,,,,",
        "=",
        "\"",
        "AAAA",
        "AAAA; complete",
        "////",
        "AAAA;;;;",
        "gAAA; complete; stale",
        "%%%%",
        &long,
        &many,
        "__Host-pushgen=////; pushgen=AAAA",
        "pushgen=; pushgen=; pushgen=",
        "pushgen=\"",
    ];
    for name in names {
        for value in values {
            for value in [value.to_owned(), format!("pushgen={value}")] {
                let mut client = RawClient::connect(&Site::plain(), settings(), &[]).await;
                client.send(request(1, "GET", "/", &[(name, &value)])).await;
                let frames = client.quiet().await;
                assert!(has_ended(&frames, 1), "{name}: {value}");
                assert!(promised(&frames).len() <= 3);
                assert!(client.is_served());
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn fields_beyond_the_limit_are_refused_with_a_431() {
    let long = "A".repeat(20_000);
    let block = fields_of("http", "GET", "example.com", "/", &[("cookie", &long)]);
    let (first, second) = block.split_at(16_000);
    let mut client = RawClient::connect(&Site::plain(), settings(), &[]).await;
    let head = frame(HEADERS, END_STREAM, 1, first);
    client
        .send([head, frame(CONTINUATION, END_HEADERS, 1, second)].concat())
        .await;
    let frames = client.quiet().await;
    assert_eq!(names(&frames)[..1], ["HEADERS 1 END"]);
    assert!(client.is_served());
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_continuations_ends_the_connection() {
    let mut client = RawClient::connect(&Site::plain(), settings(), &[]).await;
    let block = fields_of("http", "GET", "example.com", "/", &[]);
    let mut flood = frame(HEADERS, END_STREAM, 1, &block);
    for _ in 0..1000 {
        flood.extend(frame(CONTINUATION, 0, 1, &[]));
    }
    client.send(flood).await;
    client.quiet().await;
    assert_eq!(reason(client.end().await), Some(ENHANCE_YOUR_CALM));
}

#[tokio::test(start_paused = true)]
async fn what_is_against_the_protocol_ends_the_connection_and_nothing_else() {
    let table = [
        ("a promise of the client", push_promise(1, 2)),
        ("ENABLE_PUSH = 2", enable_push(2)),
        ("a window beyond the largest", window_update(0, 0x7fff_ffff)),
        ("an increment of nothing", window_update(0, 0)),
        ("a reset of what was never promised", rst_stream(2, CANCEL)),
        (
            "DATA on what was never promised",
            frame(DATA, 0, 2, b"data"),
        ),
    ];
    for (what, bytes) in table {
        let site = Site::of(|target| plain(target).after(Duration::from_secs(1)));
        let mut client = RawClient::connect(&site, settings(), &[]).await;
        client.send(get(1, "/")).await;
        client.send(bytes).await;
        client.quiet().await;
        let end = client.end().await;
        assert!(
            matches!(end, Err(ConnectionError::Http2(_))),
            "{what}: {end:?}"
        );
        tokio::time::sleep(Duration::from_millis(1)).await;
        assert_eq!(site.alive(), 0, "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn targets_of_any_form_are_answered_by_the_service_and_promise_nothing() {
    for target in [
        "*",
        "/../",
        "/%0d%0aset-cookie:a",
        "//evil.example/",
        "/\\evil.example/",
        "/..%2f",
        "/?<script>",
        "/;",
    ] {
        let mut client = RawClient::connect(&Site::plain(), settings(), &[]).await;
        client.send(request(1, "OPTIONS", target, &[])).await;
        client.send(request(3, "GET", target, &[])).await;
        let frames = client.quiet().await;
        let expected = if target == "/?<script>" { 3 } else { 0 };
        assert!(promised(&frames).len() <= expected, "{target}");
        assert!(client.is_served(), "{target}");
    }
}

/// In HTTP/2 the absolute form is in pseudo-fields; in `:path` it is none.
#[tokio::test(start_paused = true)]
async fn an_absolute_url_as_a_path_is_refused() {
    let mut client = RawClient::connect(&Site::plain(), settings(), &[]).await;
    client
        .send(request(1, "GET", "http://evil.example/", &[]))
        .await;
    let frames = client.quiet().await;
    assert_eq!(promised(&frames), [0u32; 0]);
    assert!(client.is_served());
}

#[tokio::test(start_paused = true)]
async fn no_policy_can_name_what_is_not_on_the_origin() {
    let json = |path: &str| {
        let path = path
            .replace('\\', "\\\\")
            .replace('\r', "\\r")
            .replace('\n', "\\n");
        let content = pushgen_policy::Sha256::of(b"");
        format!(
            r#"{{"$schema": "{}", "version": 1, "generator": "test", "origin": "https://example.com",
            "assets": [{{"path": "{path}", "type": "text/css", "destination": "style",
            "sizes": {{"identity": 1}}, "content": "{content}"}}], "plans": [], "pages": {{}}}}"#,
            pushgen_policy::SCHEMA
        )
    };
    for path in [
        "https://evil.example/a.css",
        "//evil.example/a.css",
        "/\\evil.example/a.css",
        "a.css",
        "",
        "/../a.css",
        "/a/%2e%2e/%2e%2e/b.css",
        "/a\r\nset-cookie: a=b",
        "/a%0d%0aset-cookie:a=b",
        "/a>; rel=preload, <//evil.example/b",
        "/a b.css",
        "/é.css",
        "/a.css#b",
        "/%zz.css",
        "/%00.css",
        "*",
    ] {
        assert!(
            Policy::from_json(json(path).as_bytes()).is_err(),
            "{path:?}"
        );
    }
    assert!(Policy::from_json(json("/a.css").as_bytes()).is_ok());
}

#[tokio::test(start_paused = true)]
async fn many_authorities_on_one_connection_cost_little() {
    let mut client = Client::connect(&Site::plain(), settings()).await;
    let mut pushes = 0;
    for host in 0..200 {
        let uri = format!("http://{host}.example/");
        let page = client.send(http::Request::get(uri).body(()).unwrap()).await;
        assert_eq!(page.status, 200);
        pushes += page.pushes.len();
    }
    assert_eq!(pushes, 8 * 3);
}

//! 103 (Early Hints, RFC 8297): one at most by the policy, before the response, which repeats it.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, Request, header};

use super::client::Client;
use super::frame::*;
use super::raw_client::RawClient;
use super::site::{File, Site, plain, settings};
use crate::body::Body;
use crate::http2::observer::tests::wire::*;
use crate::{EarlyHints, TooLate};

type Fields = &'static [(&'static str, &'static str)];

const BOTH: [&str; 2] = ["/1.css", "/2.css"];

#[tokio::test(start_paused = true)]
async fn a_103_comes_while_the_page_is_made() {
    let site = Site::of(|target| match target {
        "/hint/" => File::html().after(Duration::from_secs(5)),
        target => plain(target),
    });
    let settings = settings();
    let metrics = settings.metrics.clone();
    let mut client = RawClient::connect(&site, settings, &[]).await;
    client.send(get(1, "/hint/")).await;
    assert_eq!(names(&client.quiet().await), ["HEADERS 1"]);
    assert_eq!(metrics.early_hints.get(), 1);
    let rest = client.quiet_for(Duration::from_secs(6)).await;
    assert_eq!(names(&rest), ["HEADERS 1", "DATA 1 END"]);
}

#[tokio::test(start_paused = true)]
async fn a_103_goes_ahead_of_a_page_that_is_there_at_once() {
    for room in [1 << 16, 100] {
        let site = Site::plain();
        let mut client = RawClient::connect_through(room, &site, settings(), &[]).await;
        client.take_writes();
        client.send_at_once(get(1, "/hint/")).await;
        let frames = names(&client.quiet_for(Duration::from_millis(10)).await);
        assert_eq!(frames, ["HEADERS 1", "HEADERS 1", "DATA 1 END"]);
        let mut written = Vec::new();
        let writes = client.take_writes();
        let mut writes = writes.iter();
        let frame = loop {
            written.extend_from_slice(writes.next().unwrap());
            if let Some(frame) = Frame::take(&mut written) {
                break frame;
            }
        };
        assert_eq!(frame.name(), "HEADERS 1");
        assert!(written.is_empty(), "through {room}: {written:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_response_repeats_what_the_103_said() {
    let mut client = Client::connect(&Site::plain(), settings()).await;
    let page = client.get("/hint/").await;
    assert_eq!(
        (page.hints(), page.links()),
        (vec![BOTH.to_vec()], BOTH.to_vec())
    );
    assert!(page.pushes.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_only_some_viewports_ask_for_is_in_no_103() {
    let mut client = Client::connect(&Site::plain(), settings()).await;
    let page = client.get("/wide/").await;
    assert_eq!(
        (page.hints(), page.links()),
        (vec![vec![BOTH[1]]], BOTH.to_vec())
    );
    assert!(page.pushes.is_empty());
}

#[tokio::test(start_paused = true)]
async fn some_requests_have_no_103() {
    let table: [(&str, Fields, usize); 6] = [
        ("GET", &[], 2),
        ("HEAD", &[], 2),
        ("POST", &[], 0),
        ("GET", &[("expect", "100-continue")], 2),
        ("GET", &[("sec-purpose", "prefetch")], 2),
        (
            "GET",
            &[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")],
            2,
        ),
    ];
    for (method, fields, links) in table {
        let mut client = Client::connect(&Site::plain(), settings()).await;
        let mut request = Request::builder()
            .method(method)
            .uri("http://example.com/hint/");
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        let page = client.send(request.body(()).unwrap()).await;
        let has_103 = method == "GET" && fields.is_empty();
        assert_eq!(
            page.early_hints.len(),
            usize::from(has_103),
            "{method} {fields:?}"
        );
        assert_eq!(page.links().len(), links, "{method} {fields:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_that_is_no_200_has_none_unless_it_was_slow() {
    for (delay, hints) in [(Duration::ZERO, 0), (Duration::from_secs(1), 1)] {
        let site = Site::of(move |target| match target {
            "/hint/" => File::html().status(404).after(delay),
            target => plain(target),
        });
        let mut client = Client::connect(&site, settings()).await;
        let page = client.get("/hint/").await;
        assert_eq!((page.status, page.early_hints.len()), (404, hints));
        assert_eq!(page.links(), [""; 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_browser_would_fetch_twice_is_not_hinted() {
    for (file, is_hinted) in [
        (File::css(), true),
        (
            File::css().header("cache-control", "private, max-age=60"),
            true,
        ),
        (File::css().header("cache-control", "no-store"), false),
        (File::css().header("cache-control", "max-age=0"), false),
        (File::css().header("vary", "origin"), false),
        (File::css().status(404), false),
        (File::css().after(Duration::from_secs(60)), false),
    ] {
        let second = file.clone();
        let site = Site::of(move |target| match target {
            "/2.css" => second.clone(),
            target => plain(target),
        });
        let mut client = Client::connect(&site, settings()).await;
        let begun = tokio::time::Instant::now();
        let page = client.get("/hint/").await;
        let expected = if is_hinted { &BOTH[..] } else { &BOTH[..1] };
        assert_eq!(
            (page.hints(), page.links()),
            (vec![expected.to_vec()], expected.to_vec())
        );
        let patience = settings().rules.patience;
        assert!(
            begun.elapsed() <= patience + Duration::from_millis(5),
            "{file:?}"
        );
        assert_eq!(site.alive(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_known_of_an_asset_is_not_asked_for_again() {
    let site = Site::plain();
    let settings = settings();
    let mut client = Client::connect(&site, settings.clone()).await;
    client.get("/hint/").await;
    assert_eq!(site.seen().len(), 3);
    let mut client = Client::connect(&site, settings).await;
    assert_eq!(client.get("/hint/").await.links(), BOTH);
    assert_eq!(site.seen().len(), 4);
}

/// A site whose page sends this many 103s by itself.
fn hinting(times: usize) -> Site {
    Site::handling(move |request: Request<Body>| async move {
        if request.uri().path().ends_with(".css") {
            return File::css().answer().await;
        }
        let hints = request.extensions().get::<EarlyHints>().unwrap();
        for _ in 0..times {
            let link = HeaderValue::from_static("</own>; rel=preconnect");
            hints.send_links([link])?;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        File::html().answer().await
    })
}

#[tokio::test(start_paused = true)]
async fn after_a_handlers_own_103_the_policy_sends_none() {
    let mut client = Client::connect(&hinting(1), settings()).await;
    let page = client.get("/hint/").await;
    assert_eq!(
        (page.hints(), page.links()),
        (vec![vec!["/own"]], BOTH.to_vec())
    );
}

#[tokio::test(start_paused = true)]
async fn a_handler_may_send_several() {
    let mut client = Client::connect(&hinting(3), settings()).await;
    assert_eq!(client.get("/none/").await.hints(), [["/own"]; 3]);
}

#[tokio::test(start_paused = true)]
async fn a_103_without_links_is_none() {
    let site = Site::handling(|request: Request<Body>| async move {
        let hints = request.extensions().get::<EarlyHints>().unwrap();
        hints.send_links([])?;
        File::html().answer().await
    });
    let mut client = Client::connect(&site, settings()).await;
    assert!(client.get("/none/").await.early_hints.is_empty());
}

#[tokio::test(start_paused = true)]
async fn fields_of_a_connection_do_not_go_into_a_103() {
    let site = Site::handling(|request: Request<Body>| async move {
        let mut fields = HeaderMap::new();
        for (name, value) in [
            ("connection", "keep-alive, x-hop"),
            ("keep-alive", "1"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "h2c"),
            ("te", "gzip"),
            ("proxy-connection", "close"),
            ("x-hop", "1"),
            ("content-security-policy", "default-src 'self'"),
        ] {
            fields.insert(name, HeaderValue::from_static(value));
        }
        request
            .extensions()
            .get::<EarlyHints>()
            .unwrap()
            .send(fields)?;
        File::html().answer().await
    });
    let mut client = Client::connect(&site, settings()).await;
    let page = client.get("/none/").await;
    assert_eq!(page.early_hints.len(), 1);
    let names: Vec<_> = page.early_hints[0]
        .keys()
        .map(header::HeaderName::as_str)
        .collect();
    assert_eq!(names, ["content-security-policy"]);
}

/// h2 itself would send it.
#[tokio::test(start_paused = true)]
async fn no_103_goes_out_on_a_stream_that_is_reset_or_answered() {
    for reset in [true, false] {
        let (told, mut outcome) = tokio::sync::mpsc::unbounded_channel();
        let site = Site::handling(move |request: Request<Body>| {
            let told = told.clone();
            async move {
                let hints = request.extensions().get::<EarlyHints>().unwrap().clone();
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    let link = HeaderValue::from_static("</own>; rel=preconnect");
                    told.send(hints.send_links([link])).unwrap();
                });
                let delay = if reset { 2 } else { 0 };
                File::html()
                    .after(Duration::from_secs(delay))
                    .answer()
                    .await
            }
        });
        let mut client = RawClient::connect(&site, settings(), &[]).await;
        client.send(get(1, "/none/")).await;
        client.quiet().await;
        if reset {
            client.send(rst_stream(1, CANCEL)).await;
        }
        assert_eq!(
            names(&client.quiet_for(Duration::from_secs(3)).await),
            [""; 0]
        );
        assert_eq!(outcome.recv().await, Some(Err(TooLate)));
    }
}

#[tokio::test(start_paused = true)]
async fn pushes_that_fail_after_the_103_are_linked() {
    // The one that is pushed turns out unfit, after the other was hinted.
    let site = Site::of(|target| match target {
        "/mixed/" => File::html().after(Duration::from_millis(20)),
        target => plain(target),
    });
    let mut settings = settings();
    settings.rules.push_ahead = None;
    let mut client = RawClient::connect(&site, settings, &[]).await;
    client.send(get(1, "/mixed/")).await;
    assert_eq!(names(&client.quiet().await), ["HEADERS 1"]);
    client.send(enable_push(0)).await;
    let frames = client.quiet_for(Duration::from_secs(1)).await;
    assert_eq!(names(&frames), ["HEADERS 1", "DATA 1 END"]);
}

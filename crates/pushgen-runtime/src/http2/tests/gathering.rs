//! Responses to what a 103 hinted wait for those before them in the plan, for a moment.

use std::time::Duration;

use tokio::time::Instant;

use super::frame::*;
use super::raw_client::RawClient;
use super::site::{File, Site, painted};
use crate::builder::Settings;
use crate::http2::gathering::GATHER_MAX;
use crate::http2::observer::tests::wire::*;

const MS: Duration = Duration::from_millis(1);
const SIZE: usize = 40_000;
const NOTHING: [u32; 0] = [];

const STYLE: &str = "/page.css";
const SCRIPT: &str = "/main.js";
const IMAGE: &str = "/hero.jpg";

/// As Chromium asks for it.
fn ask(stream: u32, target: &str) -> Vec<u8> {
    let priority = match target {
        STYLE | "/" => "u=0",
        SCRIPT => "u=1",
        _ => "u=3, i",
    };
    request(stream, "GET", target, &[("priority", priority)])
}

/// Everything is as large, except the page.
fn site() -> Site {
    Site::of(|target| match target {
        "/" => File::html(),
        _ => File::of(vec![b'x'; SIZE]),
    })
}

/// A client that has the page and its 103.
async fn connect(site: &Site) -> RawClient {
    connect_with(site, painted()).await
}

async fn connect_with(site: &Site, settings: Settings) -> RawClient {
    let own = [(INITIAL_WINDOW_SIZE, 1 << 20)];
    let mut client = RawClient::connect_through(1 << 22, site, settings, &own).await;
    client.send_at_once(window_update(0, 1 << 24)).await;
    client.send_at_once(ask(1, "/")).await;
    let frames = names(&client.quiet_for(10 * MS).await);
    assert_eq!(frames, ["HEADERS 1", "HEADERS 1", "DATA 1 END"]);
    client
}

/// The streams of DATA, each once, in the order in which they ended.
fn ended(frames: &[Frame]) -> Vec<u32> {
    let data = frames.iter().filter(|frame| frame.kind == DATA);
    let last = data.filter(|frame| frame.ends_stream());
    last.map(|frame| frame.stream).collect()
}

/// The stream of the first DATA.
fn first(frames: &[Frame]) -> Option<u32> {
    let mut data = frames.iter().filter(|frame| frame.kind == DATA);
    data.next().map(|frame| frame.stream)
}

#[tokio::test(start_paused = true)]
async fn what_is_asked_for_last_comes_first_if_the_plan_says_so() {
    let (image, script, style) = (ask(3, IMAGE), ask(5, SCRIPT), ask(7, STYLE));
    let site = site();

    let mut client = connect(&site).await;
    let begun = Instant::now();
    let all = [&*image, &script, &style].concat();
    client.send_at_once(all).await;
    let frames = client.quiet().await;
    assert_eq!((first(&frames), ended(&frames)), (Some(7), vec![7, 5, 3]));
    assert!(begun.elapsed() <= 2 * MS);

    let mut client = connect(&site).await;
    for request in [image, script] {
        client.send(request).await;
        let frames = client.now().await;
        assert_eq!(frames.len(), 1, "the fields go at once: {frames:?}");
        assert_eq!(frames[0].kind, HEADERS);
    }
    client.send_at_once(style).await;
    let frames = client.quiet().await;
    assert_eq!((first(&frames), ended(&frames)), (Some(7), vec![7, 5, 3]));
    assert_eq!(client.unfinished(), NOTHING);
}

#[tokio::test(start_paused = true)]
async fn one_that_is_asked_for_alone_waits_no_longer_than_the_limit() {
    for (target, most, least) in [
        (IMAGE, GATHER_MAX + MS, GATHER_MAX),
        (SCRIPT, GATHER_MAX + MS, GATHER_MAX),
        // Nothing goes before it.
        (STYLE, Duration::ZERO, Duration::ZERO),
    ] {
        let mut client = connect(&site()).await;
        let begun = Instant::now();
        client.send_at_once(ask(3, target)).await;
        while client.next().await.unwrap().kind != DATA {}
        let waited = begun.elapsed();
        assert!(least <= waited && waited <= most, "{target}: {waited:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn after_the_limit_nobody_waits() {
    let mut client = connect(&site()).await;
    client.send_at_once(ask(3, IMAGE)).await;
    client.quiet_for(GATHER_MAX + MS).await;
    client.send_at_once(ask(5, SCRIPT)).await;
    assert_eq!(ended(&client.quiet().await), [5]);
}

#[tokio::test(start_paused = true)]
async fn later_requests_do_not_put_the_limit_off() {
    let mut client = connect(&site()).await;
    let begun = Instant::now();
    client.send(ask(3, IMAGE)).await;
    tokio::time::sleep(2 * MS).await;
    client.send_at_once(ask(5, SCRIPT)).await;
    while client.next().await.unwrap().kind != DATA {}
    assert!(begun.elapsed() <= GATHER_MAX + MS);
    let frames = client.quiet().await;
    assert_eq!(ended(&frames), [5, 3]);
}

#[tokio::test(start_paused = true)]
async fn what_was_not_hinted_waits_for_nothing() {
    let mut client = connect(&site()).await;
    client.send_at_once(ask(3, IMAGE)).await;
    client.send_at_once(ask(5, "/other.jpg")).await;
    client.send_at_once(ask(7, "/other/")).await;
    let frames = client.quiet().await;
    assert_eq!(ended(&frames), [5, 7]);
    // Also not for a response that waits.
    let frames = client.quiet_for(GATHER_MAX).await;
    assert_eq!(ended(&frames), [3]);
}

#[tokio::test(start_paused = true)]
async fn a_page_does_not_wait_with_what_it_hints() {
    let site = Site::of(|target| match target {
        "/" => File::html().after(20 * MS),
        _ => File::of(vec![b'x'; SIZE]),
    });
    let mut client = RawClient::connect(&site, painted(), &[]).await;
    client.send(ask(1, "/")).await;
    assert_eq!(names(&client.now().await), ["HEADERS 1"]);
    tokio::time::sleep(16 * MS).await;
    client.send_at_once(ask(3, IMAGE)).await;
    // The page is there 3 ms later, the image may be sent 5 ms later.
    let frames = client.quiet_for(4 * MS).await;
    assert_eq!(first(&frames), Some(1), "{:?}", names(&frames));
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_a_response_that_is_over_or_late() {
    let at_once = 2 * MS;
    let table = [
        ("no body", File::of(""), at_once),
        ("no file", File::of("").status(404), at_once),
        ("late", File::css().after(30 * MS), GATHER_MAX + MS),
    ];
    for (what, style, most) in table {
        let settings = painted();
        // It was fit to be hinted when it was looked at last.
        let mut earlier = RawClient::connect(&site(), settings.clone(), &[]).await;
        earlier.send(ask(1, "/")).await;
        let site = Site::of(move |target| match target {
            "/" => File::html(),
            STYLE => style.clone(),
            _ => File::of(vec![b'x'; SIZE]),
        });
        let mut client = connect_with(&site, settings).await;
        let begun = Instant::now();
        client.send_at_once(ask(3, SCRIPT)).await;
        client.send_at_once(ask(5, STYLE)).await;
        loop {
            let frame = client.next().await.unwrap();
            if frame.kind == DATA && frame.stream == 3 {
                break;
            }
        }
        assert!(begun.elapsed() <= most, "{what}: {:?}", begun.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn streams_that_are_reset_hold_nobody_and_leave_nothing() {
    let mut client = connect(&site()).await;
    let begun = Instant::now();
    client.send(ask(3, IMAGE)).await;
    client.send(ask(5, SCRIPT)).await;
    client.send(rst_stream(3, CANCEL)).await;
    client.send(rst_stream(5, CANCEL)).await;
    client.send_at_once(ask(7, STYLE)).await;
    assert_eq!(ended(&client.quiet().await), [7]);
    assert!(begun.elapsed() < GATHER_MAX + MS);
    let held = client.held().await;
    assert!(
        held.is_idle && !held.has_streams && !held.has_turns,
        "{held:?}"
    );
    assert_eq!(held.outstanding, 0);

    // The style sheet is given up while its body is awaited.
    let site = Site::of(|target| match target {
        "/" => File::html(),
        STYLE => File::css().after(4 * MS),
        _ => File::of(vec![b'x'; SIZE]),
    });
    let mut client = connect(&site).await;
    let begun = Instant::now();
    client.send(ask(3, SCRIPT)).await;
    client.send(ask(5, STYLE)).await;
    client.send_at_once(rst_stream(5, CANCEL)).await;
    assert_eq!(ended(&client.quiet().await), [3]);
    assert!(begun.elapsed() < GATHER_MAX, "{:?}", begun.elapsed());
    assert!(client.held().await.is_idle);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_asks_for_nothing_is_not_waited_for_for_ever() {
    let mut client = connect(&site()).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    client.send_at_once(ask(3, IMAGE)).await;
    assert_eq!(ended(&client.quiet().await), [3]);
    assert!(client.held().await.is_idle);
}

#[tokio::test(start_paused = true)]
async fn each_103_is_gathered_for() {
    let mut client = connect(&site()).await;
    client.send(ask(3, IMAGE)).await;
    // The client has the image, so two are left to hint.
    client.send_at_once(ask(5, "/")).await;
    let frames = client.quiet().await;
    assert_eq!(first(&frames), Some(5));
    client.send(ask(7, SCRIPT)).await;
    client.send_at_once(ask(9, STYLE)).await;
    let frames = client.quiet_for(GATHER_MAX).await;
    assert_eq!(ended(&frames), [9, 7, 3]);
}

//! Flow control (RFC 9113, section 5.2): a page gets window before its pushes do.

use std::time::Duration;

use super::frame::*;
use super::raw_client::RawClient;
use super::site::{File, Piece, Pieces, Site, settings};
use crate::http2::observer::tests::wire::*;

/// A site of large files.
fn large(page: usize, asset: usize) -> Site {
    Site::of(move |target| {
        let length = if target.ends_with(".css") {
            asset
        } else {
            page
        };
        File::of(vec![b'x'; length])
    })
}

#[tokio::test(start_paused = true)]
async fn a_page_is_sent_whatever_its_pushes_have() {
    // The client's limit of pushes, the window of streams.
    for (limit, window) in [
        (0, 65_535),
        (1, 65_535),
        (3, 65_535),
        (3, 1 << 20),
        (100, 40_000),
    ] {
        let own = [
            (MAX_CONCURRENT_STREAMS, limit),
            (INITIAL_WINDOW_SIZE, window),
        ];
        let mut client = RawClient::connect(&large(20_000, 70_000), settings(), &own).await;
        client.send(get(1, "/")).await;
        let frames = client.quiet().await;
        let sent = data_of(&frames, 1);
        assert!(
            has_ended(&frames, 1),
            "limit {limit}, window {window}: {sent}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_goes_on_when_the_pushes_have_used_the_window_up() {
    // All that the connection has but the reserve goes to pushes while the page has nothing to send.
    let site = Site::of(|target| match target {
        css if css.ends_with(".css") => File::of(vec![b'x'; 70_000]),
        _ => File::in_pieces(Pieces::new([
            Piece::Data("<head>".into()),
            Piece::Wait(Duration::from_secs(1)),
            Piece::Data("<body>".into()),
        ])),
    });
    let own = [(INITIAL_WINDOW_SIZE, 1 << 20)];
    let mut client = RawClient::connect(&site, settings(), &own).await;
    client.send(get(1, "/")).await;
    let frames = client.quiet().await;
    let pushed: usize = [2, 4, 6].iter().map(|push| data_of(&frames, *push)).sum();
    assert!(pushed > 40_000 && pushed < 65_535 - 16_000, "{pushed}");
    let frames = client.quiet_for(Duration::from_secs(2)).await;
    assert_eq!((data_of(&frames, 1), has_ended(&frames, 1)), (6, true));
}

#[tokio::test(start_paused = true)]
async fn streams_without_window_have_heads_and_no_data() {
    let own = [(INITIAL_WINDOW_SIZE, 0)];
    let mut client = RawClient::connect(&large(10, 10), settings(), &own).await;
    client.send(get(1, "/")).await;
    let frames = client.quiet().await;
    assert!(frames.iter().all(|frame| frame.kind != DATA));
    for stream in [1, 2, 4, 6] {
        let head = format!("HEADERS {stream}");
        assert!(names(&frames).contains(&head), "{:?}", names(&frames));
    }
    // One byte at a time, on whichever stream.
    for stream in [4, 1, 6, 1] {
        client.send(window_update(stream, 1)).await;
        assert_eq!(names(&client.quiet().await), [format!("DATA {stream}")]);
    }
    // All at once.
    client.send(settings_of_window(100)).await;
    let frames = client.quiet().await;
    for stream in [1, 2, 4, 6] {
        assert!(has_ended(&frames, stream), "{:?}", names(&frames));
    }
}

#[tokio::test(start_paused = true)]
async fn the_bytes_of_a_connections_window_go_to_the_page_first() {
    let own = [(INITIAL_WINDOW_SIZE, 1 << 20)];
    let mut client = RawClient::connect(&large(100_000, 10_000), settings(), &own).await;
    client.send(get(1, "/")).await;
    client.quiet().await;
    for _ in 0..5 {
        client.send(window_update(0, 1)).await;
        assert_eq!(names(&client.quiet().await), ["DATA 1"]);
    }
    client.gives_window = true;
    client.send(window_update(0, 65_535)).await;
    client.quiet().await;
    assert_eq!(client.unfinished(), [0u32; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_window_that_is_lowered_below_what_is_sent_stops_nothing_else() {
    let mut client = RawClient::connect(&large(60_000, 10), settings(), &[]).await;
    client.send(get(1, "/b/")).await;
    client.send(settings_of_window(10)).await;
    client.quiet().await;
    client.send(window_update(0, 1 << 20)).await;
    client.send(get(3, "/4.css")).await;
    let frames = client.quiet().await;
    assert!(has_ended(&frames, 3), "{:?}", names(&frames));
}

#[tokio::test(start_paused = true)]
async fn responses_that_get_no_window_are_given_up_in_time() {
    // A window for the connection and none for the stream, and the other way about.
    for (of_stream, of_page) in [(0, 10), (1 << 20, 200_000)] {
        let own = [(INITIAL_WINDOW_SIZE, of_stream)];
        let site = large(of_page, 10);
        let mut client = RawClient::connect(&site, settings(), &own).await;
        client.send(request(1, "GET", "/other", &[])).await;
        client.send(request(3, "GET", "/other", &[])).await;
        client.quiet().await;
        let stall = settings().timeouts.write_stall;
        let frames = client.quiet_for(stall * 2).await;
        let mut names = names(&frames);
        names.sort();
        assert_eq!(names, ["RST 1 CODE 8", "RST 3 CODE 8"], "{of_stream}");
        let held = client.held().await;
        assert_eq!((held.has_turns, held.outstanding), (false, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn responses_that_wait_for_others_are_not_given_up() {
    // The first takes longer than the limit, byte by byte.
    let own = [(INITIAL_WINDOW_SIZE, 1 << 20)];
    let mut client = RawClient::connect(&large(65_535 + 20, 10), settings(), &own).await;
    client.send(request(1, "GET", "/other", &[])).await;
    client.send(request(3, "GET", "/4.css", &[])).await;
    let stall = settings().timeouts.write_stall;
    let mut frames = client.quiet().await;
    for _ in 0..20 {
        tokio::time::sleep(stall / 2).await;
        client.send(window_update(0, 1)).await;
        frames.extend(client.quiet().await);
    }
    client.send(window_update(0, 1 << 20)).await;
    frames.extend(client.quiet().await);
    assert!(
        has_ended(&frames, 1) && has_ended(&frames, 3),
        "{:?}",
        names(&frames)
    );
}

fn settings_of_window(window: u32) -> Vec<u8> {
    super::super::observer::tests::wire::settings(&[(INITIAL_WINDOW_SIZE, window)])
}

//! A page's head, its pushes, its rest: in this order, whatever the bodies do, and no longer than a pause.

use std::time::Duration;

use pushgen_policy::{Coding, Policy, wire};
use tokio::time::Instant;

use super::frame::*;
use super::raw_client::{RawClient, beginning};
use super::site::{File, Piece, Pieces, Site, policy, settings, with_policy};
use crate::LoadedPolicy;
use crate::builder::Settings;
use crate::connection_info::ConnectionInfo;
use crate::http2::observer::tests::wire::*;
use crate::http2::pause::PAUSE_MAX;

const MS: Duration = Duration::from_millis(1);
const PAGE: usize = 30_000;
/// More than two frames, and not a whole number of them.
const STYLE: usize = 40_000;

/// Pages with these heads.
fn with_head(head: &[(Coding, u64)]) -> Settings {
    let mut wire = wire::Policy::from(policy().policy());
    for target in ["/", "/b/"] {
        let page = wire.pages.get_mut(target).unwrap();
        page.head = head.iter().copied().collect();
    }
    let policy = Policy::try_from(wire).unwrap();
    with_policy(LoadedPolicy::new(policy, []).into())
}

/// Pages and style sheets that are the same everywhere.
fn site(page: File, style: File) -> Site {
    Site::of(move |target| match target.ends_with(".css") {
        true => style.clone(),
        false => page.clone(),
    })
}

fn bytes(count: usize) -> Piece {
    Piece::Data(vec![b'x'; count].into())
}

/// A client that never runs out of window.
async fn connect(room: usize, site: &Site, settings: Settings) -> RawClient {
    let own = [(INITIAL_WINDOW_SIZE, 1 << 20)];
    let mut client = RawClient::connect_through(room, site, settings, &own).await;
    client.send(window_update(0, 1 << 24)).await;
    client
}

/// Streams with bytes of DATA, frames of one stream that follow each other as one.
fn sent(frames: &[Frame]) -> Vec<(u32, usize)> {
    let mut sent: Vec<(u32, usize)> = Vec::new();
    for frame in frames.iter().filter(|frame| frame.kind == DATA) {
        match sent.last_mut() {
            Some((last, bytes)) if *last == frame.stream => *bytes += frame.payload.len(),
            _ if frame.payload.is_empty() => {}
            _ => sent.push((frame.stream, frame.payload.len())),
        }
    }
    sent
}

#[tokio::test(start_paused = true)]
async fn a_page_is_divided_at_the_head_of_its_coding() {
    let head = [
        (Coding::Identity, 2310),
        (Coding::Gzip, 901),
        (Coding::Br, 20_000),
    ];
    let whole = || Pieces::of(vec![b'x'; PAGE]);
    let pieces = |sizes: &[usize]| Pieces::new(sizes.iter().copied().map(bytes));
    let waiting =
        |first: usize| Pieces::new([bytes(first), Piece::Wait(5 * MS), bytes(PAGE - first)]);
    // The coding, the body, what goes before the pushes.
    let table = [
        ("identity", whole(), 2310),
        ("gzip", whole(), 901),
        ("br", whole(), 20_000),
        // Nothing is said of these: the server's own choice.
        ("zstd", whole(), 4096),
        ("gzip, br", whole(), 4096),
        ("identity", pieces(&[1; PAGE]), 2310),
        ("identity", pieces(&[2000, 1000, 27_000]), 2310),
        ("identity", pieces(&[2310, 27_690]), 2310),
        ("br", waiting(19_999), 20_000),
        ("br", waiting(20_000), 20_000),
        ("br", waiting(20_001), 20_000),
        ("br", waiting(0), 20_000),
    ];
    for (number, (coding, body, before)) in table.into_iter().enumerate() {
        // Whether the client reads at once or the writer is blocked all the time.
        for room in [1 << 22, 5000] {
            let page = File::in_pieces(body.clone()).header("content-encoding", coding);
            let site = site(page, File::of(vec![b'x'; STYLE]));
            let mut client = connect(room, &site, with_head(&head)).await;
            client.send_at_once(get(1, "/")).await;
            let frames = client.quiet_for(100 * MS).await;
            let expected = [
                (1, before),
                (2, STYLE),
                (4, STYLE),
                (6, STYLE),
                (1, PAGE - before),
            ];
            assert_eq!(sent(&frames), expected, "row {number}, room {room}");
            assert_eq!(client.unfinished(), [0u32; 0]);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_service_says_of_its_own_encoding_overrides_the_policy() {
    let policy = [(Coding::Identity, 2310), (Coding::Gzip, 901)];
    // The coding, the service's word, what goes before the pushes.
    for (coding, said, before) in [
        ("gzip", 777, 777),
        ("identity", 777, 777),
        ("zstd", 20_000, 20_000),
        ("gzip, br", 5, 5),
        ("gzip", 0, 0),
        ("gzip", 1 << 40, PAGE),
    ] {
        let page = File::of(vec![b'x'; PAGE]).header("content-encoding", coding);
        let site = site(page.document_head(said), File::of(vec![b'x'; STYLE]));
        let mut client = connect(1 << 22, &site, with_head(&policy)).await;
        client.send_at_once(get(1, "/b/")).await;
        let frames = client.quiet_for(100 * MS).await;
        let expected = [(1, before), (2, STYLE), (1, PAGE - before)];
        let expected = expected.into_iter().filter(|(_, bytes)| *bytes > 0);
        assert_eq!(sent(&frames), expected.collect::<Vec<_>>(), "{coding}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_that_ends_before_its_head_does_goes_first_as_a_whole() {
    for (head, page) in [(PAGE, PAGE), (PAGE + 1, PAGE), (1 << 30, PAGE), (5, 0)] {
        let page = File::of(vec![b'x'; page]);
        let site = site(page, File::of(vec![b'x'; STYLE]));
        let settings = with_head(&[(Coding::Identity, head as u64)]);
        let mut client = connect(5000, &site, settings).await;
        client.send_at_once(get(1, "/b/")).await;
        let frames = client.quiet_for(100 * MS).await;
        let mut expected = vec![(1, PAGE), (2, STYLE)];
        if head == 5 {
            expected.remove(0);
        }
        assert_eq!(sent(&frames), expected, "{head}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_push_that_is_read_from_a_disk_keeps_its_turn() {
    let page = File::of(vec![b'x'; PAGE]);
    // Each piece takes a moment, the first one too.
    let pieces = (0..3).flat_map(|_| [Piece::Wait(MS), bytes(STYLE)]);
    let style = File::in_pieces(Pieces::new(pieces)).header("content-length", "120000");
    let site = site(page, style);
    for room in [1 << 22, 5000] {
        let settings = with_head(&[(Coding::Identity, 2310)]);
        let mut client = connect(room, &site, settings).await;
        client.send_at_once(get(1, "/b/")).await;
        let frames = client.quiet_for(100 * MS).await;
        let expected = [(1, 2310), (2, 3 * STYLE), (1, PAGE - 2310)];
        assert_eq!(sent(&frames), expected, "room {room}");
    }
}

#[tokio::test(start_paused = true)]
async fn pushes_without_data_hold_the_rest_of_a_page_up_no_longer_than_a_pause() {
    let stutters = (0..20).flat_map(|_| [Piece::Wait(5 * MS), bytes(50)]);
    // What a style sheet does, and the longest that the page may take.
    let table = [
        (Pieces::new([Piece::Hang]), PAUSE_MAX),
        (Pieces::new([bytes(100), Piece::Hang]), PAUSE_MAX),
        (Pieces::new(stutters), PAUSE_MAX),
        (Pieces::new([Piece::Fail]), Duration::ZERO),
    ];
    for (number, (body, most)) in table.into_iter().enumerate() {
        let style = File::in_pieces(body).header("content-length", "1000");
        let site = site(File::of(vec![b'x'; PAGE]), style);
        let settings = with_head(&[(Coding::Identity, 2310)]);
        let mut client = connect(1 << 22, &site, settings).await;
        let begun = Instant::now();
        client.send_at_once(get(1, "/")).await;
        let mut frames = Vec::new();
        while !has_ended(&frames, 1) {
            assert!(begun.elapsed() <= most + 3 * MS, "row {number}");
            frames.extend(client.quiet().await);
        }
        assert_eq!(data_of(&frames, 1), PAGE);
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_does_not_wait_for_pushes_without_window() {
    // Streams have 3000 bytes, which is enough for the page alone.
    let site = site(File::of(vec![b'x'; 3000]), File::of(vec![b'x'; STYLE]));
    let settings = with_head(&[(Coding::Identity, 1000)]);
    let own = [(INITIAL_WINDOW_SIZE, 3000)];
    let mut client = RawClient::connect(&site, settings, &own).await;
    let begun = Instant::now();
    client.send_at_once(get(1, "/b/")).await;
    let frames = client.quiet().await;
    assert_eq!(sent(&frames), [(1, 1000), (2, 3000), (1, 2000)]);
    assert!(begun.elapsed() <= 2 * MS);
}

#[tokio::test(start_paused = true)]
async fn pushes_wait_for_a_head_that_does_not_come_no_longer_than_a_pause() {
    let page = File::in_pieces(Pieces::new([
        bytes(2000),
        Piece::Wait(500 * MS),
        bytes(PAGE - 2000),
    ]));
    let site = site(page, File::of(vec![b'x'; STYLE]));
    let settings = with_head(&[(Coding::Identity, 2310)]);
    let mut client = connect(1 << 22, &site, settings).await;
    client.send_at_once(get(1, "/b/")).await;
    let frames = client.quiet_for(PAUSE_MAX + 2 * MS).await;
    assert_eq!(sent(&frames), [(1, 2000), (2, STYLE)]);
    let frames = client.quiet_for(600 * MS).await;
    assert_eq!(sent(&frames), [(1, PAGE - 2000)]);
}

#[tokio::test(start_paused = true)]
async fn frames_are_small_at_first_where_they_become_records() {
    let site = site(File::of(vec![b'x'; 1 << 19]), File::css());
    let lengths = async |client: &mut RawClient, stream| {
        client.send_at_once(get(stream, "/other")).await;
        let frames = client.quiet_for(100 * MS).await;
        let data = frames.into_iter().filter(|frame| frame.kind == DATA);
        data.map(|frame| frame.payload.len()).collect::<Vec<_>>()
    };
    for is_secure in [false, true] {
        let info = ConnectionInfo::new().secure(is_secure);
        let mut client = RawClient::begin(1 << 22, &site, settings(), info);
        client
            .send(beginning(&[(INITIAL_WINDOW_SIZE, 1 << 24)]))
            .await;
        client.send(window_update(0, 1 << 24)).await;
        client.quiet().await;
        for (stream, pause, is_new) in [
            (1, MS, true),
            (3, MS, false),
            (5, Duration::from_secs(2), true),
        ] {
            tokio::time::sleep(pause).await;
            let lengths = lengths(&mut client, stream).await;
            assert_eq!(lengths.iter().sum::<usize>(), 1 << 19);
            assert!(lengths.contains(&16_384));
            if !is_secure || !is_new {
                assert_eq!(lengths[0], 16_384, "{stream}");
                continue;
            }
            let mut sent = 0;
            for length in lengths {
                assert!(length <= (sent / 8).max(1370), "{length} after {sent}");
                sent += length;
            }
        }
    }
}

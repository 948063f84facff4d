//! Time limits, and the end of connections (RFC 9113, sections 6.7, 6.8 and 9.1).

use std::time::Duration;

use super::frame::*;
use super::raw_client::{RawClient, beginning};
use super::site::{File, Piece, Pieces, Site, many_pages, plain, settings, with_policy};
use crate::ConnectionError;
use crate::builder::Settings;
use crate::connection_error::Timeout;
use crate::connection_info::ConnectionInfo;
use crate::http2::observer::tests::wire::*;

const SECOND: Duration = Duration::from_secs(1);

fn slow() -> Site {
    Site::of(|target| match target {
        "/slow" => File::html().after(5 * SECOND),
        "/never" => File::html().after(Duration::from_secs(1_000_000)),
        "/large" => File::of(vec![b'x'; 60_000]),
        target => plain(target),
    })
}

fn is_timeout(end: Result<(), ConnectionError>, timeout: Timeout) -> bool {
    matches!(end, Err(ConnectionError::Timeout(of)) if of == timeout)
}

#[tokio::test(start_paused = true)]
async fn a_client_that_says_nothing_is_not_waited_for() {
    let client = RawClient::begin(1 << 16, &slow(), settings(), ConnectionInfo::new());
    let begun = tokio::time::Instant::now();
    assert!(is_timeout(client.end().await, Timeout::FirstBytes));
    assert_eq!(
        begun.elapsed().as_secs(),
        settings().timeouts.first_bytes.as_secs()
    );
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_read_is_not_waited_for() {
    // In the middle of DATA, and with promises that are not written.
    for (target, room) in [("/large", 1 << 10), ("/", 40)] {
        let site = slow();
        let mut settings = settings();
        let pushes = settings.metrics.clone();
        settings.timeouts.write_stall = 7 * SECOND;
        let mut client = RawClient::connect_through(room, &site, settings, &[]).await;
        client.send(get(1, target)).await;
        client.send(get(3, "/never")).await;
        let begun = tokio::time::Instant::now();
        assert!(
            is_timeout(client.end().await, Timeout::WriteStall),
            "{target}"
        );
        assert_eq!(begun.elapsed().as_secs(), 6);
        // Nothing runs on, and the last push has nobody to go to.
        tokio::time::sleep(SECOND).await;
        assert_eq!(site.alive(), 0);
        assert_eq!(pushes.promises.get(), if target == "/" { 3 } else { 0 });
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_slowly_is_waited_for() {
    let mut settings = settings();
    settings.timeouts.write_stall = 7 * SECOND;
    let mut client = RawClient::connect_through(1 << 10, &slow(), settings, &[]).await;
    client.send(get(1, "/large")).await;
    let mut frames = Vec::new();
    for _ in 0..30 {
        tokio::time::sleep(6 * SECOND).await;
        frames.extend(client.next().await);
    }
    frames.extend(client.quiet().await);
    assert_eq!((data_of(&frames, 1), has_ended(&frames, 1)), (60_000, true));
}

/// Promises go out one by one between the frames of others, and until then nothing is read.
#[tokio::test(start_paused = true)]
async fn a_client_that_reads_slowly_is_waited_for_while_promises_wait() {
    let mut settings = with_keep_alive();
    settings.timeouts.write_stall = 7 * SECOND;
    let room = 1 << 10;
    let mut client = RawClient::connect_through(room, &slow(), settings, &[]).await;
    client.send(get(1, "/large")).await;
    client.send(get(3, "/")).await;
    let begun = tokio::time::Instant::now();
    let frames = client.slowly(room, 2 * SECOND).await;
    assert!(begun.elapsed() > 100 * SECOND);
    assert_eq!((data_of(&frames, 1), has_ended(&frames, 1)), (60_000, true));
    assert_eq!(promised(&frames), [2, 4, 6]);
    assert!(client.is_served());
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_ends() {
    let idle = settings().timeouts.idle;
    let mut client = RawClient::connect(&slow(), settings(), &[]).await;
    tokio::time::sleep(idle - SECOND).await;
    // It begins anew with the end of each response.
    client.send(get(1, "/slow")).await;
    client.quiet_for(6 * SECOND).await;
    client.send(get(3, "/")).await;
    client.quiet().await;
    let begun = tokio::time::Instant::now();
    // First the announcement, and after the client's answer to it the last word.
    let frames = client.quiet_for(2 * idle).await;
    let expected = ["GOAWAY CODE 0", "PING", "GOAWAY CODE 0"];
    assert_eq!(frames.iter().map(Frame::name).collect::<Vec<_>>(), expected);
    assert_eq!(frames[0].number(0), 0x7fff_ffff);
    assert_eq!(frames[2].number(0), 3);
    assert!(client.end().await.is_ok());
    assert!(begun.elapsed() < idle + SECOND);
}

#[tokio::test(start_paused = true)]
async fn an_idle_client_that_answers_nothing_ends_all_the_same() {
    let mut client = RawClient::connect(&slow(), settings(), &[]).await;
    client.answers_pings = false;
    let begun = tokio::time::Instant::now();
    client.quiet_for(10 * settings().timeouts.idle).await;
    assert!(client.end().await.is_ok());
    let limit = settings().timeouts.idle + settings().timeouts.shutdown;
    assert!(begun.elapsed() >= limit);
}

#[tokio::test(start_paused = true)]
async fn a_connection_with_a_response_in_progress_is_not_idle() {
    let mut client = RawClient::connect(&slow(), settings(), &[]).await;
    client.send(get(1, "/never")).await;
    client.quiet_for(10 * settings().timeouts.idle).await;
    assert!(client.is_served());
    // Nor is one with a push.
    let site = Site::of(|target| match target {
        "/4.css" => {
            let pieces = [
                Piece::Wait(Duration::from_secs(1000)),
                Piece::Data("late".into()),
            ];
            File::in_pieces(Pieces::new(pieces)).header("content-length", "4")
        }
        target => plain(target),
    });
    let mut client = RawClient::connect(&site, settings(), &[]).await;
    client.send(get(1, "/b/")).await;
    let frames = client.quiet_for(Duration::from_secs(999)).await;
    assert!(has_ended(&frames, 1) && !has_ended(&frames, 2));
    assert!(client.is_served());
    assert!(has_ended(&client.quiet_for(2 * SECOND).await, 2));
}

fn with_keep_alive() -> Settings {
    let mut settings = settings();
    settings.timeouts.keep_alive = Some(10 * SECOND);
    settings.timeouts.keep_alive_answer = 5 * SECOND;
    settings
}

#[tokio::test(start_paused = true)]
async fn a_silent_client_is_asked_whether_it_is_there() {
    let mut client = RawClient::connect(&slow(), with_keep_alive(), &[]).await;
    client.send(get(1, "/never")).await;
    let mut pings = 0;
    for _ in 0..20 {
        pings += client.quiet_for(10 * SECOND).await.len();
    }
    assert!((18..=21).contains(&pings), "{pings}");
    assert!(client.is_served());
    client.answers_pings = false;
    let begun = tokio::time::Instant::now();
    assert!(is_timeout(client.end().await, Timeout::KeepAlive));
    assert!(begun.elapsed() <= 16 * SECOND, "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_waits_for_what_is_in_progress() {
    let settings = settings();
    let shutdown = settings.shutdown.clone();
    let mut client = RawClient::connect(&slow(), settings, &[]).await;
    client.send(get(1, "/slow")).await;
    shutdown.begin();
    tokio::time::sleep(Duration::from_millis(1)).await;
    // A request that was on its way is answered as well.
    client.send_at_once(get(3, "/b/")).await;
    let frames = client.quiet_for(6 * SECOND).await;
    assert!(
        has_ended(&frames, 1) && has_ended(&frames, 3),
        "{:?}",
        names(&frames)
    );
    assert_eq!(promised(&frames), [0u32; 0]);
    assert_eq!(frames.last().unwrap().name(), "DATA 1 END");
    assert!(client.end().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_waits_no_longer_than_its_limit() {
    for (target, ends_well) in [("/never", false), ("/4.css", true)] {
        let site = slow();
        let settings = settings();
        let (shutdown, limit) = (settings.shutdown.clone(), settings.timeouts.shutdown);
        let mut client = RawClient::connect(&site, settings, &[]).await;
        client.send(get(1, target)).await;
        client.quiet().await;
        client.answers_pings = false;
        shutdown.begin();
        let begun = tokio::time::Instant::now();
        let end = client.end().await;
        assert_eq!(begun.elapsed().as_secs(), limit.as_secs());
        // What is not answered is an error; a client that says no goodbye is none.
        assert_eq!(end.is_ok(), ends_well);
        assert!(ends_well || is_timeout(end, Timeout::Shutdown));
        tokio::time::sleep(SECOND).await;
        assert_eq!(site.alive(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_before_the_first_request_ends_the_connection() {
    let settings = settings();
    settings.shutdown.begin();
    let mut client = RawClient::begin(1 << 16, &slow(), settings, ConnectionInfo::new());
    client.send(beginning(&[])).await;
    client.quiet_for(SECOND).await;
    assert!(client.end().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn pages_that_wait_to_promise_when_the_server_shuts_down_are_answered_without() {
    // The first page's promises are not written, and the others wait for them.
    let settings = with_policy(many_pages(10, 2));
    let shutdown = settings.shutdown.clone();
    let mut client = RawClient::connect_through(64, &slow(), settings, &[]).await;
    let pages: Vec<u8> = (0..10)
        .flat_map(|page| get(2 * page + 1, &format!("/{page}/")))
        .collect();
    client.send(pages).await;
    shutdown.begin();
    tokio::time::sleep(Duration::from_millis(1)).await;
    let frames = client.quiet_for(SECOND).await;
    assert_eq!(promised(&frames).len(), 2);
    for page in 0..10 {
        assert!(has_ended(&frames, 2 * page + 1), "{:?}", names(&frames));
    }
    assert!(client.end().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn pages_that_wait_to_promise_when_the_connection_breaks_end() {
    let site = slow();
    let settings = with_policy(many_pages(10, 2));
    let mut client = RawClient::connect_through(64, &site, settings, &[]).await;
    let pages: Vec<u8> = (0..10)
        .flat_map(|page| get(2 * page + 1, &format!("/{page}/")))
        .collect();
    client.send(pages).await;
    client.hang_up().await;
    assert_eq!(site.alive(), 0);
    // Corked, the server hears of it when it may read again.
    client.quiet().await;
    client.end().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_clients_goaway_ends_the_connection_after_what_is_in_progress() {
    let mut client = RawClient::connect(&slow(), settings(), &[]).await;
    client.send([get(1, "/slow"), goaway(0, 0)].concat()).await;
    let frames = client.quiet_for(6 * SECOND).await;
    assert!(has_ended(&frames, 1));
    assert!(client.end().await.is_ok());
}

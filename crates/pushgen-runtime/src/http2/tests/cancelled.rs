//! Cancelled pages and pushes: whatever a client resets, and whenever, nothing is kept for it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::Request;

use super::frame::*;
use super::raw_client::RawClient;
use super::site::{File, Piece, Pieces, Site, many_pages, plain, settings, with_policy};
use crate::body::Body;
use crate::builder::Settings;
use crate::http2::observer::tests::wire::*;
use crate::{Pusher, Rules};

/// Numbers that look random and are the same in every run (xorshift).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// However many pushes a client cancels, it gets more.
fn never_tired() -> Settings {
    let mut settings = settings();
    settings.rules = Rules {
        max_promises: u32::MAX,
        max_pushed_bytes: u64::MAX,
        max_cancels: u32::MAX,
        ..Rules::default()
    };
    settings
}

/// Each page pushes two large files that nobody has yet.
fn pushing_site() -> Site {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    Site::handling(|request: Request<Body>| async move {
        let path = request.uri().path().to_owned();
        if path == "/large" {
            return File::of(vec![b'x'; 60_000]).answer().await;
        }
        if let Some(pusher) = request.extensions().get::<Pusher>()
            && path == "/page"
        {
            for _ in 0..2 {
                let target = format!("/pushed?{}", NEXT.fetch_add(1, Ordering::Relaxed));
                let _ = pusher.push(&target).await;
            }
            return File::of(vec![b'x'; 2_000]).answer().await;
        }
        File::of(vec![b'x'; 5_000]).answer().await
    })
}

async fn serves_as_on_the_first_day(client: &mut RawClient, site: &Site, stream: u32) {
    client.gives_window = true;
    let held = client.held().await;
    // Each reset by either side gives back its share of the window, so that a large file fits.
    assert_eq!((held.slots, held.waiting, held.outstanding), (0, 0, 0));
    assert!(!held.has_turns && held.is_idle, "{held:?}");
    assert_eq!(site.alive(), 0);
    client.send(get(stream, "/large")).await;
    let frames = client.quiet().await;
    assert_eq!(
        (data_of(&frames, stream), has_ended(&frames, stream)),
        (60_000, true)
    );
    assert!(client.is_served());
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_cancelled_pages_leave_nothing_behind() {
    let site = pushing_site();
    let mut numbers = Numbers(0x5eed);
    let mut client = RawClient::connect(&site, never_tired(), &[]).await;
    client.gives_window = true;
    let (mut stream, mut promises) = (1, 0);
    for round in 0..10_000 {
        client.send_at_once(get(stream, "/page")).await;
        let mut pushes = Vec::new();
        // At any moment: before anything, between promise and head, between head and end, after it.
        for _ in 0..numbers.below(20) {
            tokio::task::yield_now().await;
            pushes.extend(promised(&client.now().await));
        }
        promises += pushes.len();
        if numbers.below(2) == 0 {
            for push in &pushes {
                client.send_at_once(rst_stream(*push, CANCEL)).await;
            }
        }
        if numbers.below(3) > 0 {
            client.send_at_once(rst_stream(stream, CANCEL)).await;
        }
        if round % 10 == 0 {
            promises += promised(&client.quiet().await).len();
            assert!(client.is_served(), "round {round}");
        }
        stream += 2;
    }
    client.quiet().await;
    assert!(promises > 5_000, "{promises}");
    serves_as_on_the_first_day(&mut client, &site, stream).await;
}

#[tokio::test(start_paused = true)]
async fn pages_cancelled_behind_a_blocked_writer_leave_nothing_behind() {
    let site = pushing_site();
    let mut numbers = Numbers(0xb10c);
    let mut client = RawClient::connect_through(600, &site, never_tired(), &[]).await;
    client.gives_window = true;
    let mut stream = 1;
    for _ in 0..300 {
        for _ in 0..=numbers.below(8) {
            client.send_at_once(get(stream, "/page")).await;
            for _ in 0..numbers.below(8) {
                let next = tokio::time::timeout(Duration::from_micros(10), client.next());
                if let Ok(Some(frame)) = next.await
                    && let Some(push) = frame.promised()
                    && numbers.below(4) == 0
                {
                    client.send_at_once(rst_stream(push, CANCEL)).await;
                }
            }
            let of_any = stream - 2 * numbers.below(u64::from(stream / 2).clamp(1, 10)) as u32;
            client.send_at_once(rst_stream(of_any, CANCEL)).await;
            stream += 2;
        }
        client.quiet().await;
    }
    serves_as_on_the_first_day(&mut client, &site, stream).await;
}

#[tokio::test(start_paused = true)]
async fn a_push_can_be_cancelled_at_any_moment() {
    // After so many frames of a page with one push.
    for frames in 0..12 {
        let site = Site::of(|target| match target {
            "/b/" => File::html().after(Duration::from_millis(5)),
            _ => File::of(vec![b'x'; 40_000]),
        });
        let mut client = RawClient::connect_through(100, &site, settings(), &[]).await;
        client.send_at_once(get(1, "/b/")).await;
        let mut push = None;
        for _ in 0..frames {
            let next = tokio::time::timeout(Duration::from_secs(1), client.next());
            let Ok(Some(frame)) = next.await else { break };
            push = push.or(frame.promised());
        }
        let Some(push) = push else { continue };
        client.send(rst_stream(push, CANCEL)).await;
        let frames = client.quiet_for(Duration::from_secs(1)).await;
        let went_on = frames.iter().filter(|frame| frame.stream == push).count();
        assert!(went_on <= 3, "{:?}", names(&frames));
        assert_eq!(client.unfinished(), [0u32; 0]);
        let held = client.held().await;
        assert_eq!(
            (held.has_streams, held.slots, held.has_turns),
            (false, 0, false)
        );
        assert_eq!(site.alive(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn pages_that_are_given_up_have_no_assets_asked_for_in_the_end() {
    let site = Site::of(|target| plain(target).after(Duration::from_secs(1)));
    let mut settings = with_policy(many_pages(20, 4));
    settings.rules.max_cancels = 3;
    let mut client = RawClient::connect(&site, settings, &[]).await;
    for page in 0..20 {
        client.send(get(2 * page + 1, &format!("/{page}/"))).await;
        client.send(rst_stream(2 * page + 1, CANCEL)).await;
        assert_eq!(site.alive(), 0);
    }
    let seen = site.seen();
    let asked = seen.iter().filter(|seen| seen.is_promised()).count();
    let pages = seen.len() - asked;
    assert_eq!((pages, asked), (20, 3 * 4));
}

#[tokio::test(start_paused = true)]
async fn a_disconnect_ends_every_handler_and_body() {
    // While handlers run, while bodies are sent, while promises wait for a blocked writer.
    for (delay, room) in [(10, 1 << 16), (0, 1 << 16), (0, 100)] {
        let site = Site::of(move |target| {
            let body = Pieces::new([Piece::Data(vec![b'x'; 9_000].into()), Piece::Hang]);
            let file = if target.ends_with(".css") {
                File::in_pieces(body).header("content-length", "10000")
            } else {
                File::in_pieces(body)
            };
            file.after(Duration::from_secs(delay))
        });
        let mut client = RawClient::connect_through(room, &site, settings(), &[]).await;
        client.send(get(1, "/")).await;
        client.send(get(3, "/ab/")).await;
        client.hang_up().await;
        if room == 100 {
            // What is corked does not hear of it, and ends as a client that does not read.
            assert!(client.is_served());
            tokio::time::sleep(settings().timeouts.write_stall).await;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert_eq!(site.alive(), 0, "{delay} {room}");
        assert!(!client.is_served());
    }
}

//! Promises on the wire: their order, and where there are none (RFC 9113, sections 5.1.1, 6.6 and 8.4).

use std::time::Duration;

use super::frame::*;
use super::raw_client::{RawClient, beginning};
use super::site::{File, Piece, Pieces, Site, many_pages, plain, settings, with_policy};
use crate::Rules;
use crate::builder::Settings;
use crate::connection_info::ConnectionInfo;
use crate::http2::observer::tests::wire::*;

const LATER: Duration = Duration::from_secs(1);

/// With no budget for a connection, and no more than so many pushes at once.
fn without_budget(settings: Settings, at_once: u32) -> Settings {
    let mut settings = settings;
    settings.rules.max_promises = u32::MAX;
    settings.rules.max_pushed_bytes = u64::MAX;
    settings.limits.max_concurrent_pushes = at_once;
    settings
}

#[tokio::test(start_paused = true)]
async fn fifty_pages_at_once_have_all_their_promises_in_order() {
    for room in [64, 1 << 10, 1 << 20] {
        let site = Site::plain();
        let settings = without_budget(with_policy(many_pages(50, 4)), 1000);
        let mut client = RawClient::connect_through(room, &site, settings, &[]).await;
        let pages: Vec<u8> = (0..50)
            .flat_map(|page| get(2 * page + 1, &format!("/{page}/")))
            .collect();
        client.send_at_once(pages).await;
        // The strict client minds the order.
        let frames = client.quiet_for(LATER).await;
        assert_eq!(promised(&frames).len(), 200, "through {room}");
        assert_eq!(client.unfinished(), [0u32; 0]);
        let held = client.held().await;
        assert_eq!((held.has_streams, held.slots, held.waiting), (false, 0, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn fifty_pages_at_once_behind_a_blocked_writer_have_their_promises_in_order() {
    let site = Site::of(|target| match target {
        "/large" => File::of(vec![b'x'; 60_000]),
        target => plain(target),
    });
    let settings = without_budget(with_policy(many_pages(50, 4)), 1000);
    let mut client = RawClient::connect_through(1 << 10, &site, settings, &[]).await;
    client.send(get(1, "/large")).await;
    let pages: Vec<u8> = (0..50)
        .flat_map(|page| get(2 * page + 3, &format!("/{page}/")))
        .collect();
    client.send(pages).await;
    client.gives_window = true;
    let frames = client.quiet_for(LATER).await;
    // What could not be promised while pages waited was linked.
    assert!(!promised(&frames).is_empty());
    assert_eq!(client.unfinished(), [0u32; 0]);
    assert!(!client.held().await.has_streams);
}

#[tokio::test(start_paused = true)]
async fn promises_come_before_the_head_of_their_page() {
    let mut client = RawClient::connect(&Site::plain(), settings(), &[]).await;
    client.send(get(1, "/")).await;
    let mut frames = names(&client.quiet().await);
    let head = frames.iter().position(|name| name == "HEADERS 1").unwrap();
    let data = frames.split_off(head);
    let in_any_order = |mut names: Vec<String>| {
        names.sort();
        names
    };
    let expected = ["HEADERS 2", "HEADERS 4", "HEADERS 6"];
    let promises = ["PROMISE 2 ON 1", "PROMISE 4 ON 1", "PROMISE 6 ON 1"];
    assert_eq!(in_any_order(frames), [expected, promises].concat());
    let expected = [
        "DATA 1 END",
        "DATA 2 END",
        "DATA 4 END",
        "DATA 6 END",
        "HEADERS 1",
    ];
    assert_eq!(in_any_order(data), expected);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_promised_for_a_page_that_the_client_has_reset() {
    // While the page's assets are asked for, or while the promises wait for the page.
    for (page, asset) in [(LATER, Duration::ZERO), (Duration::ZERO, LATER / 100)] {
        let site = Site::of(move |target| {
            let delay = if target.ends_with(".css") {
                asset
            } else {
                page
            };
            plain(target).after(delay)
        });
        let mut settings = settings();
        settings.rules.push_ahead = None;
        let mut client = RawClient::connect(&site, settings, &[]).await;
        client.send(get(1, "/")).await;
        assert!(site.alive() > 0);
        client.send(rst_stream(1, CANCEL)).await;
        assert_eq!(site.alive(), 0);
        assert_eq!(names(&client.quiet_for(2 * LATER).await), [""; 0]);
        assert!(!client.held().await.has_streams);
    }
}

/// In one segment, so that the reset is known before anything can be promised.
#[tokio::test(start_paused = true)]
async fn nothing_is_promised_for_a_page_that_is_reset_as_soon_as_it_is_asked_for() {
    let site = Site::plain();
    let mut client = RawClient::connect(&site, settings(), &[]).await;
    client
        .send([get(1, "/"), rst_stream(1, CANCEL)].concat())
        .await;
    assert_eq!(promised(&client.quiet().await), [0u32; 0]);
    assert_eq!(site.alive(), 0);
    assert!(!client.held().await.has_streams);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_promised_after_the_clients_goaway() {
    let site = Site::of(|target| plain(target).after(LATER / 100));
    let mut client = RawClient::connect(&site, settings(), &[]).await;
    client.send(get(1, "/")).await;
    client.send(goaway(0, 0)).await;
    let frames = client.quiet_for(LATER).await;
    assert_eq!(promised(&frames), [0u32; 0]);
    assert!(has_ended(&frames, 1), "{:?}", names(&frames));
    assert!(client.end().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn nothing_is_promised_once_the_server_shuts_down() {
    let site = Site::of(|target| plain(target).after(LATER / 100));
    let settings = settings();
    let shutdown = settings.shutdown.clone();
    let mut client = RawClient::connect(&site, settings, &[]).await;
    client.send(get(1, "/")).await;
    shutdown.begin();
    let frames = client.quiet_for(LATER).await;
    assert_eq!(promised(&frames), [0u32; 0]);
    assert!(has_ended(&frames, 1), "{:?}", names(&frames));
    assert!(client.end().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn nothing_is_promised_beyond_the_clients_limit() {
    // The limit, and how many pushes there are: a part of a plan alone gains nothing.
    for (limit, pushes) in [(0, 0), (1, 0), (2, 0), (3, 3), (100, 3), (u32::MAX, 3)] {
        let own = [(MAX_CONCURRENT_STREAMS, limit)];
        let mut client = RawClient::connect(&Site::plain(), settings(), &own).await;
        client.send(get(1, "/")).await;
        let frames = client.quiet().await;
        assert_eq!(promised(&frames).len(), pushes, "at most {limit}");
        assert_eq!(client.unfinished(), [0u32; 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_without_room_for_its_pushes_takes_none_from_the_next() {
    // Pushes stay open, since their streams have no window.
    let own = [(MAX_CONCURRENT_STREAMS, 4), (INITIAL_WINDOW_SIZE, 0)];
    let mut client = RawClient::connect(&Site::plain(), settings(), &own).await;
    client.send(get(1, "/")).await;
    assert_eq!(promised(&client.quiet().await), [2, 4, 6]);
    client.send(get(3, "/ab/")).await;
    // One of its two is carried already, and there is room for the other.
    assert_eq!(promised(&client.quiet().await), [8]);
    client.send(rst_stream(2, CANCEL)).await;
    assert_eq!(client.held().await.slots, 3);
}

#[tokio::test(start_paused = true)]
async fn a_limit_that_is_lowered_holds_for_the_next_page() {
    let own = [(MAX_CONCURRENT_STREAMS, 10), (INITIAL_WINDOW_SIZE, 0)];
    let mut client = RawClient::connect(&Site::plain(), settings(), &own).await;
    client.send(get(1, "/")).await;
    assert_eq!(promised(&client.quiet().await), [2, 4, 6]);
    client.send(limit(3)).await;
    client.send(get(3, "/b/")).await;
    assert_eq!(promised(&client.quiet().await), [0u32; 0]);
    client.send(limit(4)).await;
    client.send(get(5, "/b/")).await;
    // Room does not help what was given up; the next page has it.
    let frames = client.quiet().await;
    assert_eq!(promised(&frames), [8], "{:?}", names(&frames));
}

/// For h2, a frame on a promised stream that waits for room is an error of the connection.
#[tokio::test(start_paused = true)]
async fn frames_on_promised_streams_do_not_end_the_connection_at_the_limit() {
    for most in [1, 3] {
        for on_push in [rst_stream(2, CANCEL), window_update(2, 1000)] {
            let page = if most == 1 { "/b/" } else { "/" };
            let own = [(MAX_CONCURRENT_STREAMS, most), (INITIAL_WINDOW_SIZE, 0)];
            let mut client = RawClient::connect(&Site::plain(), settings(), &own).await;
            client.send(get(1, page)).await;
            assert_eq!(promised(&client.quiet().await).len(), most as usize);
            // The limit sinks to nothing while the pushes are open.
            client.send([limit(0), on_push].concat()).await;
            client.send(window_update(1, 1000)).await;
            let frames = client.quiet().await;
            assert!(has_ended(&frames, 1), "{:?}", names(&frames));
            assert!(client.is_served());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn no_promise_follows_the_acknowledgement_that_pushes_are_disabled() {
    let site = Site::of(|target| match target {
        "/large" => File::of(vec![b'x'; 60_000]),
        target => plain(target),
    });
    let settings = without_budget(with_policy(many_pages(20, 3)), 1000);
    let mut client = RawClient::connect_through(1 << 10, &site, settings, &[]).await;
    // Nothing can be written, promises wait in h2, and then they are forbidden.
    client.send(get(1, "/large")).await;
    let pages: Vec<u8> = (0..20)
        .flat_map(|page| get(2 * page + 3, &format!("/{page}/")))
        .collect();
    client.send(pages).await;
    client.send(enable_push(0)).await;
    client.gives_window = true;
    let frames = client.quiet_for(LATER).await;
    // The strict client minds promises after the acknowledgement.
    let names: Vec<_> = frames.iter().map(Frame::name).collect();
    assert!(names.iter().any(|name| name == "SETTINGS ACK"));
    assert_eq!(client.unfinished(), [0u32; 0]);
    for page in 0..20 {
        assert!(has_ended(&frames, 2 * page + 3), "page {page}: {names:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn pushes_are_off_and_on_as_the_client_says() {
    let settings = with_policy(many_pages(4, 2));
    let mut client = RawClient::connect(&Site::plain(), settings, &[(ENABLE_PUSH, 0)]).await;
    for (page, (enabled, pushes)) in [(0, 0), (1, 2), (0, 0), (1, 2)].into_iter().enumerate() {
        client.send(enable_push(enabled)).await;
        client
            .send(get(2 * page as u32 + 1, &format!("/{page}/")))
            .await;
        assert_eq!(promised(&client.quiet().await).len(), pushes, "page {page}");
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_promised_before_the_clients_settings() {
    let site = Site::plain();
    let mut client = RawClient::begin(1 << 16, &site, settings(), ConnectionInfo::new());
    // The settings that a client must begin with say nothing in the same segment's first frame.
    client
        .send([beginning(&[(ENABLE_PUSH, 0)]), get(1, "/")].concat())
        .await;
    let frames = client.quiet().await;
    assert_eq!(promised(&frames), [0u32; 0]);
    assert!(has_ended(&frames, 1));
}

/// A body that panics lets go of its stream while the promise may be unwritten.
#[tokio::test(start_paused = true)]
async fn every_promise_comes_to_an_end() {
    let endings: [fn() -> Pieces; 4] = [
        || Pieces::new([Piece::Panic]),
        || Pieces::new([Piece::Fail]),
        || Pieces::new([Piece::Data("0123".into()), Piece::Fail]),
        || Pieces::of(""),
    ];
    for room in [32, 1 << 16] {
        for ending in endings {
            let site = Site::of(move |target| {
                if target.ends_with(".css") {
                    File::in_pieces(ending()).header("content-length", "10")
                } else {
                    File::html()
                }
            });
            let mut client = RawClient::connect_through(room, &site, settings(), &[]).await;
            client.send(get(1, "/")).await;
            let frames = client.quiet().await;
            assert_eq!(promised(&frames), [2, 4, 6]);
            assert!(has_ended(&frames, 1));
            assert_eq!(client.unfinished(), [0u32; 0], "{:?}", names(&frames));
            let held = client.held().await;
            assert_eq!((held.slots, held.has_turns), (0, false));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_pushes_of_a_page_that_the_client_gives_up_stop() {
    let site = Site::of(|target| match target {
        "/" => File::in_pieces(Pieces::new([Piece::Data("<html>".into()), Piece::Hang])),
        _ => File::of(vec![b'x'; 100_000]),
    });
    let mut client = RawClient::connect(&site, settings(), &[]).await;
    client.send(get(1, "/")).await;
    let frames = client.quiet().await;
    assert_eq!(promised(&frames), [2, 4, 6]);
    client.send(rst_stream(1, CANCEL)).await;
    let frames = names(&client.quiet().await);
    assert_eq!(frames, ["RST 2 CODE 8", "RST 4 CODE 8", "RST 6 CODE 8"]);
    let held = client.held().await;
    assert_eq!(
        (held.slots, held.has_turns, held.outstanding),
        (0, false, 0)
    );
}

#[tokio::test(start_paused = true)]
async fn a_client_that_cancels_pushes_gets_no_more_of_them() {
    let site = Site::of(|target| match target {
        css if css.ends_with(".css") => File::of(vec![b'x'; 100_000]),
        _ => File::html(),
    });
    let mut settings = with_policy(many_pages(10, 2));
    settings.rules = Rules {
        max_cancels: 3,
        ..Rules::default()
    };
    let mut client = RawClient::connect(&site, settings, &[]).await;
    let mut pushes = Vec::new();
    for page in 0..5 {
        client.send(get(2 * page + 1, &format!("/{page}/"))).await;
        let promises = promised(&client.quiet().await);
        for push in &promises {
            client.send(rst_stream(*push, CANCEL)).await;
        }
        pushes.push(promises.len());
    }
    assert_eq!(pushes, [2, 2, 0, 0, 0]);
    assert_eq!(client.held().await.slots, 0);
}

/// h2 stops at the second PING, because it cannot write the answer to the first. The reset behind it is
/// read and not acted on; when it is, the page's promises are the next in the same poll.
#[tokio::test(start_paused = true)]
async fn nothing_is_promised_for_a_page_whose_reset_h2_has_not_acted_on() {
    let site = Site::of(|target| match target {
        "/large" => File::of(vec![b'x'; 30_000]),
        target => plain(target).after(LATER / 100),
    });
    let mut client = RawClient::connect_through(1 << 10, &site, settings(), &[]).await;
    client.send(get(1, "/large")).await;
    client.send(get(3, "/")).await;
    let ping = frame(PING, 0, 0, &[0; 8]);
    client
        .send([&ping[..], &ping, &rst_stream(3, CANCEL)].concat())
        .await;
    tokio::time::sleep(LATER).await;
    let frames = client.quiet().await;
    assert_eq!(promised(&frames), [0u32; 0]);
    assert_eq!((data_of(&frames, 1), site.alive()), (30_000, 0));
    client.send(get(5, "/")).await;
    assert_eq!(promised(&client.quiet_for(LATER / 10).await).len(), 3);
    let held = client.held().await;
    assert_eq!((held.has_streams, held.slots, held.waiting), (false, 0, 0));
}

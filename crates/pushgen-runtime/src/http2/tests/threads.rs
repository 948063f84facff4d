//! Many pages on several threads: whatever order tasks run in, every response comes to its end.

use std::time::Duration;

use super::frame::*;
use super::raw_client::{RawClient, beginning};
use super::site::{File, Site, many_pages, plain, with_policy};
use crate::connection_info::ConnectionInfo;
use crate::http2::observer::tests::wire::*;

const PAGES: u32 = 30;

async fn every_page_ends(room: usize, cancels: bool) {
    let site = Site::of(|target| match target {
        css if css.ends_with(".css") => File::of(vec![b'x'; 3_000]),
        target => plain(target),
    });
    let mut settings = with_policy(many_pages(PAGES as usize, 3));
    settings.rules.max_cancels = u32::MAX;
    let mut client = RawClient::begin(room, &site, settings, ConnectionInfo::new());
    client.gives_window = true;
    client.send_at_once(beginning(&[])).await;
    for page in 0..PAGES {
        client
            .send_at_once(get(2 * page + 1, &format!("/{page}/")))
            .await;
    }
    // All of the client's own streams are begun, so that the last to end is the end.
    let mut promises = 0;
    while !client.unfinished().is_empty() {
        let frame = client.next().await.expect("the connection goes on");
        if let Some(push) = frame.promised() {
            promises += 1;
            if cancels && push % 8 == 0 {
                client.send_at_once(rst_stream(push, CANCEL)).await;
            }
            if cancels && push % 14 == 0 {
                client.send_at_once(rst_stream(frame.stream, CANCEL)).await;
            }
        }
    }
    assert!(promises > 0);
    client.hang_up().await;
    client.end().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_wake_up_is_lost() {
    let mut connections = tokio::task::JoinSet::new();
    for connection in 0..40 {
        let room = [100, 1 << 10, 1 << 16][connection % 3];
        connections.spawn(every_page_ends(room, connection % 2 == 1));
    }
    let all = async {
        while let Some(ended) = connections.join_next().await {
            ended.unwrap();
        }
    };
    let limit = Duration::from_secs(120);
    tokio::time::timeout(limit, all)
        .await
        .expect("every response");
}

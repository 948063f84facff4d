//! Clients that do not go on. Time is tokio's and stands still unless all wait.

use std::time::Duration;

use http::Response;
use http_body_util::BodyExt;
use pushgen_runtime::{Builder, ConnectionError, Timeout, Timeouts};
use tokio::time::{Instant, sleep};

use crate::support::{Serving, connect, full, service, site};

/// How long a connection lasted that began with `begun`, and how it ended.
async fn end(serving: Serving, begun: Instant) -> (u64, Option<Timeout>) {
    let end = serving.await.unwrap();
    let timeout = end.err().map(|error| match error {
        ConnectionError::Timeout(timeout) => timeout,
        other => panic!("{other:?}"),
    });
    // Timers tick in milliseconds.
    (begun.elapsed().as_secs(), timeout)
}

#[tokio::test(start_paused = true)]
async fn a_first_request_must_come_in_time() {
    for begun in ["", "G", "GET / HTTP/1.1\r\nHost: a\r\n"] {
        let now = Instant::now();
        let (mut client, serving) = connect(&Builder::new(), site());
        client.send(begun).await;
        assert_eq!(end(serving, now).await, (10, Some(Timeout::FirstBytes)));
    }
}

#[tokio::test(start_paused = true)]
async fn bytes_now_and_then_do_not_help() {
    let now = Instant::now();
    let (mut client, serving) = connect(&Builder::new(), site());
    client.get("/").await;
    let trickle = tokio::spawn(async move {
        client.send("GET / HTTP/1.1\r\nX: ").await;
        loop {
            sleep(Duration::from_secs(3)).await;
            client.send("x").await;
        }
    });
    assert_eq!(end(serving, now).await, (10, Some(Timeout::FirstBytes)));
    trickle.abort();
}

#[tokio::test(start_paused = true)]
async fn a_connection_without_requests_ends_quietly() {
    let now = Instant::now();
    let (mut client, serving) = connect(&Builder::new(), site());
    for _ in 0..3 {
        client.get("/").await;
        sleep(Duration::from_secs(100)).await;
    }
    assert_eq!(client.rest().await, "");
    assert_eq!(end(serving, now).await, (320, None));
}

#[tokio::test(start_paused = true)]
async fn a_further_request_must_come_in_time_once_it_has_begun() {
    let now = Instant::now();
    let (mut client, serving) = connect(&Builder::new(), site());
    client.get("/").await;
    sleep(Duration::from_secs(50)).await;
    client.send("G").await;
    assert_eq!(end(serving, now).await, (60, Some(Timeout::FirstBytes)));
}

#[tokio::test(start_paused = true)]
async fn a_service_may_take_its_time() {
    let slow = service(|_| async {
        sleep(Duration::from_secs(1000)).await;
        Ok(Response::new(full("late")))
    });
    let (mut client, _serving) = connect(&Builder::new(), slow);
    assert_eq!(client.get("/").await.1, "late");
}

#[tokio::test(start_paused = true)]
async fn a_client_may_take_its_time_with_content() {
    let (mut client, _serving) = connect(&Builder::new(), site());
    client
        .send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n")
        .await;
    client.head().await;
    for part in ["a", "b", "c"] {
        sleep(Duration::from_secs(1000)).await;
        client.send(part).await;
        client.until(part).await;
    }
    assert_eq!(client.get("/").await.1, "/");
}

#[tokio::test(start_paused = true)]
async fn content_may_come_after_the_response() {
    let early = service(|request| async {
        tokio::spawn(request.into_body().collect());
        Ok(Response::new(full("early")))
    });
    let (mut client, _serving) = connect(&Builder::new(), early);
    client
        .send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n")
        .await;
    assert_eq!(client.response().await.1, "early");
    for part in ["a", "b", "c"] {
        sleep(Duration::from_secs(100)).await;
        client.send(part).await;
    }
    assert_eq!(client.get("/").await.1, "early");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_read_is_left() {
    let now = Instant::now();
    let (mut client, serving) = connect(&Builder::new(), site());
    client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(end(serving, now).await, (30, Some(Timeout::WriteStall)));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_slowly_is_not() {
    let (mut client, _serving) = connect(&Builder::new(), site());
    client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n").await;
    client.head().await;
    for _ in 0..256 {
        sleep(Duration::from_secs(20)).await;
        client.exactly(4096).await;
    }
    assert_eq!(client.get("/").await.1, "/");
}

#[tokio::test(start_paused = true)]
async fn no_limit_is_one_too() {
    let mut timeouts = Timeouts::default();
    timeouts.first_bytes = Duration::MAX;
    timeouts.idle = Duration::MAX;
    timeouts.write_stall = Duration::MAX;
    let (mut client, _serving) = connect(&Builder::new().timeouts(timeouts), site());
    for _ in 0..3 {
        sleep(Duration::from_secs(1_000_000)).await;
        client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n").await;
        sleep(Duration::from_secs(1_000_000)).await;
        client.response().await;
    }
}

#[tokio::test(start_paused = true)]
async fn timeouts_are_adjustable() {
    let mut timeouts = Timeouts::default();
    timeouts.first_bytes = Duration::from_secs(1);
    timeouts.idle = Duration::from_secs(2);
    timeouts.write_stall = Duration::from_secs(3);
    let builder = Builder::new().timeouts(timeouts);
    let now = Instant::now();
    let (_client, serving) = connect(&builder, site());
    assert_eq!(end(serving, now).await, (1, Some(Timeout::FirstBytes)));
    let now = Instant::now();
    let (mut client, serving) = connect(&builder, site());
    client.get("/").await;
    assert_eq!(end(serving, now).await, (2, None));
    let now = Instant::now();
    let (mut client, serving) = connect(&builder, site());
    client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(end(serving, now).await, (3, Some(Timeout::WriteStall)));
}

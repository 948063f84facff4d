//! The end of a server, on single connections.

use std::time::Duration;

use http::Response;
use pushgen_runtime::{Builder, ConnectionError, Shutdown, Timeout};
use tokio::time::{Instant, sleep};

use crate::support::{connect, full, service, site, values};

fn builder() -> (Builder, Shutdown) {
    let shutdown = Shutdown::new();
    (Builder::new().shutdown(&shutdown), shutdown)
}

#[tokio::test(start_paused = true)]
async fn a_response_in_progress_is_finished() {
    let (builder, shutdown) = builder();
    let slow = service(|_| async {
        sleep(Duration::from_secs(5)).await;
        Ok(Response::new(full("done")))
    });
    let (mut client, serving) = connect(&builder, slow);
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    sleep(Duration::from_secs(1)).await;
    shutdown.begin();
    let (head, body) = client.response().await;
    assert_eq!(values(&head, "connection"), ["close"]);
    assert_eq!(body, "done");
    assert_eq!(client.rest().await, "");
    serving.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn connections_without_a_response_end_at_once() {
    let begun = Instant::now();
    for request in ["", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"] {
        let (builder, shutdown) = builder();
        let (mut client, serving) = connect(&builder, site());
        if !request.is_empty() {
            client.send(request).await;
            client.response().await;
        }
        tokio::task::yield_now().await;
        shutdown.begin();
        assert_eq!(client.rest().await, "");
        serving.await.unwrap().unwrap();
    }
    assert_eq!(begun.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_response_that_takes_too_long_is_cut_off() {
    let (builder, shutdown) = builder();
    let (mut client, serving) = connect(&builder, site());
    client.send("GET /never HTTP/1.1\r\nHost: a\r\n\r\n").await;
    sleep(Duration::from_secs(100)).await;
    let begun = Instant::now();
    shutdown.begin();
    let error = serving.await.unwrap().unwrap_err();
    assert!(matches!(error, ConnectionError::Timeout(Timeout::Shutdown)));
    assert_eq!(begun.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_has_begun_is_answered() {
    let (builder, shutdown) = builder();
    let (mut client, serving) = connect(&builder, site());
    client.send("GET /a HTTP/1.1\r\nHost: a\r\n").await;
    sleep(Duration::from_secs(1)).await;
    shutdown.begin();
    sleep(Duration::from_secs(1)).await;
    client.send("\r\n").await;
    assert_eq!(client.response().await.1, "/a");
    assert_eq!(client.rest().await, "");
    serving.await.unwrap().unwrap();
}

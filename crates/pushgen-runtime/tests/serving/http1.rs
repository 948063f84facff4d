//! HTTP/1.1 and 1.0 as they are spoken (RFC 9112).

use std::sync::{Arc, Mutex};

use http::{Response, StatusCode};
use http_body_util::BodyExt;
use pushgen_runtime::{Builder, ConnectionError, ConnectionInfo, Limits, Protocol};
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;

use crate::support::{Parts, connect, full, service, site, values};

#[tokio::test]
async fn keeps_a_connection_for_further_requests() {
    let (mut client, serving) = connect(&Builder::new(), site());
    for target in ["/a", "/b", "/c"] {
        let (head, body) = client.get(target).await;
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        assert_eq!(values(&head, "date").len(), 1);
        assert_eq!(body, target);
    }
    drop(client);
    serving.await.unwrap().unwrap();
}

#[tokio::test]
async fn answers_requests_that_come_together_in_order() {
    let (mut client, serving) = connect(&Builder::new(), site());
    client
        .send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        .await;
    assert_eq!(client.response().await.1, "/1");
    assert_eq!(client.response().await.1, "/2");
    assert_eq!(client.rest().await, "");
    serving.await.unwrap().unwrap();
}

#[tokio::test]
async fn speaks_http_1_0() {
    let (mut client, serving) = connect(&Builder::new(), site());
    client.send("GET /old HTTP/1.0\r\n\r\n").await;
    let response = client.rest().await;
    assert!(response.starts_with("HTTP/1.0 200 OK\r\n"), "{response}");
    assert!(response.ends_with("\r\n\r\n/old"), "{response}");
    serving.await.unwrap().unwrap();
}

#[tokio::test]
async fn passes_chunks_both_ways() {
    let (mut client, _serving) = connect(&Builder::new(), site());
    client
        .send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        .await;
    client.send("5\r\nhello\r\n").await;
    let head = client.head().await;
    assert_eq!(values(&head, "transfer-encoding"), ["chunked"]);
    assert_eq!(client.until("\r\nhello\r\n").await, "5\r\nhello\r\n");
    client.send("1\r\n!\r\n0\r\n\r\n").await;
    assert_eq!(client.until("0\r\n\r\n").await, "1\r\n!\r\n0\r\n\r\n");
    // The connection stays.
    assert_eq!(client.get("/next").await.1, "/next");
}

#[tokio::test]
async fn sends_no_body_for_head() {
    let (mut client, _serving) = connect(&Builder::new(), site());
    client.send("HEAD /large HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let head = client.head().await;
    assert_eq!(values(&head, "content-length"), ["1048576"]);
    assert_eq!(client.get("/next").await.1, "/next");
}

#[tokio::test]
async fn asks_for_content_when_the_service_wants_it() {
    let wants = service(|request| async {
        let body = request.into_body().collect().await?.to_bytes();
        Ok(Response::new(full(body)))
    });
    let (mut client, _serving) = connect(&Builder::new(), wants);
    client
        .send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        .await;
    assert_eq!(client.head().await, "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("ok").await;
    assert_eq!(client.response().await.1, "ok");
}

#[tokio::test]
async fn does_not_ask_for_content_that_the_service_does_not_want() {
    let refuses = service(|_| async {
        let response = Response::builder().status(StatusCode::PAYLOAD_TOO_LARGE);
        Ok(response.body(full("no"))?)
    });
    let (mut client, _serving) = connect(&Builder::new(), refuses);
    client
        .send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n")
        .await;
    assert!(client.head().await.starts_with("HTTP/1.1 413 "));
}

#[tokio::test]
async fn hands_an_upgraded_connection_to_the_service() {
    let metrics = Arc::default();
    let builder = Builder::new().metrics(Arc::clone(&metrics));
    let (mut client, serving) = connect(&builder, site());
    client
        .send("GET /upgrade HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
        .await;
    assert!(client.head().await.starts_with("HTTP/1.1 101 "));
    client.send("one").await;
    assert_eq!(client.until("one").await, "one");
    serving.await.unwrap().unwrap();
    // It is open for as long as the service has it.
    assert_eq!(metrics.open_connections.get(), 1);
    client.io.shutdown().await.unwrap();
    assert_eq!(client.rest().await, "");
    tokio::task::yield_now().await;
    assert_eq!(metrics.open_connections.get(), 0);
}

#[tokio::test]
async fn refuses_fields_beyond_the_limit() {
    for (bytes, status) in [(15 << 10, "200"), (17 << 10, "431")] {
        let (mut client, _serving) = connect(&Builder::new(), site());
        let field = "x".repeat(bytes);
        let request = format!("GET / HTTP/1.1\r\nHost: a\r\nX: {field}\r\n\r\n");
        // What is refused is not read to its end.
        let _ = client.io.write_all(request.as_bytes()).await;
        let head = client.head().await;
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
    }
}

#[tokio::test]
async fn limits_are_adjustable() {
    let mut limits = Limits::default();
    limits.max_header_list_size = 64 << 10;
    let (mut client, _serving) = connect(&Builder::new().limits(limits), site());
    let field = "x".repeat(60 << 10);
    client
        .send(&format!("GET / HTTP/1.1\r\nHost: a\r\nX: {field}\r\n\r\n"))
        .await;
    assert!(client.head().await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn what_is_no_http_ends_the_connection() {
    for bytes in ["\x16\x03\x01\0\0", "GET\r\n\r\n"] {
        let metrics = Arc::default();
        let builder = Builder::new().metrics(Arc::clone(&metrics));
        let (mut client, serving) = connect(&builder, site());
        client.send(bytes).await;
        let response = client.rest().await;
        assert!(response.starts_with("HTTP/1.1 400 "), "{response:?}");
        let error = serving.await.unwrap().unwrap_err();
        assert!(matches!(error, ConnectionError::Http1(_)), "{error:?}");
        assert_eq!(metrics.failed_connections.get(), 1);
    }
}

#[tokio::test]
async fn what_begins_like_http_2_may_be_http_1() {
    for target in ["* HTTP/1.1", "/ HTTP/1.1"] {
        let (mut client, _serving) = connect(&Builder::new(), site());
        client
            .send(&format!("PRI {target}\r\nHost: a\r\n\r\n"))
            .await;
        let head = client.head().await;
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    }
}

#[tokio::test]
async fn a_service_that_fails_ends_the_connection() {
    let (mut client, serving) = connect(&Builder::new(), site());
    client.send("GET /fails HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(client.rest().await, "");
    let error = serving.await.unwrap().unwrap_err();
    let cause = std::error::Error::source(&error).unwrap();
    assert!(format!("{cause:?}").contains("it fails"), "{cause:?}");
}

#[tokio::test]
async fn a_service_knows_the_connection() {
    let tells = service(|request| async move {
        let info: &ConnectionInfo = request.extensions().get().unwrap();
        Ok(Response::new(full(format!("{info:?}"))))
    });
    let info = ConnectionInfo::new()
        .peer(([192, 0, 2, 1], 80).into())
        .secure(true);
    let (client, server) = tokio::io::duplex(4096);
    tokio::spawn(async move {
        let builder = Builder::new();
        builder.serve_connection_with(server, info, tells).await
    });
    let (_, told) = crate::support::Client::new(client).get("/").await;
    assert_eq!(told, format!("{:?}", info.protocol(Protocol::Http1)));
}

/// Method, target, status, bytes of the body, whether it is complete.
type Line = (String, String, Option<u16>, Option<u64>, bool);

fn reported() -> (Builder, Arc<Mutex<Vec<Line>>>) {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&lines);
    let builder = Builder::new().report_to(move |report| {
        log.lock().unwrap().push((
            report.method.to_string(),
            report.target.to_owned(),
            report.status.map(|status| status.as_u16()),
            report.body_bytes,
            report.is_complete,
        ));
    });
    (builder, lines)
}

#[tokio::test]
async fn reports_what_became_of_each_request() {
    let (builder, lines) = reported();
    let (mut client, serving) = connect(&builder, site());
    client.get("/a?b=c").await;
    client.get("/nowhere").await;
    client.send("HEAD /large HTTP/1.1\r\nHost: a\r\n\r\n").await;
    client.head().await;
    client
        .send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n")
        .await;
    client.until("\r\n0\r\n\r\n").await;
    client.send("GET /never HTTP/1.1\r\nHost: a\r\n\r\n").await;
    tokio::task::yield_now().await;
    drop(client);
    let _ = serving.await.unwrap();
    let line = |method: &str, target: &str, status, bytes, is_complete| -> Line {
        (method.into(), target.into(), status, bytes, is_complete)
    };
    assert_eq!(
        *lines.lock().unwrap(),
        [
            line("GET", "/a?b=c", Some(200), Some(2), true),
            line("GET", "/nowhere", Some(404), Some(4), true),
            line("HEAD", "/large", Some(200), Some(0), true),
            line("POST", "/echo", Some(200), Some(2), true),
            line("GET", "/never", None, None, false),
        ]
    );
}

#[tokio::test]
async fn a_response_that_is_cut_off_is_reported_so() {
    let (builder, lines) = reported();
    let (parts, receiver) = mpsc::unbounded_channel();
    let receiver = Arc::new(Mutex::new(Some(receiver)));
    let streams = service(move |_| {
        let body = Parts(receiver.lock().unwrap().take().unwrap());
        async { Ok(Response::new(body.boxed_unsync())) }
    });
    let (mut client, serving) = connect(&builder, streams);
    parts.send("begun").unwrap();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    client.until("begun").await;
    drop(client);
    parts.send("more").unwrap();
    let _ = serving.await.unwrap();
    let lines = lines.lock().unwrap();
    assert_eq!(*lines, [("GET".into(), "/".into(), Some(200), None, false)]);
}

#[tokio::test]
async fn a_response_as_long_as_it_said_is_complete() {
    let (builder, lines) = reported();
    let (parts, receiver) = mpsc::unbounded_channel();
    let receiver = Arc::new(Mutex::new(Some(receiver)));
    let streams = service(move |_| {
        let body = Parts(receiver.lock().unwrap().take().unwrap());
        let response = Response::builder().header("content-length", "9");
        async { Ok(response.body(body.boxed_unsync())?) }
    });
    let (mut client, _serving) = connect(&builder, streams);
    parts.send("all of it").unwrap();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    client.response().await;
    // The body does not end, and nobody waits for that.
    while lines.lock().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    assert!(lines.lock().unwrap()[0].4);
}

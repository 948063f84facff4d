//! All connections of a listener.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use pushgen_runtime::{Builder, Limits, Metrics, Shutdown};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::support::{Client, site};

struct Server {
    address: SocketAddr,
    shutdown: Shutdown,
    metrics: Arc<Metrics>,
    serving: JoinHandle<std::io::Result<()>>,
}

async fn start(builder: Builder) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = Shutdown::new();
    let metrics = Arc::new(Metrics::default());
    let builder = builder.shutdown(&shutdown).metrics(Arc::clone(&metrics));
    let serving = tokio::spawn(async move { builder.serve(listener, None, site()).await });
    Server {
        address,
        shutdown,
        metrics,
        serving,
    }
}

impl Server {
    async fn connect(&self) -> Client<TcpStream> {
        Client::new(TcpStream::connect(self.address).await.unwrap())
    }
}

const MOMENT: Duration = Duration::from_millis(50);

#[tokio::test]
async fn serves_connections_side_by_side() {
    let server = start(Builder::new()).await;
    let mut first = server.connect().await;
    let mut second = server.connect().await;
    assert_eq!(second.get("/2").await.1, "/2");
    assert_eq!(first.get("/1").await.1, "/1");
    assert_eq!(server.metrics.open_connections.get(), 2);
    drop(first);
    drop(second);
    server.shutdown.begin();
    server.serving.await.unwrap().unwrap();
    assert_eq!(server.metrics.open_connections.get(), 0);
    assert_eq!(server.metrics.connections.get(), 2);
    assert_eq!(server.metrics.failed_connections.get(), 0);
}

#[tokio::test]
async fn http_2_is_known_by_its_preface() {
    let server = start(Builder::new()).await;
    let mut client = server.connect().await;
    client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    client.send("\0\0\0\x04\0\0\0\0\0").await;
    let mut first = [0];
    tokio::io::AsyncReadExt::read_exact(&mut client.io, &mut first)
        .await
        .unwrap();
    assert_ne!(first, *b"H", "HTTP/1 answers with HTTP/1.1");
}

#[tokio::test]
async fn a_connection_too_many_waits_for_its_place() {
    let mut limits = Limits::default();
    limits.max_connections = 2;
    let server = start(Builder::new().limits(limits)).await;
    let mut first = server.connect().await;
    let mut second = server.connect().await;
    first.get("/").await;
    second.get("/").await;
    let mut third = server.connect().await;
    assert!(timeout(MOMENT, third.get("/3")).await.is_err());
    assert_eq!(server.metrics.connections.get(), 2);
    drop(first);
    assert_eq!(third.response().await.1, "/3");
}

#[tokio::test]
async fn an_upgraded_connection_keeps_its_place() {
    let mut limits = Limits::default();
    limits.max_connections = 1;
    let server = start(Builder::new().limits(limits)).await;
    let mut first = server.connect().await;
    first
        .send("GET /upgrade HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
        .await;
    first.head().await;
    let mut second = server.connect().await;
    assert!(timeout(MOMENT, second.get("/2")).await.is_err());
    drop(first);
    assert_eq!(second.response().await.1, "/2");
}

#[tokio::test]
async fn a_panic_ends_only_its_connection() {
    let server = start(Builder::new()).await;
    let mut other = server.connect().await;
    other.get("/").await;
    let mut client = server.connect().await;
    client.send("GET /panics HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(client.rest().await, "");
    assert_eq!(other.get("/").await.1, "/");
    assert_eq!(server.metrics.failed_connections.get(), 1);
    assert_eq!(server.metrics.open_connections.get(), 1);
}

#[tokio::test]
async fn a_shutdown_refuses_new_connections_and_waits_for_old_ones() {
    let server = start(Builder::new()).await;
    let mut busy = server.connect().await;
    busy.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n")
        .await;
    busy.head().await;
    let mut idle = server.connect().await;
    idle.get("/").await;
    server.shutdown.begin();
    assert_eq!(idle.rest().await, "");
    assert!(TcpStream::connect(server.address).await.is_err());
    assert!(!server.serving.is_finished());
    busy.send("ok").await;
    busy.until("ok").await;
    busy.rest().await;
    server.serving.await.unwrap().unwrap();
}

#[tokio::test]
async fn dropping_the_server_ends_its_connections() {
    let server = start(Builder::new()).await;
    let mut client = server.connect().await;
    client.get("/").await;
    server.serving.abort();
    assert_eq!(client.rest().await, "");
}

#[tokio::test]
async fn its_future_can_be_sent() {
    fn is_send(_: &impl Send) {}
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let builder = Builder::new();
    is_send(&builder.serve(listener, None, site()));
    is_send(&builder.serve_connection(tokio::io::empty(), site()));
}

//! TLS and ALPN.

use std::sync::Arc;
use std::time::Duration;

use http::Response;
use pushgen_runtime::rustls::pki_types::{PrivateKeyDer, ServerName};
use pushgen_runtime::rustls::{ClientConfig, RootCertStore, ServerConfig};
use pushgen_runtime::{Builder, ConnectionInfo, Metrics, Shutdown, Timeouts, Tls};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::support::{Client, full, service};

struct Server {
    address: std::net::SocketAddr,
    connector: ClientConfig,
    metrics: Arc<Metrics>,
    shutdown: Shutdown,
}

/// A server that tells what it knows of the connection.
async fn start(builder: Builder) -> Server {
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = certified.cert.der().clone();
    let key = PrivateKeyDer::Pkcs8(certified.signing_key.serialize_der().into());
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    let connector = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();

    let tells = service(|request| async move {
        let info: &ConnectionInfo = request.extensions().get().unwrap();
        let answer = format!("{} {:?}", info.secure, info.protocol);
        Ok(Response::new(full(answer)))
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let metrics = Arc::new(Metrics::default());
    let shutdown = Shutdown::new();
    let builder = builder.metrics(Arc::clone(&metrics)).shutdown(&shutdown);
    tokio::spawn(async move { builder.serve(listener, Some(Tls::new(config)), tells).await });
    Server {
        address,
        connector,
        metrics,
        shutdown,
    }
}

impl Server {
    async fn connect(&self, alpn: &[&str]) -> TlsStream<TcpStream> {
        let mut config = self.connector.clone();
        config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        let stream = TcpStream::connect(self.address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let connector = TlsConnector::from(Arc::new(config));
        connector.connect(name, stream).await.unwrap()
    }
}

#[tokio::test]
async fn offers_http_2_before_http_1() {
    let server = start(Builder::new()).await;
    let cases: [(&[&str], Option<&[u8]>); 4] = [
        (&["h2", "http/1.1"], Some(b"h2")),
        (&["http/1.1", "h2"], Some(b"h2")),
        (&["http/1.1"], Some(b"http/1.1")),
        (&[], None),
    ];
    for (offered, chosen) in cases {
        let stream = server.connect(offered).await;
        assert_eq!(stream.get_ref().1.alpn_protocol(), chosen, "{offered:?}");
    }
}

#[tokio::test]
async fn speaks_http_1_when_alpn_says_so_or_nothing() {
    let server = start(Builder::new()).await;
    for alpn in [["http/1.1"].as_slice(), &[]] {
        let mut client = Client::new(server.connect(alpn).await);
        assert_eq!(client.get("/").await.1, "true Http1");
    }
}

#[tokio::test]
async fn closes_an_idle_connection_properly() {
    let mut timeouts = Timeouts::default();
    timeouts.idle = Duration::from_millis(50);
    let server = start(Builder::new().timeouts(timeouts)).await;
    let mut client = Client::new(server.connect(&["http/1.1"]).await);
    client.get("/").await;
    // Without close_notify reading would fail.
    assert_eq!(client.rest().await, "");
}

#[tokio::test]
async fn what_is_no_tls_fails_alone() {
    let server = start(Builder::new()).await;
    let mut plain = Client::new(TcpStream::connect(server.address).await.unwrap());
    plain.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let mut rest = Vec::new();
    let _ = tokio::io::AsyncReadExt::read_to_end(&mut plain.io, &mut rest).await;
    assert!(!rest.starts_with(b"HTTP"), "{rest:?}");
    let mut client = Client::new(server.connect(&["http/1.1"]).await);
    assert_eq!(client.get("/").await.1, "true Http1");
    assert_eq!(server.metrics.failed_connections.get(), 1);
    assert_eq!(server.metrics.open_connections.get(), 1);
}

#[tokio::test]
async fn a_handshake_must_come_in_time_and_does_not_outlast_a_shutdown() {
    let mut timeouts = Timeouts::default();
    timeouts.tls_handshake = Duration::from_millis(50);
    let server = start(Builder::new().timeouts(timeouts)).await;
    let mut silent = Client::new(TcpStream::connect(server.address).await.unwrap());
    assert_eq!(silent.rest().await, "");
    assert_eq!(server.metrics.failed_connections.get(), 1);

    let server = start(Builder::new()).await;
    let mut silent = Client::new(TcpStream::connect(server.address).await.unwrap());
    silent.io.write_all(b"\x16").await.unwrap();
    while server.metrics.connections.get() == 0 {
        tokio::task::yield_now().await;
    }
    server.shutdown.begin();
    let _ = silent.rest().await;
    assert_eq!(server.metrics.failed_connections.get(), 0);
}

//! Serving: one connection, or all that a listener accepts.
//!
//! In: streams of bytes, a service, the settings of a [`Builder`]. Out: each connection served by the
//! protocol that ALPN or its first bytes tell. New connections wait when there are as many as
//! [`Limits::max_connections`](crate::Limits::max_connections). Left out: several listeners; call
//! [`Builder::serve`] for each.

use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

use crate::builder::{Builder, Settings};
use crate::connection_error::ConnectionError;
use crate::connection_info::{ConnectionInfo, Protocol};
use crate::open_connection::OpenConnection;
use crate::preface::{self, Replayed};
use crate::service::HttpService;
use crate::tls::Tls;
use crate::{http1, http2};

/// How long to wait when a connection cannot be accepted: open files are used up, or memory.
const RETRY: Duration = Duration::from_millis(100);

impl Builder {
    /// Serves one connection in the clear until it ends. Its first bytes tell the protocol.
    ///
    /// Once [`Shutdown::begin`](crate::Shutdown::begin) is called, it ends after the responses in
    /// progress, at the latest after [`Timeouts::shutdown`](crate::Timeouts::shutdown). A stream that
    /// was upgraded belongs to the service, and this ends with the upgrade.
    ///
    /// ```
    /// use std::convert::Infallible;
    ///
    /// use http::{Request, Response};
    /// use pushgen_runtime::{Body, Builder, Hyper};
    /// use tokio::io::{AsyncReadExt, AsyncWriteExt};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let service = Hyper(hyper::service::service_fn(|_: Request<Body>| async {
    ///     Ok::<_, Infallible>(Response::new(String::from("hello")))
    /// }));
    /// let (mut client, server) = tokio::io::duplex(1024);
    /// let serving = tokio::spawn(async move {
    ///     Builder::new().serve_connection(server, service).await
    /// });
    ///
    /// client.write_all(b"GET / HTTP/1.0\r\n\r\n").await?;
    /// let mut response = String::new();
    /// client.read_to_string(&mut response).await?;
    /// assert!(response.ends_with("\r\n\r\nhello"));
    /// serving.await??;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Why it ended before its time.
    pub async fn serve_connection<Io, S>(&self, io: Io, service: S) -> Result<(), ConnectionError>
    where
        Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        S: HttpService,
    {
        self.serve_connection_with(io, ConnectionInfo::new(), service)
            .await
    }

    /// Serves one connection of which something is known, such as a TLS stream and what ALPN chose.
    /// See [`serve_connection`](Self::serve_connection).
    ///
    /// # Errors
    ///
    /// Why it ended before its time.
    pub async fn serve_connection_with<Io, S>(
        &self,
        io: Io,
        info: ConnectionInfo,
        service: S,
    ) -> Result<(), ConnectionError>
    where
        Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        S: HttpService,
    {
        let settings = Arc::clone(&self.settings);
        let io = OpenConnection::new(io, &settings.metrics, None);
        let end = serve_stream(io, info, service, Arc::clone(&settings)).await;
        count_failure(&settings, end)
    }

    /// Serves all connections of a listener, over TLS if there is `tls`, until
    /// [`Shutdown::begin`](crate::Shutdown::begin) is called. Then nothing is accepted any more, and
    /// it ends when the last connection has ended.
    ///
    /// Each connection has a task of its own; one that panics ends only its connection. If the
    /// future is dropped, all connections end at once.
    ///
    /// ```
    /// use std::convert::Infallible;
    ///
    /// use http::{Request, Response};
    /// use pushgen_runtime::{Body, Builder, Hyper, Shutdown};
    /// use tokio::net::TcpListener;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let service = Hyper(hyper::service::service_fn(|_: Request<Body>| async {
    ///     Ok::<_, Infallible>(Response::new(String::from("hello")))
    /// }));
    /// let shutdown = Shutdown::new();
    /// let server = Builder::new().shutdown(&shutdown);
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # shutdown.begin();
    /// server.serve(listener, None, service).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If the listener does not listen. What concerns one connection, or passes, is none.
    pub async fn serve<S: HttpService>(
        &self,
        listener: TcpListener,
        tls: Option<Tls>,
        service: S,
    ) -> io::Result<()> {
        let settings = &self.settings;
        let most = settings.limits.max_connections;
        let places = Arc::new(Semaphore::new(most.clamp(1, Semaphore::MAX_PERMITS)));
        let mut connections = JoinSet::new();
        let mut shutdown = pin!(settings.shutdown.begun());
        loop {
            let (stream, peer, place) = tokio::select! {
                biased;
                () = &mut shutdown => break,
                () = next_end(&mut connections, settings) => continue,
                accepted = accept(&listener, &places) => accepted?,
            };
            let io = OpenConnection::new(stream, &settings.metrics, place);
            let info = ConnectionInfo::new().peer(peer);
            let (tls, service) = (tls.clone(), service.clone());
            let settings = Arc::clone(settings);
            connections.spawn(async move {
                let end = serve_accepted(io, tls, info, service, Arc::clone(&settings)).await;
                count_failure(&settings, end)
            });
        }
        drop(listener);
        while !connections.is_empty() {
            next_end(&mut connections, settings).await;
        }
        Ok(())
    }
}

/// Waits until a connection has ended; for ever if there are none.
async fn next_end(connections: &mut JoinSet<Result<(), ConnectionError>>, settings: &Settings) {
    match connections.join_next().await {
        // Its error is counted.
        Some(Ok(_)) => {}
        Some(Err(_panic)) => settings.metrics.failed_connections.add(1),
        None => pending().await,
    }
}

fn count_failure(
    settings: &Settings,
    end: Result<(), ConnectionError>,
) -> Result<(), ConnectionError> {
    if end.is_err() {
        settings.metrics.failed_connections.add(1);
    }
    end
}

/// The next connection, once there is a place for it.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> io::Result<(TcpStream, SocketAddr, Option<OwnedSemaphorePermit>)> {
    // The semaphore is never closed, so there is always a place in the end.
    let place = Arc::clone(places).acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Frames are written whole; what fails here fails again at the first read.
                let _ = stream.set_nodelay(true);
                keep_little_unsent(&stream);
                return Ok((stream, peer, place));
            }
            Err(error) => match error.kind() {
                io::ErrorKind::InvalidInput => return Err(error),
                // The client was gone before it was accepted.
                io::ErrorKind::ConnectionAborted
                | io::ErrorKind::ConnectionRefused
                | io::ErrorKind::ConnectionReset => {}
                _ => tokio::time::sleep(RETRY).await,
            },
        }
    }
}

async fn serve_accepted<Io, S>(
    io: Io,
    tls: Option<Tls>,
    info: ConnectionInfo,
    service: S,
    settings: Arc<Settings>,
) -> Result<(), ConnectionError>
where
    Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    S: HttpService,
{
    let Some(tls) = tls else {
        return serve_stream(io, info, service, settings).await;
    };
    let (io, protocol) = tokio::select! {
        accepted = tls.accept(io, settings.timeouts.tls_handshake) => accepted?,
        // Nothing was asked for yet.
        () = settings.shutdown.begun() => return Ok(()),
    };
    let info = info.secure(true).protocol(protocol);
    // Boxed, or connections in the clear would take as much memory as those with TLS.
    Box::pin(serve_stream(io, info, service, settings)).await
}

async fn serve_stream<Io, S>(
    io: Io,
    info: ConnectionInfo,
    service: S,
    settings: Arc<Settings>,
) -> Result<(), ConnectionError>
where
    Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    S: HttpService,
{
    let (protocol, io) = match info.protocol {
        Protocol::Detect => {
            let detected = tokio::select! {
                detected = preface::detect(io, settings.timeouts.first_bytes) => detected?,
                () = settings.shutdown.begun() => None,
            };
            match detected {
                Some(detected) => detected,
                None => return Ok(()),
            }
        }
        protocol => (protocol, Replayed::nothing(io)),
    };
    let info = info.protocol(protocol);
    if protocol == Protocol::Http2 {
        http2::serve(io, info, service, settings).await
    } else {
        http1::serve(io, info, service, settings).await
    }
}

/// What the system takes beyond what the network takes: a frame. More would stand in the way of what is more
/// urgent and comes later, as nothing overtakes it there; 64 KiB are a third of a second at 1.6 Mbit/s. On
/// the loopback interface a large body takes about as long with a frame as with four.
#[cfg(any(target_os = "android", target_os = "linux"))]
const UNSENT: u32 = 16 << 10;

/// Has the system take no more than a little that it cannot send yet, where it can be told so.
#[cfg(any(target_os = "android", target_os = "linux"))]
fn keep_little_unsent(stream: &TcpStream) {
    // Without it the order of responses is worse, and all else the same.
    let _ = socket2::SockRef::from(stream).set_tcp_notsent_lowat(UNSENT);
}

#[cfg(not(any(target_os = "android", target_os = "linux")))]
fn keep_little_unsent(_: &TcpStream) {}

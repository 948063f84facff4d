//! The servers that are measured beside each other: this crate's, and hyper's.
//!
//! In: which one. Out: it serves on a free port, which it prints, until its standard input ends. Both have
//! the same service, runtime, limits and TLS.

use std::io::{Read, Write};
use std::sync::Arc;

use clap::ValueEnum;
use http::Request;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::service::TowerToHyperService;
use pushgen_runtime::{Builder, HttpService, Limits, PolicyHandle, Tls};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tower_service::Service;

use crate::Fallible;
use crate::site::{self, Files};

/// A server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Contender {
    Hyper,
    HyperAxum,
    Pushgen,
    PushgenPolicy,
    PushgenAxum,
}

impl Contender {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Hyper => "hyper",
            Self::HyperAxum => "hyper, axum",
            Self::Pushgen => "pushgen",
            Self::PushgenPolicy => "pushgen with policy",
            Self::PushgenAxum => "pushgen, axum",
        }
    }
}

/// Serves until standard input ends.
pub(crate) fn serve(contender: Contender, tls: bool, workers: u16) -> Fallible<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(workers.into())
        .enable_all()
        .build()?;
    let tls = if tls { Some(tls_config()?) } else { None };
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
    println!("{}", listener.local_addr()?.port());
    std::io::stdout().flush()?;
    let policy = PolicyHandle::new(site::policy()?, []);
    runtime.spawn(async move {
        let files = Files::new();
        match contender {
            Contender::Hyper => serve_with_hyper(listener, tls, files).await,
            Contender::HyperAxum => serve_with_hyper(listener, tls, router(files)).await,
            Contender::Pushgen => serve_with(Builder::new(), listener, tls, files).await,
            Contender::PushgenPolicy => {
                serve_with(Builder::new().policy(policy), listener, tls, files).await
            }
            Contender::PushgenAxum => {
                serve_with(Builder::new(), listener, tls, router(files)).await
            }
        }
    });
    // The parent holds the other end for as long as it measures.
    std::io::stdin().read_to_end(&mut Vec::new())?;
    runtime.shutdown_background();
    Ok(())
}

fn router(files: Files) -> axum::Router {
    let answer = move |request: axum::extract::Request| {
        let response = files.answer(request.uri().path());
        async move { response }
    };
    axum::Router::new().route("/{*path}", axum::routing::get(answer))
}

async fn serve_with<S: HttpService>(
    builder: Builder,
    listener: TcpListener,
    tls: Option<Arc<ServerConfig>>,
    service: S,
) {
    if let Err(error) = builder.serve(listener, tls.map(Tls::new), service).await {
        eprintln!("cannot serve: {error}");
    }
}

async fn serve_with_hyper<S, B>(listener: TcpListener, tls: Option<Arc<ServerConfig>>, service: S)
where
    S: Service<Request<hyper::body::Incoming>, Response = http::Response<B>>
        + Clone
        + Send
        + 'static,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    S::Future: Send,
    B: http_body::Body<Data: Send, Error: Into<Box<dyn std::error::Error + Send + Sync>>>
        + Send
        + 'static,
{
    let tls = tls.map(TlsAcceptor::from);
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => return eprintln!("cannot accept: {error}"),
        };
        let (tls, service) = (tls.clone(), service.clone());
        tokio::spawn(async move {
            // What fails here fails again at the first read.
            let _ = stream.set_nodelay(true);
            match tls {
                None => serve_connection_with_hyper(stream, service).await,
                Some(tls) => match tls.accept(stream).await {
                    Ok(stream) => serve_connection_with_hyper(stream, service).await,
                    Err(error) => eprintln!("TLS: {error}"),
                },
            }
        });
    }
}

async fn serve_connection_with_hyper<Io, S, B>(io: Io, service: S)
where
    Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    S: Service<Request<hyper::body::Incoming>, Response = http::Response<B>>
        + Clone
        + Send
        + 'static,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    S::Future: Send,
    B: http_body::Body<Data: Send, Error: Into<Box<dyn std::error::Error + Send + Sync>>>
        + Send
        + 'static,
{
    let limits = Limits::default();
    // A client that goes away is no error here.
    let _ = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
        .initial_stream_window_size(limits.stream_window)
        .initial_connection_window_size(limits.connection_window)
        .max_concurrent_streams(limits.max_concurrent_streams)
        .max_header_list_size(limits.max_header_list_size)
        .max_send_buf_size(limits.max_send_buffer_size)
        .serve_connection(TokioIo::new(io), TowerToHyperService::new(service))
        .await;
}

fn tls_config() -> Fallible<Arc<ServerConfig>> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der())?;
    let mut config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(Arc::new(config))
}

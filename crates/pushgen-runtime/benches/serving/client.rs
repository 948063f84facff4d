//! A client that takes pushes: one page at a time on each connection, with everything that is pushed.
//!
//! In: a server, how many connections at once and how many pages on each. Out: pages that came whole,
//! with whole pushes. On one thread, without tasks for streams, so that it costs less than the servers; the
//! processor time that it took is told, to be seen whether it was the limit. In the clear only.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use h2::RecvStream;
use h2::client::{Builder, SendRequest};
use http::Request;
use tokio::net::TcpStream;
use tokio::task::{JoinHandle, JoinSet};

use crate::Fallible;
use crate::processes::own_processor_seconds;
use crate::site::{self, ASSET_BYTES, PAGE_BYTES};

/// How it asks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    pub(crate) connections: usize,
    /// Pages one after the other on each, which is then closed.
    pub(crate) pages: usize,
    pub(crate) time: Duration,
}

/// What came.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counted {
    pub(crate) pages: u64,
    /// Pushed responses.
    pub(crate) pushes: u64,
    /// How long it took, to the last response.
    pub(crate) seconds: f64,
    /// What this client needed of it.
    pub(crate) processor: f64,
}

/// Asks for pages as long as it is to.
pub(crate) fn run(server: SocketAddr, load: Load) -> Fallible<Counted> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let processor = own_processor_seconds();
    let begun = Instant::now();
    let mut counted = runtime.block_on(async {
        let mut loops = JoinSet::new();
        for _ in 0..load.connections {
            loops.spawn(ask(server, load, begun + load.time));
        }
        let mut sum = Counted::default();
        while let Some(counted) = loops.join_next().await {
            let counted = counted??;
            sum.pages += counted.pages;
            sum.pushes += counted.pushes;
        }
        Fallible::Ok(sum)
    })?;
    counted.seconds = begun.elapsed().as_secs_f64();
    counted.processor = own_processor_seconds() - processor;
    Ok(counted)
}

async fn ask(server: SocketAddr, load: Load, end: Instant) -> Fallible<Counted> {
    let mut counted = Counted::default();
    while Instant::now() < end {
        let mut connection = Connection::open(server).await?;
        for number in 0..load.pages {
            counted.pushes += connection.page(number).await?;
            counted.pages += 1;
        }
        connection.close().await;
    }
    Ok(counted)
}

/// A connection in the clear.
pub(crate) struct Connection {
    sender: SendRequest<Bytes>,
    driver: JoinHandle<()>,
    authority: String,
}

impl Connection {
    pub(crate) async fn open(server: SocketAddr) -> Fallible<Self> {
        let stream = TcpStream::connect(server).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = Builder::new()
            // What a browser gives.
            .initial_window_size(6 << 20)
            .initial_connection_window_size(15 << 20)
            .handshake(stream)
            .await?;
        let driver = tokio::spawn(async move {
            // An error shows in the responses.
            let _ = connection.await;
        });
        Ok(Self {
            sender,
            driver,
            authority: server.to_string(),
        })
    }

    /// Gets a page and what is pushed with it; returns how many pushes.
    pub(crate) async fn page(&mut self, number: usize) -> Fallible<u64> {
        let uri = format!("http://{}{}", self.authority, site::page(number));
        let request = Request::get(uri).header("accept", "text/html").body(())?;
        let mut sender = self.sender.clone().ready().await?;
        let (mut response, _) = sender.send_request(request, true)?;
        let mut promises = response.push_promises();
        let response = response.await?;
        if !response.status().is_success() {
            return Err(format!("{}: {}", site::page(number), response.status()).into());
        }
        read(response.into_body(), PAGE_BYTES).await?;
        let mut pushes = 0;
        while let Some(push) = promises.push_promise().await {
            let (_, response) = push?.into_parts();
            read(response.await?.into_body(), ASSET_BYTES).await?;
            pushes += 1;
        }
        Ok(pushes)
    }

    async fn close(self) {
        drop(self.sender);
        // It ends when the last sender has gone.
        let _ = self.driver.await;
    }
}

async fn read(mut body: RecvStream, expected: usize) -> Fallible<()> {
    let mut length = 0;
    while let Some(data) = body.data().await {
        let data = data?;
        length += data.len();
        body.flow_control().release_capacity(data.len())?;
    }
    if length == expected {
        Ok(())
    } else {
        Err(format!("a body of {length} bytes instead of {expected}").into())
    }
}

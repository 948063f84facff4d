//! A client that is nothing but bytes: it sends what a test says, and reads only when it is told to.
//!
//! The clock of these tests is paused. What "quiet" means is that a millisecond passes without a byte,
//! which is when every task waits for the client or for later.

use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{
    AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, SimplexStream, WriteHalf, join, simplex,
};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::frame::Frame;
use super::site::Site;
use super::strict::Strict;
use crate::builder::Settings;
use crate::connection_error::ConnectionError;
use crate::connection_info::ConnectionInfo;
use crate::http2::connection::{Connection, Held};
use crate::http2::observer::tests::wire::*;

const QUIET: Duration = Duration::from_millis(1);
/// No script takes longer, by its own clock.
const FOR_EVER: Duration = Duration::from_secs(3600);

type Writes = Arc<Mutex<Vec<Vec<u8>>>>;

/// The server's side, which keeps a copy of what is written.
struct Recorded<Io> {
    io: Io,
    writes: Writes,
}

impl<Io: AsyncWrite + Unpin> AsyncWrite for Recorded<Io> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.io).poll_write(context, bytes))?;
        self.writes.lock().unwrap().push(bytes[..written].to_vec());
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}

/// A client, and the connection that serves it.
pub(super) struct RawClient {
    to_server: Option<WriteHalf<SimplexStream>>,
    from_server: ReadHalf<SimplexStream>,
    unread: Vec<u8>,
    strict: Strict,
    held: Arc<Mutex<Held>>,
    server: JoinHandle<Result<(), ConnectionError>>,
    /// What each call to write took.
    writes: Writes,
    /// Whether it gives back at once the window that it reads.
    pub(super) gives_window: bool,
    /// Whether it answers PING.
    pub(super) answers_pings: bool,
}

impl RawClient {
    /// Has sent its preface and these settings, and read the server's.
    pub(super) async fn connect(site: &Site, settings: Settings, own: &[(u16, u32)]) -> Self {
        Self::connect_through(1 << 16, site, settings, own).await
    }

    /// The same, if so many bytes of the server are on their way at most.
    pub(super) async fn connect_through(
        room: usize,
        site: &Site,
        settings: Settings,
        own: &[(u16, u32)],
    ) -> Self {
        let mut client = Self::begin(room, site, settings, ConnectionInfo::new());
        client.send(beginning(own)).await;
        let frames = client.quiet().await;
        assert!(frames.iter().any(|frame| frame.name() == "SETTINGS ACK"));
        client
    }

    /// Has sent nothing.
    pub(super) fn begin(
        room: usize,
        site: &Site,
        settings: Settings,
        info: ConnectionInfo,
    ) -> Self {
        let (server_reads, to_server) = simplex(1 << 22);
        let (from_server, server_writes) = simplex(room);
        let held = Arc::new(Mutex::new(Held::default()));
        let (site, seen) = (site.clone(), Arc::clone(&held));
        let writes = Writes::default();
        let server_writes = Recorded {
            io: server_writes,
            writes: Arc::clone(&writes),
        };
        let server = tokio::spawn(async move {
            let io = join(server_reads, server_writes);
            let mut connection = Connection::open(io, info, site, Arc::new(settings)).await?;
            poll_fn(|context| {
                let end = connection.poll(context);
                *seen.lock().unwrap() = connection.held();
                end
            })
            .await
        });
        Self {
            to_server: Some(to_server),
            from_server,
            unread: Vec::new(),
            strict: Strict::new(),
            held,
            server,
            writes,
            gives_window: false,
            answers_pings: true,
        }
    }

    /// Takes what the server has written since the last call, as it was cut; over TLS each becomes a
    /// record.
    pub(super) fn take_writes(&self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.writes.lock().unwrap())
    }

    /// Sends frames, and nothing more until the server has done what it can.
    pub(super) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.send_at_once(bytes).await;
        tokio::time::sleep(QUIET).await;
    }

    /// Sends frames.
    pub(super) async fn send_at_once(&mut self, bytes: impl AsRef<[u8]>) {
        let bytes = bytes.as_ref();
        self.strict
            .sends(bytes.strip_prefix(PREFACE).unwrap_or(bytes));
        let to_server = self.to_server.as_mut().unwrap();
        // A server that has gone hears nothing.
        let sent = timeout(FOR_EVER, to_server.write_all(bytes)).await;
        let _ = sent.expect("there is room for what the client sends");
    }

    /// Reads all that comes until nothing comes.
    pub(super) async fn quiet(&mut self) -> Vec<Frame> {
        self.quiet_for(QUIET).await
    }

    /// Reads all that comes until nothing has come for so long.
    pub(super) async fn quiet_for(&mut self, time: Duration) -> Vec<Frame> {
        let mut frames = Vec::new();
        while let Ok(Some(frame)) = timeout(time, self.next()).await {
            frames.push(frame);
        }
        frames
    }

    /// Reads so many bytes at a time, until every stream has come to its end.
    pub(super) async fn slowly(&mut self, at_once: usize, pause: Duration) -> Vec<Frame> {
        let mut frames = Vec::new();
        while !self.strict.unfinished().is_empty() {
            tokio::time::sleep(pause).await;
            assert_ne!(self.read(at_once).await, 0, "the connection has ended");
            while let Some(frame) = Frame::take(&mut self.unread) {
                self.strict.receives(&frame);
                self.react(&frame).await;
                frames.push(frame);
            }
        }
        frames
    }

    /// Reads all that is there, and waits for nothing.
    pub(super) async fn now(&mut self) -> Vec<Frame> {
        let mut frames = Vec::new();
        loop {
            let mut next = pin!(self.next());
            let next = poll_fn(|context| Poll::Ready(next.as_mut().poll(context)));
            let Poll::Ready(Some(frame)) = next.await else {
                return frames;
            };
            frames.push(frame);
        }
    }

    /// The next frame; none at the end of the connection.
    pub(super) async fn next(&mut self) -> Option<Frame> {
        loop {
            if let Some(frame) = Frame::take(&mut self.unread) {
                self.strict.receives(&frame);
                self.react(&frame).await;
                return Some(frame);
            }
            if self.read(4096).await == 0 {
                return None;
            }
        }
    }

    /// Reads some bytes; 0 at the end of the connection.
    async fn read(&mut self, most: usize) -> usize {
        let mut bytes = vec![0; most];
        let read = timeout(FOR_EVER, self.from_server.read(&mut bytes)).await;
        let length = read.expect("something to read").unwrap_or(0);
        self.unread.extend(&bytes[..length]);
        length
    }

    async fn react(&mut self, frame: &Frame) {
        match frame.kind {
            PING if self.answers_pings && !frame.has(1) => {
                self.send_at_once(super::frame::pong(&frame.payload)).await;
            }
            DATA if self.gives_window && !frame.payload.is_empty() => {
                let length = u32::try_from(frame.payload.len()).unwrap();
                let of_stream = window_update(frame.stream, length);
                let of_both = [window_update(0, length), of_stream].concat();
                let sent = if frame.ends_stream() {
                    window_update(0, length)
                } else {
                    of_both
                };
                self.send_at_once(sent).await;
            }
            _ => {}
        }
    }

    /// The client is gone.
    pub(super) async fn hang_up(&mut self) {
        if let Some(mut to_server) = self.to_server.take() {
            to_server.shutdown().await.unwrap();
        }
        tokio::time::sleep(QUIET).await;
    }

    /// What the connection holds on to, once it has had time to look.
    pub(super) async fn held(&mut self) -> Held {
        self.send_at_once(frame(PING, 0, 0, b"are you ")).await;
        let frames = self.quiet().await;
        assert!(
            frames.iter().any(|frame| frame.kind == PING),
            "{:?}",
            frames
        );
        *self.held.lock().unwrap()
    }

    /// Streams that have come to no end.
    pub(super) fn unfinished(&self) -> Vec<u32> {
        self.strict.unfinished()
    }

    /// Whether the connection goes on.
    pub(super) fn is_served(&self) -> bool {
        !self.server.is_finished()
    }

    /// How the connection ended. It must end by itself.
    pub(super) async fn end(self) -> Result<(), ConnectionError> {
        let end = timeout(FOR_EVER, self.server).await;
        end.expect("an end").expect("no panic")
    }
}

/// The preface and the first settings.
pub(super) fn beginning(own: &[(u16, u32)]) -> Vec<u8> {
    [PREFACE, &settings(own)].concat()
}

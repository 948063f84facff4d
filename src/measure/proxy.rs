//! A shaping proxy: connections that take as long as they would over a network.
//!
//! In: a network and what serves a connection. Out: a port of this machine. Each accepted connection is relayed to one
//! end of a pipe, packet by packet as [`path`](super::path) says, and the other end is served. The handshake of TCP
//! takes the first round trip: the client believes itself connected at once, and its first byte waits instead. The
//! pipe holds what a system with `TCP_NOTSENT_LOWAT` takes beyond what the network takes, as `pushgen serve` sets it.
//!
//! The times are those of the arithmetic, not those at which a thread got to run: who wakes late sends as if it had
//! not, so lateness does not add up.

use std::future::poll_fn;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use pushgen_analyzer::model::{Network, Time};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, DuplexStream, ReadBuf, split};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::alarm::Alarm;
use super::path::{Flow, Link, PACKET};

/// What the server's system takes beyond what the network takes.
const UNSENT: usize = 64 << 10;

/// Packets under way in one direction of a connection whose receiver does not read. Further ones are not sent.
const UNREAD: usize = 16 << 10;

/// A port behind which there is a network. It is closed, with its connections, when this is dropped.
#[derive(Debug)]
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    _tasks: JoinSet<()>,
}

/// What is the same for all connections.
#[derive(Debug, Clone)]
struct Path {
    network: Network,
    alarm: Alarm,
    epoch: Instant,
    up: Arc<Mutex<Link>>,
    down: Arc<Mutex<Link>>,
}

impl Proxy {
    /// Listens at a free port of this machine; `serve` is given each connection.
    pub(crate) async fn start<S, F>(network: Network, alarm: Alarm, serve: S) -> io::Result<Self>
    where
        S: Fn(DuplexStream) -> F + Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let path = Path {
            network,
            alarm,
            epoch: Instant::now(),
            up: Arc::new(Mutex::new(Link::up(&network))),
            down: Arc::new(Mutex::new(Link::down(&network))),
        };
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let accepted = tokio::select! {
                    accepted = listener.accept() => accepted,
                    Some(_) = connections.join_next() => continue,
                };
                // What fails concerns one connection, or passes.
                let Ok((client, _)) = accepted else {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                    continue;
                };
                let (near, far) = tokio::io::duplex(UNSENT);
                connections.spawn(relay(path.clone(), client, near));
                connections.spawn(serve(far));
            }
        });
        Ok(Self {
            address,
            _tasks: tasks,
        })
    }
}

impl Path {
    fn now(&self) -> Time {
        Time::from_nanos(u64::try_from(self.epoch.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }

    async fn sleep_until(&self, time: Time) {
        let since = Duration::from_nanos(time.as_nanos());
        self.alarm.sleep_until(self.epoch + since).await;
    }
}

async fn relay(path: Path, client: TcpStream, server: DuplexStream) {
    let handshake = path.now() + path.network.rtt;
    // Without it the same, a little later.
    let _ = client.set_nodelay(true);
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = split(server);
    let (up, down) = (Arc::clone(&path.up), Arc::clone(&path.down));
    // If one direction breaks, so does the other; if one ends in order, the other goes on.
    let _ = tokio::try_join!(
        carry(&path, handshake, from_client, to_server, &up),
        carry(&path, handshake, from_server, to_client, &down),
    );
}

/// Carries one direction of a connection until it ends.
async fn carry(
    path: &Path,
    start: Time,
    from: impl AsyncRead + Unpin,
    to: impl AsyncWrite + Unpin,
    link: &Mutex<Link>,
) -> io::Result<()> {
    let (sender, receiver) = mpsc::channel(UNREAD);
    tokio::try_join!(
        send(path, start, from, link, sender),
        deliver(path, receiver, to),
    )?;
    Ok(())
}

/// A packet, and when it has arrived.
type Packet = (Time, Vec<u8>);

async fn send(
    path: &Path,
    start: Time,
    mut from: impl AsyncRead + Unpin,
    link: &Mutex<Link>,
    packets: mpsc::Sender<Packet>,
) -> io::Result<()> {
    let lock = || link.lock().unwrap_or_else(PoisonError::into_inner);
    let mut flow = Flow::new();
    let mut now = start;
    let mut buffer = [0; PACKET as usize];
    loop {
        let opening = flow.opening(now, &lock());
        if opening > path.now() {
            path.sleep_until(opening).await;
            now = opening;
            // Another connection may have been faster.
            continue;
        }
        let (length, was_there) = read(&mut from, &mut buffer).await?;
        now = if was_there {
            opening
        } else {
            opening.max(path.now())
        };
        let bytes = buffer.get(..length).unwrap_or_default();
        let arrival = flow.send(now, bytes.len() as u64, &mut lock());
        let is_gone = packets.send((arrival, bytes.to_vec())).await.is_err();
        if bytes.is_empty() || is_gone {
            return Ok(());
        }
    }
}

/// Reads what there is, and tells whether it was there already. Nothing at the end.
async fn read(from: &mut (impl AsyncRead + Unpin), buffer: &mut [u8]) -> io::Result<(usize, bool)> {
    let mut was_there = true;
    poll_fn(|context| {
        let mut into = ReadBuf::new(buffer);
        let polled = Pin::new(&mut *from).poll_read(context, &mut into);
        was_there &= polled.is_ready();
        let length = into.filled().len();
        polled.map_ok(|()| (length, was_there))
    })
    .await
}

/// Hands out packets when they have arrived. An empty one is the end.
async fn deliver(
    path: &Path,
    mut packets: mpsc::Receiver<Packet>,
    mut to: impl AsyncWrite + Unpin,
) -> io::Result<()> {
    while let Some((arrival, bytes)) = packets.recv().await {
        path.sleep_until(arrival).await;
        if bytes.is_empty() {
            break;
        }
        to.write_all(&bytes).await?;
    }
    to.shutdown().await
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;
    use tokio::task::JoinSet;

    use super::*;

    /// Answers each byte with as many bytes as it says, times 1,000; 0 with one.
    async fn answer(mut stream: DuplexStream) {
        while let Ok(asked) = stream.read_u8().await {
            let answer = vec![asked; (usize::from(asked) * 1_000).max(1)];
            if stream.write_all(&answer).await.is_err() {
                return;
            }
        }
    }

    async fn proxy(network: &str) -> Proxy {
        let network = network.parse().expect("a network");
        let proxy = Proxy::start(network, Alarm::new(), answer).await;
        proxy.expect("a port is free")
    }

    async fn ask(stream: &mut TcpStream, kilobytes: u8) -> Duration {
        let begin = Instant::now();
        stream.write_u8(kilobytes).await.expect("it is taken");
        let mut answer = vec![0; (usize::from(kilobytes) * 1_000).max(1)];
        stream.read_exact(&mut answer).await.expect("an answer");
        begin.elapsed()
    }

    // A busy machine only adds to what is measured: the best of several says what the path takes.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_connection_costs_a_round_trip_and_so_does_each_question() {
        for rtt in [10, 70, 150] {
            let proxy = proxy(&format!("{rtt}ms/9Mbit")).await;
            let (mut first, mut ping) = (f64::MAX, f64::MAX);
            for _ in 0..4 {
                let begin = Instant::now();
                let mut stream = TcpStream::connect(proxy.address).await.expect("it listens");
                ask(&mut stream, 0).await;
                first = first.min(begin.elapsed().as_secs_f64() * 1e3);
                for _ in 0..4 {
                    ping = ping.min(ask(&mut stream, 0).await.as_secs_f64() * 1e3);
                }
            }
            let rtt = f64::from(rtt);
            assert!(ping >= rtt && ping < rtt + 10.0, "{ping} ms at {rtt} ms");
            let twice = 2.0 * rtt;
            assert!(
                first >= twice && first < twice + 20.0,
                "{first} ms at {rtt} ms"
            );
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn connections_share_the_rate() {
        let proxy = proxy("20ms/8Mbit").await;
        let begin = Instant::now();
        let mut clients = JoinSet::new();
        for _ in 0..4 {
            let address = proxy.address;
            clients.spawn(async move {
                let mut stream = TcpStream::connect(address).await.expect("it listens");
                ask(&mut stream, 250).await;
            });
        }
        while let Some(client) = clients.join_next().await {
            client.expect("no panic");
        }
        // A megabyte at a megabyte a second, after two round trips.
        let took = begin.elapsed().as_secs_f64() - 0.04;
        assert!(took > 0.99 && took < 1.5, "{took} s");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_end_of_a_connection_arrives_too() {
        let proxy = proxy("10ms/8Mbit").await;
        let mut stream = TcpStream::connect(proxy.address).await.expect("it listens");
        stream.write_u8(1).await.expect("it is taken");
        stream.shutdown().await.expect("it ends");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.expect("an answer");
        assert_eq!(answer, [1; 1_000]);
    }
}

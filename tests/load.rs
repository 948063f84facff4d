//! `pushgen serve` under load: clients that take everything and clients that cancel at any moment.
//!
//! Ten thousand pages of the demo site are asked for by two hundred clients, in rounds. Half of the clients are
//! steady: of theirs every byte must come, pages and pushes. The others cancel nearly every page: at once, after its
//! head, in its body, its pushes before their responses or in their bodies; and they drop connections in the middle.
//! Of theirs, what they do not cancel must come as well. After each round the server must be as before it: no
//! connection open, and no more memory in use. What is cancelled and when is drawn from a fixed seed; how far the
//! server had come by then is up to the machine.
//!
//! The client is that of the `h2` crate, which resets what is dropped. When a promise reaches it on a stream that it has
//! just reset, it ends its own connection; that is told apart from what the server does, and counted.

use std::collections::BTreeMap;
use std::fs;
use std::future::Future;
use std::io::{BufRead, BufReader};
use std::ops::AddAssign;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use h2::RecvStream;
use h2::client::{Builder, PushPromises, ResponseFuture, SendRequest};
use http::{Request, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::{JoinHandle, JoinSet, yield_now};

use crate::support;

const ROUNDS: u64 = 5;
const CLIENTS: u64 = 40;
const PAGES: u64 = 50;
/// Pages that a client asks for at once.
const AT_ONCE: u64 = 5;
/// A connection keeps the records of so many hosts apart, and so has pushes for the first page of each.
const HOSTS: u64 = 8;
/// What a steady client is sent: seven files with each host's first page, or eight.
const PUSHES: u64 = 7 * HOSTS;
/// The memory that a round may leave in use, beyond what the first one did.
const GROWTH: u64 = 6 << 20;
/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// The pages of the demo site.
const TARGETS: [&str; 5] = ["/", "/about/", "/blog/", "/blog/spring-tides/", "/docs/"];

#[test]
fn ten_thousand_pages_leave_nothing_behind() {
    let server = Server::start();
    let site = Arc::new(Site::load());
    let mut sum = Tally::default();
    let mut memory = Vec::new();
    let mut failures = 0;
    run(async {
        for round in 0..ROUNDS {
            let mut clients = JoinSet::new();
            for number in 0..CLIENTS {
                let client = Client {
                    server: server.address.clone(),
                    site: Arc::clone(&site),
                    random: Random(round * CLIENTS + number + 1),
                    tally: Tally::default(),
                };
                if number % 2 == 0 {
                    clients.spawn(client.steady());
                } else {
                    clients.spawn(client.restless());
                }
            }
            while let Some(tally) = clients.join_next().await {
                sum += tally.expect("a client that sees nothing wrong");
            }
            server.is_free_of_connections().await;
            memory.push(server.memory());
        }
        failures = server.metric("pushgen_connection_failures_total").await;
        // Alive, and as it was.
        let mut last = Client {
            server: server.address.clone(),
            site,
            random: Random(0),
            tally: Tally::default(),
        };
        let connection = Connection::open(&server.address, false).await;
        last.group(&connection, 0, |_| None).await.expect("pages");
        assert!(last.tally.pushes >= 7, "{:?}", last.tally);
    });
    eprintln!("{sum:#?}");
    eprintln!("failed connections: {failures}; memory in use after each round: {memory:?}");

    let steady = ROUNDS * CLIENTS / 2;
    assert_eq!(sum.pages + sum.cancelled_pages, ROUNDS * CLIENTS * PAGES);
    assert!(sum.pages >= steady * PAGES);
    assert!(sum.pushes >= steady * PUSHES);
    assert!(sum.cancelled_pages >= ROUNDS * CLIENTS * PAGES / 3);
    assert!(sum.cancelled_pushes >= steady);
    assert!(failures <= sum.ended_by_library);
    let most = memory.iter().max().copied().unwrap_or_default();
    assert!(most < memory[0] + GROWTH, "{memory:?}");
    server.stop();
}

#[test]
fn a_connection_survives_hundreds_of_cancelled_pages() {
    let server = Server::start();
    let site = Arc::new(Site::load());
    run(async {
        let connection = Connection::open(&server.address, true).await;
        let mut client = Client {
            server: server.address.clone(),
            site,
            random: Random(1),
            tally: Tally::default(),
        };
        let mut sender = connection.sender.clone();
        // Everything that is pushed comes with the first page.
        whole(&sender, "example.com", "/", &client.site)
            .await
            .expect("a page with pushes");
        for _ in 0..100 {
            for _ in 0..AT_ONCE {
                let at_once = Cancel::AtOnce(client.random.below(12));
                let cancel = client.random.of(&[at_once, Cancel::Head, Cancel::Body]);
                let target = client.random.of(&TARGETS);
                cancelled(&sender, "example.com", target, &client.site, cancel)
                    .await
                    .expect("a connection that goes on");
            }
            let target = client.random.of(&TARGETS);
            whole(&sender, "example.com", target, &client.site)
                .await
                .expect("a page");
        }
        // More than the window that a connection begins with.
        for _ in 0..6 {
            let request = Request::get("http://example.com/img/dusk.jpg").body(());
            let (response, _) = sender
                .send_request(request.expect("a request"), true)
                .expect("a stream");
            let image = body(response.await.expect("a response").into_body()).await;
            assert!(image.expect("an image") == client.site.0["/img/dusk.jpg"]);
        }
        drop(sender);
        drop(connection);
        server.is_free_of_connections().await;
    });
    server.stop();
}

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let in_time = runtime.block_on(async { tokio::time::timeout(PATIENCE, test).await });
    in_time.expect("it comes to an end");
}

/// What clients have seen.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    connections: u64,
    /// Those dropped in the middle of a page.
    dropped_connections: u64,
    /// Those that the client's own library ended.
    ended_by_library: u64,
    /// Whole pages.
    pages: u64,
    pages_with_pushes: u64,
    /// Pages whose assets came, or had come, in `Link` alone.
    pages_with_links: u64,
    /// Whole pushes.
    pushes: u64,
    cancelled_pages: u64,
    cancelled_pushes: u64,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.connections += other.connections;
        self.dropped_connections += other.dropped_connections;
        self.ended_by_library += other.ended_by_library;
        self.pages += other.pages;
        self.pages_with_pushes += other.pages_with_pushes;
        self.pages_with_links += other.pages_with_links;
        self.pushes += other.pushes;
        self.cancelled_pages += other.cancelled_pages;
        self.cancelled_pushes += other.cancelled_pushes;
    }
}

/// When a page is cancelled, or what is pushed with it.
#[derive(Debug, Clone, Copy)]
enum Cancel {
    /// With its request, or after so many turns of the client's other tasks.
    AtOnce(u64),
    /// After the response's head.
    Head,
    /// After some of the body.
    Body,
    /// The page is read, the pushes are cancelled before their responses.
    Pushes,
    /// The page is read, the pushes are cancelled in their bodies.
    PushedBodies,
}

struct Client {
    server: String,
    site: Arc<Site>,
    random: Random,
    tally: Tally,
}

impl Client {
    /// One connection, everything whole.
    async fn steady(mut self) -> Tally {
        let connection = Connection::open(&self.server, false).await;
        self.tally.connections += 1;
        for group in 0..PAGES / AT_ONCE {
            let group = self.group(&connection, group, |_| None).await;
            group.unwrap_or_else(|error| panic!("something is lost: {error:?}"));
        }
        self.tally
    }

    /// Of each group one page is whole, and now and then the connection is dropped after it.
    async fn restless(mut self) -> Tally {
        let mut connection = Connection::open(&self.server, true).await;
        self.tally.connections += 1;
        for group in 0..PAGES / AT_ONCE {
            let cancel = |random: &mut Random, place| {
                let kinds = [
                    Cancel::AtOnce(random.below(12)),
                    Cancel::Head,
                    Cancel::Body,
                    Cancel::Pushes,
                    Cancel::PushedBodies,
                ];
                (place > 0).then(|| random.of(&kinds))
            };
            let cancels: Vec<_> = (0..AT_ONCE)
                .map(|place| cancel(&mut self.random, place))
                .collect();
            let chosen = |place: u64| cancels.get(place as usize).copied().flatten();
            let before = self.tally;
            let ended = self.group(&connection, group, chosen).await.is_err();
            if ended {
                // The same once more, on a connection of its own, where all must come.
                connection = Connection::open(&self.server, true).await;
                self.tally = before;
                self.tally.ended_by_library += 1;
                self.tally.connections += 1;
                self.tally.cancelled_pages += AT_ONCE - 1;
                let target = self.random.of(&TARGETS);
                let seen = whole(&connection.sender, "new.test", target, &self.site);
                self.tally += seen.await.expect("a page on a new connection");
            } else if self.random.below(3) == 0 {
                self.drop_in_the_middle(connection).await;
                connection = Connection::open(&self.server, true).await;
                self.tally.connections += 1;
            }
        }
        self.tally
    }

    /// Some pages at once, each of another host; those are cancelled for which `cancel` says how.
    async fn group(
        &mut self,
        connection: &Connection,
        group: u64,
        cancel: impl Fn(u64) -> Option<Cancel>,
    ) -> Result<(), h2::Error> {
        let mut pages: JoinSet<Result<Tally, h2::Error>> = JoinSet::new();
        for place in 0..AT_ONCE {
            let host = format!("h{}.test", (group * AT_ONCE + place) % HOSTS);
            let target = self.random.of(&TARGETS);
            let sender = connection.sender.clone();
            let site = Arc::clone(&self.site);
            match cancel(place) {
                None => {
                    pages.spawn(async move { whole(&sender, &host, target, &site).await });
                }
                Some(cancel) => {
                    pages.spawn(
                        async move { cancelled(&sender, &host, target, &site, cancel).await },
                    );
                }
            }
        }
        let mut result = Ok(());
        while let Some(page) = pages.join_next().await {
            match page.expect("a page that is right") {
                Ok(tally) => self.tally += tally,
                Err(error) => {
                    assert!(!error.is_remote(), "ended by the server: {error:?}");
                    result = Err(error);
                }
            }
        }
        result
    }

    async fn drop_in_the_middle(&mut self, connection: Connection) {
        let mut sender = connection.sender.clone();
        let request = page_request("dropped.test", self.random.of(&TARGETS));
        let asked = sender.send_request(request, true).expect("a stream");
        for _ in 0..self.random.below(12) {
            yield_now().await;
        }
        // The socket goes with the driver.
        connection.driver.abort();
        drop(asked);
        self.tally.dropped_connections += 1;
    }
}

/// A page and what is pushed with it, compared with the files.
async fn whole(
    sender: &SendRequest<Bytes>,
    host: &str,
    target: &str,
    site: &Arc<Site>,
) -> Result<Tally, h2::Error> {
    let (mut response, _) = request(sender, host, target).await?;
    let pushes = pushes(response.push_promises(), site, None);
    let (links, pushes) = tokio::try_join!(read_page(response, target, site), pushes)?;
    Ok(Tally {
        pages: 1,
        pages_with_pushes: u64::from(pushes > 0),
        pages_with_links: u64::from(pushes == 0 && links),
        pushes,
        ..Tally::default()
    })
}

/// A page that is not read to its end, or without what is pushed with it.
async fn cancelled(
    sender: &SendRequest<Bytes>,
    host: &str,
    target: &str,
    site: &Arc<Site>,
    cancel: Cancel,
) -> Result<Tally, h2::Error> {
    let (mut response, _) = request(sender, host, target).await?;
    let promises = response.push_promises();
    let cancelled_pushes = match cancel {
        Cancel::AtOnce(turns) => {
            for _ in 0..turns {
                yield_now().await;
            }
            0
        }
        Cancel::Head | Cancel::Body => {
            let mut body = response.await?.into_body();
            if let Cancel::Body = cancel
                && let Some(chunk) = body.data().await
            {
                // Its window is not given back before the stream is reset.
                chunk?;
            }
            0
        }
        Cancel::Pushes | Cancel::PushedBodies => {
            let pushes = pushes(promises, site, Some(cancel));
            tokio::try_join!(read_page(response, target, site), pushes)?.1
        }
    };
    Ok(Tally {
        cancelled_pages: 1,
        cancelled_pushes,
        ..Tally::default()
    })
}

fn page_request(host: &str, target: &str) -> Request<()> {
    let request = Request::get(format!("http://{host}{target}")).header("accept", "text/html");
    request.body(()).expect("a request")
}

async fn request(
    sender: &SendRequest<Bytes>,
    host: &str,
    target: &str,
) -> Result<(ResponseFuture, h2::SendStream<Bytes>), h2::Error> {
    let mut sender = sender.clone().ready().await?;
    sender.send_request(page_request(host, target), true)
}

/// Reads a page to its end; whether it has links.
async fn read_page(response: ResponseFuture, target: &str, site: &Site) -> Result<bool, h2::Error> {
    let (head, stream) = response.await?.into_parts();
    assert_eq!(head.status, StatusCode::OK, "{target}");
    let text = body(stream).await?;
    assert!(text == site.0[target], "{target} is not the file");
    Ok(head.headers.contains_key("link"))
}

/// Takes what is pushed until the page ends, each compared with its file or cancelled. How many there were. To be awaited
/// in the task that reads the page: h2 does not wake who waits for promises when there will be no more.
async fn pushes(
    mut promises: PushPromises,
    site: &Arc<Site>,
    cancel: Option<Cancel>,
) -> Result<u64, h2::Error> {
    let mut pushes: JoinSet<Result<(), h2::Error>> = JoinSet::new();
    let mut count = 0;
    while let Some(promise) = promises.push_promise().await {
        let (request, response) = promise?.into_parts();
        count += 1;
        if let Some(Cancel::Pushes) = cancel {
            // Dropped, it is reset.
            continue;
        }
        let site = Arc::clone(site);
        pushes.spawn(async move {
            let (head, mut stream) = response.await?.into_parts();
            assert_eq!(head.status, StatusCode::OK);
            if cancel.is_some() {
                return match stream.data().await {
                    Some(chunk) => chunk.map(drop),
                    None => Ok(()),
                };
            }
            let target = request.uri().path();
            let bytes = body(stream).await?;
            assert!(bytes == site.0[target], "{target} is not the file");
            Ok(())
        });
    }
    while let Some(push) = pushes.join_next().await {
        push.expect("a push that is right")?;
    }
    Ok(count)
}

async fn body(mut stream: RecvStream) -> Result<Vec<u8>, h2::Error> {
    let mut bytes = Vec::new();
    while let Some(chunk) = stream.data().await {
        let chunk = chunk?;
        stream.flow_control().release_capacity(chunk.len())?;
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// A connection in the clear. It is closed when it is dropped.
struct Connection {
    sender: SendRequest<Bytes>,
    driver: JoinHandle<()>,
}

impl Connection {
    /// With narrow windows, bodies come in pieces.
    async fn open(server: &str, is_narrow: bool) -> Self {
        let stream = TcpStream::connect(server).await.expect("a connection");
        stream.set_nodelay(true).expect("a socket");
        let mut builder = Builder::new();
        // What has been cancelled is remembered as long as the connection lasts.
        builder
            .max_concurrent_reset_streams(100_000)
            .reset_stream_duration(PATIENCE)
            .max_local_error_reset_streams(None);
        if is_narrow {
            builder.initial_window_size(500);
        }
        let handshake = builder.handshake(stream).await;
        let (sender, connection) = handshake.expect("a handshake");
        let driver = tokio::spawn(async move {
            // What is wrong with it shows in the responses.
            drop(connection.await);
        });
        Self { sender, driver }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// Target and content of each file.
struct Site(BTreeMap<String, Vec<u8>>);

impl Site {
    fn load() -> Self {
        let dist = support::fixture("demo");
        let mut files = BTreeMap::new();
        for entry in walkdir::WalkDir::new(&dist) {
            let entry = entry.expect("a readable folder");
            if entry.file_type().is_file() {
                let path = entry.path().strip_prefix(&dist).expect("a path below it");
                let path = path.to_str().expect("UTF-8");
                let target = path.strip_suffix("index.html").unwrap_or(path);
                files.insert(
                    format!("/{target}"),
                    fs::read(entry.path()).expect("a file"),
                );
            }
        }
        Self(files)
    }
}

/// A running server.
struct Server {
    child: Child,
    address: String,
    metrics: String,
}

impl Server {
    fn start() -> Self {
        let dist = support::fixture("demo");
        let arguments = ["--no-tls", "--listen", "127.0.0.1:0", "--log", "none"];
        let mut child = support::command_in(support::root(), &["serve"])
            .arg(dist)
            .args(arguments)
            .args(["--metrics", "127.0.0.1:0"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
        let mut said = Vec::new();
        let mut address = |of: &str| {
            for line in lines.by_ref().map_while(Result::ok) {
                if let Some((_, rest)) = line.split_once(of)
                    && let Some((_, rest)) = rest.split_once("http://")
                {
                    let end = rest.find('/').unwrap_or(rest.len());
                    return rest[..end].to_owned();
                }
                said.push(line);
            }
            panic!("it names no {of:?}: {said:?}")
        };
        let metrics = address("metrics at ");
        let address = address("serving ");
        // It must be read all the same.
        std::thread::spawn(move || lines.for_each(drop));
        Self {
            child,
            address,
            metrics,
        }
    }

    /// Waits until its connections have ended, as its metrics tell.
    async fn is_free_of_connections(&self) {
        let deadline = Instant::now() + PATIENCE;
        while self.metric("pushgen_connections").await != 0 {
            assert!(Instant::now() < deadline, "connections stay open");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn metric(&self, name: &str) -> u64 {
        let mut stream = TcpStream::connect(&self.metrics).await.expect("metrics");
        let request = b"GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
        stream.write_all(request).await.expect("it reads");
        let mut page = String::new();
        stream.read_to_string(&mut page).await.expect("a page");
        let mut values = page.lines().filter_map(|line| line.strip_prefix(name));
        let value = values.find_map(|rest| rest.strip_prefix(' ')?.parse().ok());
        value.unwrap_or_else(|| panic!("no {name} in {page}"))
    }

    /// The bytes of memory that it has in use.
    fn memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.expect("it is alive");
        let mut lines = status.lines();
        let kilobytes = lines.find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = kilobytes.and_then(|it| it.trim().strip_suffix(" kB")?.parse().ok());
        kilobytes.map(|it: u64| it << 10).expect("a size")
    }

    /// Stops it as Ctrl-C does.
    fn stop(mut self) {
        let process = self.child.id().to_string();
        let killed = Command::new("kill").args(["-INT", &process]).status();
        assert!(killed.expect("kill runs").success());
        let status = self.child.wait().expect("a status");
        assert!(status.success(), "{status}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    fn of<T: Copy>(&mut self, table: &[T]) -> T {
        table[self.below(table.len() as u64) as usize]
    }
}

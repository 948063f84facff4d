//! What a server remembers, on the wire: nothing is promised to a client that has it.
//!
//! In: `pushgen serve` over the fixture, without TLS; a client of the `h2` crate that takes pushes. Out: the targets
//! that are promised with each page.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use bytes::Bytes;
use h2::client::SendRequest;
use http::{HeaderMap, Request, StatusCode, header};
use tokio::net::TcpStream;

use crate::page::folder;

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn a_second_page_on_the_connection_is_promised_only_what_the_first_one_was_not() {
    let server = Server::start("push-hurts-repeat-navigation");
    run(async {
        let mut connection = connect(&server.address).await;
        let (_, first) = load(&mut connection, "/", None).await;
        assert_eq!(first, ["/style.css", "/app.js"]);
        let (_, second) = load(&mut connection, "/map/", None).await;
        assert_eq!(second, ["/map.css"]);
        let (_, again) = load(&mut connection, "/", None).await;
        assert_eq!(again, [""; 0]);
    });
}

#[test]
fn a_client_whose_cookie_says_that_it_has_all_is_promised_nothing() {
    let server = Server::start("push-hurts-cached");
    run(async {
        let mut connection = connect(&server.address).await;
        let (fields, first) = load(&mut connection, "/", None).await;
        assert_eq!(first, ["/style.css", "/app.js"]);
        let cookie = fields.get(header::SET_COOKIE).expect("a cookie");
        let cookie = cookie.to_str().expect("a plain cookie");
        let cookie = cookie.split(';').next().expect("a name with a value");
        // On another connection, whose record is empty.
        let mut another = connect(&server.address).await;
        let (_, later) = load(&mut another, "/", Some(cookie)).await;
        assert_eq!(later, [""; 0]);
    });
}

#[test]
fn a_hundred_promises_with_a_page_are_not_made_whatever_the_policy_says() {
    let fixture = "push-hurts-tiny-files";
    let policy = folder(fixture).join("careless.json");
    let policy = policy.to_str().expect("a UTF-8 path");
    let server = Server::start_with(fixture, &["--policy", policy]);
    run(async {
        let mut connection = connect(&server.address).await;
        let (_, promised) = load(&mut connection, "/", None).await;
        assert_eq!(promised, [""; 0]);
    });
    // The plan of the same page is followed.
    let server = Server::start(fixture);
    run(async {
        let mut connection = connect(&server.address).await;
        let (_, promised) = load(&mut connection, "/", None).await;
        assert_eq!(promised, ["/style.css"]);
    });
}

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let in_time = runtime.block_on(async { tokio::time::timeout(PATIENCE, test).await });
    in_time.expect("it comes to an end");
}

async fn connect(address: &str) -> SendRequest<Bytes> {
    let stream = TcpStream::connect(address).await.expect("a connection");
    let (sender, connection) = h2::client::handshake(stream).await.expect("a handshake");
    tokio::spawn(connection);
    sender
}

/// The fields of a page, and what is promised with it; all of it is read.
async fn load(
    sender: &mut SendRequest<Bytes>,
    target: &str,
    cookie: Option<&str>,
) -> (HeaderMap, Vec<String>) {
    let request = Request::get(format!("http://example.com{target}")).header("accept", "text/html");
    let request = match cookie {
        Some(cookie) => request.header(header::COOKIE, cookie),
        None => request,
    };
    let request = request.body(()).expect("a request");
    let ready = sender.clone().ready().await;
    let (mut response, _) = ready
        .and_then(|mut sender| sender.send_request(request, true))
        .expect("a stream");
    let mut promises = response.push_promises();
    let promised = async {
        let mut promised = Vec::new();
        let mut bodies = Vec::new();
        while let Some(promise) = promises.push_promise().await {
            let (request, response) = promise.expect("a promise").into_parts();
            promised.push(request.uri().path().to_owned());
            bodies.push(tokio::spawn(async move {
                read(response.await.expect("a response").into_body()).await;
            }));
        }
        for body in bodies {
            body.await.expect("a whole push");
        }
        promised
    };
    let page = async {
        let (head, body) = response.await.expect("a response").into_parts();
        assert_eq!(head.status, StatusCode::OK, "{target}");
        read(body).await;
        head.headers
    };
    // In one task: h2 does not wake who waits for promises when there will be no more.
    tokio::join!(page, promised)
}

async fn read(mut body: h2::RecvStream) {
    while let Some(chunk) = body.data().await {
        let length = chunk.expect("a chunk").len();
        let released = body.flow_control().release_capacity(length);
        released.expect("room for more");
    }
}

/// A running server.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(fixture: &str) -> Self {
        Self::start_with(fixture, &[])
    }

    fn start_with(fixture: &str, arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_pushgen"))
            .arg("serve")
            .arg(folder(fixture).join("dist"))
            .args(["--no-tls", "--listen", "127.0.0.1:0", "--log", "none"])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
        let mut address = lines.by_ref().map_while(Result::ok).filter_map(|line| {
            let (_, rest) = line.split_once("serving ")?.1.split_once("http://")?;
            let end = rest.find('/').unwrap_or(rest.len());
            Some(rest[..end].to_owned())
        });
        let address = address.next().expect("it names its address");
        // It must be read all the same.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

//! nghttp, a client of the nghttp2 library that takes pushes: it shows every frame, and ends the connection when
//! frames are out of order.
//!
//! In: options and URLs. Out: the frames of `nghttp --verbose`, each with its header fields.

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;

use super::server::Server;
use super::site::Site;
use super::{PATIENCE, output};
use crate::support::TestSite;

/// A frame that the client saw.
#[derive(Debug)]
struct Frame {
    received: bool,
    kind: String,
    stream: u32,
    end_stream: bool,
    /// Of a PUSH_PROMISE.
    promised: Option<u32>,
    fields: Vec<(String, String)>,
    /// The error code of a GOAWAY or RST_STREAM.
    error: Option<String>,
}

impl Frame {
    #[track_caller]
    fn field(&self, name: &str) -> &str {
        let field = self.fields.iter().find(|(field, _)| field == name);
        &field.unwrap_or_else(|| panic!("no {name}: {self:?}")).1
    }

    fn status(&self) -> Option<&str> {
        let field = self.fields.iter().find(|(name, _)| name == ":status");
        field.map(|(_, value)| value.as_str())
    }
}

/// A connection as the client saw it.
#[derive(Debug)]
struct Connection {
    frames: Vec<Frame>,
}

/// Asks for these URLs on one connection, which must end without any error.
#[track_caller]
fn nghttp(options: &[&str], urls: &[String]) -> Connection {
    let mut command = Command::new("nghttp");
    command.args([
        "--verbose",
        "--null-out",
        "--no-verify-peer",
        "--timeout=20s",
    ]);
    let output = output(command.args(options).args(urls));
    let text = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && stderr.is_empty(),
        "{stderr}\n{text}"
    );
    let connection = Connection {
        frames: frames(&text),
    };
    for frame in &connection.frames {
        let is_fine = frame
            .error
            .as_deref()
            .is_none_or(|error| error == "NO_ERROR");
        assert!(is_fine, "{frame:?} in\n{text}");
    }
    connection.promised_ids_rise();
    connection
}

impl Connection {
    /// What was received, in order, with its place.
    fn received<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = (usize, &'a Frame)> {
        let frames = self.frames.iter().enumerate();
        frames.filter(move |(_, frame)| frame.received && frame.kind == kind)
    }

    /// The targets that were promised.
    fn promises(&self) -> Vec<&str> {
        let promises = self.received("PUSH_PROMISE");
        promises
            .map(|(_, promise)| promise.field(":path"))
            .collect()
    }

    /// The stream on which the client asked for a target.
    #[track_caller]
    fn stream_of(&self, target: &str) -> u32 {
        let request = self.frames.iter().find(|frame| {
            !frame.received && frame.kind == "HEADERS" && frame.field(":path") == target
        });
        request.expect("a request").stream
    }

    /// Where a stream's final HEADERS are.
    #[track_caller]
    fn answer(&self, stream: u32) -> (usize, &Frame) {
        let answers = |(_, frame): &(usize, &Frame)| {
            frame.stream == stream
                && frame
                    .status()
                    .is_some_and(|status| !status.starts_with('1'))
        };
        let answer = self.received("HEADERS").find(answers);
        answer.unwrap_or_else(|| panic!("stream {stream} is not answered: {self:#?}"))
    }

    /// Every promise was kept, as every request was: HEADERS with this status first, and an end.
    #[track_caller]
    fn all_are_answered(&self) {
        let requests = self
            .frames
            .iter()
            .filter(|frame| !frame.received && frame.kind == "HEADERS");
        let promises = self
            .received("PUSH_PROMISE")
            .filter_map(|(_, frame)| frame.promised);
        for stream in requests.map(|frame| frame.stream).chain(promises) {
            let (place, head) = self.answer(stream);
            assert_eq!(head.status(), Some("200"), "{head:?}");
            let of_stream = |frame: &&Frame| frame.received && frame.stream == stream;
            let before = self.frames.iter().take(place).filter(of_stream);
            assert!(
                before.into_iter().all(|frame| frame.kind != "DATA"),
                "stream {stream}"
            );
            let ends = self
                .frames
                .iter()
                .filter(of_stream)
                .filter(|frame| frame.end_stream);
            assert_eq!(ends.count(), 1, "stream {stream} ends once");
        }
    }

    #[track_caller]
    fn promised_ids_rise(&self) {
        let ids: Vec<_> = self
            .received("PUSH_PROMISE")
            .map(|(_, frame)| frame.promised)
            .collect();
        assert!(
            ids.is_sorted_by(|earlier, later| earlier < later),
            "{ids:?}"
        );
    }
}

/// Reads the output of `nghttp --verbose`, in which a frame's header fields come before it if it is received, and
/// below it if it is sent.
fn frames(text: &str) -> Vec<Frame> {
    let mut frames: Vec<Frame> = Vec::new();
    let mut fields = Vec::new();
    for line in text.lines() {
        let word_after = |name: &str| {
            let (_, rest) = line.split_once(name)?;
            rest.split([',', ')', '>', '(', ' ']).next()
        };
        let number_after = |name: &str| word_after(name).and_then(|word| word.parse().ok());
        if let Some((start, _)) = line.split_once(" frame <") {
            let kind = start.rsplit(' ').next().unwrap_or_default();
            let flags = word_after("flags=0x").and_then(|flags| u8::from_str_radix(flags, 16).ok());
            frames.push(Frame {
                received: start.contains(" recv "),
                kind: kind.to_owned(),
                stream: number_after("stream_id=").expect("every frame has a stream"),
                end_stream: matches!(kind, "DATA" | "HEADERS")
                    && flags.is_some_and(|flags| flags & 1 == 1),
                promised: None,
                fields: std::mem::take(&mut fields),
                error: None,
            });
        } else if let Some((_, field)) = line.split_once(" recv (stream_id=") {
            let field = field.split_once(") ").expect("a field after the stream").1;
            fields.extend(name_and_value(field));
        } else if let Some(frame) = frames.last_mut() {
            frame.promised = frame.promised.or(number_after("promised_stream_id="));
            if let Some(error) = word_after("error_code=") {
                frame.error = Some(error.to_owned());
            }
            if !frame.received && frame.kind == "HEADERS" {
                frame.fields.extend(name_and_value(line.trim_start()));
            }
        }
    }
    frames
}

/// A header field as nghttp shows it. A name may begin with a colon.
fn name_and_value(field: &str) -> Option<(String, String)> {
    let (name, value) = field.split_once(": ")?;
    Some((name.to_owned(), value.to_owned()))
}

/// Both ways to speak HTTP/2, over which all is the same.
const OVER_TLS_AND_IN_THE_CLEAR: [fn(&Site) -> Server; 2] = [Site::serve, Site::serve_in_the_clear];

#[test]
fn every_promise_comes_before_the_page_and_is_kept() {
    let site = Site::demo();
    for serve in OVER_TLS_AND_IN_THE_CLEAR {
        let server = serve(&site);
        let connection = nghttp(&[], &[server.url("/")]);
        assert_eq!(connection.promises(), site.sent_with("/"));
        connection.all_are_answered();
        let page = connection.stream_of("/");
        let (head, _) = connection.answer(page);
        let authority = server.origin.split_once("://").expect("a scheme").1;
        for (place, promise) in connection.received("PUSH_PROMISE") {
            assert!(place < head, "{promise:?} is after the page's HEADERS");
            assert_eq!(promise.stream, page);
            assert_eq!(promise.field(":method"), "GET");
            assert_eq!(promise.field(":authority"), authority);
            assert!(
                server
                    .origin
                    .starts_with(&format!("{}:", promise.field(":scheme")))
            );
            assert_eq!(promise.field("accept-encoding"), "gzip, deflate");
        }
        let log = server.stop();
        assert_eq!(log.asked(), ["/"]);
        assert_eq!(log.request("/")["pushed"], json!(site.sent_with("/")));
    }
}

#[test]
fn a_client_that_refuses_pushes_gets_none_but_hints() {
    let site = Site::demo();
    for serve in OVER_TLS_AND_IN_THE_CLEAR {
        let server = serve(&site);
        let connection = nghttp(&["--no-push"], &[server.url("/")]);
        assert!(connection.promises().is_empty());
        let heads: Vec<_> = connection
            .received("HEADERS")
            .map(|(_, frame)| frame)
            .collect();
        let statuses: Vec<_> = heads.iter().filter_map(|head| head.status()).collect();
        assert_eq!(statuses, ["103", "200"]);
        let links = |frame: &Frame| -> Vec<String> {
            let links = frame.fields.iter().filter(|(name, _)| name == "link");
            links
                .flat_map(|(_, value)| value.split(", ").map(str::to_owned))
                .collect()
        };
        assert_eq!(links(heads[0]), site.links_of("/"));
        assert_eq!(links(heads[1]), site.links_of("/"));
        let log = server.stop();
        assert_eq!(log.request("/")["early_hints"], json!(site.sent_with("/")));
    }
}

#[test]
fn nothing_is_promised_twice_on_a_connection() {
    let site = Site::demo();
    let server = site.serve();
    let pages = ["/", "/about/", "/blog/"];
    let connection = nghttp(&[], &pages.map(|page| server.url(page)));
    connection.all_are_answered();
    let mut promises = connection.promises();
    let count = promises.len();
    promises.sort_unstable();
    promises.dedup();
    assert_eq!(promises.len(), count, "{promises:?}");

    // The same page again, and again at once.
    let connection = nghttp(&["--multiply=3"], &[server.url("/")]);
    connection.all_are_answered();
    assert_eq!(connection.promises(), site.sent_with("/"));
    server.stop();
}

#[test]
fn what_the_digest_cookie_remembers_is_not_sent_again() {
    let site = Site::demo();
    for serve in OVER_TLS_AND_IN_THE_CLEAR {
        let server = serve(&site);
        let url = [server.url("/")];
        let first = nghttp(&[], &url);
        assert_eq!(first.promises(), site.sent_with("/"));
        let (_, head) = first.answer(first.stream_of("/"));
        let cookie = head.field("set-cookie").split(';').next().expect("a pair");
        let cookie = format!("--header=cookie: {cookie}");
        for options in [&[cookie.as_str()][..], &[&cookie, "--no-push"]] {
            let again = nghttp(options, &url);
            again.all_are_answered();
            assert!(again.promises().is_empty(), "{again:#?}");
            let heads = again.received("HEADERS");
            let statuses: Vec<_> = heads.filter_map(|(_, frame)| frame.status()).collect();
            assert_eq!(statuses, ["200"]);
        }
        // Of another page's files it knows those that both have.
        let other = nghttp(&[&cookie], &[server.url("/docs/")]);
        let mut expected = site.sent_with("/docs/");
        expected.retain(|path| !site.sent_with("/").contains(path));
        assert_eq!(other.promises(), expected);
        server.stop();
    }
}

#[test]
fn thirty_pages_at_once_keep_their_promises() {
    let site = TestSite::new(&[("shared.css", b"p { color: red }")]);
    let mut targets = Vec::new();
    for number in 0..30 {
        let sheet = format!("<!doctype html><link rel=stylesheet href=/{number}.css>");
        let page = format!("{sheet}<link rel=stylesheet href=/shared.css><p>{number}");
        site.write(&format!("{number}/index.html"), page.as_bytes());
        let style = format!("@import '{number}-base.css'; p {{ margin: {number}px }}");
        site.write(&format!("{number}.css"), style.as_bytes());
        // Longer than a stream's first window, so that flow control takes part.
        let base = format!("h1 {{ margin: {number}px }}").repeat(200);
        site.write(&format!("{number}-base.css"), base.as_bytes());
        targets.push(format!("/{number}/"));
    }
    let site = Site::of(site.dist());
    let server = site.serve();
    let urls: Vec<_> = targets.iter().map(|target| server.url(target)).collect();
    let connection = nghttp(&[], &urls);
    connection.all_are_answered();
    let promises = connection.promises();
    let shared = promises.iter().filter(|target| **target == "/shared.css");
    assert_eq!(shared.count(), 1, "{promises:?}");
    // A connection has a budget of promises, so not all pages need have theirs.
    assert!(promises.len() >= 30, "{promises:?}");
    server.stop();
}

#[test]
fn small_windows_slow_the_pushes_and_stop_nothing() {
    let site = Site::demo();
    let server = site.serve();
    let connection = nghttp(
        &["--window-bits=8", "--connection-window-bits=16"],
        &[server.url("/")],
    );
    assert_eq!(connection.promises(), site.sent_with("/"));
    connection.all_are_answered();
    server.stop();
}

#[test]
fn a_client_takes_as_many_pushes_at_once_as_it_says() {
    let site = Site::demo();
    let server = site.serve();
    let connection = nghttp(&["--max-concurrent-streams=1"], &[server.url("/")]);
    connection.all_are_answered();
    server.stop();
}

#[test]
fn a_site_that_changes_is_delivered_as_it_is_now() {
    let site = TestSite::new(&[
        (
            "index.html",
            b"<!doctype html><link rel=stylesheet href=a.css><p>",
        ),
        ("a.css", b"@import 'a2.css';"),
        ("a2.css", b"p { color: red }"),
        ("b.css", b"@import 'a2.css';"),
    ]);
    let server = Server::start(&site.dist(), &["--no-tls", "--watch"]);
    let url = [server.url("/")];
    assert!(nghttp(&[], &url).promises().contains(&"/a.css"));
    site.write(
        "index.html",
        b"<!doctype html><link rel=stylesheet href=b.css><p>",
    );
    let deadline = Instant::now() + PATIENCE;
    loop {
        let connection = nghttp(&[], &url);
        connection.all_are_answered();
        let promises = connection.promises();
        if promises.contains(&"/b.css") && !promises.contains(&"/a.css") {
            break;
        }
        assert!(Instant::now() < deadline, "{promises:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
    server.stop();
}

#[test]
fn the_page_begins_before_its_pushes() {
    let site = Site::demo();
    let server = site.serve();
    for _ in 0..10 {
        let connection = nghttp(&[], &[server.url("/")]);
        let (_, first) = connection.received("DATA").next().expect("a body");
        assert_eq!(first.stream, connection.stream_of("/"), "{first:?}");
    }
    server.stop();
}

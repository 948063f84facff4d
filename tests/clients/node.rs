//! Node's HTTP/2 client: a program that takes pushes, tells what was promised, and may change its mind.
//!
//! In: requests, in steps, for one connection of `http2_client.mjs`. Out: its events, in order.

use std::process::Command;

use pushgen_policy::Sha256;
use serde_json::{Value, json};

use super::output;
use super::server::Server;
use super::site::Site;
use crate::support::{fixture, root};

/// What happened on a connection.
#[derive(Debug)]
pub(super) struct Connection {
    events: Vec<Value>,
}

/// A request for a target, as a program sends it that takes gzip.
fn get(target: &str) -> Value {
    json!({":path": target, "accept-encoding": "gzip"})
}

/// Makes a connection with these settings and goes through the steps.
#[track_caller]
fn connect(site: &Site, server: &Server, settings: Value, steps: Value) -> Connection {
    connect_with(site, server, json!({"settings": settings, "steps": steps}))
}

/// The same, with what else the script can be told.
#[track_caller]
pub(super) fn connect_with(site: &Site, server: &Server, mut task: Value) -> Connection {
    task["origin"] = json!(server.origin);
    task["ca"] = json!(site.certificate());
    let script = root().join("tests/clients/http2_client.mjs");
    let output = output(Command::new("node").arg(script).arg(task.to_string()));
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}\n{stdout}");
    let event = |line: &str| serde_json::from_str(line).expect("an event");
    Connection {
        events: stdout.lines().map(event).collect(),
    }
}

impl Connection {
    fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.events
            .iter()
            .filter(move |event| event["event"] == kind)
    }

    /// Streams with bytes of DATA as they came, frames of one stream that follow each other as one.
    pub(super) fn data(&self) -> Vec<(u64, u64)> {
        let mut data: Vec<(u64, u64)> = Vec::new();
        for frame in self.of_kind("frame") {
            let number = |key: &str| frame[key].as_u64().expect("a number");
            let (stream, length) = (number("stream"), number("length"));
            match data.last_mut() {
                Some((last, sum)) if *last == stream => *sum += length,
                _ if length == 0 => {}
                _ => data.push((stream, length)),
            }
        }
        data
    }

    /// The targets that were promised.
    pub(super) fn pushed(&self) -> Vec<&str> {
        self.of_kind("push")
            .map(|push| text(&push["fields"][":path"]))
            .collect()
    }

    /// The events of one stream.
    fn of_stream<'a>(&'a self, stream: &'a Value) -> impl Iterator<Item = &'a Value> {
        self.events
            .iter()
            .filter(move |event| event["stream"] == *stream)
    }

    #[track_caller]
    fn response(&self, stream: &Value) -> &Value {
        let mut events = self.of_kind("response");
        let response = events.find(|event| event["stream"] == *stream);
        &response.unwrap_or_else(|| panic!("stream {stream} has no response: {self:#?}"))["fields"]
    }

    /// The body of a stream is this file of the site, which came whole.
    #[track_caller]
    fn assert_body(&self, stream: &Value, bytes: &[u8]) {
        let mut events = self.of_stream(stream);
        let end = events
            .find(|event| event["event"] == "end")
            .expect("an end");
        assert_eq!(end["length"], bytes.len(), "{end}");
        assert_eq!(end["sha256"], Sha256::of(bytes).to_string());
        assert!(
            self.of_stream(stream)
                .any(|event| event["event"] == "closed" && event["code"] == 0)
        );
    }

    /// The body of a stream came in gzip, and inflates to this file of the site.
    #[track_caller]
    pub(super) fn assert_inflated_body(&self, stream: &Value, bytes: &[u8]) {
        assert_eq!(self.response(stream)["content-encoding"], "gzip");
        let mut events = self.of_stream(stream);
        let end = events
            .find(|event| event["event"] == "end")
            .expect("an end");
        assert_eq!(end["inflated_sha256"], Sha256::of(bytes).to_string());
    }

    /// All requests and pushes were answered by the site's files, taken as they are.
    #[track_caller]
    fn assert_bodies(&self, site: &Site) {
        for event in self.of_kind("request").chain(self.of_kind("push")) {
            let stream = &event["stream"];
            assert_eq!(self.response(stream)[":status"], 200, "{event}");
            self.assert_body(stream, &site.file(text(&event["fields"][":path"])));
        }
    }
}

fn text(value: &Value) -> &str {
    value
        .as_str()
        .unwrap_or_else(|| panic!("not a string: {value}"))
}

/// A site whose style sheet and script are there with content-codings.
#[track_caller]
pub(super) fn precompressed() -> Site {
    Site::of(fixture("precompressed-siblings"))
}

/// For requests that want the bytes of the files.
fn identity(targets: &[&str]) -> Vec<Value> {
    let get = |target: &&str| json!({":path": target, "accept-encoding": "identity"});
    targets.iter().map(get).collect()
}

#[test]
fn pushes_are_announced_before_the_response_and_are_the_files() {
    let site = Site::demo();
    for server in [site.serve(), site.serve_in_the_clear()] {
        let steps = json!([{"requests": identity(&["/"])}]);
        let connection = connect(&site, &server, json!({}), steps);
        assert_eq!(connection.pushed(), site.sent_with("/"));
        let page = &connection.of_kind("request").next().expect("a request")["stream"];
        let mut events = connection.events.iter();
        let response =
            events.position(|event| event["event"] == "response" && event["stream"] == *page);
        let last_push = connection
            .events
            .iter()
            .rposition(|event| event["event"] == "push");
        assert!(last_push < response, "{connection:#?}");
        connection.assert_bodies(&site);

        let (scheme, authority) = server.origin.split_once("://").expect("an origin");
        for push in connection.of_kind("push") {
            let promised = &push["fields"];
            assert_eq!(promised[":method"], "GET");
            assert_eq!(promised[":scheme"], scheme);
            assert_eq!(promised[":authority"], authority);
            assert_eq!(promised["accept-encoding"], "identity");
        }
        let log = server.stop();
        assert_eq!(log.asked(), ["/"]);
        assert_eq!(log.promised().len(), site.sent_with("/").len());
    }
}

#[test]
fn who_refuses_pushes_gets_early_hints_that_the_response_repeats() {
    let site = Site::demo();
    let server = site.serve();
    let steps = json!([{"requests": [get("/")]}]);
    let connection = connect(&site, &server, json!({"enablePush": false}), steps);
    assert!(connection.pushed().is_empty());
    let hints: Vec<_> = connection.of_kind("informational").collect();
    assert_eq!(hints.len(), 1);
    assert_eq!(hints[0]["fields"][":status"], 103);
    let response = connection.response(&hints[0]["stream"]);
    let links = |fields: &Value| -> Vec<String> {
        text(&fields["link"])
            .split(", ")
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(links(&hints[0]["fields"]), site.links_of("/"));
    assert_eq!(links(response), site.links_of("/"));
    let first = connection
        .events
        .iter()
        .find(|event| event["fields"][":status"].is_u64());
    assert_eq!(first.expect("an answer")["event"], "informational");
    server.stop();
}

#[test]
fn a_promise_never_says_who_asks() {
    let site = Site::demo();
    let server = site.serve();
    let request = json!({
        ":path": "/", "accept-encoding": "gzip", "accept-language": "de", "cookie": "session=secret",
        "referer": "https://example.com/secret", "x-token": "secret", "user-agent": "tests",
    });
    let connection = connect(&site, &server, json!({}), json!([{"requests": [request]}]));
    assert_eq!(connection.pushed(), site.sent_with("/"));
    for push in connection.of_kind("push") {
        let promised = &push["fields"];
        assert!(!promised.to_string().contains("secret"), "{promised}");
        assert_eq!(promised["accept-encoding"], "gzip");
        assert_eq!(promised["accept-language"], "de");
        assert_eq!(promised["user-agent"], "tests");
    }

    // With credentials nothing is promised at all.
    let request = json!({":path": "/", "authorization": "Basic c2VjcmV0"});
    let connection = connect(&site, &server, json!({}), json!([{"requests": [request]}]));
    assert!(connection.pushed().is_empty(), "{connection:#?}");
    server.stop();
}

#[test]
fn pushes_come_in_a_coding_that_the_client_takes() {
    let site = precompressed();
    let server = site.serve();
    let coded = |path: &str, suffix: &str| site.file(&format!("{path}{suffix}"));
    for (accepts, style, script) in [
        ("br, gzip", ("br", ".br"), ("gzip", ".gz")),
        ("gzip", ("gzip", ".gz"), ("gzip", ".gz")),
        ("identity", ("", ""), ("", "")),
    ] {
        let request = json!({":path": "/", "accept-encoding": accepts});
        let connection = connect(&site, &server, json!({}), json!([{"requests": [request]}]));
        assert_eq!(connection.pushed().len(), 2, "{accepts}: {connection:#?}");
        for push in connection.of_kind("push") {
            let path = text(&push["fields"][":path"]);
            let (coding, suffix) = if path == "/style.css" { style } else { script };
            let response = connection.response(&push["stream"]);
            let is_coded = response["content-encoding"].as_str().unwrap_or_default();
            assert_eq!(is_coded, coding, "{path} for {accepts}");
            connection.assert_body(&push["stream"], &coded(path, suffix));
            // What varies by a field that the promise lacks is thrown away by browsers.
            assert_eq!(push["fields"]["accept-encoding"], accepts);
        }
    }
    server.stop();
}

#[test]
fn a_client_may_stop_pushes_and_take_them_again() {
    let site = Site::demo();
    let server = site.serve();
    let steps = json!([
        {"settings": {"enablePush": false}, "requests": identity(&["/"])},
        {"settings": {"enablePush": true}, "requests": identity(&["/docs/"])},
        {"settings": {"enablePush": false}, "requests": identity(&["/blog/"])},
    ]);
    let connection = connect(&site, &server, json!({}), steps);
    let mut steps = connection.events.split(|event| event["event"] == "step");
    let mut pushes = || {
        let events = steps.next().expect("a step");
        events
            .iter()
            .filter(|event| event["event"] == "push")
            .count()
    };
    assert_eq!(pushes(), 0);
    // What was hinted before was not asked for, so all of it is pushed now.
    assert_eq!(pushes(), site.sent_with("/docs/").len());
    assert_eq!(pushes(), 0);
    connection.assert_bodies(&site);
    server.stop();
}

#[test]
fn what_was_pushed_or_asked_for_is_not_pushed_again() {
    let site = Site::demo();
    let server = site.serve();
    let steps = json!([
        {"requests": identity(&["/style.css"])},
        {"requests": identity(&["/"])},
        {"requests": identity(&["/", "/about/"])},
    ]);
    let connection = connect(&site, &server, json!({}), steps);
    let mut expected = site.sent_with("/");
    expected.retain(|path| *path != "/style.css");
    assert_eq!(connection.pushed(), expected);
    connection.assert_bodies(&site);
    server.stop();
}

#[test]
fn cancelled_pushes_do_not_hurt_the_page() {
    let site = Site::demo();
    let server = site.serve();
    for moment in ["promise", "data"] {
        let steps = json!([
            {"requests": identity(&["/"]), "cancel": moment},
            {"requests": identity(&["/", "/about/", "/style.css"])},
        ]);
        let connection = connect(&site, &server, json!({}), steps);
        assert!(!connection.pushed().is_empty());
        for request in connection.of_kind("request") {
            assert_eq!(connection.response(&request["stream"])[":status"], 200);
            let path = text(&request["fields"][":path"]);
            connection.assert_body(&request["stream"], &site.file(path));
        }
    }
    server.stop();
}

#[test]
fn fifty_pages_at_once_are_answered() {
    let site = Site::demo();
    let server = site.serve();
    let targets: Vec<_> = ["/", "/about/", "/blog/", "/blog/spring-tides/", "/docs/"]
        .into_iter()
        .cycle()
        .take(50)
        .collect();
    let steps = json!([{"requests": identity(&targets)}]);
    let connection = connect(&site, &server, json!({}), steps);
    assert_eq!(connection.of_kind("request").count(), 50);
    connection.assert_bodies(&site);
    let mut pushed = connection.pushed();
    pushed.sort_unstable();
    let count = pushed.len();
    pushed.dedup();
    assert_eq!(pushed.len(), count, "{pushed:?}");
    assert!(count >= site.sent_with("/").len());
    let log = server.stop();
    assert_eq!(log.asked().len(), 50);
}

#[test]
fn conditions_parts_and_heads_bring_nothing_along() {
    let site = Site::demo();
    let server = site.serve();
    for (name, value) in [
        ("if-none-match", "\"another\""),
        ("if-modified-since", "Thu, 01 Jan 1970 00:00:00 GMT"),
        ("range", "bytes=0-9"),
        ("save-data", "on"),
        ("accept-push-policy", "none"),
        ("sec-fetch-dest", "iframe"),
        (":method", "HEAD"),
    ] {
        let mut request = get("/");
        request[name] = json!(value);
        let connection = connect(&site, &server, json!({}), json!([{"requests": [request]}]));
        assert!(connection.pushed().is_empty(), "{name}: {connection:#?}");
    }
    server.stop();
}

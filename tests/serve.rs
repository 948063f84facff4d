//! `pushgen serve` as its user has it: arguments, errors, reload, metrics.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::clients::server::Server;
use crate::support::{command_in, pushgen};

/// Longer than a change takes to be seen on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// A site of a page with a style sheet that hides another, which makes both worth a hint.
fn site() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        "index.html",
        "<link rel=stylesheet href=/a.css>",
    );
    write(folder.path(), "a.css", "@import '/deep.css';");
    write(folder.path(), "deep.css", "p {}");
    folder
}

fn write(folder: &Path, name: &str, content: &str) {
    fs::write(folder.join(name), content).unwrap();
}

/// What a server in the clear answers to GET, over HTTP/1.0.
fn get(port: u16, target: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "GET {target} HTTP/1.0\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// Waits until something holds.
#[track_caller]
fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn what_cannot_be_served_is_told_with_the_way_out() {
    let site = site();
    let dist = site.path().to_str().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    write(site.path(), "bad.json", "{\n  \"version\": 2\n}");
    write(site.path(), "bad.pem", "no certificate");
    let bad_policy = site.path().join("bad.json");
    let bad_policy = bad_policy.to_str().unwrap();
    let bad_pem = site.path().join("bad.pem");
    let bad_pem = bad_pem.to_str().unwrap();
    let cases: [(&[&str], &[&str]); 9] = [
        (&["/no/such/folder"], &["/no/such/folder"]),
        (&[bad_policy], &["bad.json"]),
        (
            &[dist, "--listen", &taken],
            &[&taken, "choose another port"],
        ),
        (&[dist, "--listen", "here"], &["--listen"]),
        (
            &[
                dist,
                "--listen",
                "127.0.0.1:0",
                "--policy",
                "/no/policy.json",
            ],
            &["/no/policy.json"],
        ),
        (
            &[dist, "--listen", "127.0.0.1:0", "--policy", bad_policy],
            &["bad.json", "version"],
        ),
        (&[dist, "--cert", bad_pem], &["--key"]),
        (
            &[dist, "--no-tls", "--cert", bad_pem, "--key", bad_pem],
            &["--no-tls"],
        ),
        (
            &[
                dist,
                "--listen",
                "127.0.0.1:0",
                "--cert",
                bad_pem,
                "--key",
                bad_pem,
            ],
            &["bad.pem"],
        ),
    ];
    for (arguments, says) in cases {
        for says in says {
            pushgen(&[&["serve"], arguments].concat()).fails(2, says);
        }
    }
}

#[test]
fn links_follow_the_policy_that_is_named() {
    let site = site();
    let policy = site.path().join("policy.json");
    let policy = policy.to_str().unwrap();
    pushgen(&["analyze", site.path().to_str().unwrap(), "-o", policy]).ok();
    for (options, is_linked) in [
        (&["--no-tls"][..], true),
        (&["--no-tls", "--policy", policy], true),
        (&["--no-tls", "--policy", "none"], false),
    ] {
        let server = Server::start(site.path(), options);
        let answer = get(server.port, "/");
        assert!(answer.starts_with("HTTP/1.0 200"), "{answer}");
        assert_eq!(
            answer.contains("link: </a.css>"),
            is_linked,
            "{options:?}: {answer}"
        );
        server.stop();
    }
}

#[test]
fn a_change_of_the_site_is_analysed_anew() {
    let site = site();
    let server = Server::start(site.path(), &["--no-tls", "--watch"]);
    assert!(get(server.port, "/").contains("link: </a.css>"));
    write(site.path(), "b.css", "@import '/deep.css';");
    write(
        site.path(),
        "index.html",
        "<link rel=stylesheet href=/b.css>",
    );
    eventually("the new style sheet is linked", || {
        let answer = get(server.port, "/");
        answer.contains("link: </b.css>") && !answer.contains("link: </a.css>")
    });
    server.stop();
}

#[test]
fn a_policy_that_breaks_leaves_the_old_one_in_force() {
    let site = site();
    write(site.path(), "b.css", "@import '/deep.css';");
    let elsewhere = tempfile::tempdir().unwrap();
    let policy = elsewhere.path().join("policy.json");
    let policy_name = policy.to_str().unwrap();
    pushgen(&["analyze", site.path().to_str().unwrap(), "-o", policy_name]).ok();
    let good = fs::read_to_string(&policy).unwrap();
    let server = Server::start(
        site.path(),
        &["--no-tls", "--watch", "--policy", policy_name],
    );
    fs::write(&policy, "{").unwrap();
    let said = server.says("stays in force");
    assert!(said.contains("policy.json"), "{said}");
    assert!(get(server.port, "/").contains("link: </a.css>"));
    fs::write(&policy, good.replace("/a.css", "/b.css")).unwrap();
    eventually("the new policy is in force", || {
        get(server.port, "/").contains("link: </b.css>")
    });
    server.stop();
}

#[test]
fn an_application_answers_its_routes_with_the_front_page() {
    let site = site();
    let server = Server::start(site.path(), &["--no-tls", "--spa"]);
    for (target, status) in [("/", "200"), ("/route/", "200"), ("/no.css", "404")] {
        let answer = get(server.port, target);
        assert!(
            answer.starts_with(&format!("HTTP/1.0 {status}")),
            "{target}: {answer}"
        );
    }
    server.stop();
}

#[test]
fn text_is_compressed_unless_that_is_not_wanted() {
    let site = site();
    write(site.path(), "long.css", &"p { color: red }\n".repeat(100));
    for (options, is_compressed) in [
        (&["--no-tls"][..], true),
        (&["--no-tls", "--no-compression"], false),
    ] {
        let server = Server::start(site.path(), options);
        let mut stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let request = "HEAD /long.css HTTP/1.0\r\naccept-encoding: gzip\r\n\r\n";
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.0 200"), "{answer}");
        for field in ["content-encoding: gzip", "vary: accept-encoding"] {
            assert_eq!(answer.contains(field), is_compressed, "{answer}");
        }
        assert_eq!(answer.contains("content-length: 1700"), !is_compressed);
        server.stop();
    }
}

#[test]
fn metrics_are_served_apart() {
    let site = site();
    let server = Server::start(site.path(), &["--no-tls", "--metrics", "127.0.0.1:0"]);
    let metrics = server.metrics_port.expect("an address for metrics");
    get(server.port, "/");
    eventually("the request is counted", || {
        let page = get(metrics, "/metrics");
        assert!(page.contains("text/plain; version=0.0.4"), "{page}");
        page.contains("\npushgen_requests_total 1\n") && page.contains("\npushgen_links_total 2\n")
    });
    assert!(get(metrics, "/").starts_with("HTTP/1.0 404"));
    assert!(get(server.port, "/metrics").starts_with("HTTP/1.0 404"));
    server.stop();
}

#[test]
fn a_shutdown_lets_the_last_response_end() {
    let site = site();
    write(site.path(), "large.bin", &"x".repeat(8 << 20));
    let server = Server::start(site.path(), &["--no-tls"]);
    let mut stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "GET /large.bin HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    let mut first = [0; 1];
    stream.read_exact(&mut first).unwrap();
    let reader = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(200));
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).unwrap();
        rest.len()
    });
    server.stop();
    assert!(reader.join().unwrap() > 8 << 20);
}

#[test]
fn a_log_that_nobody_reads_stops_nothing() {
    let site = site();
    let dist = site.path().to_str().unwrap();
    let options = ["serve", dist, "--no-tls", "--listen", "127.0.0.1:0"];
    let mut server = command_in(site.path(), &options)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(server.stderr.take().unwrap()).lines();
    let line = said.find_map(|line| line.ok().filter(|line| line.starts_with("serving ")));
    let line = line.expect("it serves");
    let port = line.split([':', '/']).find_map(|part| part.parse().ok());
    let address = ("127.0.0.1", port.expect("a port"));
    // More lines than a pipe and the server have room for.
    for _ in 0..120 {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let request = "HEAD /a.css HTTP/1.1\r\nhost: localhost\r\n\r\n";
        let last = "HEAD /a.css HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
        stream
            .write_all([&request.repeat(99), last].concat().as_bytes())
            .unwrap();
        let mut answers = String::new();
        stream.read_to_string(&mut answers).unwrap();
        assert_eq!(answers.matches("HTTP/1.1 200").count(), 100);
    }
    let killed = Command::new("kill")
        .args(["-INT", &server.id().to_string()])
        .status();
    assert!(killed.unwrap().success());
    eventually("the server ends", || server.try_wait().unwrap().is_some());
}

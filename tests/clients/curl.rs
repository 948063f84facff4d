//! curl: what anybody sees who looks at one response by hand, over HTTP/2 without pushes and over HTTP/1.1.
//!
//! In: options and a URL. Out: every response head that came, informational ones first, and the body.

use std::process::Command;
use std::time::{Duration, Instant};

use super::PATIENCE;
use super::output;
use super::server::Server;
use super::site::Site;
use crate::support::{TestSite, fixture};

/// What curl received for one request.
#[derive(Debug)]
struct Answer {
    early_hints: Vec<Head>,
    head: Head,
    body: Vec<u8>,
}

#[derive(Debug)]
struct Head {
    /// `HTTP/2` or `HTTP/1.1`.
    version: String,
    status: u16,
    fields: Vec<(String, String)>,
}

impl Head {
    fn field(&self, name: &str) -> Option<&str> {
        let field = self
            .fields
            .iter()
            .find(|(field, _)| field.eq_ignore_ascii_case(name));
        field.map(|(_, value)| value.as_str())
    }

    /// The members of all `Link` fields. None of them has a comma inside.
    fn links(&self) -> Vec<&str> {
        let links = self
            .fields
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case("link"));
        links.flat_map(|(_, value)| value.split(", ")).collect()
    }
}

#[track_caller]
fn curl(site: &Site, options: &[&str], url: &str) -> Answer {
    let mut command = Command::new("curl");
    // The heads go to standard error, the body to standard output.
    command
        .args(["--silent", "--dump-header", "/dev/stderr"])
        .arg("--cacert")
        .arg(site.certificate());
    command.args([
        "--noproxy",
        "*",
        "--max-time",
        &PATIENCE.as_secs().to_string(),
    ]);
    let output = output(command.args(options).arg(url));
    let text = String::from_utf8_lossy(&output.stderr).replace("\r\n", "\n");
    assert!(output.status.success(), "{}: {text}", output.status);
    let mut heads: Vec<_> = text.trim_end().split("\n\n").map(head).collect();
    let head = heads.pop().expect("a head");
    assert!(heads.iter().all(|head| head.status == 103), "{text}");
    Answer {
        early_hints: heads,
        head,
        body: output.stdout,
    }
}

#[track_caller]
fn head(text: &str) -> Head {
    let mut lines = text.lines();
    let mut status = lines.next().expect("a status line").split(' ');
    let fields = lines.map(|line| line.split_once(": ").expect("a field"));
    Head {
        version: status.next().expect("a version").to_owned(),
        status: status
            .next()
            .and_then(|status| status.parse().ok())
            .expect("a status"),
        fields: fields
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
    }
}

#[test]
fn http_2_hints_before_the_page() {
    let site = Site::demo();
    let (encrypted, clear) = (site.serve(), site.serve_in_the_clear());
    for (server, option) in [(&encrypted, "--http2"), (&clear, "--http2-prior-knowledge")] {
        let answer = curl(&site, &[option], &server.url("/"));
        assert_eq!(answer.early_hints.len(), 1);
        let hints = &answer.early_hints[0];
        assert_eq!(hints.version, "HTTP/2");
        assert_eq!(hints.links(), site.links_of("/"));
        for name in ["content-length", "content-type", "content-encoding"] {
            assert_eq!(hints.field(name), None, "{hints:?}");
        }
        assert_eq!(answer.head.status, 200);
        assert_eq!(answer.head.links(), site.links_of("/"));
        assert_eq!(
            answer
                .head
                .field("content-type")
                .map(|media| media.split(';').next()),
            Some(Some("text/html"))
        );
        assert!(answer.body == site.file("/"));
    }
    encrypted.stop();
    clear.stop();
}

#[test]
fn http_1_1_hints_with_the_page_only() {
    let site = Site::demo();
    let (encrypted, clear) = (site.serve(), site.serve_in_the_clear());
    for server in [&encrypted, &clear] {
        let answer = curl(&site, &["--http1.1"], &server.url("/"));
        assert!(answer.early_hints.is_empty(), "{answer:?}");
        assert_eq!(
            (answer.head.version.as_str(), answer.head.status),
            ("HTTP/1.1", 200)
        );
        assert_eq!(answer.head.links(), site.links_of("/"));
        assert!(answer.body == site.file("/"));
    }
    encrypted.stop();
    clear.stop();
}

#[test]
fn an_asset_is_served_without_hints() {
    let site = Site::demo();
    let server = site.serve();
    for path in site.sent_with("/") {
        let answer = curl(&site, &["--http2"], &server.url(path));
        assert!(
            answer.early_hints.is_empty() && answer.head.links().is_empty(),
            "{answer:?}"
        );
        assert_eq!(answer.head.status, 200);
        assert!(answer.body == site.file(path), "{path}");
    }
    server.stop();
}

#[test]
fn a_condition_that_holds_is_answered_in_short() {
    let site = Site::demo();
    let server = site.serve();
    for version in ["--http2", "--http1.1"] {
        for target in ["/", "/style.css"] {
            let first = curl(&site, &[version], &server.url(target));
            let conditions = [
                ("etag", "if-none-match"),
                ("last-modified", "if-modified-since"),
            ];
            let mut validators = 0;
            for (field, condition) in conditions {
                let Some(value) = first.head.field(field) else {
                    continue;
                };
                validators += 1;
                let header = format!("{condition}: {value}");
                let answer = curl(&site, &[version, "--header", &header], &server.url(target));
                assert_eq!(answer.head.status, 304, "{header}: {answer:?}");
                assert!(answer.body.is_empty());
            }
            assert!(validators > 0, "{first:?}");
        }
        let stale = ["--header", "if-none-match: \"another\""];
        let answer = curl(&site, &[&[version], &stale[..]].concat(), &server.url("/"));
        assert_eq!(answer.head.status, 200);
    }
    server.stop();
}

#[test]
fn a_part_is_served() {
    let site = Site::demo();
    let server = site.serve();
    let whole = site.file("/style.css");
    let length = whole.len();
    let tail = length - 10;
    let cases = [
        ("0-9", 206, &whole[..10], format!("bytes 0-9/{length}")),
        (
            "-10",
            206,
            &whole[tail..],
            format!("bytes {tail}-{}/{length}", length - 1),
        ),
        (
            "100-",
            206,
            &whole[100..],
            format!("bytes 100-{}/{length}", length - 1),
        ),
    ];
    for version in ["--http2", "--http1.1"] {
        for (range, status, bytes, content_range) in &cases {
            let answer = curl(
                &site,
                &[version, "--range", range],
                &server.url("/style.css"),
            );
            assert_eq!(answer.head.status, *status, "{range}");
            assert_eq!(
                answer.head.field("content-range"),
                Some(content_range.as_str())
            );
            assert!(answer.body == *bytes, "{range}");
        }
        let beyond = format!("{length}-");
        let answer = curl(
            &site,
            &[version, "--range", &beyond],
            &server.url("/style.css"),
        );
        assert_eq!(answer.head.status, 416);
        assert_eq!(
            answer.head.field("content-range"),
            Some(format!("bytes */{length}").as_str())
        );
        // A part of a page brings nothing along.
        let answer = curl(&site, &[version, "--range", "0-9"], &server.url("/"));
        assert_eq!((answer.head.status, answer.early_hints.len()), (206, 0));
    }
    server.stop();
}

#[test]
fn head_is_get_without_the_body() {
    let site = Site::demo();
    let server = site.serve();
    for version in ["--http2", "--http1.1"] {
        for target in ["/", "/style.css"] {
            let get = curl(&site, &[version], &server.url(target));
            let head = curl(&site, &[version, "--head"], &server.url(target));
            assert_eq!(head.head.status, 200);
            assert!(head.early_hints.is_empty(), "{head:?}");
            assert_eq!(
                head.head.field("content-length"),
                Some(get.body.len().to_string().as_str())
            );
            for name in [
                "content-type",
                "etag",
                "last-modified",
                "cache-control",
                "content-length",
            ] {
                assert_eq!(
                    head.head.field(name),
                    get.head.field(name),
                    "{name} of {target}"
                );
            }
            assert_eq!(head.head.links(), get.head.links());
        }
    }
    server.stop();
}

#[test]
fn what_is_not_there_is_a_404_with_the_site_s_own_page() {
    let site = Site::demo();
    let server = site.serve();
    for version in ["--http2", "--http1.1"] {
        for target in [
            "/gone",
            "/gone/",
            "/../Cargo.toml",
            "/%2e%2e/%2e%2e/README.md",
            "/img/..%2f..%2fREADME.md",
        ] {
            let answer = curl(&site, &[version, "--path-as-is"], &server.url(target));
            assert_eq!(answer.head.status, 404, "{target}");
            assert!(answer.early_hints.is_empty(), "{target}");
            assert!(answer.body == site.file("/404.html"), "{target}");
        }
    }
    server.stop();
}

#[test]
fn a_precompressed_file_is_served_to_who_takes_it() {
    let site = super::node::precompressed();
    let server = site.serve();
    for (accepts, coding, file) in [
        ("br, gzip", Some("br"), "/style.css.br"),
        ("gzip", Some("gzip"), "/style.css.gz"),
        ("identity", None, "/style.css"),
        ("br;q=0, gzip", Some("gzip"), "/style.css.gz"),
    ] {
        let header = format!("accept-encoding: {accepts}");
        let answer = curl(
            &site,
            &["--http2", "--header", &header],
            &server.url("/style.css"),
        );
        assert_eq!(answer.head.field("content-encoding"), coding, "{accepts}");
        assert!(answer.body == site.file(file), "{accepts}");
        let vary = answer.head.field("vary").unwrap_or_default();
        assert!(vary.eq_ignore_ascii_case("accept-encoding"), "{vary}");
    }
    server.stop();
}

#[test]
fn without_options_the_site_is_analysed_and_a_certificate_made() {
    let site = Site::analysed(fixture("demo"));
    let server = Server::start(&site.dist, &[]);
    let answer = curl(&site, &["--http2", "--insecure"], &server.url("/"));
    assert_eq!(answer.head.status, 200);
    assert_eq!(answer.head.links(), site.links_of("/"));
    assert!(answer.body == site.file("/"));
    server.stop();
}

#[test]
fn without_a_policy_nothing_goes_ahead() {
    let site = Site::demo();
    let server = Server::start(&site.dist, &["--no-tls", "--policy", "none"]);
    let answer = curl(&site, &["--http2-prior-knowledge"], &server.url("/"));
    assert_eq!(answer.head.status, 200);
    assert!(
        answer.early_hints.is_empty() && answer.head.links().is_empty(),
        "{answer:?}"
    );
    server.stop();
}

#[test]
fn a_download_in_progress_is_finished_before_the_server_stops() {
    let large: Vec<u8> = (0..3u32 << 20).map(|number| (number / 7) as u8).collect();
    let site = TestSite::new(&[("index.html", b"<p>"), ("large.bin", &large)]);
    let received = site.folder.path().join("received");
    let site = Site::of(site.dist());
    for version in ["--http2", "--http1.1"] {
        drop(std::fs::remove_file(&received));
        let server = site.serve();
        let (url, file) = (server.url("/large.bin"), received.display().to_string());
        let options = [version, "--limit-rate", "4M", "--output", &file];
        std::thread::scope(|scope| {
            let download = scope.spawn(|| curl(&site, &options, &url));
            let deadline = Instant::now() + PATIENCE;
            while std::fs::metadata(&received).map_or(0, |file| file.len()) == 0 {
                assert!(Instant::now() < deadline, "nothing is received");
                std::thread::sleep(Duration::from_millis(5));
            }
            server.stop();
            assert_eq!(download.join().expect("curl ends").head.status, 200);
        });
        assert!(
            std::fs::read(&received).expect("a file") == large,
            "{version}"
        );
    }
}

//! How single exchanges end: with bodies, trailers, errors, panics, and what is not offered.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, Request, header};
use http_body_util::BodyExt;

use super::client::Client;
use super::frame::*;
use super::raw_client::RawClient;
use super::site::{File, Piece, Pieces, Site, plain, settings};
use crate::body::Body;
use crate::http2::observer::tests::wire::*;

/// The site answers with this file; the names of the frames that come.
async fn frames_of(method: &str, file: File) -> Vec<String> {
    let site = Site::of(move |_| file.clone());
    let mut client = RawClient::connect(&site, settings(), &[]).await;
    client.send(request(1, method, "/none/", &[])).await;
    let frames = client.quiet().await;
    assert!(client.is_served());
    let held = client.held().await;
    assert!(held.is_idle && !held.has_turns);
    assert_eq!(held.outstanding, 0);
    names(&frames)
}

#[tokio::test(start_paused = true)]
async fn responses_are_framed_with_as_few_frames_as_there_can_be() {
    let data = |text: &'static str| Piece::Data(text.into());
    let mut trailers = HeaderMap::new();
    trailers.insert("x-sum", HeaderValue::from_static("1"));
    let table: [(&str, File, &[&str]); 13] = [
        ("GET", File::of("a"), &["HEADERS 1", "DATA 1 END"]),
        ("GET", File::of(""), &["HEADERS 1 END"]),
        ("HEAD", File::of("a"), &["HEADERS 1 END"]),
        (
            "HEAD",
            File::in_pieces(Pieces::new([Piece::Hang])),
            &["HEADERS 1 END"],
        ),
        ("GET", File::of("a").status(304), &["HEADERS 1 END"]),
        ("GET", File::of("a").status(204), &["HEADERS 1 END"]),
        ("GET", File::of("a").status(103), &["HEADERS 1 END"]),
        (
            "GET",
            File::of(vec![0; 20_000]),
            &["HEADERS 1", "DATA 1", "DATA 1 END"],
        ),
        (
            "GET",
            File::in_pieces(Pieces::new([data("a"), data("b")])),
            &["HEADERS 1", "DATA 1", "DATA 1 END"],
        ),
        (
            "GET",
            File::in_pieces(Pieces::new([data("a"), data("")])),
            &["HEADERS 1", "DATA 1", "DATA 1 END"],
        ),
        (
            "GET",
            File::in_pieces(Pieces::new([data("a"), Piece::Trailers(trailers.clone())])),
            &["HEADERS 1", "DATA 1", "HEADERS 1 END"],
        ),
        (
            "GET",
            File::in_pieces(Pieces::new([Piece::Trailers(trailers)])),
            &["HEADERS 1", "HEADERS 1 END"],
        ),
        (
            "GET",
            File::in_pieces(Pieces::new([Piece::Fail])),
            &["RST 1 CODE 2"],
        ),
    ];
    for (method, file, expected) in table {
        let named = format!("{method} {file:?}");
        assert_eq!(frames_of(method, file).await, expected, "{named}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_fails_midway_resets_its_stream_alone() {
    for (ending, code) in [(Piece::Fail, 2), (Piece::Panic, 8)] {
        let site = Site::of(move |target| match target {
            "/bad" => {
                let pieces = [
                    Piece::Data("a".into()),
                    Piece::Wait(Duration::from_secs(1)),
                    ending.clone(),
                ];
                File::in_pieces(Pieces::new(pieces))
            }
            target => plain(target),
        });
        let mut client = RawClient::connect(&site, settings(), &[]).await;
        client.send(get(1, "/bad")).await;
        client.quiet().await;
        let frames = client.quiet_for(Duration::from_secs(2)).await;
        assert_eq!(names(&frames), [format!("RST 1 CODE {code}")]);
        client.send(get(3, "/")).await;
        assert!(has_ended(&client.quiet().await, 3));
    }
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_fails_or_panics_resets_its_stream_alone() {
    for panics in [false, true] {
        let site = Site::handling(move |request: Request<Body>| async move {
            match request.uri().path() {
                "/bad" if panics => panic!("the handler panics"),
                "/bad" => Err("the handler fails".into()),
                target => plain(target).answer().await,
            }
        });
        let mut client = RawClient::connect(&site, settings(), &[]).await;
        client.send([get(1, "/bad"), get(3, "/")].concat()).await;
        let frames = client.quiet().await;
        assert!(names(&frames).contains(&format!("RST 1 CODE {INTERNAL_ERROR}")));
        assert_eq!((promised(&frames).len(), has_ended(&frames, 3)), (3, true));
        assert!(client.held().await.is_idle);
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_that_fails_has_neither_pushes_nor_links() {
    for panics in [false, true] {
        let site = Site::handling(move |request: Request<Body>| async move {
            match request.uri().path() {
                "/" if panics => panic!("the handler panics"),
                "/" => Err("the handler fails".into()),
                target => plain(target).answer().await,
            }
        });
        let mut client = RawClient::connect(&site, settings(), &[]).await;
        client.send(get(1, "/")).await;
        assert_eq!(names(&client.quiet().await), ["RST 1 CODE 2"]);
        assert_eq!(site.alive(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn connect_is_not_implemented() {
    let site = Site::plain();
    let mut client = RawClient::connect(&site, settings(), &[]).await;
    let block = fields_of("", "CONNECT", "example.com:443", "", &[]);
    client.send(frame(HEADERS, END_HEADERS, 1, &block)).await;
    let frames = client.quiet().await;
    // A 501 of the whole response, and the tunnel that the client began is not read.
    assert_eq!(names(&frames), ["HEADERS 1 END", "RST 1 CODE 0"]);
    assert!(site.seen().is_empty() && client.is_served());
}

#[tokio::test(start_paused = true)]
async fn connect_says_so_with_a_501() {
    let mut client = Client::connect(&Site::plain(), settings()).await;
    let request = Request::connect("example.com:443").body(()).unwrap();
    let answer = client.send(request).await;
    assert_eq!((answer.status, answer.body.len()), (501, 0));
    assert!(answer.headers.contains_key(header::DATE));
}

/// Answers with the content that it was sent, and its trailers.
fn echo() -> Site {
    Site::handling(|request: Request<Body>| async move {
        let content = request.into_body().collect().await?;
        let trailers = content.trailers().cloned();
        let mut pieces = vec![Piece::Data(content.to_bytes())];
        pieces.extend(trailers.map(Piece::Trailers));
        File::in_pieces(Pieces::new(pieces)).answer().await
    })
}

#[tokio::test(start_paused = true)]
async fn content_and_trailers_go_both_ways() {
    let mut client = Client::connect(&echo(), settings()).await;
    let mut trailers = HeaderMap::new();
    trailers.insert("x-sum", HeaderValue::from_static("1"));
    let request = Request::post("http://example.com/none/").body(()).unwrap();
    let answer = client
        .send_content(request, "content", trailers.clone())
        .await;
    assert_eq!(
        (&*answer.body, answer.trailers),
        (&b"content"[..], Some(trailers))
    );
}

#[tokio::test(start_paused = true)]
async fn content_is_asked_for_when_it_is_read_and_never_otherwise() {
    let ignores = Site::of(|_| File::of("ignored"));
    for (site, asks, frames) in [
        (echo(), true, &["HEADERS 1", "DATA 1 END"][..]),
        (ignores, false, &["HEADERS 1", "DATA 1 END", "RST 1 CODE 0"]),
    ] {
        let mut client = RawClient::connect(&site, settings(), &[]).await;
        let fields = [("expect", "100-continue"), ("content-length", "7")];
        let block = fields_of("http", "POST", "example.com", "/none/", &fields);
        client.send(frame(HEADERS, END_HEADERS, 1, &block)).await;
        if asks {
            assert_eq!(names(&client.quiet().await), ["HEADERS 1"]);
            client.send(frame(DATA, END_STREAM, 1, b"content")).await;
        }
        assert_eq!(names(&client.quiet().await), frames);
    }
}

#[tokio::test(start_paused = true)]
async fn content_that_is_not_read_takes_no_window_from_others() {
    let site = Site::handling(|request: Request<Body>| async move {
        if request.uri().path() == "/ignores" {
            return File::of("ignored").answer().await;
        }
        let content = request.into_body().collect().await?.to_bytes();
        File::of(content.len().to_string()).answer().await
    });
    let mut settings = settings();
    settings.limits.connection_window = 65_535;
    settings.limits.stream_window = 65_535;
    let mut client = RawClient::connect(&site, settings, &[]).await;
    let post = |stream, target| {
        let block = fields_of("http", "POST", "example.com", target, &[]);
        let data = vec![b'x'; 16_000];
        let head = frame(HEADERS, END_HEADERS, stream, &block);
        [
            head,
            frame(DATA, 0, stream, &data),
            frame(DATA, END_STREAM, stream, &data),
        ]
        .concat()
    };
    for stream in 0..20 {
        client.send(post(2 * stream + 1, "/ignores")).await;
        client.quiet().await;
    }
    client.send(post(41, "/reads")).await;
    assert!(has_ended(&client.quiet().await, 41));
}

#[tokio::test(start_paused = true)]
async fn connection_fields_of_a_service_do_not_go_out() {
    let file = File::html()
        .header("connection", "x-hop, close")
        .header("x-hop", "1");
    let file = file
        .header("transfer-encoding", "chunked")
        .header("te", "trailers");
    let site = Site::of(move |_| file.clone());
    let mut client = Client::connect(&site, settings()).await;
    let page = client.get("/none/").await;
    let mut names: Vec<_> = page
        .headers
        .keys()
        .map(header::HeaderName::as_str)
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["cache-control", "content-length", "date"]);
}

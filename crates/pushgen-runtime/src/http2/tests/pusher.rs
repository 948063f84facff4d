//! Pushes that handlers make by themselves: Go's semantics of `http.Pusher`, and where they are stricter.

use std::sync::{Arc, Mutex};

use http::header::{self, HeaderName};
use http::{HeaderValue, Method, Request};

use super::client::Client;
use super::frame::*;
use super::raw_client::RawClient;
use super::site::{File, Piece, Pieces, Site, settings};
use crate::body::Body;
use crate::builder::Settings;
use crate::connection_info::{ConnectionInfo, Promised};
use crate::http2::observer::tests::wire::*;
use crate::{PushError, PushOptions, Pusher, Refusal};

pub(super) type Outcomes = Arc<Mutex<Vec<Result<(), PushError>>>>;

/// A site whose pages, all targets ending in a slash, push targets with options.
pub(super) fn pushing(pushes: Vec<(&'static str, PushOptions)>) -> (Site, Outcomes) {
    let outcomes = Outcomes::default();
    let told = Arc::clone(&outcomes);
    let site = Site::handling(move |request: Request<Body>| {
        let (pushes, told) = (pushes.clone(), Arc::clone(&told));
        async move {
            if !request.uri().path().ends_with('/') {
                return File::css().answer().await;
            }
            if let Some(pusher) = request.extensions().get::<Pusher>() {
                for (target, options) in pushes {
                    let outcome = pusher.push_with(target, options).await;
                    told.lock().unwrap().push(outcome);
                }
            }
            File::html().answer().await
        }
    });
    (site, outcomes)
}

pub(super) fn outcomes(outcomes: &Outcomes) -> Vec<Result<(), PushError>> {
    std::mem::take(&mut *outcomes.lock().unwrap())
}

/// Without a policy.
pub(super) fn bare() -> Settings {
    Settings::default()
}

pub(super) fn plain_pushes(targets: &[&'static str]) -> Vec<(&'static str, PushOptions)> {
    let targets = targets.iter();
    targets
        .map(|target| (*target, PushOptions::new()))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_push_comes_with_the_fields_it_was_given_and_no_others() {
    let options = PushOptions::new()
        .header(header::ACCEPT_ENCODING, HeaderValue::from_static("br"))
        .header(
            HeaderName::from_static("x-one"),
            HeaderValue::from_static("1"),
        );
    let (site, told) = pushing(vec![("/app.css?v=1", options)]);
    let mut client = Client::connect(&site, bare()).await;
    let page = client
        .get_with("/", &[("cookie", "a=b"), ("accept-language", "de")])
        .await;
    assert_eq!(outcomes(&told), [Ok(())]);
    let [push] = &page.pushes[..] else {
        panic!("{page:?}")
    };
    assert_eq!(push.request.uri, "http://example.com/app.css?v=1");
    assert_eq!(push.request.method, Method::GET);
    let mut fields: Vec<_> = push
        .request
        .headers
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    fields.sort_unstable();
    assert_eq!(fields, ["accept-encoding", "x-one"]);
    assert_eq!((push.status, &*push.body), (200, &b"0123456789"[..]));
    // The service was asked the same, and knows for which page.
    let asked = &site.seen()[1];
    assert_eq!(asked.target, "/app.css?v=1");
    assert_eq!(asked.head.headers, push.request.headers);
    assert_eq!(asked.head.extensions.get::<Promised>().unwrap().parent, "/");
    assert!(asked.head.extensions.get::<ConnectionInfo>().is_some());
}

#[tokio::test(start_paused = true)]
async fn targets_are_paths_or_urls_of_the_same_origin() {
    let foreign = |target: &str| Err(PushError::NotAuthoritative(target.to_owned()));
    let invalid = |target: &str| Err(PushError::Target(target.to_owned()));
    let table = [
        ("/x", Ok(())),
        ("/x2?a=b&c=%20", Ok(())),
        ("http://example.com/x3", Ok(())),
        ("http://EXAMPLE.com:80/x4", Ok(())),
        ("https://example.com/x", foreign("https://example.com/x")),
        (
            "http://example.com:8080/x",
            foreign("http://example.com:8080/x"),
        ),
        ("http://evil.example/x", foreign("http://evil.example/x")),
        (
            "http://user@example.com/x",
            foreign("http://user@example.com/x"),
        ),
        ("ftp://example.com/x", foreign("ftp://example.com/x")),
        ("x", invalid("x")),
        ("../x", invalid("../x")),
        ("", invalid("")),
        ("*", invalid("*")),
        ("http:x", invalid("http:x")),
        ("//evil.example/x", invalid("//evil.example/x")),
        ("/../x", invalid("/../x")),
        ("/a/%2e%2e/x", invalid("/a/%2e%2e/x")),
        ("/x\\y", invalid("/x\\y")),
        ("/x y", invalid("/x y")),
        ("/x\r\nset-cookie: a", invalid("/x\r\nset-cookie: a")),
        ("/x%0d%0a", invalid("/x%0d%0a")),
        ("/x#y", invalid("/x#y")),
        ("/é", invalid("/é")),
        (
            "http://example.com/../x",
            invalid("http://example.com/../x"),
        ),
        (
            "http://example.com\\@evil.example/",
            invalid("http://example.com\\@evil.example/"),
        ),
    ];
    let targets: Vec<_> = table.iter().map(|(target, _)| *target).collect();
    let (site, told) = pushing(plain_pushes(&targets));
    let mut client = Client::connect(&site, bare()).await;
    let page = client.get("/").await;
    for ((target, expected), outcome) in table.into_iter().zip(outcomes(&told)) {
        assert_eq!(outcome, expected, "{target:?}");
    }
    assert_eq!(page.paths(), ["/x", "/x2?a=b&c=%20", "/x3", "/x4"]);
    for push in &page.pushes {
        assert_eq!(push.request.uri.authority().unwrap(), "example.com");
        assert_eq!(push.request.uri.scheme_str(), Some("http"));
    }
}

#[tokio::test(start_paused = true)]
async fn the_scheme_is_that_of_the_connection() {
    let (site, told) = pushing(plain_pushes(&[
        "/x",
        "https://example.com/y",
        "http://example.com/z",
    ]));
    let info = ConnectionInfo::new().secure(true);
    let mut client = Client::connect_with(&site, bare(), info, true).await;
    // What the client says of it does not count.
    let page = client.get("/").await;
    let schemes: Vec<_> = page
        .pushes
        .iter()
        .map(|push| push.request.uri.scheme_str())
        .collect();
    assert_eq!(schemes, [Some("https"); 2]);
    let foreign = Err(PushError::NotAuthoritative(
        "http://example.com/z".to_owned(),
    ));
    assert_eq!(outcomes(&told), [Ok(()), Ok(()), foreign]);
}

#[tokio::test(start_paused = true)]
async fn without_a_usable_authority_there_is_nothing_to_promise_for() {
    let (site, told) = pushing(plain_pushes(&["/x"]));
    for authority in ["", "user@example.com"] {
        let mut client = RawClient::connect(&site, bare(), &[]).await;
        let block = fields_of("http", "GET", authority, "/", &[]);
        client
            .send(frame(HEADERS, END_HEADERS | END_STREAM, 1, &block))
            .await;
        assert_eq!(promised(&client.quiet().await), [0u32; 0]);
        let refused = Err(PushError::NotAuthoritative("/x".to_owned()));
        assert_eq!(outcomes(&told), [refused], "{authority}");
    }
}

#[tokio::test(start_paused = true)]
async fn only_get_and_head_are_promised() {
    let with = |method: &Method| ("/x", PushOptions::new().method(method.clone()));
    let table = [
        (Method::GET, true),
        (Method::HEAD, true),
        (Method::POST, false),
        (Method::PUT, false),
        (Method::DELETE, false),
        (Method::OPTIONS, false),
        (Method::CONNECT, false),
        (Method::from_bytes(b"get").unwrap(), false),
    ];
    let (site, told) = pushing(table.iter().map(|(method, _)| with(method)).collect());
    let mut client = RawClient::connect(&site, bare(), &[]).await;
    client.send(get(1, "/")).await;
    let frames = client.quiet().await;
    for ((method, may), outcome) in table.iter().zip(outcomes(&told)) {
        let refused = Err(PushError::Method(method.clone()));
        assert_eq!(outcome, if *may { Ok(()) } else { refused });
    }
    assert_eq!(promised(&frames), [2, 4]);
    assert_eq!(data_of(&frames, 2), 10);
    // A HEAD has the head alone.
    let of_head = names(&frames)
        .into_iter()
        .filter(|name| name.contains(" 4"));
    assert_eq!(
        of_head.collect::<Vec<_>>(),
        ["PROMISE 4 ON 1", "HEADERS 4 END"]
    );
    assert_eq!(site.seen()[2].head.method, Method::HEAD);
}

#[tokio::test(start_paused = true)]
async fn fields_of_connections_and_of_content_are_refused() {
    let refused = [
        "connection",
        "content-encoding",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ];
    let pushes = refused.iter().map(|name| {
        let name = HeaderName::from_static(name);
        (
            "/x",
            PushOptions::new().header(name, HeaderValue::from_static("0")),
        )
    });
    let (site, told) = pushing(pushes.collect());
    let mut client = RawClient::connect(&site, bare(), &[]).await;
    client.send(get(1, "/")).await;
    let frames = client.quiet().await;
    assert_eq!(names(&frames), ["HEADERS 1", "DATA 1 END"]);
    for (name, outcome) in refused.iter().zip(outcomes(&told)) {
        assert_eq!(
            outcome,
            Err(PushError::Header(HeaderName::from_static(name)))
        );
    }
    assert_eq!(site.seen().len(), 1);
    assert!(!client.held().await.has_streams);
}

#[tokio::test(start_paused = true)]
async fn a_promised_request_cannot_push() {
    let outcomes = Outcomes::default();
    let told = Arc::clone(&outcomes);
    let site = Site::handling(move |request: Request<Body>| {
        let told = Arc::clone(&told);
        async move {
            let pusher = request.extensions().get::<Pusher>().unwrap();
            let outcome = pusher.push("/deeper").await;
            told.lock().unwrap().push(outcome);
            File::css().answer().await
        }
    });
    let mut client = Client::connect(&site, bare()).await;
    assert_eq!(client.get("/").await.paths(), ["/deeper"]);
    assert_eq!(
        *outcomes.lock().unwrap(),
        [Err(PushError::Recursive), Ok(())]
    );
}

#[tokio::test(start_paused = true)]
async fn there_is_no_pusher_for_a_client_without_pushes() {
    let (site, told) = pushing(plain_pushes(&["/x"]));
    let mut client = Client::without_pushes(&site, bare()).await;
    assert_eq!(&*client.get("/").await.body, b"<html>");
    let mut settings = bare();
    settings.rules.push = false;
    let mut client = Client::connect(&site, settings).await;
    assert_eq!(&*client.get("/").await.body, b"<html>");
    assert_eq!(outcomes(&told), []);
    assert_eq!(site.targets(), ["/", "/"]);
}

#[tokio::test(start_paused = true)]
async fn only_what_a_client_may_keep_is_pushed() {
    use Refusal::*;
    let table: Vec<(File, Result<(), Refusal>)> = vec![
        (File::css(), Ok(())),
        (File::css().status(404), Err(AssetStatus)),
        (
            File::css().status(301).header("location", "/y"),
            Err(AssetStatus),
        ),
        (File::css().status(304), Err(AssetStatus)),
        (File::css().header("set-cookie", "a=b"), Err(SetCookie)),
        (
            File::css().header("cache-control", "private, max-age=9"),
            Err(Private),
        ),
        (
            File::css().header("cache-control", "no-store"),
            Err(NoStore),
        ),
        (File::css().header("cache-control", ""), Err(NotFresh)),
        (File::css().header("vary", "cookie"), Err(Vary)),
        (File::css().header("vary", "accept-encoding"), Ok(())),
        (File::of(vec![0; 2 << 20]), Err(Length)),
        (
            File::in_pieces(Pieces::new([Piece::Data("x".into())])),
            Err(Length),
        ),
        (File::of(""), Ok(())),
    ];
    for (file, expected) in table {
        let outcomes = Outcomes::default();
        let told = Arc::clone(&outcomes);
        let pushed = file.clone();
        let site = Site::handling(move |request: Request<Body>| {
            let (told, pushed) = (Arc::clone(&told), pushed.clone());
            async move {
                if request.uri().path() == "/x" {
                    return pushed.answer().await;
                }
                let pusher = request.extensions().get::<Pusher>().unwrap();
                let outcome = pusher.push("/x").await;
                told.lock().unwrap().push(outcome);
                File::html().answer().await
            }
        });
        let mut client = Client::connect(&site, bare()).await;
        let page = client.get("/").await;
        assert_eq!((page.status, &*page.body), (200, &b"<html>"[..]));
        assert_eq!(page.pushes.len(), usize::from(expected.is_ok()), "{file:?}");
        assert_eq!(
            *outcomes.lock().unwrap(),
            [expected.map_err(PushError::Refused)],
            "{file:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_connection_has_carried_is_not_pushed_again() {
    let (site, told) = pushing(plain_pushes(&["/4.css", "/other"]));
    let mut client = Client::connect(&site, settings()).await;
    assert_eq!(client.get("/none/").await.paths(), ["/4.css", "/other"]);
    // The policy knows only its own assets.
    assert_eq!(client.get("/none/").await.paths(), ["/other"]);
    let carried = || Err(PushError::Refused(Refusal::Recorded));
    assert_eq!(outcomes(&told), [Ok(()), Ok(()), carried(), Ok(())]);
    // Nor by the policy.
    assert_eq!(client.get("/b/").await.paths(), ["/other"]);
    assert_eq!(
        site.targets()
            .iter()
            .filter(|target| *target == "/4.css")
            .count(),
        1
    );
}

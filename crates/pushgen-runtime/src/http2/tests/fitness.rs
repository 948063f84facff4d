//! What is pushed with a page, hinted or linked, by what its assets and the page itself turn out to be.

use std::time::Duration;

use http::header;

use super::client::Client;
use super::site::{File, Piece, Pieces, Site, plain, settings, with_policy};
use crate::loaded_policy::example;
use crate::{PolicyHandle, Refusal};

const ALL: [&str; 3] = ["/1.css", "/2.css", "/3.css"];
const OTHERS: [&str; 2] = ["/1.css", "/3.css"];

/// A plain site with one file of another kind.
fn with(target: &'static str, file: File) -> Site {
    Site::of(move |asked| {
        if asked == target {
            file.clone()
        } else {
            plain(asked)
        }
    })
}

fn css() -> File {
    File::css()
}

#[tokio::test(start_paused = true)]
async fn a_page_comes_with_its_pushes() {
    let site = Site::plain();
    let settings = settings();
    let metrics = settings.metrics.clone();
    let mut client = Client::connect(&site, settings).await;
    let page = client.get("/").await;
    assert_eq!((page.status, &*page.body), (200, &b"<html>"[..]));
    assert_eq!(page.paths(), ALL);
    for push in &page.pushes {
        assert_eq!((push.status, &*push.body), (200, &b"0123456789"[..]));
        assert_eq!(push.headers[header::CONTENT_LENGTH], "10");
        assert!(push.headers.contains_key(header::DATE));
    }
    assert!(page.links().is_empty() && page.early_hints.is_empty());
    assert_eq!(page.headers[header::CONTENT_LENGTH], "6");
    let counts = [&metrics.promises, &metrics.pages, &metrics.links].map(crate::Count::get);
    assert_eq!(counts, [3, 1, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_client_without_pushes_gets_hints_and_links() {
    let mut client = Client::without_pushes(&Site::plain(), settings()).await;
    let page = client.get("/").await;
    assert!(page.pushes.is_empty());
    assert_eq!(
        (page.hints(), page.links()),
        (vec![ALL.to_vec()], ALL.to_vec())
    );
    let hints = page.early_hints[0].get_all(header::LINK).iter();
    assert!(hints.eq(page.headers.get_all(header::LINK)));
    assert_eq!(page.early_hints[0].keys_len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_unfit_is_never_promised_and_no_part_of_the_plan_is() {
    // The second style sheet, and what is linked instead.
    let table = [
        (css().status(404), &OTHERS[..], Refusal::AssetStatus),
        (css().status(500), &OTHERS, Refusal::AssetStatus),
        (
            css().status(301).header("location", "/1.css"),
            &OTHERS,
            Refusal::AssetStatus,
        ),
        (css().header("set-cookie", "a=b"), &ALL, Refusal::SetCookie),
        (
            css().header("cache-control", "private, max-age=60"),
            &ALL,
            Refusal::Private,
        ),
        (
            css().header("cache-control", "no-store"),
            &OTHERS,
            Refusal::NoStore,
        ),
        (
            css().header("cache-control", "no-cache"),
            &OTHERS,
            Refusal::NoCache,
        ),
        (
            css().header("cache-control", "max-age=0"),
            &OTHERS,
            Refusal::NotFresh,
        ),
        (css().header("vary", "cookie"), &ALL, Refusal::Vary),
        (css().header("vary", "*"), &OTHERS, Refusal::Vary),
        (File::of(vec![0; (1 << 20) + 1]), &ALL, Refusal::Length),
        (
            File::in_pieces(Pieces::new([Piece::Data("x".into())])),
            &ALL,
            Refusal::Length,
        ),
    ];
    for (file, linked, refusal) in table {
        let settings = settings();
        let metrics = settings.metrics.clone();
        let mut client = Client::connect(&with("/2.css", file.clone()), settings).await;
        let page = client.get("/").await;
        assert_eq!((page.status, page.paths()), (200, vec![]), "{file:?}");
        assert_eq!(page.links(), linked, "{file:?}");
        assert_eq!(metrics.promises.get(), 0);
        assert_eq!(metrics.refusals.get(refusal), 1, "{file:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn assets_of_a_service_that_fails_or_panics_are_not_promised() {
    for panics in [false, true] {
        let site = Site::handling(move |request| async move {
            match request.uri().path() {
                "/2.css" if panics => panic!("the handler panics"),
                "/2.css" => Err("the handler fails".into()),
                target => plain(target).answer().await,
            }
        });
        let mut client = Client::connect(&site, settings()).await;
        let page = client.get("/").await;
        assert_eq!((page.status, page.paths()), (200, vec![]));
        assert_eq!(page.links(), OTHERS);
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_pushed_with_a_page_that_is_no_200() {
    for status in [204, 206, 301, 302, 304, 400, 401, 403, 404, 500, 503] {
        let file = File::html().status(status).header("location", "/b/");
        let mut client = Client::connect(&with("/", file), settings()).await;
        let page = client.get("/").await;
        assert_eq!((page.status, page.paths()), (status, vec![]));
        assert!(
            page.links().is_empty() && page.early_hints.is_empty(),
            "{status}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn pushes_go_ahead_of_a_slow_page() {
    for (push_ahead, is_early) in [(Some(Duration::from_millis(30)), true), (None, false)] {
        let file = File::html().after(Duration::from_secs(5));
        let mut settings = settings();
        settings.rules.push_ahead = push_ahead;
        let mut client =
            super::raw_client::RawClient::connect(&with("/", file), settings, &[]).await;
        client.send(super::frame::get(1, "/")).await;
        let early = client.quiet_for(Duration::from_secs(1)).await;
        let promises = super::frame::promised(&early).len();
        assert_eq!(promises, if is_early { 3 } else { 0 });
        let late = client.quiet_for(Duration::from_secs(5)).await;
        assert_eq!(super::frame::promised(&late).len(), 3 - promises);
        assert!(super::frame::has_ended(&late, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_page_that_fails_has_its_pushes_all_the_same_and_no_links() {
    let file = File::html().status(500).after(Duration::from_secs(1));
    let mut client = Client::connect(&with("/", file), settings()).await;
    let page = client.get("/").await;
    assert_eq!((page.status, page.paths()), (500, ALL.to_vec()));
    assert!(page.links().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_page_waits_for_its_assets_no_longer_than_patience() {
    let patience = settings().rules.patience;
    let moment = Duration::from_millis(5);
    for (delay, pushes) in [(patience - moment, 3), (patience + moment, 0)] {
        let site = with("/2.css", css().after(delay));
        let mut client = Client::connect(&site, settings()).await;
        let begun = tokio::time::Instant::now();
        let page = client.get("/").await;
        assert!(begun.elapsed() <= patience + moment);
        assert_eq!(page.pushes.len(), pushes, "{delay:?}");
        let links = if pushes == 0 { &OTHERS[..] } else { &[] };
        assert_eq!(page.links(), links);
        assert_eq!(site.alive(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn an_asset_that_never_answers_holds_nothing_back() {
    let site = with("/2.css", css().after(Duration::from_secs(1_000_000)));
    let mut client = Client::connect(&site, settings()).await;
    let page = client.get("/").await;
    assert_eq!(
        (page.status, page.paths(), page.links()),
        (200, vec![], OTHERS.to_vec())
    );
    assert_eq!(site.alive(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_page_is_asked_for_once_and_so_is_each_asset() {
    let site = Site::plain();
    let mut client = Client::connect(&site, settings()).await;
    client.get("/").await;
    let mut targets = site.targets();
    targets.sort();
    assert_eq!(targets, ["/", "/1.css", "/2.css", "/3.css"]);
}

#[tokio::test(start_paused = true)]
async fn a_page_that_pushes_and_hints_does_either() {
    let mut client = Client::connect(&Site::plain(), settings()).await;
    let page = client.get("/mixed/").await;
    assert_eq!(page.paths(), ["/1.css"]);
    assert_eq!(
        (page.hints(), page.links()),
        (vec![vec!["/2.css"]], vec!["/2.css"])
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_larger_than_a_connections_budget_is_not_pushed() {
    let mut settings = settings();
    settings.rules.max_pushed_bytes = 2_999;
    let mut client = Client::connect(&Site::plain(), settings).await;
    let page = client.get("/").await;
    assert_eq!((page.paths(), page.links()), (vec![], ALL.to_vec()));
}

#[tokio::test(start_paused = true)]
async fn a_page_that_pushes_more_than_pages_may_pushes_nothing() {
    let mut settings = settings();
    settings.rules.max_pushes_per_page = 2;
    let mut client = Client::connect(&Site::plain(), settings).await;
    assert_eq!(client.get("/").await.paths(), [""; 0]);
    assert_eq!(client.get("/b/").await.paths(), ["/4.css"]);
}

#[tokio::test(start_paused = true)]
async fn a_policy_that_is_replaced_holds_from_the_next_page_on() {
    let old = super::site::policy();
    let settings = with_policy(old);
    let handle: PolicyHandle = settings.policy.clone().unwrap();
    let mut client = Client::connect(&Site::plain(), settings).await;
    assert_eq!(client.get("/").await.paths(), ALL);
    // Of the new policy, the second asset has changed, and the first and third have other places.
    let new = example::policy(
        &[
            ("/0.css", "0"),
            ("/1.css", "1"),
            ("/2.css", "changed"),
            ("/3.css", "3"),
        ],
        &[("/", &[(0, "both"), (1, "both"), (2, "both"), (3, "both")])],
    );
    handle.replace(new.policy().clone());
    assert_eq!(client.get("/").await.paths(), ["/0.css", "/2.css"]);
    assert_eq!(client.get("/b/").await.paths(), [""; 0]);
    assert_eq!(client.get("/").await.paths(), [""; 0]);
}

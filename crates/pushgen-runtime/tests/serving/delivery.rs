//! What a policy adds to responses over HTTP/1.

use std::sync::{Arc, Mutex};

use pushgen_runtime::{Builder, Metrics, Refusal};

use crate::support::{CSS, JS, connect, policy, policy_of, site, values};

fn builder() -> (Builder, Arc<Metrics>) {
    let metrics = Arc::new(Metrics::default());
    let builder = Builder::new()
        .policy(policy())
        .metrics(Arc::clone(&metrics));
    (builder, metrics)
}

#[tokio::test]
async fn pages_name_their_plan_and_nothing_else_does() {
    let (builder, metrics) = builder();
    let (mut client, _serving) = connect(&builder, site());
    let cases: [(&str, &[&str]); 4] = [
        ("/", &[CSS, JS]),
        ("/?query", &[CSS, JS]),
        ("/other/", &[]),
        ("/gone/", &[]),
    ];
    for (target, links) in cases {
        let (head, _) = client.get(target).await;
        assert_eq!(values(&head, "link"), links, "{target}");
    }
    assert_eq!(metrics.requests.get(), 4);
    assert_eq!(metrics.pages.get(), 2);
    assert_eq!(metrics.links.get(), 4);
    assert_eq!(metrics.refusals.get(Refusal::PageStatus), 1);
    assert_eq!(metrics.refusals.get(Refusal::HttpVersion), 6);
}

#[tokio::test]
async fn reports_have_the_decision_for_pages() {
    let decided = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&decided);
    let builder = builder().0.report_to(move |report| {
        let links = report.decision.map(|decision| decision.links().count());
        log.lock().unwrap().push(links);
    });
    let (mut client, _serving) = connect(&builder, site());
    client.get("/").await;
    client.get("/other/").await;
    assert_eq!(*decided.lock().unwrap(), [Some(2), None]);
}

#[tokio::test]
async fn links_are_for_navigations_with_get_or_head() {
    let (builder, _) = builder();
    let cases = [
        ("GET / HTTP/1.1\r\nHost: a\r\n", 2),
        ("GET / HTTP/1.0\r\nConnection: keep-alive\r\n", 2),
        ("HEAD / HTTP/1.1\r\nHost: a\r\n", 2),
        ("POST / HTTP/1.1\r\nHost: a\r\n", 0),
        ("GET / HTTP/1.1\r\nHost: a\r\nSec-Fetch-Mode: cors\r\n", 0),
        ("GET / HTTP/1.1\r\nHost: a\r\nRange: bytes=0-\r\n", 0),
        ("GET http://a/ HTTP/1.1\r\nHost: a\r\n", 2),
    ];
    for (request, links) in cases {
        let (mut client, _serving) = connect(&builder, site());
        client.send(&format!("{request}\r\n")).await;
        let head = client.head().await;
        assert_eq!(values(&head, "link").len(), links, "{request}");
    }
}

#[tokio::test]
async fn what_the_response_names_by_itself_is_not_named_again() {
    let (builder, _) = builder();
    let (mut client, _serving) = connect(&builder, site());
    let (head, _) = client.get("/own/").await;
    let links = values(&head, "link");
    assert_eq!(links.len(), 2, "{links:?}");
    assert_eq!(links[1], JS);
}

#[tokio::test]
async fn what_the_connection_carried_is_not_named_again() {
    let (builder, _) = builder();
    let (mut client, _serving) = connect(&builder, site());
    client.get("/app.css").await;
    let (head, _) = client.get("/").await;
    assert_eq!(values(&head, "link"), [JS]);
    // Another authority is another site.
    client.send("GET / HTTP/1.1\r\nHost: b\r\n\r\n").await;
    let (head, _) = client.response().await;
    assert_eq!(values(&head, "link"), [CSS, JS]);
}

#[tokio::test]
async fn a_cookie_remembers_what_the_client_keeps() {
    let (builder, _) = builder();
    let (mut client, _serving) = connect(&builder, site());
    let (head, _) = client.get("/").await;
    assert!(values(&head, "set-cookie").is_empty());
    client.get("/app.css").await;
    // Not for what a shared cache may give to others, an error, or a file.
    for target in ["/shared/", "/gone/", "/app.css"] {
        let (head, _) = client.get(target).await;
        assert!(values(&head, "set-cookie").is_empty(), "{target}");
    }
    let (head, _) = client.get("/").await;
    let cookie = values(&head, "set-cookie")[0].split(';').next().unwrap();
    assert!(cookie.starts_with("pushgen-digest="), "{cookie}");

    let (mut later, _serving) = connect(&builder, site());
    later
        .send(&format!(
            "GET / HTTP/1.1\r\nHost: example.com\r\nCookie: {cookie}\r\n\r\n"
        ))
        .await;
    let (head, _) = later.response().await;
    assert_eq!(values(&head, "link"), [JS]);
    assert!(values(&head, "set-cookie").is_empty());
}

#[tokio::test]
async fn a_new_policy_holds_from_the_next_request() {
    let policy = policy();
    let builder = Builder::new().policy(policy.clone());
    let (mut client, _serving) = connect(&builder, site());
    let (head, _) = client.get("/").await;
    assert_eq!(values(&head, "link").len(), 2);
    policy.replace(policy_of(&["/new/"]));
    let (head, _) = client.get("/").await;
    assert!(values(&head, "link").is_empty());
    let (head, _) = client.get("/new/").await;
    assert_eq!(values(&head, "link").len(), 2);
}

#[tokio::test]
async fn what_a_proxy_asked_for_before_was_for_others() {
    let builder = builder().0;
    for (forwarded, links) in [("", 1), ("X-Forwarded-For: 192.0.2.1\r\n", 2)] {
        let (mut client, _serving) = connect(&builder, site());
        for (target, expected) in [("/app.css", 0), ("/", links)] {
            client
                .send(&format!(
                    "GET {target} HTTP/1.1\r\nHost: a\r\n{forwarded}\r\n"
                ))
                .await;
            let (head, _) = client.response().await;
            assert_eq!(values(&head, "link").len(), expected, "{forwarded}{target}");
        }
    }
}

#[tokio::test]
async fn a_request_names_one_host() {
    let builder = builder().0;
    let cases = [
        ("1.1", "Host: a\r\n", "200"),
        ("1.1", "Host: [::1]:80\r\n", "200"),
        ("1.1", "", "400"),
        ("1.1", "Host: a\r\nHost: a\r\n", "400"),
        ("1.1", "Host: a b\r\n", "400"),
        ("1.1", "Host: user@a\r\n", "400"),
        ("1.0", "", "200"),
    ];
    for (version, fields, status) in cases {
        let (mut client, _serving) = connect(&builder, site());
        client
            .send(&format!("GET /other/ HTTP/{version}\r\n{fields}\r\n"))
            .await;
        let head = client.head().await;
        assert_eq!(head.split(' ').nth(1), Some(status), "{version} {fields}");
    }
}

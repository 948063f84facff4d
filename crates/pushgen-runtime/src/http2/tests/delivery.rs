//! What a conforming client, that of the `h2` crate, gets with a page.

use std::sync::Arc;

use bytes::Bytes;
use h2::client::SendRequest;
use http::{HeaderMap, Request, StatusCode, header};

use super::site::{Site, settings};
use crate::builder::Settings;
use crate::connection_info::ConnectionInfo;
use crate::http2::serve;

/// What came for one request.
#[derive(Debug, Default)]
struct Received {
    status: u16,
    headers: HeaderMap,
    body: Bytes,
    informational: Vec<HeaderMap>,
    /// Path, request fields, status and body of each push.
    pushes: Vec<(String, HeaderMap, u16, Bytes)>,
}

struct Client {
    sender: SendRequest<Bytes>,
    takes_pushes: bool,
}

impl Client {
    async fn connect(site: &Site, settings: Settings, builder: &h2::client::Builder) -> Self {
        let (client, server) = tokio::io::duplex(1 << 16);
        let settings = Arc::new(settings);
        tokio::spawn(serve(server, ConnectionInfo::new(), site.clone(), settings));
        let (sender, connection) = builder.handshake(client).await.unwrap();
        tokio::spawn(connection);
        Self {
            sender: sender.ready().await.unwrap(),
            takes_pushes: true,
        }
    }

    async fn get(&mut self, target: &str) -> Received {
        let request = Request::get(format!("http://example.com{target}"))
            .header("accept", "text/html")
            .header("accept-encoding", "br")
            .header("cookie", "a=b")
            .body(())
            .unwrap();
        self.send(request).await
    }

    async fn send(&mut self, request: Request<()>) -> Received {
        tokio::time::timeout(std::time::Duration::from_secs(5), self.exchange(request))
            .await
            .expect("an answer in time")
    }

    async fn exchange(&mut self, request: Request<()>) -> Received {
        let mut sender = self.sender.clone().ready().await.unwrap();
        let (mut response, _) = sender.send_request(request, true).unwrap();
        let mut pushes = response.push_promises();
        let pushes = tokio::spawn(async move {
            let mut received = Vec::new();
            while let Some(push) = pushes.push_promise().await {
                let (request, response) = push.unwrap().into_parts();
                let response = response.await.unwrap();
                let status = response.status().as_u16();
                let body = read(response.into_body()).await;
                let path = request.uri().path_and_query().unwrap().to_string();
                received.push((path, request.headers().clone(), status, body));
            }
            received
        });
        let response = response.await.unwrap();
        let (head, body) = response.into_parts();
        let body = read(body).await;
        Received {
            status: head.status.as_u16(),
            headers: head.headers,
            body,
            informational: Vec::new(),
            // h2's client waits for ever for the pushes that it has forbidden.
            pushes: if self.takes_pushes {
                pushes.await.unwrap()
            } else {
                Vec::new()
            },
        }
    }
}

async fn read(mut body: h2::RecvStream) -> Bytes {
    let mut read = Vec::new();
    while let Some(data) = body.data().await {
        let data = data.unwrap();
        body.flow_control().release_capacity(data.len()).unwrap();
        read.extend(data);
    }
    read.into()
}

fn paths(received: &Received) -> Vec<&str> {
    received
        .pushes
        .iter()
        .map(|(path, ..)| path.as_str())
        .collect()
}

#[tokio::test]
async fn a_page_comes_with_its_pushes() {
    let site = Site::plain();
    let builder = h2::client::Builder::new();
    let mut client = Client::connect(&site, settings(), &builder).await;
    let page = client.get("/").await;
    assert_eq!((page.status, &*page.body), (200, &b"<html>"[..]));
    assert_eq!(paths(&page), ["/1.css", "/2.css", "/3.css"]);
    for (_, _, status, body) in &page.pushes {
        assert_eq!((*status, &**body), (200, &b"0123456789"[..]));
    }
    assert!(!page.headers.contains_key(header::LINK));
    assert_eq!(StatusCode::OK, page.status);
}

#[tokio::test]
async fn a_client_without_pushes_gets_links() {
    let site = Site::plain();
    let mut builder = h2::client::Builder::new();
    builder.enable_push(false);
    let mut client = Client::connect(&site, settings(), &builder).await;
    client.takes_pushes = false;
    let page = client.get("/").await;
    assert!(page.pushes.is_empty());
    let links: Vec<_> = page.headers.get_all(header::LINK).iter().collect();
    assert_eq!(links.len(), 3, "{links:?}");
}

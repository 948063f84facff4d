//! A conforming client, that of the `h2` crate: what comes for each request, with every field.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use h2::client::{ResponseFuture, SendRequest};
use http::{HeaderMap, Request, header, request};

use super::site::Site;
use crate::builder::Settings;
use crate::connection_info::ConnectionInfo;
use crate::http2::serve;

/// What came for one request.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) trailers: Option<HeaderMap>,
    /// The fields of each 103.
    pub(super) early_hints: Vec<HeaderMap>,
    pub(super) pushes: Vec<Pushed>,
}

/// A push.
#[derive(Debug)]
pub(super) struct Pushed {
    pub(super) request: request::Parts,
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Received {
    /// What was pushed.
    pub(super) fn paths(&self) -> Vec<&str> {
        let pushes = self.pushes.iter();
        let targets = pushes.map(|push| push.request.uri.path_and_query().unwrap().as_str());
        targets.collect()
    }

    /// The targets of the final response's `Link`.
    pub(super) fn links(&self) -> Vec<&str> {
        links(&self.headers)
    }

    /// Those of the 103s.
    pub(super) fn hints(&self) -> Vec<Vec<&str>> {
        self.early_hints.iter().map(links).collect()
    }
}

fn links(headers: &HeaderMap) -> Vec<&str> {
    let links = headers.get_all(header::LINK).iter();
    let target = |link: &'_ http::HeaderValue| -> Option<(usize, usize)> {
        let link = link.to_str().ok()?;
        Some((link.find('<')? + 1, link.find('>')?))
    };
    links
        .map(|link| {
            let (start, end) = target(link).unwrap();
            &link.to_str().unwrap()[start..end]
        })
        .collect()
}

/// A connection to a site.
pub(super) struct Client {
    sender: SendRequest<Bytes>,
}

impl Client {
    /// One that takes pushes.
    pub(super) async fn connect(site: &Site, settings: Settings) -> Self {
        Self::connect_with(site, settings, ConnectionInfo::new(), true).await
    }

    /// One that takes none.
    pub(super) async fn without_pushes(site: &Site, settings: Settings) -> Self {
        Self::connect_with(site, settings, ConnectionInfo::new(), false).await
    }

    pub(super) async fn connect_with(
        site: &Site,
        settings: Settings,
        info: ConnectionInfo,
        takes_pushes: bool,
    ) -> Self {
        let (client, server) = tokio::io::duplex(1 << 16);
        tokio::spawn(serve(server, info, site.clone(), Arc::new(settings)));
        let mut builder = h2::client::Builder::new();
        builder.enable_push(takes_pushes);
        let (sender, connection) = builder.handshake(client).await.unwrap();
        tokio::spawn(connection);
        Self {
            sender: sender.ready().await.unwrap(),
        }
    }

    /// A navigation to `http://example.com`.
    pub(super) async fn get(&mut self, target: &str) -> Received {
        self.get_with(target, &[]).await
    }

    /// The same, with fields.
    pub(super) async fn get_with(&mut self, target: &str, fields: &[(&str, &str)]) -> Received {
        let mut request = Request::get(format!("http://example.com{target}"));
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        self.send(request.body(()).unwrap()).await
    }

    /// Any request without content.
    pub(super) async fn send(&mut self, request: Request<()>) -> Received {
        let exchange = self.exchange(request, None);
        let exchange = tokio::time::timeout(Duration::from_secs(3600), exchange);
        exchange.await.expect("an answer in time")
    }

    /// A request with content and trailers.
    pub(super) async fn send_content(
        &mut self,
        request: Request<()>,
        content: &'static str,
        trailers: HeaderMap,
    ) -> Received {
        let exchange = self.exchange(request, Some((content, trailers)));
        let exchange = tokio::time::timeout(Duration::from_secs(3600), exchange);
        exchange.await.expect("an answer in time")
    }

    async fn exchange(
        &mut self,
        request: Request<()>,
        content: Option<(&'static str, HeaderMap)>,
    ) -> Received {
        let mut sender = self.sender.clone().ready().await.unwrap();
        let (mut response, mut stream) = sender.send_request(request, content.is_none()).unwrap();
        if let Some((content, trailers)) = content {
            stream.send_data(content.into(), false).unwrap();
            stream.send_trailers(trailers).unwrap();
        }
        let mut promises = response.push_promises();
        let mut early_hints = Vec::new();
        let response = final_response(response, &mut early_hints).await;
        let (head, body) = response.into_parts();
        let (body, trailers) = read(body).await;
        // Promises come before the head. h2's client does not say that there will be no more.
        let mut pushes = Vec::new();
        while let Poll::Ready(Some(push)) =
            poll_now(|context| promises.poll_push_promise(context)).await
        {
            let (request, response) = push.unwrap().into_parts();
            let (head, body) = response.await.unwrap().into_parts();
            pushes.push(Pushed {
                request: request.into_parts().0,
                status: head.status.as_u16(),
                headers: head.headers,
                body: read(body).await.0,
            });
        }
        Received {
            status: head.status.as_u16(),
            headers: head.headers,
            body,
            trailers,
            early_hints,
            pushes,
        }
    }
}

async fn final_response(
    mut response: ResponseFuture,
    early_hints: &mut Vec<HeaderMap>,
) -> http::Response<h2::RecvStream> {
    poll_fn(|context| {
        while let Poll::Ready(Some(Ok(hints))) = response.poll_informational(context) {
            if hints.status() == http::StatusCode::EARLY_HINTS {
                early_hints.push(hints.into_parts().0.headers);
            }
        }
        std::pin::Pin::new(&mut response).poll(context)
    })
    .await
    .unwrap()
}

/// What there is without waiting.
async fn poll_now<T>(mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>) -> Poll<T> {
    poll_fn(|context| Poll::Ready(poll(context))).await
}

async fn read(mut body: h2::RecvStream) -> (Bytes, Option<HeaderMap>) {
    let mut read = Vec::new();
    while let Some(data) = body.data().await {
        let data = data.unwrap();
        body.flow_control().release_capacity(data.len()).unwrap();
        read.extend(data);
    }
    (read.into(), body.trailers().await.unwrap())
}

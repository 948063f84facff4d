//! One request of an HTTP/1 connection and its response.
//!
//! In: a request as hyper reads it. Out: the service's response with what the policy adds to it; a
//! [`Report`] when it has ended, and counts. How much of a response has been sent only hyper knows:
//! one is taken for complete when hyper has all of it. Left out: everything that hyper does.

use std::pin::Pin;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Instant, SystemTime};

use bytes::Buf;
use http::header::{CONNECTION, CONTENT_LENGTH, HOST};
use http::uri::Authority;
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri, Version, request, response};
use http_body::{Body as _, Frame, SizeHint};
use hyper::body::Incoming;

use super::Connection;
use crate::asset_request::AssetRequests;
use crate::body::{Body, BoxError};
use crate::connection_facts::{ConnectionFacts, StreamFacts};
use crate::decision::{Decision, Situation, decide};
use crate::final_response::{add_digest_cookie, add_links};
use crate::freshness::is_page;
use crate::records::{Place, Records};
use crate::report::Report;
use crate::request_facts::{RequestFacts, is_proxied};
use crate::service::{HttpService, ResponseBody, call};

/// Has the service answer a request.
pub(super) async fn respond<S: HttpService>(
    service: S,
    request: Request<Incoming>,
    connection: Arc<Connection>,
) -> Result<Response<Content<S::ResponseBody>>, BoxError> {
    let (mut head, body) = request.into_parts();
    connection.settings.metrics.requests.add(1);
    connection.activity.begin(!body.is_end_stream());
    let mut exchange = Exchange::begin(&head, connection);
    if !names_host(&head) {
        let (mut head, ()) = Response::new(()).into_parts();
        head.status = StatusCode::BAD_REQUEST;
        head.headers
            .insert(CONNECTION, HeaderValue::from_static("close"));
        exchange.status = Some(head.status);
        exchange.is_complete = true;
        let body = None;
        return Ok(Response::from_parts(head, Content { body, exchange }));
    }
    head.extensions.insert(exchange.connection.info);
    let asking = exchange
        .hints()
        .then(|| AssetRequests::of(&head, exchange.connection.info));
    let request = Request::from_parts(head, Body::http1(body));
    let answer = call(service.clone(), Box::new(request)).await?;
    let (mut head, body) = answer.into_parts();
    if let (Some(asking), Some(decision)) = (asking, &mut exchange.decision)
        && is_page(&head).is_ok()
    {
        let patience = exchange.connection.settings.rules.patience;
        asking.withhold_unfit(decision, service, patience).await;
    }
    exchange.answer(&mut head, &body);
    let content = Content {
        body: Some(Box::pin(body)),
        exchange,
    };
    Ok(Response::from_parts(head, content))
}

/// Whether a request of HTTP/1.1 has the one `Host` that it must have (RFC 9112, section 3.2).
fn names_host(head: &request::Parts) -> bool {
    let mut hosts = head.headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) => head.version < Version::HTTP_11,
        (Some(host), None) => {
            host.is_empty()
                || Authority::try_from(host.as_bytes()).is_ok_and(|it| !it.as_str().contains('@'))
        }
        (Some(_), Some(_)) => false,
    }
}

/// A request and how it is answered. It ends when it is dropped.
#[derive(Debug)]
struct Exchange {
    connection: Arc<Connection>,
    method: Method,
    uri: Uri,
    version: Version,
    began: Instant,
    /// Where the connection's record is, if there is a policy.
    record: Option<Place>,
    /// Whether the record takes note of the request.
    is_noted: bool,
    /// What the request says, if it asks for a page of the policy.
    facts: Option<RequestFacts>,
    decision: Option<Decision>,
    status: Option<StatusCode>,
    /// Bytes of the body still to come, if known.
    bytes_left: Option<u64>,
    body_bytes: u64,
    is_complete: bool,
}

impl Exchange {
    fn begin(head: &request::Parts, connection: Arc<Connection>) -> Self {
        let mut exchange = Self {
            connection,
            method: head.method.clone(),
            uri: head.uri.clone(),
            version: head.version,
            began: Instant::now(),
            record: None,
            is_noted: false,
            facts: None,
            decision: None,
            status: None,
            bytes_left: None,
            body_bytes: 0,
            is_complete: false,
        };
        exchange.decide(head);
        exchange
    }

    /// Whether assets are to be hinted with the response.
    fn hints(&self) -> bool {
        let decision = self.decision.as_ref();
        decision.is_some_and(|decision| decision.hints().next().is_some())
    }

    fn decide(&mut self, head: &request::Parts) {
        let settings = &self.connection.settings;
        let Some(policy) = &settings.policy else {
            return;
        };
        let policy = policy.current();
        let mut records = self.connection.records();
        let place = records.find(head, &policy);
        let record = records.at(place);
        let target = target(&self.uri);
        if policy.page(target, &settings.rules).is_some() {
            let facts = RequestFacts::of(head, self.connection.info.secure);
            let decision = decide(&Situation {
                request: &facts,
                stream: StreamFacts::default(),
                connection: ConnectionFacts {
                    shutting_down: settings.shutdown.has_begun(),
                    ..ConnectionFacts::new(self.version)
                },
                record,
                rules: &settings.rules,
            });
            self.facts = Some(facts);
            self.decision = Some(decision);
        }
        // The requests on a proxy's connection are not those of one user.
        self.is_noted = self.method == Method::GET && !is_proxied(&head.headers);
        if self.is_noted {
            record.mark_requested(target);
        }
        drop(records);
        self.record = Some(place);
    }

    fn answer(&mut self, head: &mut response::Parts, body: &impl http_body::Body) {
        self.status = Some(head.status);
        self.deliver(head);
        let has_no_content = self.method == Method::HEAD
            || head.status.is_informational()
            || matches!(head.status.as_u16(), 204 | 304);
        self.is_complete = has_no_content || body.is_end_stream();
        let length = head.headers.get(CONTENT_LENGTH);
        let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
        self.bytes_left = length.or_else(|| body.size_hint().exact());
    }

    /// Adds what the policy has for the response, and records it.
    fn deliver(&mut self, head: &mut response::Parts) {
        let Some(place) = self.record else {
            return;
        };
        let settings = &self.connection.settings;
        let mut records = self.connection.records();
        let record = records.at(place);
        if self.is_noted {
            record.mark_answered(target(&self.uri), head, SystemTime::now());
        }
        let (Some(facts), Some(decision)) = (&self.facts, &self.decision) else {
            return;
        };
        decision.count(&settings.metrics.refusals);
        if let Err(refusal) = is_page(head) {
            settings.metrics.refusals.add(refusal);
            return;
        }
        let links = add_links(head, decision);
        settings.metrics.links.add(links as u64);
        settings.metrics.pages.add(u64::from(links > 0));
        add_digest_cookie(head, facts, record, &settings.rules);
    }

    /// A part of the body goes to hyper.
    fn pass(&mut self, bytes: usize) {
        let bytes = bytes as u64;
        self.body_bytes += bytes;
        if let Some(left) = &mut self.bytes_left {
            *left = left.saturating_sub(bytes);
            // hyper asks for no more than the length that was announced.
            self.is_complete |= *left == 0;
        }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.connection.activity.end();
        let Some(reporter) = &self.connection.settings.reporter else {
            return;
        };
        (reporter.0)(&Report {
            connection: &self.connection.info,
            method: &self.method,
            target: target(&self.uri),
            version: self.version,
            status: self.status,
            body_bytes: self.is_complete.then_some(self.body_bytes),
            is_complete: self.is_complete,
            elapsed: self.began.elapsed(),
            promised_by: None,
            decision: self.decision.as_ref(),
            pushed: &[],
        });
    }
}

impl Connection {
    /// A panic elsewhere leaves no record half written.
    fn records(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn target(uri: &Uri) -> &str {
    uri.path_and_query().map_or("/", |target| target.as_str())
}

/// A response's body on its way to hyper.
#[derive(Debug)]
pub(super) struct Content<B> {
    /// None for the answers that are not the service's.
    body: Option<Pin<Box<B>>>,
    exchange: Exchange,
}

impl<B: ResponseBody> http_body::Body for Content<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let this = &mut *self;
        let Some(body) = &mut this.body else {
            return Poll::Ready(None);
        };
        let frame = ready!(body.as_mut().poll_frame(context));
        match &frame {
            Some(Ok(frame)) => {
                let bytes = frame.data_ref().map_or(0, Buf::remaining);
                this.exchange.pass(bytes);
                this.exchange.is_complete |= body.is_end_stream();
            }
            Some(Err(_)) => {}
            None => this.exchange.is_complete = true,
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(|body| body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        let body = self.body.as_ref();
        body.map_or(SizeHint::with_exact(0), |body| body.size_hint())
    }
}

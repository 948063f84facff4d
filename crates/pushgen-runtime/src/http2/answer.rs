//! One request of a client, from its acceptance to the last byte of its response.
//!
//! In: a request and h2's handle for the response. Out: a task that asks the service, sends what the
//! policy delivers ahead, then the response. If the client resets the stream, the service's future is
//! dropped, as hyper does it. Follows RFC 9113, section 8.1. Left out: extended CONNECT (RFC 8441), which
//! is not offered, and CONNECT, answered with a 501: a tunnel would need an upgrade that only hyper can
//! make.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::{Instant, SystemTime};

use h2::server::SendResponse;
use h2::{Reason, RecvStream, SendStream};
use http::{Method, Request, Response, StatusCode, Version, header, request};
use pushgen_policy::UNTOLD_HEAD;

use crate::asset_request;
use crate::body::Body;
use crate::early_hints::EarlyHints;
use crate::final_response;
use crate::http2::exchange::{Continue, Exchange};
use crate::http2::gathering::Gathered;
use crate::http2::page::Page;
use crate::http2::promise::Promised;
use crate::http2::send_body::{Sending, Unsent};
use crate::http2::shared::{Active, Shared};
use crate::http2::turns::{Handed, Role, Turn, Turns};
use crate::pusher::Pusher;
use crate::records::Place;
use crate::report::Report;
use crate::request_facts::{Priority, is_prefetch, is_proxied};
use crate::service::{self, HttpService, ResponseBody};

/// A request that asks for an asset of the policy: what comes of it is noted.
struct Noted {
    place: Place,
    target: Box<str>,
}

/// What a log wants to know of a request when it is over.
struct Logged {
    method: Method,
    target: Box<str>,
    begun: Instant,
}

/// Begins to answer a request, in a task of its own.
pub(crate) fn answer<S: HttpService>(
    shared: &Arc<Shared<S::ResponseBody>>,
    service: &S,
    request: Request<RecvStream>,
    response: SendResponse<Handed>,
) {
    shared.settings.metrics.requests.add(1);
    let exchange = Exchange::new(response, shared.abandoned.clone());
    let (mut parts, content) = request.into_parts();
    if parts.method == Method::CONNECT {
        return refuse(&exchange, StatusCode::NOT_IMPLEMENTED);
    }
    let length = parts.headers.get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
    let expects = parts.headers.contains_key(header::EXPECT);
    let expects = expects.then(|| Continue::new(&exchange));
    let body = Body::http2(content, length, expects);

    let Concern {
        place,
        noted,
        page,
        is_raised,
        gathered,
    } = Concern::of(&parts, shared);
    let claim = Claim {
        priority: Priority::of(&parts.headers),
        is_raised,
    };
    let logged = shared.settings.reporter.is_some().then(|| Logged {
        method: parts.method.clone(),
        target: target(&parts).into(),
        begun: Instant::now(),
    });
    parts.extensions.insert(shared.info);
    parts.extensions.insert(EarlyHints::new(&exchange));
    if shared.push_is_enabled() {
        parts.extensions.insert(Pusher::new(
            &exchange,
            target(&parts).into(),
            asset_request::scheme(shared.info.secure),
            asset_request::authority(&parts),
            place,
            shared.manual.clone(),
        ));
    }
    let answer = Answer {
        service: service.clone(),
        active: shared.begin(),
        exchange: AbandonedIfDropped(exchange),
        method: parts.method.clone(),
        page,
        noted,
        claim,
        gathered,
        logged,
        outcome: Outcome::default(),
    };
    let request = Request::from_parts(parts, body);
    tokio::spawn(answer.run(Box::new(request)));
}

/// What the policy has to do with a request.
#[derive(Default)]
struct Concern {
    /// Where the record of the authority is.
    place: Option<Place>,
    noted: Option<Noted>,
    page: Option<Box<Page>>,
    /// Whether it asks for the image of a largest paint.
    is_raised: bool,
    gathered: Option<Gathered>,
}

impl Concern {
    fn of<B>(parts: &request::Parts, shared: &Shared<B>) -> Self {
        let Some(policy) = &shared.settings.policy else {
            return Self::default();
        };
        if parts.method != Method::GET && parts.method != Method::HEAD {
            return Self::default();
        }
        let policy = policy.current();
        let target = target(parts);
        let mut assets = policy.policy().assets_at(target);
        let is_asset = !assets.is_empty();
        // Nothing is painted with what is fetched for later.
        let is_raised =
            assets.any(|asset| policy.is_largest_paint(asset)) && !is_prefetch(&parts.headers);
        let has_plan = policy.page(target, &shared.settings.rules).is_some();
        let has_page =
            (has_plan || shared.settings.rules.redirects) && !shared.client_gives_pages_up();
        if !is_asset && !has_page && !shared.push_is_enabled() {
            return Self::default();
        }
        let place = shared.records().find(parts, &policy);
        let is_noted = is_asset && parts.method == Method::GET && !is_proxied(&parts.headers);
        let gathered = is_noted.then(|| shared.gatherings.ask(target)).flatten();
        let noted = is_noted.then(|| {
            shared.records().at(place).mark_requested(target);
            let target = target.into();
            Noted { place, target }
        });
        Self {
            place: Some(place),
            noted,
            is_raised,
            gathered,
            page: has_page.then(|| Box::new(Page::new(parts, place, shared))),
        }
    }
}

fn target(parts: &request::Parts) -> &str {
    let target = parts.uri.path_and_query();
    target.map_or("/", |target| target.as_str())
}

fn refuse(exchange: &Exchange, status: StatusCode) {
    let (mut head, ()) = Response::new(()).into_parts();
    head.status = status;
    let nothing = Body::empty();
    final_response::prepare(&mut head, &Method::GET, &nothing);
    // If the client has gone there is nobody to tell.
    let _ = exchange.respond(head, true);
}

/// An exchange whose response is given up when its task ends without one.
struct AbandonedIfDropped(Arc<Exchange>);

impl Drop for AbandonedIfDropped {
    fn drop(&mut self) {
        self.0.abandon(Reason::INTERNAL_ERROR);
    }
}

/// A request being answered.
struct Answer<S: HttpService> {
    service: S,
    active: Active<S::ResponseBody>,
    exchange: AbandonedIfDropped,
    method: Method,
    page: Option<Box<Page>>,
    noted: Option<Noted>,
    claim: Claim,
    /// If a 103 hinted it.
    gathered: Option<Gathered>,
    logged: Option<Logged>,
    outcome: Outcome,
}

/// What a response claims in the order of its connection.
#[derive(Debug, Clone, Copy)]
struct Claim {
    priority: Priority,
    /// Whether it is the image of a largest paint.
    is_raised: bool,
}

impl Claim {
    fn enter(self, exchange: &Exchange, head_bytes: u64, turns: &Turns) -> Turn {
        let role = Role::Main { head_bytes };
        let mut turn = turns.enter(exchange.stream(), role, self.priority);
        if self.is_raised {
            turn.raise();
        }
        turn
    }
}

/// However its task ends, it is reported, with what was sent until then.
impl<S: HttpService> Drop for Answer<S> {
    fn drop(&mut self) {
        self.report();
    }
}

/// What became of a response.
#[derive(Debug, Clone, Copy, Default)]
struct Outcome {
    status: Option<StatusCode>,
    body_bytes: u64,
    is_complete: bool,
}

impl<S: HttpService> Answer<S> {
    /// The task of a request.
    ///
    /// It is moved when it is spawned, and allocated as large as what it holds at once: so the request is
    /// boxed, and what is needed before the head and what is needed after it are kept apart.
    #[expect(
        clippy::manual_async_fn,
        reason = "an async fn holds its arguments twice"
    )]
    fn run(mut self, request: Box<Request<Body>>) -> impl Future<Output = ()> + Send {
        async move {
            let answered = {
                let answer = pin!(service::call(self.service.clone(), request));
                self.answer(answer).await
            };
            if let Some((response, turn)) = answered
                && let Some(rest) = self.respond(response, turn)
            {
                self.send(rest).await;
            }
        }
    }

    fn report(&self) {
        let outcome = self.outcome;
        let shared = self.active.shared();
        let page = self.page.as_deref();
        if !outcome.is_complete && self.exchange.0.has_promised() {
            shared.turns.cancel_pushes_of(self.exchange.0.stream());
        }
        if let Some(page) = page {
            page.decision.count(&shared.settings.metrics.refusals);
        }
        if let (Some(reporter), Some(logged)) = (&shared.settings.reporter, &self.logged) {
            (reporter.0)(&Report {
                connection: &shared.info,
                method: &logged.method,
                target: &logged.target,
                version: Version::HTTP_2,
                status: outcome.status,
                body_bytes: Some(outcome.body_bytes),
                is_complete: outcome.is_complete,
                elapsed: logged.begun.elapsed(),
                promised_by: None,
                decision: page.map(|page| &page.decision),
                pushed: page.map_or(&[], |page| &page.pushed),
            });
        }
    }

    /// The service's response, and its turn if it has one already. Without one the task's end resets the
    /// stream, as hyper does when a service fails.
    async fn answer(
        &mut self,
        answer: Pin<&mut (impl Future<Output = asset_request::Answer<S::ResponseBody>> + Send)>,
    ) -> Option<(Response<S::ResponseBody>, Option<Turn>)> {
        let exchange = &self.exchange.0;
        let (response, turn) = match self.page.as_deref_mut() {
            None => (until_closed(answer, exchange).await, None),
            Some(page) => {
                let shared = self.active.shared();
                let head_bytes = if page.pushes() { UNTOLD_HEAD } else { 0 };
                let mut turn = self.claim.enter(exchange, head_bytes, &shared.turns);
                let service = self.service.clone();
                // It is large, and most requests do not need it.
                let mut answer =
                    Box::pin(page.deliver(shared, service, exchange, &mut turn, answer));
                let response = until_closed(answer.as_mut(), exchange).await;
                drop(answer);
                (response, Some(turn))
            }
        };
        match response {
            Some(Ok(response)) => Some((response, turn)),
            Some(Err(_)) => None,
            None => {
                let page = self.page.as_deref();
                let has_plan = page.is_some_and(|page| !page.decision.verdicts().is_empty());
                if has_plan && !self.exchange.0.has_promised() {
                    let pages_given_up = &self.active.shared().pages_given_up;
                    pages_given_up.fetch_add(1, Ordering::Relaxed);
                }
                None
            }
        }
    }

    /// Sends the head. Returns what is to follow it.
    fn respond(
        &mut self,
        response: Response<S::ResponseBody>,
        turn: Option<Turn>,
    ) -> Option<Rest<S::ResponseBody>> {
        let shared = self.active.shared();
        let exchange = &self.exchange.0;
        let (mut head, body) = response.into_parts();
        if let Some(noted) = &self.noted {
            let mut records = shared.records();
            let record = records.at(noted.place);
            record.mark_answered(&noted.target, &head, SystemTime::now());
        }
        let mut head_bytes = None;
        if let Some(page) = self.page.as_deref() {
            page.complete(&mut head, shared);
            head_bytes = page.head_bytes(&head);
        }
        self.outcome.status = Some(head.status);
        let ends = final_response::prepare(&mut head, &self.method, &body);
        let stream = exchange.respond(head, ends).ok()?;
        if ends {
            self.outcome.is_complete = true;
            return None;
        }
        let enter = || self.claim.enter(exchange, 0, &shared.turns);
        let mut turn = turn.unwrap_or_else(enter);
        if let Some(bytes) = head_bytes {
            turn.set_head(bytes);
        }
        Some(Rest { stream, body, turn })
    }

    /// Sends the body.
    async fn send(&mut self, rest: Rest<S::ResponseBody>) {
        let Rest {
            mut stream,
            body,
            mut turn,
        } = rest;
        let patience = self.active.shared().settings.timeouts.write_stall;
        let mut sending = Sending::new(&mut stream, &mut turn, patience);
        sending.gathered = self.gathered.take();
        let sent = sending.send(pin!(body)).await;
        self.outcome.body_bytes = sending.sent;
        let exchange = &self.exchange.0;
        match sent {
            Ok(()) => self.outcome.is_complete = true,
            Err(Unsent::Reset) => {}
            Err(Unsent::Body) => exchange.abandon_body(stream, Reason::INTERNAL_ERROR),
            Err(Unsent::Cancelled | Unsent::Stalled) => {
                exchange.abandon_body(stream, Reason::CANCEL);
            }
        }
    }
}

/// What follows a head.
struct Rest<B> {
    stream: SendStream<Handed>,
    body: B,
    turn: Turn,
}

/// The output of a future, unless the stream is closed before.
async fn until_closed<F: Future>(
    mut future: Pin<&mut F>,
    exchange: &Exchange,
) -> Option<F::Output> {
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => exchange.poll_closed(context).map(|()| None),
    })
    .await
}

/// Sends the body of a promised response, in a task of its own.
pub(crate) fn send_promised<B: ResponseBody>(shared: &Arc<Shared<B>>, promised: Promised<B>) {
    let active = shared.begin();
    tokio::spawn(async move {
        let shared = active.shared();
        let Promised {
            page_target,
            target,
            method,
            status,
            mut stream,
            body,
            mut turn,
            asked,
        } = promised;
        let mut outcome = Outcome {
            status: Some(status),
            body_bytes: 0,
            is_complete: true,
        };
        if let Some(body) = body {
            let patience = shared.settings.timeouts.write_stall;
            let mut sending = Sending::new(&mut stream, &mut turn, patience);
            let sent = sending.send(pin!(body)).await;
            outcome.body_bytes = sending.sent;
            shared.settings.metrics.pushed_bytes.add(sending.sent);
            if let Err(unsent) = sent {
                outcome.is_complete = false;
                match unsent {
                    Unsent::Reset => {}
                    Unsent::Body => stream.send_reset(Reason::INTERNAL_ERROR),
                    Unsent::Cancelled | Unsent::Stalled => stream.send_reset(Reason::CANCEL),
                }
            }
        }
        if let Some(reporter) = &shared.settings.reporter {
            (reporter.0)(&Report {
                connection: &shared.info,
                method: &method,
                target: &target,
                version: Version::HTTP_2,
                status: outcome.status,
                body_bytes: Some(outcome.body_bytes),
                is_complete: outcome.is_complete,
                elapsed: asked.elapsed(),
                promised_by: Some(&page_target),
                decision: None,
                pushed: &[],
            });
        }
    });
}

//! The delivery of one page: from the decision to the frames that carry it out.
//!
//! In: a page's request and the future of its response. Out: the response, before which its promises
//! and its 103 were sent. What comes in what order:
//!
//! ```text
//! decide -> ask the service for every asset -> 103 -> the page's head is a 200 -> promises -> head
//!           (and for the page, meanwhile)                or it takes its time  /
//! ```
//!
//! Only what is known to be fit is promised or hinted: each asset's response is asked of the service
//! first, as a client would, with the fields that the promise will have. Whoever is late is left out:
//! the page waits for its assets no longer than [`Rules::patience`](crate::Rules::patience). Left out:
//! making the promises (`promise`), and the response itself (`response`).

use std::future::{poll_fn, ready};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::{HeaderMap, Method, Request, Response, StatusCode, header, request, response};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

use crate::asset_request::{Answer, AssetRequests, ask};
use crate::connection_facts::StreamFacts;
use crate::content_coding::content_coding;
use crate::decision::{Decision, Situation, decide, decide_redirect};
use crate::document_head::DocumentHead;
use crate::final_response;
use crate::freshness;
use crate::http2::exchange::Exchange;
use crate::http2::observer::Observations;
use crate::http2::promise::{Batch, Push};
use crate::http2::shared::Shared;
use crate::http2::turns::Turn;
use crate::loaded_policy::LoadedPolicy;
use crate::records::Place;
use crate::refusal::Refusal;
use crate::request_facts::{Priority, RequestFacts};
use crate::service::{HttpService, ResponseBody};

/// How long a page that is there waits at most until its 103 is written. Usually that takes one turn of
/// the connection's task.
const AHEAD: Duration = Duration::from_millis(2);

/// A request to be answered with what its plan delivers.
pub(crate) struct Page {
    facts: RequestFacts,
    pub(crate) decision: Decision,
    /// Where the record of its authority is.
    place: Place,
    /// Assets that were promised.
    pub(crate) pushed: Vec<usize>,
    assets: AssetRequests,
    /// With which response the plan goes.
    follows: Follows,
}

/// With which response a plan goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Follows {
    /// The page.
    Page,
    /// A redirect to the page.
    Redirect,
}

impl Page {
    /// Reads a request and decides what to deliver with its page.
    pub(crate) fn new<B>(request: &request::Parts, place: Place, shared: &Shared<B>) -> Self {
        let facts = RequestFacts::of(request, shared.info.secure);
        let decision = Self::decide(&facts, place, shared, None);
        Self {
            assets: AssetRequests::of(request, shared.info),
            pushed: Vec::new(),
            follows: Follows::Page,
            facts,
            place,
            decision,
        }
    }

    fn decide<B>(
        facts: &RequestFacts,
        place: Place,
        shared: &Shared<B>,
        redirect: Option<&response::Parts>,
    ) -> Decision {
        let connection = shared.facts();
        let mut records = shared.records();
        let situation = Situation {
            request: facts,
            stream: StreamFacts::default(),
            connection,
            record: records.at(place),
            rules: &shared.settings.rules,
        };
        match redirect {
            Some(response) => decide_redirect(&situation, response),
            None => decide(&situation),
        }
    }

    /// Whether anything was promised or is to be.
    pub(crate) fn pushes(&self) -> bool {
        !self.pushed.is_empty() || self.decision.pushes().next().is_some()
    }

    /// Sends promises and 103 ahead of `answer`, and returns it.
    pub(crate) async fn deliver<S: HttpService>(
        &mut self,
        shared: &Arc<Shared<S::ResponseBody>>,
        service: S,
        exchange: &Arc<Exchange>,
        turn: &mut Turn,
        answer: Pin<&mut (impl Future<Output = Answer<S::ResponseBody>> + Send)>,
    ) -> Answer<S::ResponseBody> {
        let response = self
            .send_ahead(shared, service.clone(), exchange, turn, answer)
            .await?;
        let follows_redirects = shared.settings.rules.redirects && self.pushed.is_empty();
        if !follows_redirects || !response.status().is_redirection() {
            return Ok(response);
        }
        // The plan that counts is that of the page where the redirect leads.
        let (head, body) = response.into_parts();
        self.decision = Self::decide(&self.facts, self.place, shared, Some(&head));
        self.follows = Follows::Redirect;
        let answer = pin!(ready(Ok(Response::from_parts(head, body))));
        self.send_ahead(shared, service, exchange, turn, answer)
            .await
    }

    async fn send_ahead<S: HttpService>(
        &mut self,
        shared: &Arc<Shared<S::ResponseBody>>,
        service: S,
        exchange: &Arc<Exchange>,
        turn: &mut Turn,
        mut answer: Pin<&mut (impl Future<Output = Answer<S::ResponseBody>> + Send)>,
    ) -> Answer<S::ResponseBody> {
        let mut answered = None;
        if self.decision.pushes().next().is_some() || self.decision.hints().next().is_some() {
            let begun = Instant::now();
            let pushes = self
                .resolve(shared, service, begun, answer.as_mut(), &mut answered)
                .await;
            if let Err(refusal) = self.recheck(&answered, shared) {
                self.fall_back(refusal, exchange);
            }
            if self.goes_with(&answered) {
                let is_answered = answered.is_some();
                self.hint(shared, exchange, is_answered).await;
            }
            if self.decision.pushes().next().is_some() {
                let push_ahead = shared.settings.rules.push_ahead.map(|time| begun + time);
                if answered.is_none() {
                    tokio::select! {
                        biased;
                        response = answer.as_mut() => answered = Some(response),
                        () = until(push_ahead) => {}
                    }
                }
                if !self.goes_with(&answered) {
                    self.fall_back(Refusal::PageStatus, exchange);
                } else {
                    if answered.is_some() {
                        turn.expect_data();
                    }
                    match self.promise(shared, exchange, pushes).await {
                        Ok(pushed) => self.pushed = pushed,
                        Err(refusal) => self.fall_back(refusal, exchange),
                    }
                }
            }
        }
        match answered {
            Some(answer) => answer,
            None => answer.await,
        }
    }

    /// Whether the plan goes with such an answer, or with none yet.
    fn goes_with<B>(&self, answered: &Option<Answer<B>>) -> bool {
        match answered {
            Some(Ok(response)) => self.follows.takes(response.status()),
            Some(Err(_)) => false,
            None => true,
        }
    }

    /// Whether the pushes can still be made.
    fn recheck<B: ResponseBody>(
        &self,
        answered: &Option<Answer<B>>,
        shared: &Shared<B>,
    ) -> Result<(), Refusal> {
        if self.decision.pushes().next().is_none() {
            return Ok(());
        }
        if !self.goes_with(answered) {
            return Err(Refusal::PageStatus);
        }
        self.decision.recheck(
            StreamFacts::default(),
            &shared.facts(),
            &shared.settings.rules,
        )
    }

    fn fall_back(&mut self, refusal: Refusal, exchange: &Exchange) {
        let early_hints_sent = exchange.early_hints_sent();
        self.decision.fall_back(None, refusal, early_hints_sent);
    }

    /// Adds to the page's response what its plan has for it.
    pub(crate) fn complete<B>(&self, head: &mut response::Parts, shared: &Shared<B>) {
        let settings = &shared.settings;
        let links = final_response::add_links(head, &self.decision);
        settings.metrics.links.add(links as u64);
        if links > 0 || !self.pushed.is_empty() {
            settings.metrics.pages.add(1);
        }
        let mut records = shared.records();
        let record = records.at(self.place);
        final_response::add_digest_cookie(head, &self.facts, record, &settings.rules);
    }

    /// How much of the document goes before the pushes, if its service says so, or the policy for the
    /// coding that it is sent in.
    pub(crate) fn head_bytes(&self, head: &response::Parts) -> Option<u64> {
        if self.pushed.is_empty() || head.status != StatusCode::OK {
            return None;
        }
        if let Some(DocumentHead(bytes)) = head.extensions.get() {
            return Some(*bytes);
        }
        self.decision.head_bytes(content_coding(&head.headers)?)
    }

    /// Asks the service for the assets that are to be pushed, and for those that are to be hinted and
    /// of which nothing is known; tells the decision what comes of it. Returns those to push.
    async fn resolve<S: HttpService>(
        &mut self,
        shared: &Arc<Shared<S::ResponseBody>>,
        service: S,
        begun: Instant,
        mut answer: Pin<&mut (impl Future<Output = Answer<S::ResponseBody>> + Send)>,
        answered: &mut Option<Answer<S::ResponseBody>>,
    ) -> Vec<Push<S::ResponseBody>> {
        let rules = &shared.settings.rules;
        let policy = Arc::clone(self.decision.policy());
        let memo = policy.hint_memo();
        let pushes: Vec<usize> = self.decision.pushes().collect();
        let hints: Vec<usize> = self.decision.hints().collect();
        let mut asked: Vec<usize> = pushes.clone();
        for asset in hints {
            match memo.get(asset, begun) {
                Some(Ok(())) => {}
                Some(Err(refusal)) => self.decision.withhold(asset, refusal),
                None => asked.push(asset),
            }
        }
        let mut answers: Vec<Option<Push<S::ResponseBody>>> =
            std::iter::repeat_with(|| None).take(pushes.len()).collect();
        let mut tasks = JoinSet::new();
        for &asset in &asked {
            if let Some(request) = self.assets.request(&policy, asset) {
                let call = ask(shared.info, &service, self.assets.page_target(), &request);
                tasks.spawn(async move { (asset, request, call.await) });
            }
        }
        let deadline = begun + rules.patience;
        let mut unresolved = asked;
        while !tasks.is_empty() {
            let joined = tokio::select! {
                biased;
                joined = tasks.join_next() => joined,
                response = answer.as_mut(), if answered.is_none() => {
                    let status = response.as_ref().map(Response::status);
                    let takes = status.is_ok_and(|status| self.follows.takes(status));
                    *answered = Some(response);
                    if !takes {
                        break;
                    }
                    continue;
                }
                () = sleep_until(deadline) => break,
            };
            let Some(joined) = joined else { break };
            // A service that panics has no answer.
            let Ok((asset, request, response)) = joined else {
                continue;
            };
            unresolved.retain(|other| *other != asset);
            let (verdict, push) =
                look_at(&policy, asset, request, response, begun.into_std(), shared);
            memo.set(asset, verdict, begun);
            if let Err(refusal) = verdict {
                self.decision.withhold(asset, refusal);
            }
            if let Some(place) = pushes.iter().position(|other| *other == asset) {
                match push {
                    Ok(push) => {
                        if let Some(place) = answers.get_mut(place) {
                            *place = Some(push);
                        }
                    }
                    Err(refusal) => self.decision.fall_back(Some(asset), refusal, false),
                }
            }
        }
        for asset in unresolved {
            self.decision.withhold(asset, Refusal::Unresolved);
            if pushes.contains(&asset) {
                self.decision
                    .fall_back(Some(asset), Refusal::Unresolved, false);
            }
        }
        answers.into_iter().flatten().collect()
    }

    /// Sends the 103, if there is anything in it. Where the page would follow at once, it is let go
    /// ahead: together they would be one record of TLS, which the client cannot read before the last
    /// byte of the page's part is there.
    async fn hint<B>(&self, shared: &Shared<B>, exchange: &Exchange, is_answered: bool) {
        if exchange.early_hints_sent() {
            return;
        }
        let mut headers = HeaderMap::new();
        for link in self.decision.early_hints() {
            headers.append(header::LINK, link.clone());
        }
        if headers.is_empty() {
            return;
        }
        // A proxy's connection carries the requests of many.
        let gathers = !self.facts.proxied;
        if gathers {
            let policy = self.decision.policy();
            let assets = self
                .decision
                .early_hinted()
                .filter_map(|it| policy.asset(it));
            let targets = assets.map(|asset| asset.path.as_str().into());
            shared.gatherings.open(targets);
        }
        // Promises are written before the page anyway.
        let goes_ahead = is_answered && self.decision.pushes().next().is_none();
        let fields = goes_ahead.then(|| Fields::of(exchange, shared));
        if exchange.inform(StatusCode::EARLY_HINTS, headers).is_ok() {
            shared.settings.metrics.early_hints.add(1);
            if let Some(fields) = fields {
                // Behind much of other responses the page must not queue up twice.
                let _ = timeout(AHEAD, fields.written()).await;
            }
        } else if gathers {
            shared.gatherings.close();
        }
    }

    /// Has the connection's task make the promises.
    async fn promise<B: ResponseBody>(
        &self,
        shared: &Arc<Shared<B>>,
        exchange: &Arc<Exchange>,
        pushes: Vec<Push<B>>,
    ) -> Result<Vec<usize>, Refusal> {
        let (made, outcome) = oneshot::channel();
        let batch = Batch {
            page: Arc::clone(exchange),
            page_target: Arc::clone(self.assets.page_target()),
            // A proxy's connection carries the requests of many.
            carried: (!self.facts.proxied)
                .then(|| (Arc::clone(self.decision.policy()), self.place)),
            pushes,
            made,
        };
        let sent = shared.batches.send(Box::new(batch));
        sent.map_err(|_| Refusal::StreamClosed)?;
        outcome.await.unwrap_or(Err(Refusal::StreamClosed))
    }
}

/// Fields that are to be written before the page's task goes on.
struct Fields<'a> {
    observations: &'a Observations,
    stream: u32,
}

impl<'a> Fields<'a> {
    /// Those that are handed to h2 next on this stream.
    fn of<B>(exchange: &Exchange, shared: &'a Shared<B>) -> Self {
        let (observations, stream) = (&*shared.observations, exchange.stream());
        observations.await_fields(stream);
        Self {
            observations,
            stream,
        }
    }

    async fn written(&self) {
        poll_fn(|context| self.observations.poll_fields(self.stream, context)).await;
    }
}

impl Drop for Fields<'_> {
    fn drop(&mut self) {
        drop(self.observations.forget_fields(self.stream));
    }
}

impl Follows {
    fn takes(self, status: StatusCode) -> bool {
        match self {
            Self::Page => status == StatusCode::OK,
            Self::Redirect => status.is_redirection(),
        }
    }
}

/// What can be done with an asset's response: whether it may be hinted, and the push that it makes.
fn look_at<B: ResponseBody>(
    policy: &LoadedPolicy,
    asset: usize,
    request: Request<()>,
    response: Answer<B>,
    asked: std::time::Instant,
    shared: &Shared<B>,
) -> (Result<(), Refusal>, Result<Push<B>, Refusal>) {
    let Ok(response) = response else {
        return (Err(Refusal::AssetStatus), Err(Refusal::AssetStatus));
    };
    let (head, body) = response.into_parts();
    let may_hint = freshness::is_hintable(&head, SystemTime::now());
    let known = policy.asset(asset).map(|asset| asset.largest_size());
    let priority = policy
        .asset(asset)
        .map_or(Priority::DEFAULT, |asset| Priority {
            urgency: Some(asset.destination.urgency()),
            incremental: asset.destination.is_incremental(),
        });
    let push = to_push(request, head, body, known, priority, asked, shared);
    let push = push.map(|push| Push {
        asset: Some(asset),
        ..push
    });
    (may_hint, push)
}

/// The push that a response makes, if it is fit for one. `most` is what its body is known to have at
/// most where that is not its length: what is compressed on the way has none.
pub(crate) fn to_push<B: ResponseBody>(
    request: Request<()>,
    mut head: response::Parts,
    body: B,
    most: Option<u64>,
    priority: Priority,
    asked: std::time::Instant,
    shared: &Shared<B>,
) -> Result<Push<B>, Refusal> {
    let named = head
        .headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse().ok());
    let length = if request.method() == Method::HEAD {
        Some(0)
    } else {
        let is_coded = head.headers.contains_key(header::CONTENT_ENCODING);
        let length = body.size_hint().exact().or(named);
        length.or(most.filter(|_| is_coded))
    };
    freshness::is_pushable(&head, length, SystemTime::now(), &shared.settings.rules)?;
    let ends = final_response::prepare(&mut head, request.method(), &body);
    Ok(Push {
        asset: None,
        request,
        head,
        body,
        ends,
        length: length.unwrap_or_default(),
        priority,
        asked,
    })
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

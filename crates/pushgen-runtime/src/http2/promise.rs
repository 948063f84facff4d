//! Promises: what is pushed with one page, made at once by the connection's task.
//!
//! In: a [`Batch`], whose responses are already known to be fit for it. Out: for each PUSH_PROMISE and
//! the response's HEADERS, in this order and in h2's queues before the page's own head, or a
//! [`Refusal`] and nothing. Follows RFC 9113, section 8.4: the promise goes out on a stream that the
//! client has opened, while its response is not begun; it has all four pseudo-fields, of which scheme
//! and authority are those of the page's own request.
//!
//! Only the connection's task may do this, one batch at a time: `h2` numbers a promise when it is made
//! but writes the queues of several streams in turns, and a client that sees numbers go down ends the
//! connection. Left out: choosing what to push, and the bodies.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use h2::SendStream;
use http::{Method, Request, response};
use tokio::sync::oneshot;

use crate::http2::exchange::Exchange;
use crate::http2::pause::Pause;
use crate::http2::shared::Shared;
use crate::http2::slots::NoPromise;
use crate::http2::turns::{Handed, Role, Turn};
use crate::loaded_policy::LoadedPolicy;
use crate::records::Place;
use crate::refusal::Refusal;
use crate::request_facts::Priority;
use crate::service::ResponseBody;

/// What is to be pushed with one page.
pub(crate) struct Batch<B> {
    /// The page.
    pub(crate) page: Arc<Exchange>,
    /// Its path and query.
    pub(crate) page_target: Arc<str>,
    /// The policy that the assets are of, and where the record of its authority is.
    pub(crate) carried: Option<(Arc<LoadedPolicy>, Place)>,
    pub(crate) pushes: Vec<Push<B>>,
    /// The assets that were promised, or why none was.
    pub(crate) made: oneshot::Sender<Result<Vec<usize>, Refusal>>,
}

/// A promise to make.
pub(crate) struct Push<B> {
    /// Its place in the policy; none if a handler pushes by itself.
    pub(crate) asset: Option<usize>,
    pub(crate) request: Request<()>,
    /// Fit to be sent: with date, length and without fields of a connection.
    pub(crate) head: response::Parts,
    pub(crate) body: B,
    /// Whether the head is all of it.
    pub(crate) ends: bool,
    /// Of the body.
    pub(crate) length: u64,
    pub(crate) priority: Priority,
    pub(crate) asked: Instant,
}

/// A promised response whose body is to be sent.
pub(crate) struct Promised<B> {
    pub(crate) page_target: Arc<str>,
    pub(crate) target: Box<str>,
    pub(crate) method: Method,
    pub(crate) status: http::StatusCode,
    pub(crate) stream: SendStream<Handed>,
    pub(crate) body: Option<B>,
    pub(crate) turn: Turn,
    pub(crate) asked: Instant,
}

/// A batch whose promises are made, and perhaps not written yet.
pub(crate) struct Made<B> {
    tell: oneshot::Sender<Result<Vec<usize>, Refusal>>,
    outcome: Result<Vec<usize>, Refusal>,
    promised: Vec<Promised<B>>,
}

impl<B> Made<B> {
    /// Tells the page's task that its promises are out, or why there are none.
    pub(crate) fn tell(self) -> Vec<Promised<B>> {
        // A page that is given up does not hear.
        let _ = self.tell.send(self.outcome);
        self.promised
    }
}

impl<B: ResponseBody> Batch<B> {
    /// Makes the promises. To be called by the connection's task, when
    /// [`Observations::may_promise`](crate::http2::observer::Observations::may_promise) holds. The page
    /// is to be told when they are written: what it sends before that, `h2` would mix with them.
    pub(crate) fn promise(mut self, shared: &Arc<Shared<B>>) -> Made<B> {
        // What was carried since the decision, for another page or at the client's own request, is
        // there already.
        let mut of_handler_is_carried = false;
        if let Some((_, place)) = &self.carried {
            self.pushes.retain(|push| {
                let is_carried = shared.has_carried(*place, target(&push.request));
                of_handler_is_carried |= is_carried && push.asset.is_none();
                !is_carried
            });
        }
        let tell = self.made;
        let refusal = if of_handler_is_carried {
            Err(Refusal::Recorded)
        } else {
            admit(shared, &self.page, &self.pushes)
        };
        if let Err(refusal) = refusal {
            return Made {
                tell,
                outcome: Err(refusal),
                promised: Vec::new(),
            };
        }
        let page = Arc::clone(&self.page);
        let pushes = self.pushes;
        let (carried, page_target) = (self.carried, self.page_target);
        let promised = page.promise(|response| {
            let mut assets = Vec::with_capacity(pushes.len());
            let mut promised = Vec::with_capacity(pushes.len());
            let mut refusal = None;
            let pause = Pause::new();
            for (order, push) in pushes.into_iter().enumerate() {
                let slot = match shared.slots.take() {
                    Ok(slot) => slot,
                    Err(no_promise) => {
                        refusal = Some(no_promise.into());
                        break;
                    }
                };
                let method = push.request.method().clone();
                let target = target(&push.request).into();
                let Ok(mut pushed) = response.push_request(push.request) else {
                    // The identifiers are used up, or something in the promise is not to h2's taste.
                    refusal = Some(Refusal::Slots);
                    break;
                };
                let stream = pushed.stream_id().as_u32();
                slot.promised(page.stream(), stream);
                let status = push.head.status;
                let head = http::Response::from_parts(push.head, ());
                let Ok(stream_to_send) = pushed.send_response(head, push.ends) else {
                    pushed.send_reset(h2::Reason::INTERNAL_ERROR);
                    continue;
                };
                shared.promises.fetch_add(1, Ordering::Relaxed);
                shared
                    .pushed_bytes
                    .fetch_add(push.length, Ordering::Relaxed);
                shared.settings.metrics.promises.add(1);
                assets.extend(push.asset);
                let order = u32::try_from(order).unwrap_or(u32::MAX);
                let role = Role::Pushed {
                    parent: page.stream(),
                    order,
                };
                let mut turn = shared.turns.enter(stream, role, push.priority);
                turn.share_pause(&pause);
                if !push.ends {
                    turn.expect_data();
                }
                promised.push(Promised {
                    page_target: Arc::clone(&page_target),
                    target,
                    method,
                    status,
                    stream: stream_to_send,
                    body: (!push.ends).then_some(push.body),
                    turn,
                    asked: push.asked,
                });
            }
            match refusal {
                Some(refusal) if promised.is_empty() => Err(refusal),
                _ => Ok((assets, promised)),
            }
        });
        let (outcome, promised) = match promised.unwrap_or(Err(Refusal::StreamClosed)) {
            Ok((assets, promised)) => (Ok(assets), promised),
            Err(refusal) => (Err(refusal), Vec::new()),
        };
        if let (Ok(assets), Some((policy, place))) = (&outcome, &carried) {
            let mut records = shared.records();
            let record = records.at(*place);
            for asset in assets {
                record.mark_pushed(policy, *asset);
            }
            for promise in &promised {
                record.mark_requested(&promise.target);
            }
        }
        Made {
            tell,
            outcome,
            promised,
        }
    }
}

pub(crate) fn target(request: &Request<()>) -> &str {
    let target = request.uri().path_and_query();
    target.map_or("/", |target| target.as_str())
}

/// Whether all the promises can be made now.
fn admit<B>(shared: &Shared<B>, page: &Exchange, pushes: &[Push<B>]) -> Result<(), Refusal> {
    if page.is_closed() {
        return Err(Refusal::StreamClosed);
    }
    let facts = shared.facts();
    let bytes = pushes.iter().map(|push| push.length).sum();
    facts.takes_pushes(&shared.settings.rules)?;
    facts.has_room(pushes.len(), bytes, &shared.settings.rules)
}

impl From<NoPromise> for Refusal {
    fn from(no_promise: NoPromise) -> Self {
        match no_promise {
            NoPromise::SettingsUnknown => Self::SettingsUnseen,
            NoPromise::Disabled => Self::PushDisabled,
            NoPromise::GoingAway => Self::Goaway,
            NoPromise::LimitReached => Self::Slots,
        }
    }
}

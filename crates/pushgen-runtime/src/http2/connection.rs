//! One HTTP/2 connection: the task that polls `h2`, and alone makes promises.
//!
//! In: a byte stream. Out: its requests, each given to a task of its own ([`answer`]), and the end of
//! the connection. In one poll, in this order:
//!
//! 1. What the other tasks ask for is taken in: batches of promises, resets of streams with promises.
//! 2. If no promise is unwritten and h2 has acted on all that was read, the next batch is promised. One
//!    batch at a time: see [`promise`](crate::http2::promise).
//! 3. h2 reads, writes and hands out requests.
//! 4. What was written makes room for more DATA: the next turns are given.
//! 5. Time limits and the shutdown.
//! 6. If the observer saw a change meanwhile, it all begins anew.
//!
//! Follows RFC 9113, in particular section 6.8 for the end. Left out: what a single response does.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use h2::Reason;
use http::Request;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::asset_request::ask;
use crate::builder::Settings;
use crate::connection_error::{ConnectionError, Timeout};
use crate::connection_info::ConnectionInfo;
use crate::http2::answer::{answer, send_promised};
use crate::http2::bell::Bell;
use crate::http2::exchange::{Abandoned, Exchange};
use crate::http2::keep_alive::KeepAlive;
use crate::http2::observer::{ClosedBy, Observed};
use crate::http2::page::to_push;
use crate::http2::promise::{Batch, Made, target};
use crate::http2::shared::Shared;
use crate::http2::turns::Handed;
use crate::limits::Limits;
use crate::pusher::ManualPush;
use crate::records::Place;
use crate::refusal::Refusal;
use crate::request_facts::Priority;
use crate::service::HttpService;

/// What a client may compress fields with: the default (RFC 9113, section 6.5.2).
const HEADER_TABLE_SIZE: u32 = 4096;

/// What the body of a handler's push counts with against the connection's budget, if it is compressed on
/// the way and so has no known length.
const MANUAL_PUSH: u64 = 64 << 10;

/// Serves an HTTP/2 connection to its end.
pub(crate) async fn serve<Io, S>(
    io: Io,
    info: ConnectionInfo,
    service: S,
    settings: Arc<Settings>,
) -> Result<(), ConnectionError>
where
    Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    S: HttpService,
{
    let mut connection = Connection::open(io, info, service, settings).await?;
    let result = poll_fn(|context| connection.poll(context)).await;
    connection.shared.turns.close();
    result
}

fn protocol(limits: &Limits) -> h2::server::Builder {
    let mut protocol = h2::server::Builder::new();
    protocol
        .initial_window_size(limits.stream_window)
        .initial_connection_window_size(limits.connection_window)
        .max_concurrent_streams(limits.max_concurrent_streams)
        .max_header_list_size(limits.max_header_list_size)
        .max_send_buffer_size(limits.max_send_buffer_size)
        .max_pending_accept_reset_streams(limits.max_pending_accept_resets)
        .max_local_error_reset_streams(Some(limits.max_local_error_resets))
        .header_table_size(HEADER_TABLE_SIZE);
    protocol
}

/// An HTTP/2 connection.
pub(crate) struct Connection<Io, S: HttpService> {
    h2: h2::server::Connection<Observed<Io>, Handed>,
    service: S,
    shared: Arc<Shared<S::ResponseBody>>,
    batches: mpsc::UnboundedReceiver<Box<Batch<S::ResponseBody>>>,
    manual: mpsc::UnboundedReceiver<Box<ManualPush>>,
    abandoned: mpsc::UnboundedReceiver<Box<Abandoned>>,
    /// Batches that wait until they may be promised.
    waiting: VecDeque<Box<Batch<S::ResponseBody>>>,
    /// The batch whose promises are not known to be written.
    made: Option<Made<S::ResponseBody>>,
    /// Streams that wait until their promises are out.
    to_reset: Vec<Abandoned>,
    is_closing: bool,
    clock: Clock,
    shutdown: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    keep_alive: Option<KeepAlive>,
    /// Rung by the channels, the timer and the shutdown.
    bell: Bell,
    has_let_others_go_first: bool,
}

/// The connection's one timer.
struct Clock {
    timer: Pin<Box<Sleep>>,
    /// When the connection is dropped, if it has begun to end.
    end: Option<End>,
}

#[derive(Clone, Copy)]
struct End {
    at: Instant,
    /// Whether there were responses in progress to wait for.
    is_shutdown: bool,
}

impl<Io, S> Connection<Io, S>
where
    Io: AsyncRead + AsyncWrite + Unpin,
    S: HttpService,
{
    /// Opens a connection of whose bytes none is read yet.
    pub(crate) async fn open(
        io: Io,
        info: ConnectionInfo,
        service: S,
        settings: Arc<Settings>,
    ) -> Result<Self, ConnectionError> {
        let observed = Observed::new(io);
        let observations = Arc::clone(observed.observations());
        let handshake = protocol(&settings.limits).handshake(observed);
        let h2 = tokio::time::timeout(settings.timeouts.first_bytes, handshake)
            .await
            .map_err(|_| ConnectionError::Timeout(Timeout::FirstBytes))??;
        let (to_batches, batches) = mpsc::unbounded_channel();
        let (to_manual, manual) = mpsc::unbounded_channel();
        let (to_abandoned, abandoned) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared::new(
            settings,
            info,
            observations,
            to_batches,
            to_manual,
            to_abandoned,
        ));
        Ok(Self::new(h2, service, shared, batches, manual, abandoned))
    }

    fn new(
        mut h2: h2::server::Connection<Observed<Io>, Handed>,
        service: S,
        shared: Arc<Shared<S::ResponseBody>>,
        batches: mpsc::UnboundedReceiver<Box<Batch<S::ResponseBody>>>,
        manual: mpsc::UnboundedReceiver<Box<ManualPush>>,
        abandoned: mpsc::UnboundedReceiver<Box<Abandoned>>,
    ) -> Self {
        let now = Instant::now();
        let timeouts = &shared.settings.timeouts;
        let keep_alive = timeouts.keep_alive.and_then(|interval| {
            let answer = timeouts.keep_alive_answer;
            Some(KeepAlive::new(h2.ping_pong()?, interval, answer))
        });
        let shutdown = shared.settings.shutdown.clone();
        Self {
            h2,
            service,
            batches,
            manual,
            abandoned,
            waiting: VecDeque::new(),
            made: None,
            to_reset: Vec::new(),
            is_closing: false,
            clock: Clock {
                timer: Box::pin(sleep_until(now + timeouts.idle)),
                end: None,
            },
            shutdown: Some(Box::pin(async move { shutdown.begun().await })),
            keep_alive,
            bell: Bell::new(Arc::clone(&shared.observations)),
            has_let_others_go_first: false,
            shared,
        }
    }

    /// Serves; to be polled until it is ready.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<(), ConnectionError>> {
        // The first response to be ready calls this task, and a scheduler may prefer it to the other
        // responses that are. What they have to send then goes out with one system call, not with many.
        if !self.has_let_others_go_first && self.shared.has_many_active() {
            self.has_let_others_go_first = true;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.has_let_others_go_first = false;
        loop {
            let was_called = self.bell.was_rung();
            if was_called {
                self.take_in();
            }
            self.promise();
            if let Poll::Ready(result) = self.poll_h2(context) {
                return Poll::Ready(result);
            }
            self.shared.turns.advance();
            if let Poll::Ready(result) = self.poll_time(was_called, context) {
                return Poll::Ready(result);
            }
            let may_go_on = !self.waiting.is_empty() || !self.to_reset.is_empty();
            if may_go_on && self.shared.observations.may_promise() {
                continue;
            }
            if self.shared.observations.poll_change(context).is_pending() {
                return Poll::Pending;
            }
            self.note_changes();
        }
    }

    /// Takes in what the other tasks ask for.
    fn take_in(&mut self) {
        let bell = &mut Context::from_waker(self.bell.waker());
        while let Poll::Ready(Some(batch)) = self.batches.poll_recv(bell) {
            self.waiting.push_back(batch);
        }
        while let Poll::Ready(Some(push)) = self.manual.poll_recv(bell) {
            self.ask_for(*push);
        }
        while let Poll::Ready(Some(stream)) = self.abandoned.poll_recv(bell) {
            self.to_reset.push(*stream);
        }
    }

    /// Lets the page go on whose promises are written, makes those of the next, and resets the streams that waited for theirs.
    fn promise(&mut self) {
        if self.made.is_none() && self.waiting.is_empty() && self.to_reset.is_empty() {
            return;
        }
        let shared = Arc::clone(&self.shared);
        loop {
            if !shared.observations.is_corked()
                && let Some(made) = self.made.take()
            {
                for promised in made.tell() {
                    send_promised(&shared, promised);
                }
            }
            if !shared.observations.may_promise() {
                return;
            }
            self.to_reset.drain(..).for_each(Abandoned::reset);
            match self.waiting.pop_front() {
                Some(batch) => self.made = Some(batch.promise(&shared)),
                None => return,
            }
        }
    }

    /// Asks the service for what a handler wants to push, and then has it promised. It is not asked for
    /// what could not be pushed, and no longer than the page's response waits.
    fn ask_for(&self, push: ManualPush) {
        let ManualPush {
            page,
            page_target,
            request,
            place,
            made,
        } = push;
        if let Err(refusal) = self.may_ask(&page, &request, place) {
            let _ = made.send(Err(refusal));
            return;
        }
        let shared = Arc::clone(&self.shared);
        let asked = std::time::Instant::now();
        let answer = ask(shared.info, &self.service, &page_target, &request);
        tokio::spawn(async move {
            let mut answer = pin!(answer);
            let answer = poll_fn(|context| match answer.as_mut().poll(context) {
                Poll::Ready(answer) => Poll::Ready(Some(answer)),
                Poll::Pending => page.poll_over(context).map(|()| None),
            });
            let push = match answer.await {
                Some(Ok(response)) => {
                    let (head, body) = response.into_parts();
                    to_push(
                        request,
                        head,
                        body,
                        Some(MANUAL_PUSH),
                        Priority::DEFAULT,
                        asked,
                        &shared,
                    )
                }
                Some(Err(_)) => Err(Refusal::AssetStatus),
                None => Err(Refusal::StreamClosed),
            };
            let push = match push {
                Ok(push) => push,
                Err(refusal) => {
                    let _ = made.send(Err(refusal));
                    return;
                }
            };
            let batch = Batch {
                page,
                page_target,
                carried: place.map(|place| {
                    let policy = Arc::clone(shared.records().at(place).policy());
                    (policy, place)
                }),
                pushes: vec![push],
                made,
            };
            // If the connection has ended, `made` is dropped and says so.
            let _ = shared.batches.send(Box::new(batch));
        });
    }

    /// Whether one more push could be made now.
    fn may_ask(
        &self,
        page: &Exchange,
        request: &Request<()>,
        place: Option<Place>,
    ) -> Result<(), Refusal> {
        if page.is_closed() {
            return Err(Refusal::StreamClosed);
        }
        let facts = self.shared.facts();
        let rules = &self.shared.settings.rules;
        facts.takes_pushes(rules)?;
        facts.has_room(1, 0, rules)?;
        if place.is_some_and(|place| self.shared.has_carried(place, target(request))) {
            return Err(Refusal::Recorded);
        }
        Ok(())
    }

    /// Reads, writes, and begins to answer what is asked.
    fn poll_h2(&mut self, context: &mut Context<'_>) -> Poll<Result<(), ConnectionError>> {
        if !self.is_closing {
            loop {
                match self.h2.poll_accept(context) {
                    Poll::Ready(Some(Ok((request, response)))) => {
                        answer(&self.shared, &self.service, request, response);
                    }
                    Poll::Ready(Some(Err(error))) => return Poll::Ready(ended(error)),
                    Poll::Ready(None) => {
                        self.is_closing = true;
                        break;
                    }
                    Poll::Pending => return Poll::Pending,
                }
            }
        }
        self.h2.poll_closed(context).map(|closed| match closed {
            Ok(()) => Ok(()),
            Err(error) => ended(error),
        })
    }

    /// Acts on what the observer saw.
    fn note_changes(&mut self) {
        for closed in self.shared.observations.take_closed() {
            if matches!(closed.by, ClosedBy::Peer(_) | ClosedBy::GoAway) {
                self.shared.cancels.fetch_add(1, Ordering::Relaxed);
                self.shared.settings.metrics.cancelled_pushes.add(1);
            }
        }
        for update in self.shared.observations.take_priority_updates() {
            let priority = Priority::of_value(&update.value);
            self.shared.turns.reprioritize(update.stream, priority);
        }
    }

    /// Ends what takes too long, and everything when the server shuts down. The timer and the shutdown
    /// are polled when one of them may have called.
    fn poll_time(
        &mut self,
        was_called: bool,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), ConnectionError>> {
        if was_called
            && let Some(shutdown) = &mut self.shutdown
            && let bell = &mut Context::from_waker(self.bell.waker())
            && shutdown.as_mut().poll(bell).is_ready()
        {
            self.shutdown = None;
            self.end(true);
        }
        if let Some(keep_alive) = &mut self.keep_alive {
            let is_corked = self.shared.observations.is_corked();
            keep_alive.note_reading(!is_corked, Instant::now());
        }
        let observations = &self.shared.observations;
        let may_be_earlier = self.keep_alive.is_some()
            || observations.is_corked()
            || observations.write_stalled_since().is_some();
        if !was_called && !may_be_earlier && self.clock.end.is_none() {
            return Poll::Pending;
        }
        let mut is_set = was_called;
        loop {
            let deadline = self.deadline(context);
            if let Some(deadline) = deadline
                && deadline < self.clock.timer.deadline()
            {
                self.clock.timer.as_mut().reset(deadline);
                is_set = true;
            }
            let bell = &mut Context::from_waker(self.bell.waker());
            if !is_set || self.clock.timer.as_mut().poll(bell).is_pending() {
                return Poll::Pending;
            }
            let now = Instant::now();
            if let Some(timeout) = self.overdue(now) {
                return Poll::Ready(timeout);
            }
            // A response that ends from now on wakes nobody: the timer is never later than its time.
            let latest = now + self.shared.settings.timeouts.idle;
            let next = self
                .deadline(context)
                .map_or(latest, |next| next.min(latest));
            let next = next.max(now + Duration::from_millis(1));
            self.clock.timer.as_mut().reset(next);
        }
    }

    /// Since when the client takes nothing of what waits for it. Promises may wait for long behind the
    /// DATA of others; that is no stall as long as these are written.
    fn stalled_since(&self) -> Option<Instant> {
        let observations = &self.shared.observations;
        let corked = observations.corked_since();
        let corked = corked.map(|since| since.max(observations.last_write()));
        let stalled = observations.write_stalled_since();
        [stalled, corked].into_iter().flatten().min()
    }

    /// When something will have taken too long, as things are.
    fn deadline(&mut self, context: &mut Context<'_>) -> Option<Instant> {
        let timeouts = &self.shared.settings.timeouts;
        let observations = &self.shared.observations;
        let stalled = self.stalled_since();
        let stalled = stalled.map(|since| since + timeouts.write_stall);
        let idle = match self.clock.end {
            None => self.shared.idle_since().map(|since| since + timeouts.idle),
            Some(_) => None,
        };
        let end = self.clock.end.map(|end| end.at);
        let keep_alive = self.keep_alive.as_mut().map(|keep_alive| {
            keep_alive.hear(context);
            keep_alive.deadline(observations.last_read())
        });
        let deadlines = [stalled, idle, end, keep_alive];
        deadlines.into_iter().flatten().min()
    }

    /// What has taken too long; idleness begins the end.
    fn overdue(&mut self, now: Instant) -> Option<Result<(), ConnectionError>> {
        let timeouts = &self.shared.settings.timeouts;
        let observations = &self.shared.observations;
        let too_late = |timeout| Some(Err(ConnectionError::Timeout(timeout)));
        let stalled = self.stalled_since();
        if stalled.is_some_and(|since| now >= since + timeouts.write_stall) {
            return too_late(Timeout::WriteStall);
        }
        if let Some(end) = self.clock.end.filter(|end| now >= end.at) {
            return if end.is_shutdown && !self.shared.is_idle() {
                too_late(Timeout::Shutdown)
            } else {
                Some(Ok(()))
            };
        }
        if let Some(keep_alive) = &mut self.keep_alive
            && keep_alive.is_overdue(observations.last_read(), now)
        {
            return too_late(Timeout::KeepAlive);
        }
        let idle_since = self.shared.idle_since();
        if idle_since.is_some_and(|since| now >= since + timeouts.idle) {
            self.end(false);
        }
        None
    }

    /// Begins to end the connection: no more requests, and a limit to how long the last ones take.
    fn end(&mut self, is_shutdown: bool) {
        if self.clock.end.is_none() {
            let at = Instant::now() + self.shared.settings.timeouts.shutdown;
            self.clock.end = Some(End { at, is_shutdown });
            self.h2.graceful_shutdown();
            // h2 has something to write.
            self.shared.observations.wake();
        }
    }
}

/// How a connection has ended that h2 reports an error of.
fn ended(error: h2::Error) -> Result<(), ConnectionError> {
    if error.reason() == Some(Reason::NO_ERROR) {
        return Ok(());
    }
    match error.is_io() {
        // A client that goes away without a word is the usual end.
        true if error.get_io().is_some_and(|error| {
            use std::io::ErrorKind::{BrokenPipe, ConnectionReset, NotConnected, UnexpectedEof};
            matches!(
                error.kind(),
                BrokenPipe | ConnectionReset | NotConnected | UnexpectedEof
            )
        }) =>
        {
            Ok(())
        }
        _ => Err(error.into()),
    }
}

/// What a connection holds on to.
#[cfg(test)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Held {
    /// Whether h2 has streams that are not closed.
    pub(crate) has_streams: bool,
    /// Promises and resets that wait.
    pub(crate) waiting: usize,
    pub(crate) slots: u32,
    /// Bytes that were handed to h2 and are not written.
    pub(crate) outstanding: usize,
    pub(crate) has_turns: bool,
    pub(crate) is_idle: bool,
}

#[cfg(test)]
impl<Io, S> Connection<Io, S>
where
    Io: AsyncRead + AsyncWrite + Unpin,
    S: HttpService,
{
    pub(crate) fn held(&self) -> Held {
        Held {
            has_streams: self.h2.has_streams(),
            waiting: self.waiting.len() + self.to_reset.len(),
            slots: self.shared.slots.taken(),
            outstanding: self.shared.turns.outstanding(),
            has_turns: !self.shared.turns.is_empty(),
            is_idle: self.shared.is_idle(),
        }
    }
}

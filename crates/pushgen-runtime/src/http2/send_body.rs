//! Sending a response's body: chunk by chunk, when it is its turn and has window.
//!
//! In: the body, h2's stream for it, its place among the responses of the connection. Out: DATA frames,
//! the last with END_STREAM, or trailers (RFC 9113, section 8.1). A body is polled for its next chunk
//! only when the one before is handed to h2. Left out: the head.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use h2::SendStream;
use http::HeaderMap;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::http2::gathering::Gathered;
use crate::http2::pause::Pausing;
use crate::http2::turns::{Handed, Next, Turn};
use crate::service::ResponseBody;

/// Why a body was not sent to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unsent {
    /// The client has reset the stream, or the connection is gone.
    Reset,
    /// It is a push whose page the client has given up.
    Cancelled,
    /// The client gave no window for too long.
    Stalled,
    /// The body itself failed.
    Body,
}

/// What it needs next.
#[derive(Debug, Clone, Copy)]
enum Wants {
    Part,
    Turn,
    Window,
}

enum Part {
    Data { bytes: Bytes, is_last: bool },
    Trailers(HeaderMap),
    End,
}

/// A body on its way.
pub(crate) struct Sending<'a> {
    stream: &'a mut SendStream<Handed>,
    turn: &'a mut Turn,
    /// How long the client may give no window.
    patience: Duration,
    wants: Wants,
    /// What is to be handed to h2 before the body is asked for more, and whether that is all.
    bytes: Bytes,
    is_last: bool,
    /// What was written on the connection when it began to wait for its turn.
    written: Option<u64>,
    /// While it may have to wait for others that a 103 hinted, and they for it.
    pub(crate) gathered: Option<Gathered>,
    /// While it has no data and keeps others of its page waiting.
    pausing: Option<Pausing>,
    /// Runs while it waits; most bodies never do.
    timer: Option<Pin<Box<Sleep>>>,
    /// Bytes handed to h2.
    pub(crate) sent: u64,
}

impl<'a> Sending<'a> {
    pub(crate) fn new(
        stream: &'a mut SendStream<Handed>,
        turn: &'a mut Turn,
        patience: Duration,
    ) -> Self {
        Self {
            stream,
            turn,
            patience,
            wants: Wants::Part,
            bytes: Bytes::new(),
            is_last: false,
            written: None,
            gathered: None,
            pausing: None,
            timer: None,
            sent: 0,
        }
    }

    /// Sends the whole body.
    pub(crate) async fn send<B: ResponseBody>(
        &mut self,
        mut body: Pin<&mut B>,
    ) -> Result<(), Unsent> {
        poll_fn(|context| self.poll_send(body.as_mut(), context)).await
    }

    fn poll_send<B: ResponseBody>(
        &mut self,
        mut body: Pin<&mut B>,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), Unsent>> {
        loop {
            match self.wants {
                Wants::Part => match ready!(self.poll_part(body.as_mut(), context))? {
                    Part::Data { bytes, is_last } if bytes.is_empty() => {
                        if is_last {
                            return Poll::Ready(self.end());
                        }
                    }
                    Part::Data { bytes, is_last } => {
                        (self.bytes, self.is_last) = (bytes, is_last);
                        self.wants = Wants::Turn;
                    }
                    Part::Trailers(trailers) => {
                        return Poll::Ready(self.stream.send_trailers(trailers).map_err(reset));
                    }
                    Part::End => return Poll::Ready(self.end()),
                },
                Wants::Turn => match ready!(self.poll_place(context))? {
                    Grant::Bytes(granted) => {
                        let chunk = self.bytes.split_to(granted.min(self.bytes.len()));
                        self.sent += chunk.len() as u64;
                        let ends = self.is_last && self.bytes.is_empty();
                        let next = match self.bytes.len() {
                            0 if ends => Next::Nothing,
                            0 => Next::Unknown,
                            left => Next::Bytes(left as u64),
                        };
                        let handed = self.turn.hand_over(chunk, next);
                        self.stream.send_data(handed, ends).map_err(reset)?;
                        if ends {
                            return Poll::Ready(Ok(()));
                        }
                        if self.bytes.is_empty() {
                            self.wants = Wants::Part;
                        }
                    }
                    Grant::NoWindow => {
                        self.turn.yield_turn();
                        // What is reserved is kept from all others when window comes.
                        self.stream.reserve_capacity(1);
                        self.wait();
                        self.wants = Wants::Window;
                    }
                },
                Wants::Window => {
                    ready!(self.poll_window(context))?;
                    self.wants = Wants::Turn;
                }
            }
        }
    }

    fn poll_part<B: ResponseBody>(
        &mut self,
        mut body: Pin<&mut B>,
        context: &mut Context<'_>,
    ) -> Poll<Result<Part, Unsent>> {
        let frame = body.as_mut().poll_frame(context);
        if frame.is_pending() {
            self.check(context)?;
            if self.poll_pause(context).is_ready() {
                // Others go on while it has nothing to send.
                self.turn.yield_turn();
            }
        } else {
            self.pausing = None;
        }
        frame.map(|frame| {
            let frame = match frame {
                None => return Ok(Part::End),
                Some(Err(_)) => return Err(Unsent::Body),
                Some(Ok(frame)) => frame,
            };
            match frame.into_data() {
                Ok(mut data) => Ok(Part::Data {
                    bytes: data.copy_to_bytes(data.remaining()),
                    is_last: body.is_end_stream(),
                }),
                Err(frame) => match frame.into_trailers() {
                    Ok(trailers) => Ok(Part::Trailers(trailers)),
                    // A kind of frame that is not known yet.
                    Err(_) => Ok(Part::Data {
                        bytes: Bytes::new(),
                        is_last: body.is_end_stream(),
                    }),
                },
            }
        })
    }

    /// Ready when others may go on while it has no data. Until then what is to follow it waits.
    fn poll_pause(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.pausing.is_none() {
            let Some(pausing) = self.turn.begin_pause() else {
                return Poll::Ready(());
            };
            self.turn.expect_data();
            self.set_timer(pausing.until);
            self.pausing = Some(pausing);
        }
        ready!(self.poll_timer(context));
        Poll::Ready(())
    }

    /// Waits for those that go before it, if a 103 hinted it, then for the turn.
    fn poll_place(&mut self, context: &mut Context<'_>) -> Poll<Result<Grant, Unsent>> {
        let Some(gathered) = &self.gathered else {
            return self.poll_grant(context);
        };
        let (others, until) = (gathered.poll_others(context), gathered.until());
        if others.is_pending() && Instant::now() < until {
            self.check(context)?;
            self.turn.gather();
            self.set_timer(until);
            ready!(self.poll_timer(context));
        }
        let grant = self.poll_grant(context);
        // Those that wait for it would go ahead of it before it has asked.
        self.gathered = None;
        grant
    }

    /// Waits for the turn, and asks h2 for room. While others send, that may take any time; if nobody
    /// can, the client gives the connection no window.
    fn poll_grant(&mut self, context: &mut Context<'_>) -> Poll<Result<Grant, Unsent>> {
        match self.turn.poll_turn(context, self.bytes.len()) {
            Poll::Ready(Ok(turn)) => {
                self.written = None;
                // h2 has no room for a stream that was reset.
                self.stream.reserve_capacity(turn);
                return Poll::Ready(Ok(match self.stream.capacity() {
                    0 => Grant::NoWindow,
                    capacity => Grant::Bytes(capacity.min(turn)),
                }));
            }
            Poll::Ready(Err(_)) => {
                self.check(context)?;
                return Poll::Ready(Err(Unsent::Cancelled));
            }
            Poll::Pending => self.check(context)?,
        }
        let mut written = match self.written {
            Some(written) => written,
            None => self.wait(),
        };
        while self.poll_timer(context).is_ready() {
            if self.turn.data_written() == written {
                return Poll::Ready(Err(Unsent::Stalled));
            }
            written = self.wait();
        }
        self.written = Some(written);
        Poll::Pending
    }

    /// Begins to wait. Returns what was written on the connection until now.
    fn wait(&mut self) -> u64 {
        self.set_timer(Instant::now() + self.patience);
        self.turn.data_written()
    }

    fn set_timer(&mut self, end: Instant) {
        match &mut self.timer {
            Some(timer) => timer.as_mut().reset(end),
            None => self.timer = Some(Box::pin(sleep_until(end))),
        }
    }

    /// Ready when it has waited for long enough.
    fn poll_timer(&mut self, context: &mut Context<'_>) -> Poll<()> {
        match &mut self.timer {
            Some(timer) => timer.as_mut().poll(context),
            None => Poll::Pending,
        }
    }

    /// Waits until the client gives the stream window, out of turn.
    fn poll_window(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Unsent>> {
        self.check(context)?;
        if self.turn.poll_cancelled(context).is_ready() {
            return Poll::Ready(Err(Unsent::Cancelled));
        }
        if self.stream.capacity() > 0 {
            return Poll::Ready(Ok(()));
        }
        match self.stream.poll_capacity(context) {
            Poll::Ready(Some(Ok(_))) => Poll::Ready(Ok(())),
            Poll::Ready(Some(Err(_)) | None) => Poll::Ready(Err(Unsent::Reset)),
            Poll::Pending => self.poll_timer(context).map(|()| Err(Unsent::Stalled)),
        }
    }

    fn check(&mut self, context: &mut Context<'_>) -> Result<(), Unsent> {
        match self.stream.poll_reset(context) {
            Poll::Pending => Ok(()),
            Poll::Ready(_) => Err(Unsent::Reset),
        }
    }

    fn end(&mut self) -> Result<(), Unsent> {
        let nothing = self.turn.hand_over(Bytes::new(), Next::Nothing);
        self.stream.send_data(nothing, true).map_err(reset)
    }
}

enum Grant {
    Bytes(usize),
    NoWindow,
}

fn reset(_: h2::Error) -> Unsent {
    Unsent::Reset
}

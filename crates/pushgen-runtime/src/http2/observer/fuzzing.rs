//! Any bytes in any pieces through the observer, both ways, and promises made between them.
//!
//! In: a fuzzer's bytes, read as steps of a connection: what the client sends, what h2 writes, in frames and in no
//! frames, and how much of it passes at once; slots taken, named, given back. Out: nothing; a property that does not
//! hold is a panic. A second observer is shown whole frames only: it must have seen the same at every moment.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::incoming::Incoming;
use super::outgoing::Outgoing;
use super::peer::{GoAway, PeerSettings};
use super::{Observations, Observed};
use crate::fuzzing::choices::Choices;
use crate::http2::frames::{CLIENT_PREFACE_LEN, FRAME_HEAD_LEN};
use crate::http2::slots::{PushSlot, Slots};

/// A few, so that they run out.
const OWN_LIMIT: u32 = 6;

const DATA: u8 = 0x0;
const SETTINGS: u8 = 0x4;
const PUSH_PROMISE: u8 = 0x5;
const PRIORITY_UPDATE: u8 = 0x10;
const END_HEADERS: u8 = 0x4;

/// A connection: bytes pass as they are, nothing is read while a promise waits, no slot is freed twice or lost, and who
/// waits for a change is woken.
pub fn observer(bytes: &[u8]) {
    let mut choices = Choices::new(bytes);
    let mut connection = Connection::new();
    while !choices.is_empty() {
        connection.step(&mut choices);
        connection.check();
    }
    connection.end();
}

struct Connection {
    observed: Observed<Pipe>,
    observations: Arc<Observations>,
    slots: Slots,
    held: Vec<PushSlot>,
    /// Promises that h2 has accepted and not written: parent and stream.
    accepted: VecDeque<(u32, u32)>,
    next_promised: u32,
    /// What h2 has to write.
    to_write: Vec<u8>,
    whole_frames: WholeFrames,
    /// Whether it was refused input, and has been woken since.
    reader: (bool, Arc<Woken>),
    task: (bool, Arc<Woken>),
}

/// What can be seen at one moment.
#[derive(Debug, PartialEq)]
struct View {
    settings: Option<PeerSettings>,
    goaway: (Option<GoAway>, bool),
    slots_taken: u32,
    is_corked: bool,
    window_granted: u64,
    initial_window_was_lowered: bool,
    promised: Vec<u32>,
}

impl View {
    fn of(observations: &Observations) -> Self {
        observations.assert_consistent();
        Self {
            settings: observations.peer_settings(),
            goaway: (observations.goaway_received(), observations.goaway_sent()),
            slots_taken: observations.slots_taken(),
            is_corked: observations.corked_since().is_some(),
            window_granted: observations.window_granted(),
            initial_window_was_lowered: observations.initial_window_was_lowered(),
            promised: observations.promised_streams(),
        }
    }
}

impl Connection {
    fn new() -> Self {
        let observed = Observed::new(Pipe::default());
        let observations = Arc::clone(observed.observations());
        Self {
            slots: Slots::new(Arc::clone(&observations), OWN_LIMIT),
            observed,
            observations,
            held: Vec::new(),
            accepted: VecDeque::new(),
            next_promised: 2,
            to_write: Vec::new(),
            whole_frames: WholeFrames::new(),
            reader: (false, Arc::default()),
            task: (false, Arc::default()),
        }
    }

    fn step(&mut self, choices: &mut Choices<'_>) {
        match choices.below(14) {
            0 => {
                let length = choices.below(64);
                self.observed.io.input.extend(choices.bytes(length));
            }
            1 | 2 => self.observed.io.input.extend(frame(choices)),
            3 => {
                let length = choices.below(64);
                self.to_write.extend(choices.bytes(length));
            }
            4 => self.to_write.extend(frame(choices)),
            5 => {
                let slot = self.slots.take();
                let other = self.whole_frames.observations.take_slot(OWN_LIMIT);
                assert_eq!(slot.as_ref().err(), other.err().as_ref());
                self.held.extend(slot);
            }
            6 => {
                if let Some(slot) = self.held.pop() {
                    let parent = choices.of(&[1, 3, 5]);
                    let promised = self.next_promised;
                    self.next_promised += 2;
                    slot.promised(parent, promised);
                    let other = &self.whole_frames.observations;
                    other.name_slot(parent, promised);
                    self.accepted.push_back((parent, promised));
                }
            }
            7 => {
                if self.held.pop().is_some() {
                    self.whole_frames.observations.return_slot();
                }
            }
            8 => {
                if let Some((parent, promised)) = self.accepted.pop_front() {
                    let payload = promised.to_be_bytes();
                    let frame = written(PUSH_PROMISE, END_HEADERS, parent, &payload);
                    self.to_write.extend(frame);
                }
            }
            9 | 10 => self.read(1 + choices.below(80)),
            11 | 12 => self.write(choices),
            _ => self.wait(),
        }
    }

    fn read(&mut self, most: usize) {
        let before = View::of(&self.observations);
        let expected: Vec<u8> = self.observed.io.input.iter().take(most).copied().collect();
        let mut room = vec![0; most];
        let mut buffer = ReadBuf::new(&mut room);
        let waker = Waker::from(Arc::clone(&self.reader.1));
        let mut context = Context::from_waker(&waker);
        let read = Pin::new(&mut self.observed).poll_read(&mut context, &mut buffer);
        if before.is_corked {
            assert!(read.is_pending() && buffer.filled().is_empty());
            self.reader.0 = true;
            return;
        }
        assert_eq!(read.is_pending(), expected.is_empty());
        assert_eq!(buffer.filled(), expected, "what is read has changed");
        self.whole_frames.read(&expected);
        self.was_told(&before);
    }

    /// h2 writes what it has, in one slice or two, and the client takes some of it.
    fn write(&mut self, choices: &mut Choices<'_>) {
        let before = View::of(&self.observations);
        self.observed.io.room = choices.below(80);
        self.observed.io.output.clear();
        let is_vectored = choices.flag();
        let cut = choices.below(20).min(self.to_write.len());
        let mut context = Context::from_waker(Waker::noop());
        let observed = Pin::new(&mut self.observed);
        let result = if is_vectored {
            let (front, back) = self.to_write.split_at(cut);
            let slices = [IoSlice::new(front), IoSlice::new(&[]), IoSlice::new(back)];
            observed.poll_write_vectored(&mut context, &slices)
        } else {
            observed.poll_write(&mut context, &self.to_write)
        };
        let Poll::Ready(result) = result else {
            assert!(self.observations.write_stalled_since().is_some());
            let flush = Pin::new(&mut self.observed).poll_flush(&mut context);
            assert!(flush.is_ready() && self.observations.write_stalled_since().is_none());
            return;
        };
        let taken: Vec<u8> = self.to_write.drain(..result.unwrap_or_default()).collect();
        assert_eq!(
            taken, self.observed.io.output,
            "what is written has changed"
        );
        self.whole_frames.write(&taken);
        self.was_told(&before);
    }

    /// The connection's task looks at everything, and then waits for a change.
    fn wait(&mut self) {
        let other = &self.whole_frames.observations;
        assert_eq!(self.observations.take_closed(), other.take_closed());
        assert_eq!(
            self.observations.take_priority_updates(),
            other.take_priority_updates()
        );
        let waker = Waker::from(Arc::clone(&self.task.1));
        let context = Context::from_waker(&waker);
        while self.observations.poll_change(&context).is_ready() {}
        self.task.1.0.store(false, Ordering::Relaxed);
        self.task.0 = true;
    }

    /// What has passed may have changed something that the connection's task waits for.
    fn was_told(&self, before: &View) {
        let now = View::of(&self.observations);
        let is_changed = before.settings != now.settings
            || before.goaway != now.goaway
            || before.window_granted != now.window_granted
            || before.slots_taken > now.slots_taken
            || before.is_corked && !now.is_corked;
        let (waits, woken) = &self.task;
        assert!(!is_changed || !waits || woken.is_set(), "nobody is told");
    }

    fn check(&mut self) {
        let view = View::of(&self.observations);
        let other = &self.whole_frames;
        assert_eq!(view, View::of(&other.observations));
        assert_eq!(
            self.observations.data_written(),
            other.observations.data_written() + other.data_in_progress()
        );
        assert_eq!(
            view.slots_taken as usize,
            self.held.len() + view.promised.len()
        );
        assert!(self.held.is_empty() || view.is_corked);
        assert!(!view.is_corked || !self.observations.may_promise());
        if self.reader.0 && !view.is_corked {
            assert!(self.reader.1.is_set(), "the reader sleeps on");
            self.reader = (false, Arc::default());
        }
    }

    /// When every stream has ended, every slot is free.
    fn end(mut self) {
        self.held.clear();
        for stream in self.observations.promised_streams() {
            self.observations.reset_written(stream);
        }
        let view = View::of(&self.observations);
        assert!(view.slots_taken == 0 && !view.is_corked, "{view:?}");
        let context = Context::from_waker(Waker::noop());
        assert!(self.observations.poll_uncorked(&context).is_ready());
    }
}

/// The same connection, of which only whole frames are seen.
struct WholeFrames {
    incoming: Incoming,
    outgoing: Outgoing,
    observations: Observations,
    preface_left: usize,
    read: Vec<u8>,
    written: Vec<u8>,
}

impl WholeFrames {
    fn new() -> Self {
        let observations = Observations::new();
        let mut incoming = Incoming::new();
        incoming.observe(&[0; CLIENT_PREFACE_LEN], &observations);
        Self {
            incoming,
            outgoing: Outgoing::new(),
            observations,
            preface_left: CLIENT_PREFACE_LEN,
            read: Vec::new(),
            written: Vec::new(),
        }
    }

    fn read(&mut self, bytes: &[u8]) {
        let preface = self.preface_left.min(bytes.len());
        self.preface_left -= preface;
        self.read.extend(&bytes[preface..]);
        while let Some(frame) = take_frame(&mut self.read) {
            self.incoming.observe(&frame, &self.observations);
        }
    }

    fn write(&mut self, bytes: &[u8]) {
        self.written.extend(bytes);
        while let Some(frame) = take_frame(&mut self.written) {
            self.outgoing.observe(&frame, &self.observations);
        }
    }

    fn data_in_progress(&self) -> u64 {
        match self.written.get(3) {
            Some(&DATA) => self.written.len().saturating_sub(FRAME_HEAD_LEN) as u64,
            _ => 0,
        }
    }
}

fn take_frame(bytes: &mut Vec<u8>) -> Option<Vec<u8>> {
    let &[l2, l1, l0] = bytes.first_chunk()?;
    let length = FRAME_HEAD_LEN + u32::from_be_bytes([0, l2, l1, l0]) as usize;
    (bytes.len() >= length).then(|| bytes.drain(..length).collect())
}

/// A frame as peers write them, more or less.
fn frame(choices: &mut Choices<'_>) -> Vec<u8> {
    const VALUES: [u32; 9] = [0, 1, 2, 4, 65_535, 65_536, (1 << 31) - 1, 1 << 31, u32::MAX];
    let kinds = [
        DATA,
        0x1,
        0x3,
        SETTINGS,
        PUSH_PROMISE,
        0x7,
        0x8,
        0x9,
        0x10,
        0x6,
    ];
    let kind = choices.of(&kinds);
    let stream = u32::from(choices.byte());
    let (flags, stream) = match kind {
        // On the connection, nearly always.
        SETTINGS | 0x7 | PRIORITY_UPDATE => (0, u32::from(stream == 255)),
        _ => (choices.byte(), stream % 16),
    };
    let mut payload = Vec::new();
    if kind == SETTINGS {
        for _ in 0..choices.below(4) {
            payload.extend(u16::from(choices.byte() % 8).to_be_bytes());
            payload.extend(choices.of(&VALUES).to_be_bytes());
        }
    } else {
        if flags & 0x8 != 0 {
            payload.push(0);
        }
        payload.extend(u32::from(choices.byte() % 20).to_be_bytes());
        let length = match kind {
            0x3 | 0x8 => 0,
            0x7 => 4,
            PRIORITY_UPDATE if choices.byte() == 1 => usize::from(choices.number()) % 1100,
            _ => choices.below(24),
        };
        payload.extend(choices.bytes(length.min(24)));
        payload.resize(payload.len() + length.saturating_sub(24), b'x');
    }
    payload.truncate(
        payload
            .len()
            .saturating_sub(usize::from(choices.byte() == 255)),
    );
    written(kind, flags, stream, &payload)
}

fn written(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let [_, l2, l1, l0] = u32::try_from(payload.len())
        .unwrap_or_default()
        .to_be_bytes();
    let mut frame = vec![l2, l1, l0, kind, flags];
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// The byte stream below: what is to be read, and what was written last.
#[derive(Default)]
struct Pipe {
    input: VecDeque<u8>,
    /// How much the next write takes; 0 is Pending.
    room: usize,
    output: Vec<u8>,
}

impl AsyncRead for Pipe {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let length = self.input.len().min(buffer.remaining());
        if length == 0 {
            return Poll::Pending;
        }
        let bytes: Vec<u8> = self.input.drain(..length).collect();
        buffer.put_slice(&bytes);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Pipe {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(context, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.room == 0 {
            return Poll::Pending;
        }
        let bytes = slices.iter().flat_map(|slice| slice.iter().copied());
        let taken: Vec<u8> = bytes.take(self.room).collect();
        self.output.extend(&taken);
        Poll::Ready(Ok(taken.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Whether somebody was woken.
#[derive(Debug, Default)]
struct Woken(AtomicBool);

impl Woken {
    fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

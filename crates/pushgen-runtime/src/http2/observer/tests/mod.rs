//! The observer against frames written by hand; `with_h2` has it between real ends.

pub(in crate::http2) mod wire;
mod with_h2;

use super::observations::{ClosedPush, PromisedState};
use super::peer::{GoAway, PeerSettings, PriorityUpdate};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;
use tokio::time::Instant;

use super::incoming::{Incoming, PRIORITY_VALUE_MAX};
use super::outgoing::Outgoing;
use super::*;
use crate::http2::slots::{NoPromise, Slots};
use wire::*;

const ENABLE_PUSH: u16 = 2;
const MAX_CONCURRENT_STREAMS: u16 = 3;
const INITIAL_WINDOW_SIZE: u16 = 4;
const CANCEL: u32 = 8;

/// Everything that can be asked of [`Observations`] but instants and wake-ups.
#[derive(Debug, PartialEq)]
struct Seen {
    peer_settings: Option<PeerSettings>,
    goaway_received: Option<GoAway>,
    goaway_sent: bool,
    promised: Vec<(u32, PromisedState)>,
    promises_written: u64,
    highest_promised: u32,
    slots_taken: u32,
    closed: Vec<ClosedPush>,
    priority_updates: VecDeque<PriorityUpdate>,
    data_written: u64,
    window_granted: u64,
}

impl Seen {
    fn take(observations: &Observations) -> Self {
        Self {
            peer_settings: observations.peer_settings(),
            goaway_received: observations.goaway_received(),
            goaway_sent: observations.goaway_sent(),
            promised: (0..32)
                .filter_map(|id| Some((id, observations.promised_state(id)?)))
                .collect(),
            promises_written: observations.promises_written(),
            highest_promised: observations.highest_promised(),
            slots_taken: observations.slots_taken(),
            closed: observations.take_closed(),
            priority_updates: observations.take_priority_updates(),
            data_written: observations.data_written(),
            window_granted: observations.window_granted(),
        }
    }

    /// After `output` was written and then `input` read, each in such pieces.
    fn after<'a>(
        output: impl IntoIterator<Item = &'a [u8]>,
        input: impl IntoIterator<Item = &'a [u8]>,
    ) -> Self {
        let observations = Observations::new();
        let mut outgoing = Outgoing::new();
        for piece in output {
            outgoing.observe(piece, &observations);
        }
        let mut incoming = Incoming::new();
        for piece in input {
            incoming.observe(piece, &observations);
        }
        Self::take(&observations)
    }
}

/// A push of each ending, with padding, header blocks in parts, and what has no part in pushes.
fn output() -> Vec<u8> {
    let mut padded = vec![3];
    padded.extend(4_u32.to_be_bytes());
    padded.extend(b"fields\0\0\0");
    [
        frame(SETTINGS, 0, 0, &[]),
        push_promise(1, 2),
        frame(PUSH_PROMISE, PADDED | END_HEADERS, 1, &padded),
        frame(PUSH_PROMISE, 0, 1, &6_u32.to_be_bytes()),
        frame(CONTINUATION, 0, 1, b"fie"),
        frame(CONTINUATION, END_HEADERS, 1, b"lds"),
        push_promise(1, 8),
        frame(HEADERS, END_HEADERS, 1, b"fields"),
        frame(HEADERS, END_HEADERS, 2, b"fields"),
        frame(HEADERS, END_STREAM, 4, b"fi"),
        frame(CONTINUATION, END_HEADERS, 4, b"elds"),
        frame(HEADERS, END_HEADERS, 6, b"fields"),
        frame(DATA, 0, 2, &[7; 700]),
        frame(DATA, END_STREAM, 1, &[7; 300]),
        frame(DATA, END_STREAM, 2, &[]),
        rst_stream(8, CANCEL),
        frame(DATA, 0, 6, &[7; 20]),
        frame(0xfa, 0xff, 6, b"a frame of no known type"),
        frame(PING, 0, 0, &[0; 8]),
        goaway(1, 0),
    ]
    .concat()
}

fn input() -> Vec<u8> {
    [
        PREFACE.to_vec(),
        settings(&[(ENABLE_PUSH, 0), (MAX_CONCURRENT_STREAMS, 100), (0x9, 77)]),
        frame(HEADERS, END_HEADERS | END_STREAM, 1, b"fields"),
        frame(SETTINGS, 1, 0, &[]),
        priority_update(1, b"u=1"),
        window_update(0, 1000),
        window_update(1, 77),
        window_update(0, 1 << 31 | 1 << 30),
        frame(WINDOW_UPDATE, 0, 0, &[0, 0, 1]),
        frame(WINDOW_UPDATE, 0, 0, &[0, 0, 0, 0, 1]),
        settings(&[(ENABLE_PUSH, 0), (ENABLE_PUSH, 1), (INITIAL_WINDOW_SIZE, 9)]),
        frame(DATA, END_STREAM, 3, &[0; 200]),
        priority_update(2, b"u=5, i"),
        priority_update(1, b"u=0"),
        rst_stream(6, CANCEL),
        rst_stream(1, CANCEL),
        goaway(6, 2),
    ]
    .concat()
}

fn seen_of_both() -> Seen {
    Seen {
        peer_settings: Some(PeerSettings {
            enable_push: true,
            max_concurrent_streams: Some(100),
            initial_window_size: 9,
        }),
        goaway_received: Some(GoAway {
            last_stream: 6,
            error_code: 2,
        }),
        goaway_sent: true,
        promised: Vec::new(),
        promises_written: 4,
        highest_promised: 8,
        slots_taken: 0,
        closed: [
            (4, ClosedBy::EndStream),
            (2, ClosedBy::EndStream),
            (8, ClosedBy::Server),
            (6, ClosedBy::Peer(CANCEL)),
        ]
        .map(|(stream, by)| ClosedPush { stream, by })
        .into(),
        priority_updates: [(2, &b"u=5, i"[..]), (1, b"u=0")]
            .map(|(stream, value)| PriorityUpdate {
                stream,
                value: Bytes::from_static(value),
            })
            .into(),
        data_written: 1020,
        window_granted: 65_535 + 1000 + (1 << 30),
    }
}

#[test]
fn sees_the_same_wherever_both_directions_are_cut() {
    let (output, input) = (output(), input());
    let expected = seen_of_both();
    assert_eq!(Seen::after([&output[..]], [&input[..]]), expected);
    assert_eq!(Seen::after(output.chunks(1), input.chunks(1)), expected);
    for cut in 0..output.len() {
        let (first, second) = output.split_at(cut);
        assert_eq!(Seen::after([first, second], [&input[..]]), expected);
    }
    for cut in 0..input.len() {
        let (first, second) = input.split_at(cut);
        assert_eq!(Seen::after([&output[..]], [first, second]), expected);
    }
}

/// Frames of all types with small ids and lengths, most of them nonsense.
fn any_frames() -> impl Strategy<Value = Vec<u8>> {
    let any_frame = (
        prop_oneof![Just(5), 0_u8..10, Just(0x10), any::<u8>()],
        prop_oneof![Just(4), Just(0), Just(1), Just(5), Just(12)],
        0_u32..12,
        prop_oneof![
            (0_u32..12).prop_map(|id| id.to_be_bytes().to_vec()),
            (0_u16..6, 0_u32..3)
                .prop_map(|(id, value)| { [&id.to_be_bytes()[..], &value.to_be_bytes()].concat() }),
            prop::collection::vec(0_u8..8, 0..24),
        ],
    )
        .prop_map(|(kind, flags, stream, payload)| frame(kind, flags, stream, &payload));
    prop::collection::vec(any_frame, 0..40).prop_map(|frames| frames.concat())
}

fn pieces<'a>(bytes: &'a [u8], sizes: &[usize]) -> Vec<&'a [u8]> {
    let mut sizes = sizes.iter().cycle();
    let mut rest = bytes;
    let mut pieces = Vec::new();
    while !rest.is_empty() {
        let (now, later) = rest.split_at((*sizes.next().unwrap()).min(rest.len()));
        pieces.push(now);
        rest = later;
    }
    pieces
}

proptest! {
    #[test]
    fn sees_the_same_of_any_frames_in_any_pieces(
        output in any_frames(),
        input in any_frames(),
        sizes in prop::collection::vec(1_usize..40, 1..6),
    ) {
        let input = [PREFACE, &input].concat();
        prop_assert_eq!(
            Seen::after(pieces(&output, &sizes), pieces(&input, &sizes)),
            Seen::after([&output[..]], [&input[..]])
        );
    }

    #[test]
    fn sees_the_same_of_any_bytes_in_any_pieces(
        output in prop::collection::vec(prop_oneof![0_u8..8, any::<u8>()], 0..300),
        input in prop::collection::vec(prop_oneof![0_u8..8, any::<u8>()], 0..300),
        sizes in prop::collection::vec(1_usize..40, 1..6),
    ) {
        prop_assert_eq!(
            Seen::after(pieces(&output, &sizes), pieces(&input, &sizes)),
            Seen::after([&output[..]], [&input[..]])
        );
    }

    #[test]
    fn counts_what_vectored_writes_take_and_not_what_they_are_offered(
        sizes in prop::collection::vec(1_usize..90, 1..6),
        room in prop::collection::vec(0_usize..70, 1..200),
    ) {
        let output = output();
        let mut connection = Connection::begun();
        connection.has_room(&room);
        let mut written = 0;
        while written < output.len() {
            let offered = pieces(&output[written..], &sizes);
            if let Poll::Ready(count) = connection.writes(&offered) {
                written += count;
            }
            prop_assert_eq!(&connection.observed.io.output[..], &output[..written]);
        }
        prop_assert_eq!(
            Seen::take(&connection.observations),
            Seen::after([&output[..]], [])
        );
    }
}

#[test]
fn counts_a_promise_at_its_last_byte() {
    let mut connection = Connection::begun();
    let promise = push_promise(1, 2);
    let (most, last) = promise.split_at(promise.len() - 1);
    connection.sends(most);
    assert_eq!(connection.observations.promises_written(), 0);
    connection.sends(last);
    assert_eq!(connection.observations.promises_written(), 1);
}

#[test]
fn the_connection_window_is_what_was_granted_less_what_was_written() {
    let mut connection = Connection::begun();
    let table = [
        (None, 0, 65_535),
        (None, 15_535, 50_000),
        (Some(window_update(0, 100)), 0, 50_100),
        (Some(window_update(1, 100)), 0, 50_100),
        (Some(settings(&[(INITIAL_WINDOW_SIZE, 9)])), 100, 50_000),
        (None, 50_000, 0),
        (Some(window_update(0, (1 << 31) - 1)), 0, (1 << 31) - 1),
    ];
    for (received, sent, expected) in table {
        if let Some(frame) = received {
            connection.receives(&frame);
        }
        connection.sends(&frame(DATA, 0, 1, &vec![0; sent]));
        assert_eq!(connection.observations.connection_window(), expected);
    }
}

#[test]
fn notes_that_the_initial_window_was_lowered_after_the_first_settings() {
    let mut connection = Connection::begun();
    let table = [
        (1000, false),
        (1000, false),
        (2000, false),
        (1999, true),
        (3000, true),
    ];
    for (window, expected) in table {
        connection.receives(&settings(&[(INITIAL_WINDOW_SIZE, window)]));
        assert_eq!(
            connection.observations.initial_window_was_lowered(),
            expected
        );
    }
}

#[test]
fn settings_are_known_from_the_last_byte_of_their_frame() {
    let mut connection = Connection::begun();
    let disable = settings(&[(ENABLE_PUSH, 0)]);
    let (most, last) = disable.split_at(disable.len() - 1);
    connection.receives(most);
    assert_eq!(connection.observations.peer_settings(), None);
    connection.receives(last);
    let settings = connection.observations.peer_settings();
    assert_eq!(settings.map(|settings| settings.enable_push), Some(false));
}

#[test]
fn later_settings_change_only_what_they_name() {
    let enable_push = |value| settings(&[(ENABLE_PUSH, value)]);
    let mut connection = Connection::begun();
    let table = [
        (settings(&[]), (true, None, 65_535)),
        (enable_push(0), (false, None, 65_535)),
        (
            settings(&[(MAX_CONCURRENT_STREAMS, 0)]),
            (false, Some(0), 65_535),
        ),
        (enable_push(1), (true, Some(0), 65_535)),
        (settings(&[(INITIAL_WINDOW_SIZE, 0)]), (true, Some(0), 0)),
        // Passed over whole: forbidden values, a wrong length, a stream, an acknowledgement.
        (
            settings(&[(ENABLE_PUSH, 0), (ENABLE_PUSH, 2)]),
            (true, Some(0), 0),
        ),
        (
            settings(&[(ENABLE_PUSH, 0), (INITIAL_WINDOW_SIZE, 1 << 31)]),
            (true, Some(0), 0),
        ),
        (
            frame(SETTINGS, 0, 0, &[0, 2, 0, 0, 0, 0, 0]),
            (true, Some(0), 0),
        ),
        (
            frame(SETTINGS, 0, 1, &[0, 2, 0, 0, 0, 0]),
            (true, Some(0), 0),
        ),
        (
            frame(SETTINGS, 1, 0, &[0, 2, 0, 0, 0, 0]),
            (true, Some(0), 0),
        ),
        (settings(&[(MAX_CONCURRENT_STREAMS, 7)]), (true, Some(7), 0)),
    ];
    for (frame, (enable_push, max_concurrent_streams, initial_window_size)) in table {
        connection.receives(&frame);
        let expected = PeerSettings {
            enable_push,
            max_concurrent_streams,
            initial_window_size,
        };
        assert_eq!(connection.observations.peer_settings(), Some(expected));
    }
}

#[test]
fn priority_updates_are_bounded_in_number_and_length() {
    let mut connection = Connection::begun();
    connection.receives(&priority_update(1, &[b'u'; PRIORITY_VALUE_MAX]));
    connection.receives(&priority_update(3, &[b'u'; PRIORITY_VALUE_MAX + 1]));
    connection.receives(&priority_update(0, b"u=1"));
    connection.receives(&frame(PRIORITY_UPDATE, 0, 0, &[0, 0, 1]));
    connection.receives(&frame(PRIORITY_UPDATE, 0, 5, &[0, 0, 0, 1]));
    let updates = connection.observations.take_priority_updates();
    assert_eq!(updates.len(), 1);
    assert_eq!(updates[0].value.len(), PRIORITY_VALUE_MAX);

    for stream in 1..1000 {
        connection.receives(&priority_update(stream, b"u=1"));
    }
    let updates = connection.observations.take_priority_updates();
    let streams: Vec<u32> = updates.iter().map(|update| update.stream).collect();
    assert_eq!(streams, (936..1000).collect::<Vec<u32>>());
}

#[test]
fn a_goaway_closes_the_pushes_that_it_leaves_out() {
    let mut connection = Connection::begun();
    for promised in [2, 4, 6] {
        connection.sends(&push_promise(1, promised));
    }
    connection.receives(&goaway(2, 0));
    let closed = connection.observations.take_closed();
    let by = ClosedBy::GoAway;
    assert_eq!(closed, [4, 6].map(|stream| ClosedPush { stream, by }));
    assert_eq!(connection.observations.slots_taken(), 1);
}

#[test]
fn a_reset_closes_a_push_once_and_only_if_it_was_promised() {
    let mut connection = Connection::begun();
    connection.sends(&push_promise(1, 2));
    for stream in [4, 2, 2, 1, 0] {
        connection.receives(&rst_stream(stream, CANCEL));
    }
    connection.sends(&rst_stream(2, CANCEL));
    let by = ClosedBy::Peer(CANCEL);
    assert_eq!(
        connection.observations.take_closed(),
        [ClosedPush { stream: 2, by }]
    );
    assert_eq!(connection.observations.take_closed(), []);
}

#[test]
fn a_promised_stream_is_queued_then_reserved_then_open() {
    let mut connection = Connection::begun();
    connection.receives(&settings(&[]));
    let slots = Slots::new(Arc::clone(&connection.observations), 10);
    let state = |connection: &Connection| connection.observations.promised_state(2);
    assert_eq!(state(&connection), None);
    slots.take().unwrap().promised(1, 2);
    assert_eq!(state(&connection), Some(PromisedState::Queued));
    connection.sends(&push_promise(1, 2));
    assert_eq!(state(&connection), Some(PromisedState::Reserved));
    connection.sends(&frame(HEADERS, END_HEADERS, 2, b"fields"));
    assert_eq!(state(&connection), Some(PromisedState::Open));
    connection.sends(&frame(DATA, END_STREAM, 2, b"body"));
    assert_eq!(state(&connection), None);
}

#[test]
fn a_head_before_its_promise_does_not_hold_the_cork_for_ever() {
    // h2 never writes that. If it did, nothing would ever be read again.
    let mut connection = Connection::begun();
    connection.receives(&settings(&[]));
    let slots = Slots::new(Arc::clone(&connection.observations), 10);
    for (promised, flags) in [(2, END_HEADERS), (4, END_HEADERS | END_STREAM)] {
        slots.take().unwrap().promised(1, promised);
        connection.sends(&frame(HEADERS, flags, promised, b"fields"));
        connection.sends(&push_promise(1, promised));
        assert!(connection.observations.may_promise(), "{promised}");
    }
}

#[derive(Debug, Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn nothing_is_read_from_the_promise_until_it_is_written() {
    let wakes = Arc::new(Wakes::default());
    let waker = Waker::from(Arc::clone(&wakes));
    let mut connection = Connection::begun();
    connection.receives(&settings(&[]));
    let slots = Slots::new(Arc::clone(&connection.observations), 10);
    assert!(connection.observations.may_promise());

    let first = slots.take().unwrap();
    first.promised(1, 2);
    slots.take().unwrap().promised(1, 4);
    assert!(!connection.observations.may_promise());
    assert!(connection.observations.corked_since().is_some());
    connection.receives(&settings(&[(ENABLE_PUSH, 0)]));
    assert_eq!(connection.reads(&waker), 0);
    connection.sends(&push_promise(1, 2));
    assert_eq!(connection.reads(&waker), 0);
    assert_eq!(wakes.0.load(Ordering::Relaxed), 0);

    connection.sends(&push_promise(1, 4));
    assert_eq!(wakes.0.load(Ordering::Relaxed), 1);
    assert!(connection.observations.corked_since().is_none());
    assert_eq!(connection.reads(&waker), 15);
    assert_eq!(slots.take().unwrap_err(), NoPromise::Disabled);
}

#[test]
fn a_promise_that_h2_refuses_opens_the_cork_again() {
    let wakes = Arc::new(Wakes::default());
    let waker = Waker::from(Arc::clone(&wakes));
    let mut connection = Connection::begun();
    connection.receives(&settings(&[]));
    let slots = Slots::new(Arc::clone(&connection.observations), 10);
    let slot = slots.take().unwrap();
    connection.receives(&settings(&[]));
    assert_eq!(connection.reads(&waker), 0);
    drop(slot);
    assert_eq!(wakes.0.load(Ordering::Relaxed), 1);
    assert_eq!(connection.reads(&waker), 9);
    assert_eq!(slots.taken(), 0);
}

#[test]
fn a_reset_of_the_parent_gives_up_the_promises_that_were_not_written() {
    let mut connection = Connection::begun();
    connection.receives(&settings(&[]));
    let slots = Slots::new(Arc::clone(&connection.observations), 10);
    for promised in [2, 4] {
        slots.take().unwrap().promised(1, promised);
    }
    connection.sends(&push_promise(1, 2));
    connection.sends(&rst_stream(3, CANCEL));
    assert!(!connection.observations.may_promise());
    connection.sends(&rst_stream(1, CANCEL));
    assert!(connection.observations.may_promise());
    let by = ClosedBy::Server;
    assert_eq!(
        connection.observations.take_closed(),
        [ClosedPush { stream: 4, by }]
    );
    assert_eq!(slots.taken(), 1);
}

#[test]
fn no_promise_is_made_while_h2_may_hold_unread_frames() {
    let mut connection = Connection::begun();
    connection.observed.io.input.push_back(settings(&[]));
    let mut storage = [0; 64];
    let mut buffer = ReadBuf::new(&mut storage);
    let mut context = Context::from_waker(Waker::noop());
    let read = Pin::new(&mut connection.observed).poll_read(&mut context, &mut buffer);
    assert!(read.is_ready() && !connection.observations.may_promise());
    assert_eq!(connection.reads(Waker::noop()), 0);
    assert!(connection.observations.may_promise());
}

#[test]
fn every_kind_of_change_wakes_the_connection_task_once() {
    type Step = fn(&mut Connection);
    let changes: [(&str, Step); 10] = [
        ("settings", |it| it.receives(&settings(&[(ENABLE_PUSH, 0)]))),
        ("no change of settings", |it| it.receives(&settings(&[]))),
        ("priority update", |it| {
            it.receives(&priority_update(1, b"u=1"))
        }),
        ("window of the connection", |it| {
            it.receives(&window_update(0, 1))
        }),
        ("window of a stream", |it| it.receives(&window_update(1, 1))),
        ("promise without a slot", |it| it.sends(&push_promise(1, 2))),
        ("its end", |it| it.sends(&frame(DATA, END_STREAM, 2, b""))),
        ("data", |it| it.sends(&frame(DATA, 0, 1, b"body"))),
        ("goaway in", |it| it.receives(&goaway(0, 0))),
        ("goaway out", |it| it.sends(&goaway(0, 0))),
    ];
    let mut connection = Connection::begun();
    for (name, step) in changes {
        let wakes = Arc::new(Wakes::default());
        let waker = Waker::from(Arc::clone(&wakes));
        let context = Context::from_waker(&waker);
        assert!(connection.observations.poll_change(&context).is_pending());
        step(&mut connection);
        let is_change =
            !["no change of settings", "promise without a slot", "data"].contains(&name);
        assert_eq!(
            wakes.0.load(Ordering::Relaxed),
            usize::from(is_change),
            "{name}"
        );
        let again = connection.observations.poll_change(&context);
        assert_eq!(again.is_ready(), is_change, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn knows_when_bytes_moved_and_since_when_they_wait() {
    let second = Duration::from_secs(1);
    let begin = Instant::now();
    let mut connection = Connection::begun();
    let observations = Arc::clone(&connection.observations);

    tokio::time::advance(second).await;
    connection.receives(&settings(&[]));
    assert_eq!(observations.last_read(), begin + second);
    assert_eq!(observations.last_write(), begin);

    tokio::time::advance(second).await;
    connection.has_room(&[0, 0, 3, 0]);
    assert!(connection.writes(&[&[0; 9]]).is_pending());
    tokio::time::advance(second).await;
    assert!(connection.writes(&[&[0; 9]]).is_pending());
    assert_eq!(observations.write_stalled_since(), Some(begin + 2 * second));

    assert_eq!(connection.writes(&[&[0; 9]]), Poll::Ready(3));
    assert_eq!(observations.write_stalled_since(), None);
    assert_eq!(observations.last_write(), begin + 3 * second);
    assert!(connection.writes(&[&[0; 6]]).is_pending());
    assert_eq!(observations.write_stalled_since(), Some(begin + 3 * second));
    assert_eq!(observations.last_read(), begin + second);
}

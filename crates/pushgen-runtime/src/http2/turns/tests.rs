//! Turns and wake-ups, without h2. `simulation` has many streams do many things in any order;
//! `with_h2` looks at the wire.

mod simulation;
mod threads;
mod with_h2;

use std::sync::atomic::AtomicUsize;
use std::task::Wake;

use super::*;
use crate::http2::observer::tests::wire::*;

const PLAIN: Role = Role::Main { head_bytes: 0 };

const fn u(urgency: u8) -> Priority {
    Priority {
        urgency: Some(urgency),
        incremental: false,
    }
}

/// Counts how often its task was woken.
#[derive(Debug, Default)]
struct Wakes(AtomicUsize);

impl Wakes {
    fn take(&self) -> usize {
        self.0.swap(0, Ordering::Relaxed)
    }
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// A response whose task is the test.
struct Response {
    turn: Turn,
    wakes: Arc<Wakes>,
}

impl Response {
    fn begin(turns: &Turns, stream: u32, role: Role, priority: Priority) -> Self {
        Self {
            turn: turns.enter(stream, role, priority),
            wakes: Arc::default(),
        }
    }

    fn asks(&mut self, wanted: usize) -> Poll<Result<usize, Cancelled>> {
        let waker = Waker::from(Arc::clone(&self.wakes));
        self.turn
            .poll_turn(&mut Context::from_waker(&waker), wanted)
    }

    /// Gets as much as it asks for, and hands it over.
    fn sends(&mut self, bytes: usize) -> Handed {
        assert_eq!(self.asks(bytes), Poll::Ready(Ok(bytes)));
        self.turn
            .hand_over(Bytes::from(vec![0; bytes]), Next::Nothing)
    }
}

/// The connection writes a DATA frame with all of what was handed over.
fn write(connection: &mut Connection, mut handed: Handed) {
    connection.sends(&frame(DATA, 0, 1, handed.chunk()));
    handed.advance(handed.remaining());
}

fn connection() -> (Connection, Turns) {
    let connection = Connection::begun();
    let turns = Turns::new(Arc::clone(&connection.observations));
    (connection, turns)
}

#[test]
fn a_response_alone_goes_at_once() {
    let (mut connection, turns) = connection();
    assert!(turns.is_empty());
    let mut response = Response::begin(&turns, 1, PLAIN, u(3));
    assert!(!turns.is_empty());
    let handed = response.sends(1000);
    assert_eq!(turns.outstanding(), 1000);
    drop(response);
    assert!(turns.is_empty());
    write(&mut connection, handed);
    turns.advance();
    assert_eq!(turns.outstanding(), 0);
}

#[test]
fn no_turn_is_longer_than_a_frame() {
    let (_connection, turns) = connection();
    let mut response = Response::begin(&turns, 1, PLAIN, u(3));
    assert_eq!(response.asks(1 << 20), Poll::Ready(Ok(16_384)));
    assert_eq!(response.asks(1 << 20), Poll::Ready(Ok(16_384)));
    assert_eq!(response.asks(10), Poll::Ready(Ok(10)));
    assert_eq!(response.asks(0), Poll::Ready(Ok(0)));
}

#[test]
fn an_empty_frame_needs_no_turn_and_counts_nothing() {
    let (_connection, turns) = connection();
    let mut first = Response::begin(&turns, 1, PLAIN, u(3));
    let mut second = Response::begin(&turns, 3, PLAIN, u(5));
    assert_eq!(first.asks(100), Poll::Ready(Ok(100)));
    let nothing = second.turn.hand_over(Bytes::new(), Next::Nothing);
    assert!(!nothing.has_remaining());
    drop(nothing);
    assert_eq!(turns.outstanding(), 0);
}

/// What may let a waiting response go on. Stream 1, of better urgency, has 32 KiB outstanding and a
/// turn that it has not used, or waits for one; stream 3 waits.
#[test]
fn whoever_may_go_is_woken_once() {
    type Event = fn(&mut Connection, &Turns, &mut Option<Response>, &mut Vec<Handed>);
    // What happens, and how often the two are woken.
    let table: &[(&str, Event, (usize, usize))] = &[
        ("nothing", |_, _, _, _| {}, (0, 0)),
        (
            "bytes are written",
            |connection, _, _, handed| write(connection, handed.remove(0)),
            (1, 0),
        ),
        (
            "h2 drops bytes",
            |_, _, _, handed| drop(handed.remove(0)),
            (1, 0),
        ),
        (
            "the first yields, but two frames of it are in h2",
            |_, _, first, _| first.as_mut().unwrap().turn.yield_turn(),
            (0, 0),
        ),
        (
            "the first yields, and bytes are written",
            |connection, _, first, handed| {
                first.as_mut().unwrap().turn.yield_turn();
                write(connection, handed.remove(0));
            },
            (0, 1),
        ),
        (
            "the first ends, and bytes are written",
            |connection, _, first, handed| {
                *first = None;
                write(connection, handed.remove(0));
            },
            (0, 1),
        ),
        (
            "bytes are written, and the first ends with its turn unused",
            |connection, turns, first, handed| {
                write(connection, handed.remove(0));
                turns.advance();
                *first = None;
            },
            (1, 1),
        ),
        (
            "the second gets more urgent, and bytes are written",
            |connection, turns, _, handed| {
                turns.reprioritize(3, u(0));
                write(connection, handed.remove(0));
            },
            (0, 1),
        ),
        (
            "the connection ends",
            |_, turns, _, _| turns.close(),
            (1, 1),
        ),
    ];
    for (name, event, expected) in table {
        let (mut connection, turns) = connection();
        connection.receives(&window_update(0, 1 << 20));
        let mut first = Response::begin(&turns, 1, PLAIN, u(1));
        let mut second = Response::begin(&turns, 3, PLAIN, u(3));
        second.turn.expect_data();
        let mut handed = vec![first.sends(16_384), first.sends(16_384)];
        let (first_wakes, second_wakes) = (Arc::clone(&first.wakes), Arc::clone(&second.wakes));
        assert_eq!(first.asks(16_384), Poll::Pending);
        assert_eq!(second.asks(16_384), Poll::Pending);
        let mut first = Some(first);
        event(&mut connection, &turns, &mut first, &mut handed);
        turns.advance();
        turns.advance();
        let woken = (first_wakes.take(), second_wakes.take());
        assert_eq!(woken, *expected, "{name}");
        let is_next = second.asks(16_384).is_ready();
        assert_eq!(is_next, expected.1 > 0, "{name}");
    }
}

#[test]
fn what_needs_no_poll_of_h2_wakes_at_once() {
    type Event = fn(&Turns, &mut Option<Response>, &mut Vec<Handed>);
    let table: &[(&str, Event)] = &[
        ("a turn is not used", |_, first, _| *first = None),
        ("a turn is given back", |_, first, _| {
            first.as_mut().unwrap().turn.yield_turn();
        }),
        ("a turn is cut, and h2 drops bytes", |_, first, handed| {
            assert!(first.as_mut().unwrap().asks(1).is_ready());
            drop(handed.remove(0));
            first.as_mut().unwrap().turn.yield_turn();
        }),
        ("h2 drops bytes", |turns, first, handed| {
            let first = first.as_mut().unwrap();
            handed.push(
                first
                    .turn
                    .hand_over(Bytes::from_static(&[0; 16_384]), Next::Nothing),
            );
            turns.reprioritize(3, u(0));
            drop(handed.remove(0));
        }),
        ("the order changes", |turns, first, handed| {
            let first = first.as_mut().unwrap();
            drop(handed.remove(0));
            handed.push(
                first
                    .turn
                    .hand_over(Bytes::from_static(&[0; 16_384]), Next::Nothing),
            );
            turns.reprioritize(3, u(0));
        }),
    ];
    for (name, event) in table {
        let (_connection, turns) = connection();
        let mut first = Response::begin(&turns, 1, PLAIN, u(1));
        let mut second = Response::begin(&turns, 3, PLAIN, u(3));
        second.turn.expect_data();
        let mut handed = vec![first.sends(16_384)];
        assert_eq!(first.asks(16_384), Poll::Ready(Ok(16_384)));
        assert_eq!(second.asks(16_384), Poll::Pending);
        let wakes = Arc::clone(&second.wakes);
        event(&turns, &mut Some(first), &mut handed);
        assert_eq!(wakes.take(), 1, "{name}");
        assert!(second.asks(16_384).is_ready(), "{name}");
    }
}

#[test]
fn bytes_that_lost_their_stream_window_stop_nobody_else() {
    let initial_window = |bytes| settings(&[(4, bytes)]);
    for (window, is_lowered) in [(1000, true), (70_000, false)] {
        let (mut connection, turns) = connection();
        connection.receives(&initial_window(65_535));
        let mut first = Response::begin(&turns, 1, PLAIN, u(1));
        let mut second = Response::begin(&turns, 3, PLAIN, u(3));
        let mut third = Response::begin(&turns, 5, PLAIN, u(3));
        second.turn.expect_data();
        third.turn.expect_data();
        let _handed = [first.sends(16_384), first.sends(16_384)];
        first.turn.yield_turn();
        assert_eq!(second.asks(10), Poll::Pending);
        connection.receives(&initial_window(window));
        turns.advance();
        assert_eq!(second.asks(10).is_ready(), is_lowered);
    }
}

#[test]
fn windows_of_0_and_1_bytes_are_kept_to() {
    let (mut connection, turns) = connection();
    let mut response = Response::begin(&turns, 1, PLAIN, u(3));
    for bytes in [16_384, 16_384, 16_384, 16_383] {
        let handed = response.sends(bytes);
        write(&mut connection, handed);
        turns.advance();
    }
    assert_eq!(connection.observations.connection_window(), 0);
    assert_eq!(response.asks(10), Poll::Pending);
    turns.advance();
    assert_eq!(response.wakes.take(), 0);
    connection.receives(&window_update(3, 100));
    turns.advance();
    assert_eq!(response.wakes.take(), 0);
    connection.receives(&window_update(0, 1));
    turns.advance();
    assert_eq!(response.wakes.take(), 1);
    assert_eq!(response.asks(10), Poll::Ready(Ok(1)));
    let handed = response
        .turn
        .hand_over(Bytes::from_static(b"1"), Next::Nothing);
    assert_eq!(response.asks(10), Poll::Pending);
    write(&mut connection, handed);
    turns.advance();
    assert_eq!(response.wakes.take(), 0);
    assert_eq!(connection.observations.connection_window(), 0);
}

#[test]
fn pushes_of_a_page_that_was_reset_are_cancelled_and_no_others() {
    let (_connection, turns) = connection();
    let pushed = |parent, order| Role::Pushed { parent, order };
    let mut page = Response::begin(&turns, 1, Role::Main { head_bytes: 10 }, u(3));
    let mut waiting = Response::begin(&turns, 2, pushed(1, 0), u(1));
    let mut idle = Response::begin(&turns, 4, pushed(1, 1), u(1));
    let mut other = Response::begin(&turns, 6, pushed(3, 0), u(1));
    page.turn.expect_data();
    let noop = &mut Context::from_waker(Waker::noop());
    assert_eq!(waiting.asks(10), Poll::Pending);
    let waker = Waker::from(Arc::clone(&idle.wakes));
    let context = &mut Context::from_waker(&waker);
    assert_eq!(idle.turn.poll_cancelled(context), Poll::Pending);
    turns.cancel_pushes_of(1);
    assert_eq!((waiting.wakes.take(), idle.wakes.take()), (1, 1));
    assert_eq!(waiting.asks(10), Poll::Ready(Err(Cancelled)));
    assert_eq!(idle.turn.poll_cancelled(noop), Poll::Ready(Cancelled));
    assert_eq!(other.turn.poll_cancelled(noop), Poll::Pending);
    assert_eq!(page.turn.poll_cancelled(noop), Poll::Pending);
    assert_eq!(page.asks(10), Poll::Ready(Ok(10)));
}

#[test]
fn nobody_waits_on_a_closed_connection() {
    let (_connection, turns) = connection();
    turns.close();
    let mut response = Response::begin(&turns, 1, PLAIN, u(3));
    assert_eq!(response.asks(10), Poll::Ready(Err(Cancelled)));
}

#[test]
fn bytes_that_h2_writes_in_parts_or_copies_are_counted_once() {
    let (mut connection, turns) = connection();
    let mut response = Response::begin(&turns, 1, PLAIN, u(3));
    let mut handed = response.sends(1000);
    handed.advance(100);
    assert_eq!(turns.outstanding(), 1000);
    connection.sends(&frame(DATA, 0, 1, &[0; 100]));
    assert_eq!(turns.outstanding(), 900);
    assert_eq!(handed.copy_to_bytes(300).len(), 300);
    connection.sends(&frame(DATA, 0, 1, &[0; 300]));
    assert_eq!(turns.outstanding(), 600);
    drop(handed);
    assert_eq!(turns.outstanding(), 0);
    assert_eq!(connection.observations.connection_window(), 65_535 - 400);
}

/// Not a test of behaviour: prints what one small response costs.
#[test]
#[ignore = "a measurement"]
fn measure_a_small_response() {
    let (mut connection, turns) = connection();
    connection.receives(&window_update(0, 1 << 30));
    let body = Bytes::from_static(&[0; 100]);
    let mut context = Context::from_waker(Waker::noop());
    let mut measure = |name: &str, others: u32| {
        let others: Vec<Turn> = (0..others)
            .map(|count| turns.enter(2 * count + 101, PLAIN, u(3)))
            .collect();
        let rounds = 1_000_000;
        let begun = std::time::Instant::now();
        for _ in 0..rounds {
            let mut turn = turns.enter(1, PLAIN, Priority::DEFAULT);
            assert!(turn.poll_turn(&mut context, 100).is_ready());
            let handed = turn.hand_over(body.clone(), Next::Nothing);
            drop(turn);
            turns.advance();
            drop(handed);
        }
        println!("{name}: {:?} per response", begun.elapsed() / rounds);
        drop(others);
    };
    measure("alone", 0);
    measure("with 10 idle ones", 10);
    measure("with 250 idle ones", 250);
    let begun = std::time::Instant::now();
    for _ in 0..1_000_000 {
        turns.advance();
    }
    println!("advance: {:?}", begun.elapsed() / 1_000_000);
}

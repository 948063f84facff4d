//! The order of turns, without tasks.

use std::time::Duration;

use super::flow::{LIMIT_ALONE, LIMIT_ALONE_MAX};
use super::*;

mod priorities;

const KIB: u64 = 1024;

const fn u(urgency: u8) -> Priority {
    Priority {
        urgency: Some(urgency),
        incremental: false,
    }
}

const fn ui(urgency: u8) -> Priority {
    Priority {
        urgency: Some(urgency),
        incremental: true,
    }
}

const fn page(head_bytes: u64) -> Role {
    Role::Main { head_bytes }
}

const PLAIN: Role = page(0);

const fn pushed(parent: u32, order: u32) -> Role {
    Role::Pushed { parent, order }
}

/// A response that wants to send so many KiB from the start.
type Response = (u32, Role, Priority, u64);

/// What it is, who wants to send, and what is sent: stream and KiB.
type Case<'a> = (&'a str, &'a [Response], &'a [(u32, u64)]);

/// Stream and KiB.
type Turns<'a> = &'a [(u32, u64)];

/// A schedule with the responses that are in it.
#[derive(Default)]
struct Playing {
    schedule: Schedule,
    /// Stream, place, bytes left.
    responses: Vec<(u32, Place, u64)>,
    written: u64,
}

impl Playing {
    fn of(responses: &[Response]) -> Self {
        let mut playing = Self::default();
        for response in responses {
            playing.begin(*response);
        }
        playing
    }

    fn begin(&mut self, (stream, role, priority, kib): Response) {
        let place = self.schedule.enter(stream, role, priority);
        self.schedule.want(place, kib * KIB);
        self.responses.push((stream, place, kib * KIB));
    }

    fn place(&self, stream: u32) -> Place {
        let mut responses = self.responses.iter();
        responses.find(|(of, ..)| *of == stream).unwrap().1
    }

    fn next(&mut self, wire: Wire) -> Option<(u32, Grant)> {
        let place = self.schedule.next(wire)?;
        let grant = self.schedule.grant(place).unwrap();
        let mut responses = self.responses.iter();
        let (stream, ..) = responses.find(|(_, of, _)| *of == place).unwrap();
        Some((*stream, grant))
    }

    /// Gives one turn, uses it, and has all of it written.
    fn step(&mut self) -> Option<(u32, u64)> {
        let wire = Wire {
            window: u64::MAX,
            written: self.written,
            ahead: 0,
        };
        let (stream, grant) = self.next(wire)?;
        let mut responses = self.responses.iter();
        let index = responses.position(|(of, ..)| *of == stream).unwrap();
        let (_, place, left) = &mut self.responses[index];
        self.schedule.hand_over(*place, grant.bytes, Next::Nothing);
        self.written += grant.bytes;
        *left -= grant.bytes;
        if *left > 0 {
            self.schedule.want(*place, *left);
        } else {
            self.schedule.leave(*place);
            self.responses.remove(index);
        }
        Some((stream, grant.bytes))
    }

    /// What is sent, turns of one stream that follow each other as one, in KiB.
    fn run(&mut self) -> Vec<(u32, u64)> {
        let mut sent: Vec<(u32, u64)> = Vec::new();
        while let Some((stream, bytes)) = self.step() {
            match sent.last_mut() {
                Some((last, sum)) if *last == stream => *sum += bytes,
                _ => sent.push((stream, bytes)),
            }
        }
        assert_eq!(self.schedule.outstanding(self.written), 0);
        assert_eq!(self.schedule.active, self.responses.len());
        assert!(sent.iter().all(|(_, bytes)| bytes.is_multiple_of(KIB)));
        sent.iter()
            .map(|(stream, bytes)| (*stream, bytes / KIB))
            .collect()
    }
}

#[test]
fn responses_are_sent_by_rank() {
    let table: &[Case<'_>] = &[
        ("alone", &[(1, PLAIN, u(3), 100)], &[(1, 100)]),
        (
            "by urgency",
            &[
                (1, PLAIN, u(7), 20),
                (3, PLAIN, u(3), 20),
                (5, PLAIN, Priority::DEFAULT, 20),
                (7, PLAIN, u(0), 20),
            ],
            &[(7, 20), (3, 20), (5, 20), (1, 20)],
        ),
        (
            "in the order of requests, whatever the order of responses",
            &[
                (5, PLAIN, u(3), 40),
                (1, PLAIN, u(3), 40),
                (3, PLAIN, u(3), 40),
            ],
            &[(1, 40), (3, 40), (5, 40)],
        ),
        (
            "incremental ones in turns",
            &[(1, PLAIN, ui(3), 40), (3, PLAIN, ui(3), 20)],
            &[(1, 16), (3, 16), (1, 16), (3, 4), (1, 8)],
        ),
        (
            "incremental ones of better urgency first",
            &[
                (1, PLAIN, ui(3), 20),
                (3, PLAIN, ui(1), 20),
                (5, PLAIN, ui(1), 20),
            ],
            &[(3, 16), (5, 16), (3, 4), (5, 4), (1, 20)],
        ),
        (
            "all that are not incremental as one among the incremental",
            &[
                (1, PLAIN, u(3), 24),
                (3, PLAIN, u(3), 16),
                (5, PLAIN, ui(3), 32),
                (7, PLAIN, ui(3), 16),
            ],
            &[(1, 16), (5, 16), (7, 16), (1, 8), (5, 16), (3, 16)],
        ),
        (
            "a page's head, its pushes in order, its rest",
            &[
                (1, page(4 * KIB), u(3), 40),
                (4, pushed(1, 1), u(1), 20),
                (2, pushed(1, 0), u(1), 30),
            ],
            &[(1, 4), (2, 30), (4, 20), (1, 36)],
        ),
        (
            "the plan's order, whatever the urgencies in it",
            &[
                (1, page(4 * KIB), u(3), 8),
                (2, pushed(1, 0), u(2), 20),
                (4, pushed(1, 1), u(0), 20),
                (6, pushed(1, 2), u(3), 20),
            ],
            &[(1, 4), (2, 20), (4, 20), (6, 20), (1, 4)],
        ),
        (
            "a push of low urgency after the page",
            &[
                (1, page(4 * KIB), u(3), 40),
                (2, pushed(1, 0), u(1), 30),
                (4, pushed(1, 1), u(5), 20),
            ],
            &[(1, 4), (2, 30), (1, 36), (4, 20)],
        ),
        (
            "pushes before the rest of an urgent, incremental page",
            &[
                (1, page(4 * KIB), ui(0), 40),
                (2, pushed(1, 0), u(0), 20),
                (4, pushed(1, 1), u(3), 20),
            ],
            &[(1, 4), (2, 20), (4, 20), (1, 36)],
        ),
        (
            "an incremental page takes turns once its pushes are out",
            &[
                (1, page(4 * KIB), ui(3), 36),
                (2, pushed(1, 0), u(3), 20),
                (3, PLAIN, ui(3), 64),
            ],
            &[
                (1, 4),
                (3, 16),
                (2, 16),
                (3, 16),
                (2, 4),
                (1, 16),
                (3, 16),
                (1, 16),
                (3, 16),
            ],
        ),
        (
            "requests of better urgency before pushes",
            &[
                (1, page(4 * KIB), u(3), 8),
                (2, pushed(1, 0), u(2), 20),
                (3, PLAIN, u(1), 20),
            ],
            &[(3, 20), (1, 4), (2, 20), (1, 4)],
        ),
        (
            "a head inherits the urgency of its pushes",
            &[
                (1, page(4 * KIB), u(3), 8),
                (2, pushed(1, 0), u(1), 20),
                (3, PLAIN, u(2), 20),
            ],
            &[(1, 4), (2, 20), (3, 20), (1, 4)],
        ),
        (
            "nothing of a page in the background before other requests",
            &[
                (1, page(4 * KIB), u(6), 8),
                (2, pushed(1, 0), u(0), 20),
                (3, PLAIN, u(5), 20),
            ],
            &[(3, 20), (1, 4), (2, 20), (1, 4)],
        ),
        (
            "pages one after the other, each with its pushes",
            &[
                (3, page(4 * KIB), u(3), 8),
                (4, pushed(3, 0), u(3), 20),
                (1, page(4 * KIB), u(3), 8),
                (2, pushed(1, 0), u(3), 20),
            ],
            &[(1, 4), (2, 20), (1, 4), (3, 4), (4, 20), (3, 4)],
        ),
        (
            "a push whose page is out by its own urgency",
            &[(2, pushed(1, 0), u(3), 20), (3, PLAIN, u(2), 20)],
            &[(3, 20), (2, 20)],
        ),
    ];
    for (name, responses, expected) in table {
        assert_eq!(Playing::of(responses).run(), *expected, "{name}");
        let mut reversed = responses.to_vec();
        reversed.reverse();
        if responses
            .iter()
            .all(|(.., priority, _)| !priority.incremental)
        {
            assert_eq!(Playing::of(&reversed).run(), *expected, "{name}, reversed");
        }
    }
}

#[test]
fn a_later_response_of_better_urgency_goes_next() {
    let mut playing = Playing::of(&[(1, PLAIN, u(3), 64)]);
    assert_eq!(playing.step(), Some((1, FRAME)));
    playing.begin((3, PLAIN, u(1), 32));
    assert_eq!(playing.run(), [(3, 32), (1, 48)]);
}

#[test]
fn a_cancelled_push_is_passed_over_and_lends_its_page_no_urgency() {
    let mut playing = Playing::of(&[
        (1, page(4 * KIB), u(3), 8),
        (2, pushed(1, 0), u(0), 20),
        (3, PLAIN, u(2), 20),
    ]);
    let cancelled = playing.schedule.cancel_pushes_of(1);
    assert_eq!(cancelled, [playing.place(2)]);
    assert!(playing.schedule.is_cancelled(playing.place(2)));
    assert_eq!(playing.step(), Some((3, FRAME)));
    playing.schedule.leave(playing.place(2));
    playing.responses.remove(1);
    assert_eq!(playing.run(), [(3, 4), (1, 8)]);
}

#[test]
fn who_rests_holds_nobody_back_and_who_is_expected_does() {
    let wire = Wire {
        window: 65_535,
        written: 0,
        ahead: 0,
    };
    let mut playing = Playing::of(&[(1, PLAIN, u(1), 16), (3, PLAIN, u(3), 16)]);
    let first = playing.place(1);
    playing.schedule.rest(first);
    playing.schedule.expect(first);
    assert_eq!(playing.next(wire), None);
    playing.schedule.rest(first);
    assert_eq!(playing.next(wire).unwrap().0, 3);
}

#[test]
fn who_has_a_turn_or_has_just_sent_holds_others_back_while_bytes_are_under_way() {
    let mut wire = Wire {
        window: 65_535,
        written: 0,
        ahead: 0,
    };
    let mut playing = Playing::of(&[(1, PLAIN, u(1), 8), (3, PLAIN, u(3), 8)]);
    assert_eq!(playing.next(wire).unwrap().0, 1);
    assert_eq!(playing.next(wire), None);
    playing
        .schedule
        .hand_over(playing.place(1), 8 * KIB, Next::Nothing);
    assert_eq!(playing.next(wire), None);
    wire.written = 8 * KIB;
    assert_eq!(playing.next(wire).unwrap().0, 3);
}

#[test]
fn few_bytes_are_under_way_unless_a_response_is_alone() {
    let mut wire = Wire {
        window: 1 << 30,
        written: 0,
        ahead: 0,
    };
    let mut playing = Playing::of(&[(1, PLAIN, u(3), 1000)]);
    let place = playing.place(1);
    let mut under_way = 0;
    while let Some((stream, grant)) = playing.next(wire) {
        assert_eq!((stream, grant.bytes), (1, FRAME));
        under_way += FRAME;
        wire.ahead += FRAME;
        assert!(playing.schedule.hand_over(place, FRAME, Next::Nothing));
        playing.schedule.want(place, 1000 * KIB);
    }
    assert_eq!(under_way, LIMIT_ALONE);
    // A second one need not wait for that, and neither runs ahead any more.
    playing.begin((3, PLAIN, u(1), 1000));
    let second = playing.place(3);
    for _ in 0..2 {
        assert_eq!(playing.next(wire).unwrap().0, 3);
        assert!(!playing.schedule.hand_over(second, FRAME, Next::Nothing));
        playing.schedule.want(second, 1000 * KIB);
    }
    assert_eq!(playing.next(wire), None);
}

#[test]
fn no_turn_goes_beyond_the_window_and_pushes_leave_a_reserve() {
    // Window, whether a page is there, what a push of 10 KiB gets.
    let table = [
        (0, true, None),
        (0, false, None),
        (1, true, None),
        (1, false, Some(1)),
        (RESERVE, true, None),
        (RESERVE + 1, true, Some(1)),
        (RESERVE + 10 * KIB, true, Some(10 * KIB)),
        (65_535, true, Some(10 * KIB)),
        (5, false, Some(5)),
    ];
    for (window, with_page, expected) in table {
        let wire = Wire {
            window,
            written: 0,
            ahead: 0,
        };
        let mut playing = Playing::of(&[(2, pushed(1, 0), u(0), 10)]);
        if with_page {
            playing.schedule.enter(1, PLAIN, u(3));
        }
        let turn = playing.next(wire).map(|(_, grant)| grant.bytes);
        assert_eq!(turn, expected, "window {window}, page {with_page}");
    }
}

#[test]
fn a_page_goes_on_within_the_reserve_that_its_pushes_must_leave() {
    let wire = Wire {
        window: RESERVE,
        written: 0,
        ahead: 0,
    };
    let responses = [(1, PLAIN, u(3), 20), (2, pushed(1, 0), u(0), 20)];
    let mut playing = Playing::of(&responses);
    let turn = playing.next(wire);
    assert_eq!(
        turn.map(|(stream, turn)| (stream, turn.bytes)),
        Some((1, RESERVE))
    );
    assert_eq!(playing.next(wire), None);
}

#[test]
fn bytes_without_stream_window_do_not_stop_the_others() {
    let wire = Wire {
        window: 1 << 30,
        written: 0,
        ahead: 0,
    };
    let mut playing = Playing::of(&[(1, PLAIN, u(3), 100), (3, PLAIN, u(3), 100)]);
    let first = playing.place(1);
    for _ in 0..2 {
        assert_eq!(playing.next(wire).unwrap().0, 1);
        playing.schedule.hand_over(first, FRAME, Next::Nothing);
        playing.schedule.want(first, FRAME);
    }
    playing.begin((5, PLAIN, u(5), 1));
    playing.schedule.rest(first);
    assert_eq!(playing.next(wire), None);
    playing.schedule.note_stuck(0);
    assert_eq!(playing.next(wire).unwrap().0, 3);
}

#[test]
fn an_unused_turn_is_given_back() {
    let wire = Wire {
        window: FRAME,
        written: 0,
        ahead: 0,
    };
    let mut playing = Playing::of(&[(1, PLAIN, u(3), 16), (3, PLAIN, u(3), 16)]);
    assert_eq!(playing.next(wire).unwrap().0, 1);
    assert_eq!(playing.next(wire), None);
    playing.schedule.leave(playing.place(1));
    assert_eq!(playing.next(wire).unwrap().0, 3);
}

#[test]
fn an_empty_schedule_keeps_no_more_than_a_few_places() {
    let mut schedule = Schedule::default();
    assert_eq!(schedule.entries.capacity(), 0);
    let places: Vec<Place> = (0..250)
        .map(|count| schedule.enter(2 * count + 1, PLAIN, u(3)))
        .collect();
    assert_eq!(schedule.len(), 250);
    for place in places {
        schedule.leave(place);
    }
    assert_eq!((schedule.len(), schedule.entries.capacity()), (0, 0));
}

#[test]
fn what_others_are_gathered_behind_does_not_run_ahead() {
    let under_way = |gathers: bool, leaves: bool| {
        let mut playing = Playing::of(&[(1, PLAIN, u(0), 1024)]);
        let other = playing.schedule.enter(3, PLAIN, u(3));
        if gathers {
            playing.schedule.gather(other);
            playing.schedule.gather(other);
        }
        if leaves {
            playing.schedule.leave(other);
        }
        let wire = Wire {
            window: u64::MAX,
            written: 0,
            ahead: 0,
        };
        while let Some((_, grant)) = playing.next(wire) {
            let place = playing.place(1);
            let next = Next::Bytes(1024 * KIB);
            playing.schedule.hand_over(place, grant.bytes, next);
        }
        playing.schedule.outstanding(0)
    };
    assert_eq!(under_way(false, false), LIMIT_ALONE);
    assert_eq!(under_way(true, false), LIMIT);
    assert_eq!(under_way(true, true), LIMIT_ALONE);
}

#[test]
fn limits_double_where_bytes_are_written_soon_and_are_halved_where_not() {
    let mut schedule = Schedule::default();
    let place = schedule.enter(1, PLAIN, u(3));
    let mut now = Instant::now();
    let mut handed = 0;
    // Milliseconds until what was handed over is written, and what that makes of the limits.
    let table = [
        (0, (2 * LIMIT, 2 * LIMIT_ALONE)),
        (5, (4 * LIMIT, LIMIT_ALONE_MAX)),
        (1, (8 * LIMIT, LIMIT_ALONE_MAX)),
        (1, (8 * LIMIT, LIMIT_ALONE_MAX)),
        (6, (4 * LIMIT, LIMIT_ALONE_MAX)),
        (20, (2 * LIMIT, 2 * LIMIT_ALONE)),
        (20, (LIMIT, LIMIT_ALONE)),
        (20, (LIMIT, LIMIT_ALONE)),
    ];
    assert_eq!(schedule.limits(), (LIMIT, LIMIT_ALONE));
    for (millis, limits) in table {
        let written = handed;
        schedule.hand_over(place, 1000, Next::Nothing);
        handed += 1000;
        schedule.note_flow(written, now);
        now += Duration::from_millis(millis);
        schedule.note_flow(handed, now);
        assert_eq!(schedule.limits(), limits, "after {millis} ms");
        // Nothing new is under way.
        now += Duration::from_secs(1);
        schedule.note_flow(handed, now);
        assert_eq!(schedule.limits(), limits);
    }
}

#[test]
fn only_what_h2_sends_in_order_goes_beyond_the_first_limits() {
    let one_of = |kib| {
        [
            (1, PLAIN, u(3), kib),
            (3, PLAIN, u(3), kib),
            (5, PLAIN, u(3), kib),
        ]
    };
    let push = (2, pushed(1, 0), u(3), 1000);
    // Who wants to send, the stream and KiB of each turn while nothing is written.
    let table: [(&[Response], Turns<'_>); 5] = [
        // Frames of several streams would be mixed.
        (&one_of(1000), &[(1, 16), (1, 128), (1, 112)]),
        (
            &[(1, PLAIN, ui(3), 1000), (3, PLAIN, ui(3), 1000)],
            &[(1, 16), (3, 16)],
        ),
        // Those of one frame each are not.
        (&one_of(10), &[(1, 10), (3, 10), (5, 10)]),
        (&one_of(17), &[(1, 16), (1, 1)]),
        (&[push, (3, PLAIN, u(4), 10)], &[(2, 16), (2, 16)]),
    ];
    for (responses, expected) in table {
        let mut playing = Playing::of(responses);
        playing.schedule.flow.doublings = DOUBLINGS_MAX;
        let wire = Wire {
            window: u64::MAX,
            written: 0,
            ahead: 0,
        };
        let mut turns = Vec::new();
        while let Some((stream, grant)) = playing.next(wire) {
            turns.push((stream, grant.bytes / KIB));
            let mut all = playing.responses.iter_mut();
            let (_, place, left) = all.find(|(of, ..)| *of == stream).unwrap();
            playing
                .schedule
                .hand_over(*place, grant.bytes, Next::Nothing);
            *left -= grant.bytes;
            if *left > 0 {
                playing.schedule.want(*place, *left);
            } else {
                playing.schedule.leave(*place);
            }
        }
        assert_eq!(turns, expected, "{responses:?}");
    }
}

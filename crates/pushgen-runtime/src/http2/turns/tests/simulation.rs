//! Many streams that do what they may in any order, against rules that are stated anew and plainly.

use std::collections::{BTreeSet, VecDeque};

use proptest::prelude::*;

use super::*;
use crate::http2::schedule::{LIMIT, RESERVE};

/// What happens next. A `u8` names one of the streams that are there.
#[derive(Debug, Clone)]
enum Step {
    Begin(Beginning),
    Ask(u8),
    /// Uses so many 256ths of a turn, and one more.
    HandOver(u8, u8),
    Yield(u8),
    Expect(u8),
    End(u8),
    Write(u16),
    Window(u16),
    /// h2 drops what it has of a stream.
    Drop(u8),
    CancelPushes(u8),
    Reprioritize(u8, u8),
}

#[derive(Debug, Clone)]
struct Beginning {
    push_of: Option<u8>,
    urgency: u8,
    incremental: bool,
    head_bytes: u16,
    bytes: u16,
}

fn step() -> impl Strategy<Value = Step> {
    let any = any::<u8>;
    let begin = (
        prop::option::of(any()),
        0_u8..8,
        prop::bool::ANY,
        0_u16..8000,
        1_u16..60_000,
    );
    let begin = begin.prop_map(|(push_of, urgency, incremental, head_bytes, bytes)| {
        Step::Begin(Beginning {
            push_of,
            urgency,
            incremental,
            head_bytes,
            bytes,
        })
    });
    let part = prop_oneof![3 => Just(255), 1 => any()];
    prop_oneof![
        2 => begin,
        8 => any().prop_map(Step::Ask),
        8 => (any(), part).prop_map(|(which, part)| Step::HandOver(which, part)),
        1 => any().prop_map(Step::Yield),
        1 => any().prop_map(Step::Expect),
        1 => any().prop_map(Step::End),
        5 => (0_u16..).prop_map(Step::Write),
        2 => (0_u16..).prop_map(Step::Window),
        1 => any().prop_map(Step::Drop),
        1 => any().prop_map(Step::CancelPushes),
        1 => (any(), 0_u8..8).prop_map(|(which, urgency)| Step::Reprioritize(which, urgency)),
    ]
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Does {
    Nothing,
    IsExpected,
    Waits,
    HasTurn(usize),
    HasSent,
}

struct Stream {
    id: u32,
    /// `None` when it has ended.
    response: Option<Response>,
    page: Option<u32>,
    order: u32,
    urgency: u8,
    by_client: bool,
    incremental: bool,
    head_left: usize,
    left: usize,
    does: Does,
    is_cancelled: bool,
}

impl Stream {
    fn response(&mut self) -> &mut Response {
        self.response.as_mut().unwrap()
    }
}

struct World {
    connection: Connection,
    turns: Turns,
    streams: Vec<Stream>,
    /// What h2 has.
    queue: VecDeque<(u32, Handed)>,
    window: usize,
}

/// The rules.
impl World {
    fn under_way(&self) -> usize {
        let bytes = self.queue.iter().map(|(_, handed)| handed.remaining());
        bytes.sum()
    }

    fn granted(&self) -> usize {
        let turns = self.streams.iter().map(|stream| match stream.does {
            Does::HasTurn(bytes) => bytes,
            _ => 0,
        });
        turns.sum()
    }

    fn present(&self) -> impl Iterator<Item = &Stream> {
        let streams = self.streams.iter();
        streams.filter(|stream| stream.response.is_some())
    }

    fn waiting(&self) -> impl Iterator<Item = &Stream> {
        self.present().filter(|stream| stream.does == Does::Waits)
    }

    fn pushes_of(&self, page: u32) -> impl Iterator<Item = &Stream> {
        self.present()
            .filter(move |push| push.page == Some(page) && !push.is_cancelled)
    }

    /// The urgency of a push before anything is inherited. Pages stay known after their end.
    fn own_urgency(&self, push: &Stream) -> u8 {
        let mut streams = self.streams.iter();
        let page = streams.find(|stream| Some(stream.id) == push.page);
        match page.unwrap().urgency {
            page @ 4.. => push.urgency.max(page),
            _ if push.urgency > 3 => push.urgency,
            page => push.urgency.min(page),
        }
    }

    fn urgency(&self, stream: &Stream) -> u8 {
        match stream.page {
            Some(_) if stream.by_client => stream.urgency,
            Some(page) => self
                .pushes_of(page)
                .filter(|push| !push.by_client && push.order >= stream.order)
                .map(|push| self.own_urgency(push))
                .min()
                .unwrap(),
            None if stream.head_left > 0 => self
                .pushes_of(stream.id)
                .map(|push| self.urgency(push))
                .fold(stream.urgency, u8::min),
            None => stream.urgency,
        }
    }

    fn window_for(&self, stream: &Stream) -> usize {
        let left = self.window - self.under_way() - self.granted();
        let leaves_reserve = self.present().any(|main| main.page.is_none());
        if stream.page.is_some() && leaves_reserve {
            left.saturating_sub(RESERVE as usize)
        } else {
            left
        }
    }

    fn is_right(&self, goes: &Stream, waits: &Stream) -> bool {
        let (first, second) = (self.urgency(goes), self.urgency(waits));
        let is_in_order = |stream: &Stream| {
            stream.page.is_none() && !stream.incremental && self.pushes_of(stream.id).count() == 0
        };
        first < second
            || first == second
                && (goes.id < waits.id || !is_in_order(goes) || !is_in_order(waits))
                && (goes.order < waits.order || goes.page.is_none() || goes.page != waits.page)
    }
}

/// What happens.
impl World {
    fn begun() -> Self {
        let (connection, turns) = connection();
        Self {
            connection,
            turns,
            streams: Vec::new(),
            queue: VecDeque::new(),
            window: 65_535,
        }
    }

    fn find(&mut self, which: u8) -> Option<&mut Stream> {
        let count = self.present().count();
        let streams = self.streams.iter_mut();
        let mut present = streams.filter(|stream| stream.response.is_some());
        present.nth(usize::from(which).checked_rem(count)?)
    }

    fn step(&mut self, step: &Step) {
        if let Step::Begin(beginning) = step {
            return self.begin(beginning);
        }
        if let Step::Write(bytes) = step {
            return self.write(usize::from(*bytes));
        }
        if let Step::Window(bytes) = step {
            return self.grant_window(*bytes);
        }
        let (Step::Ask(which)
        | Step::HandOver(which, _)
        | Step::Yield(which)
        | Step::Expect(which)
        | Step::End(which)
        | Step::Drop(which)
        | Step::CancelPushes(which)
        | Step::Reprioritize(which, _)) = *step
        else {
            return;
        };
        let Some(stream) = self.find(which) else {
            return;
        };
        let id = stream.id;
        match *step {
            Step::Ask(_) => self.ask(which),
            Step::HandOver(_, part) => self.hand_over(which, part),
            Step::Yield(_) => {
                stream.response().turn.yield_turn();
                stream.does = Does::Nothing;
            }
            Step::Expect(_) => {
                stream.response().turn.expect_data();
                if let Does::Nothing | Does::HasSent = stream.does {
                    stream.does = Does::IsExpected;
                }
            }
            Step::End(_) => {
                stream.does = Does::Nothing;
                stream.response = None;
            }
            Step::Drop(_) => self.queue.retain(|(of, _)| *of != id),
            Step::CancelPushes(_) => {
                self.turns.cancel_pushes_of(id);
                for stream in &mut self.streams {
                    if stream.page == Some(id) && stream.response.is_some() {
                        stream.is_cancelled = true;
                        stream.does = Does::Nothing;
                    }
                }
            }
            Step::Reprioritize(_, urgency) => {
                stream.urgency = urgency;
                stream.by_client = true;
                let priority = Priority {
                    urgency: Some(urgency),
                    incremental: stream.incremental,
                };
                self.turns.reprioritize(id, priority);
            }
            Step::Begin(_) | Step::Write(_) | Step::Window(_) => {}
        }
    }

    fn begin(&mut self, beginning: &Beginning) {
        if self.present().count() == 12 {
            return;
        }
        let page = beginning.push_of.and_then(|which| self.find(which));
        let page = page.filter(|page| page.page.is_none()).map(|page| page.id);
        let order = u32::try_from(self.streams.len()).unwrap();
        let head_bytes = beginning.head_bytes;
        let role = match page {
            Some(parent) => Role::Pushed { parent, order },
            None => Role::Main {
                head_bytes: u64::from(head_bytes),
            },
        };
        let priority = Priority {
            urgency: Some(beginning.urgency),
            incremental: beginning.incremental,
        };
        let id = 2 * order + 2 - u32::from(page.is_none());
        self.streams.push(Stream {
            id,
            response: Some(Response::begin(&self.turns, id, role, priority)),
            page,
            order,
            urgency: beginning.urgency,
            by_client: false,
            incremental: beginning.incremental,
            head_left: usize::from(head_bytes),
            left: usize::from(beginning.bytes),
            does: Does::Nothing,
            is_cancelled: false,
        });
    }

    fn ask(&mut self, which: u8) {
        let Some(stream) = self.find(which).filter(|stream| stream.left > 0) else {
            return;
        };
        let wanted = stream.left;
        match stream.response().asks(wanted) {
            Poll::Pending => stream.does = Does::Waits,
            Poll::Ready(Ok(bytes)) => stream.does = Does::HasTurn(bytes),
            Poll::Ready(Err(Cancelled)) => assert!(stream.is_cancelled),
        }
    }

    fn hand_over(&mut self, which: u8, part: u8) {
        let Some(stream) = self.find(which) else {
            return;
        };
        let Does::HasTurn(turn) = stream.does else {
            return;
        };
        let bytes = (turn * (usize::from(part) + 1) / 256).max(1);
        let handed = Bytes::from(vec![0; bytes]);
        stream.left -= bytes;
        // Some say at once what they want next, and ask for it then.
        let goes_on = stream.left > 0 && part % 2 == 1 && stream.id % 4 < 2;
        let next = match goes_on {
            true => Next::Bytes(stream.left as u64),
            false => Next::Nothing,
        };
        let handed = stream.response().turn.hand_over(handed, next);
        stream.head_left = stream.head_left.saturating_sub(bytes);
        stream.does = Does::HasSent;
        let id = stream.id;
        self.queue.push_back((id, handed));
        if goes_on {
            self.ask(which);
        }
    }

    fn write(&mut self, mut bytes: usize) {
        while bytes > 0
            && let Some((stream, handed)) = self.queue.front_mut()
        {
            let length = bytes.min(handed.remaining());
            let payload = handed.copy_to_bytes(length);
            self.connection.sends(&frame(DATA, 0, *stream, &payload));
            self.window -= length;
            bytes -= length;
            if !handed.has_remaining() {
                self.queue.pop_front();
            }
        }
    }

    fn grant_window(&mut self, bytes: u16) {
        if bytes > 0 {
            self.window += usize::from(bytes);
            let update = window_update(0, u32::from(bytes));
            self.connection.receives(&update);
        }
    }

    /// Every stream sends what it has left.
    fn finish(&mut self) {
        for _ in 0..10_000 {
            let present = u8::try_from(self.present().count()).unwrap();
            for which in 0..present {
                self.check_after(|world| world.ask(which));
                self.check_after(|world| world.hand_over(which, 255));
            }
            for index in 0..self.streams.len() {
                self.check_after(|world| {
                    let stream = &mut world.streams[index];
                    if stream.left == 0 || stream.is_cancelled {
                        stream.does = Does::Nothing;
                        stream.response = None;
                    }
                });
            }
            if present == 0 {
                break;
            }
            self.check_after(|world| world.write(20_000));
            self.check_after(|world| world.grant_window(10_000));
        }
        assert_eq!(self.present().count(), 0, "all bytes come out");
        self.write(usize::MAX);
        assert_eq!(self.turns.outstanding(), 0);
        assert!(self.turns.is_empty());
        assert_eq!(self.turns.0.ahead.load(Ordering::Relaxed), 0);
        let window = self.connection.observations.connection_window();
        assert_eq!(usize::try_from(window).unwrap(), self.window);
    }

    /// Does something, lets the connection's task run, and checks the turns that were given.
    fn check_after(&mut self, act: impl FnOnce(&mut Self)) {
        let had_turn = |stream: &Stream| matches!(stream.does, Does::HasTurn(_));
        let had_turn = self.streams.iter().filter(|stream| had_turn(stream));
        let had_turn: BTreeSet<u32> = had_turn.map(|stream| stream.id).collect();
        act(self);
        self.turns.advance();
        for stream in &mut self.streams {
            let Some(response) = &stream.response else {
                continue;
            };
            let wakes = response.wakes.take();
            let grant = self.turns.0.lock().schedule.grant(response.turn.place);
            match (stream.does, grant) {
                (Does::Waits, Some(grant)) => {
                    assert_eq!(wakes, 1, "stream {} has a turn", stream.id);
                    stream.does = Does::HasTurn(usize::try_from(grant.bytes).unwrap());
                }
                (does, grant) => {
                    assert_eq!(matches!(does, Does::HasTurn(_)), grant.is_some());
                    assert!(wakes == 0 || stream.is_cancelled);
                }
            }
        }

        let under_way = self.under_way();
        let promised = under_way + self.granted();
        assert_eq!(self.turns.outstanding(), under_way);
        assert!(promised <= self.window, "the window");
        let (limit, limit_alone) = self.turns.0.lock().schedule.limits();
        let limit = usize::try_from(limit).unwrap();
        let most = limit + usize::try_from(limit_alone).unwrap();
        assert!(promised <= most, "the limit");
        let ahead = usize::try_from(self.turns.0.ahead.load(Ordering::Relaxed)).unwrap();
        assert!(under_way - ahead <= limit);

        for stream in &self.streams {
            if matches!(stream.does, Does::HasTurn(_)) && !had_turn.contains(&stream.id) {
                for waiting in self.waiting() {
                    let may = self.is_right(stream, waiting) || self.window_for(waiting) == 0;
                    assert!(may, "{} before {}", stream.id, waiting.id);
                }
            }
        }
        let is_held = self.present().any(|stream| match stream.does {
            Does::Nothing | Does::Waits => false,
            Does::HasSent => promised > 0,
            Does::IsExpected | Does::HasTurn(_) => true,
        });
        // A push may have to wait until its page's head is written, the page until its pushes nearly are.
        let is_of_group = |stream: &Stream| {
            let mut streams = self.streams.iter();
            stream.page.is_some() || streams.any(|push| push.page == Some(stream.id))
        };
        let waits_for_group = self.waiting().any(is_of_group) && under_way > 0;
        // What is next in order waits until there is one frame left of what goes before it.
        let written = self.turns.0.observations.data_written();
        let follows = self.turns.0.lock().schedule.has_tail(written);
        let is_held = is_held || waits_for_group || follows;
        let has_room = under_way - ahead + 16_384 <= LIMIT as usize;
        if !is_held && has_room {
            for waiting in self.waiting() {
                assert_eq!(self.window_for(waiting), 0, "{} may go", waiting.id);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn turns_keep_to_the_rules(steps in prop::collection::vec(step(), 1..200)) {
        let mut world = World::begun();
        for step in &steps {
            world.check_after(|world| world.step(step));
        }
        world.finish();
    }
}

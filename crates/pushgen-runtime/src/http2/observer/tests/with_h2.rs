//! The observer between `h2` and a client.
//!
//! The first half polls the server by hand, and only when it was woken, against a client that is
//! nothing but bytes: each step of a race is where the test puts it, and a wake-up that is lost
//! shows as an answer that never comes. The dangers D1 (promised ids out of order) and D11 (promises
//! after a client has forbidden them) are shown to be there without the cork.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::AtomicBool;

use h2::server::SendResponse;
use http::{Request, Response};
use tokio::io::{Join, ReadHalf, SimplexStream, WriteHalf, join, simplex};

use super::*;
use crate::http2::frames::{FramePiece, FrameScanner, FrameType};

/// What a server under test heeds.
#[derive(Debug, Clone, Copy)]
struct Rules {
    /// It takes a slot for each promise, which corks the input.
    cork: bool,
    /// It promises for one page at a time, when [`Observations::may_promise`] says so.
    one_page_at_a_time: bool,
}

const ALL_RULES: Rules = Rules {
    cork: true,
    one_page_at_a_time: true,
};

const PUSHES: u32 = 3;

/// A server that pushes for every page but the first, which is one large DATA frame.
struct PageServer<Io> {
    connection: h2::server::Connection<Observed<Io>, Bytes>,
    observations: Arc<Observations>,
    slots: Slots,
    rules: Rules,
    pages: VecDeque<SendResponse<Bytes>>,
    /// Pages are taken in but not answered.
    holds_pages: bool,
    /// Pages wait until so many slots are available.
    slots_per_page: u32,
    /// Why pages were answered without their pushes.
    refusals: Vec<NoPromise>,
}

impl<Io: AsyncRead + AsyncWrite + Unpin> PageServer<Io> {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<(), h2::Error>> {
        loop {
            while !self.holds_pages
                && self.slots.available() >= self.slots_per_page
                && (!self.rules.one_page_at_a_time || self.observations.may_promise())
                && let Some(page) = self.pages.pop_front()
            {
                self.answer(page);
            }
            match self.connection.poll_accept(context) {
                Poll::Ready(Some(Ok((_, page)))) => self.pages.push_back(page),
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(error)),
                Poll::Ready(None) => return Poll::Ready(Ok(())),
                Poll::Pending => {
                    if self.observations.poll_change(context).is_pending() {
                        return Poll::Pending;
                    }
                }
            }
        }
    }

    fn answer(&mut self, mut page: SendResponse<Bytes>) {
        let parent = u32::from(page.stream_id());
        let mut context = Context::from_waker(Waker::noop());
        if page.poll_reset(&mut context).is_ready() {
            return;
        }
        let is_first = parent == 1;
        if !is_first {
            for _ in 0..PUSHES {
                let slot = if self.rules.cork {
                    match self.slots.take() {
                        Ok(slot) => Some(slot),
                        Err(reason) => {
                            self.refusals.push(reason);
                            break;
                        }
                    }
                } else {
                    None
                };
                let request = Request::get("http://a/app.css").body(()).unwrap();
                let Ok(mut push) = page.push_request(request) else {
                    break;
                };
                if let Some(slot) = slot {
                    slot.promised(parent, u32::from(push.stream_id()));
                }
                let mut body = push.send_response(Response::new(()), false).unwrap();
                body.send_data(Bytes::from_static(&[b'p'; 100]), true)
                    .unwrap();
            }
        }
        let mut body = page.send_response(Response::new(()), false).unwrap();
        let length = if is_first { 16_000 } else { 100 };
        body.send_data(Bytes::from(vec![b'm'; length]), true)
            .unwrap();
    }
}

/// Set when the server is to be polled.
#[derive(Debug)]
struct IsWoken(AtomicBool);

impl Wake for IsWoken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A server and the two ends of a client made of bytes. What the server writes fits a pipe of 1 KiB
/// until the client reads.
struct Exchange {
    server: PageServer<Join<ReadHalf<SimplexStream>, WriteHalf<SimplexStream>>>,
    is_woken: Arc<IsWoken>,
    to_server: WriteHalf<SimplexStream>,
    from_server: ReadHalf<SimplexStream>,
    has_ended: bool,
}

impl Exchange {
    fn begin(rules: Rules) -> Self {
        let (server_reads, mut to_server) = simplex(1 << 16);
        let (from_server, server_writes) = simplex(1 << 10);
        let observed = Observed::new(join(server_reads, server_writes));
        let observations = Arc::clone(observed.observations());
        let mut context = Context::from_waker(Waker::noop());
        let preface = [PREFACE, &settings(&[])].concat();
        let written = Pin::new(&mut to_server).poll_write(&mut context, &preface);
        assert!(matches!(written, Poll::Ready(Ok(length)) if length == preface.len()));
        let handshake = pin!(h2::server::handshake(observed));
        let Poll::Ready(Ok(connection)) = handshake.poll(&mut context) else {
            panic!("the handshake needs no more than the preface");
        };
        let mut exchange = Self {
            server: PageServer {
                connection,
                slots: Slots::new(Arc::clone(&observations), 100),
                observations,
                rules,
                pages: VecDeque::new(),
                holds_pages: false,
                slots_per_page: 0,
                refusals: Vec::new(),
            },
            is_woken: Arc::new(IsWoken(AtomicBool::new(true))),
            to_server,
            from_server,
            has_ended: false,
        };
        exchange.run();
        exchange
    }

    /// The client does not read, and a large answer fills its pipe.
    fn begin_blocked(rules: Rules) -> Self {
        let mut exchange = Self::begin(rules);
        exchange.client_sends(&get(1));
        assert!(exchange.server.observations.write_stalled_since().is_some());
        exchange
    }

    /// Polls the server while it is woken.
    fn run(&mut self) {
        let waker = Waker::from(Arc::clone(&self.is_woken));
        while self.is_woken.0.swap(false, Ordering::Relaxed) && !self.has_ended {
            let mut context = Context::from_waker(&waker);
            if let Poll::Ready(result) = self.server.poll(&mut context) {
                result.unwrap();
                self.has_ended = true;
            }
        }
    }

    fn client_sends(&mut self, bytes: &[u8]) {
        let mut context = Context::from_waker(Waker::noop());
        let written = Pin::new(&mut self.to_server).poll_write(&mut context, bytes);
        assert!(matches!(written, Poll::Ready(Ok(length)) if length == bytes.len()));
        self.run();
    }

    /// The client reads all that the server has to say.
    fn client_reads(&mut self) -> Vec<Sent> {
        let mut bytes = Vec::new();
        let mut storage = [0; 4096];
        let mut context = Context::from_waker(Waker::noop());
        loop {
            let mut buffer = ReadBuf::new(&mut storage);
            let read = Pin::new(&mut self.from_server).poll_read(&mut context, &mut buffer);
            let is_closed = read.is_ready() && buffer.filled().is_empty();
            if read.is_pending() || is_closed {
                return Sent::list(&bytes);
            }
            bytes.extend(buffer.filled());
            self.run();
        }
    }
}

fn get(stream: u32) -> Vec<u8> {
    // GET http://a/ in HPACK: three entries of the static table, one literal.
    let fields = [0x82, 0x86, 0x84, 0x41, 1, b'a'];
    frame(HEADERS, END_HEADERS | END_STREAM, stream, &fields)
}

/// A frame of the server, as far as these tests care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sent {
    Promise(u32),
    SettingsAck,
    Response(u32),
    GoAway,
}

impl Sent {
    fn list(bytes: &[u8]) -> Vec<Self> {
        let mut sent = Vec::new();
        let mut is_promise = false;
        FrameScanner::new().scan(bytes, |piece| match piece {
            FramePiece::Head(head) => {
                is_promise = head.kind == FrameType::PushPromise;
                match head.kind {
                    FrameType::Settings if head.is_ack() => sent.push(Self::SettingsAck),
                    FrameType::Headers => sent.push(Self::Response(head.stream)),
                    FrameType::GoAway => sent.push(Self::GoAway),
                    _ => {}
                }
            }
            FramePiece::Payload(bytes) if is_promise => {
                let id = u32::from_be_bytes(*bytes.first_chunk().unwrap());
                sent.push(Self::Promise(id));
            }
            _ => {}
        });
        sent
    }
}

fn promised(sent: &[Sent]) -> Vec<u32> {
    let ids = sent.iter().filter_map(|sent| match sent {
        Sent::Promise(id) => Some(*id),
        _ => None,
    });
    ids.collect()
}

fn promises_after_the_last_ack(sent: &[Sent]) -> usize {
    let last_ack = sent.iter().rposition(|sent| *sent == Sent::SettingsAck);
    promised(&sent[last_ack.unwrap()..]).len()
}

/// Answers to requests, which have odd ids.
fn answers(sent: &[Sent]) -> usize {
    let is_answer = |sent: &&Sent| matches!(sent, Sent::Response(id) if id % 2 == 1);
    sent.iter().filter(is_answer).count()
}

/// Twenty pages asked for while the writer is blocked, and then, perhaps, no pushes wanted any more.
fn twenty_pages(rules: Rules, then_disable: bool) -> (Vec<Sent>, Exchange) {
    let mut exchange = Exchange::begin_blocked(rules);
    let pages: Vec<u8> = (1..=20).flat_map(|page| get(2 * page + 1)).collect();
    exchange.client_sends(&pages);
    if then_disable {
        exchange.client_sends(&settings(&[(ENABLE_PUSH, 0)]));
    }
    let sent = exchange.client_reads();
    assert_eq!(answers(&sent), 21);
    (sent, exchange)
}

#[test]
fn promised_ids_rise_although_the_writer_was_blocked() {
    let (sent, exchange) = twenty_pages(ALL_RULES, false);
    let expected: Vec<u32> = (1..=20 * PUSHES).map(|count| 2 * count).collect();
    assert_eq!(promised(&sent), expected);
    assert_eq!(exchange.server.slots.taken(), 0);
    assert_eq!(exchange.server.observations.promises_written(), 60);
    assert_eq!(
        exchange.server.observations.data_written(),
        16_000 + 80 * 100
    );
}

#[test]
fn promised_ids_do_not_rise_if_pages_are_not_taken_one_at_a_time() {
    for cork in [false, true] {
        let rules = Rules {
            cork,
            one_page_at_a_time: false,
        };
        let (sent, _) = twenty_pages(rules, false);
        let ids = promised(&sent);
        assert_eq!(ids.len(), 60);
        assert!(!ids.is_sorted(), "{ids:?}");
    }
}

#[test]
fn no_promise_follows_the_acknowledgement_of_settings_that_forbid_it() {
    let (sent, exchange) = twenty_pages(ALL_RULES, true);
    let ids = promised(&sent);
    assert!(!ids.is_empty() && ids.is_sorted());
    assert_eq!(promises_after_the_last_ack(&sent), 0);
    let refused = 20 - ids.len() / PUSHES as usize;
    assert_eq!(exchange.server.refusals, vec![NoPromise::Disabled; refused]);
}

#[test]
fn promises_follow_that_acknowledgement_without_the_cork() {
    let rules = Rules {
        cork: false,
        one_page_at_a_time: false,
    };
    let (sent, _) = twenty_pages(rules, true);
    assert!(promises_after_the_last_ack(&sent) > 50);
}

#[test]
fn pushes_come_back_when_the_client_allows_them_again() {
    let mut exchange = Exchange::begin(ALL_RULES);
    let table = [(1, 3, 3), (0, 5, 0), (0, 7, 0), (1, 9, 3)];
    for (enable_push, stream, pushes) in table {
        exchange.client_sends(&settings(&[(ENABLE_PUSH, enable_push)]));
        exchange.client_sends(&get(stream));
        let sent = exchange.client_reads();
        assert_eq!((promised(&sent).len(), answers(&sent)), (pushes, 1));
    }
}

#[test]
fn no_promise_follows_the_clients_goaway() {
    let mut exchange = Exchange::begin(ALL_RULES);
    exchange.server.holds_pages = true;
    exchange.client_sends(&get(3));
    exchange.client_sends(&goaway(0, 0));
    exchange.server.holds_pages = false;
    exchange.is_woken.0.store(true, Ordering::Relaxed);
    exchange.run();
    let sent = exchange.client_reads();
    assert_eq!((promised(&sent).len(), answers(&sent)), (0, 1));
    assert_eq!(exchange.server.refusals, [NoPromise::GoingAway]);
    assert!(exchange.has_ended);
}

/// h2 stops reading at the second PING, because the answer to the first does not fit; the reset
/// behind it is read but not acted on.
#[test]
fn a_reset_that_h2_has_not_acted_on_loses_no_promise() {
    let outcome = |one_page_at_a_time| {
        let mut exchange = Exchange::begin_blocked(Rules {
            cork: true,
            one_page_at_a_time,
        });
        exchange.server.holds_pages = true;
        exchange.client_sends(&get(3));
        let ping = frame(PING, 0, 0, &[0; 8]);
        exchange.client_sends(&[&ping[..], &ping, &rst_stream(3, CANCEL)].concat());
        exchange.server.holds_pages = false;
        exchange.is_woken.0.store(true, Ordering::Relaxed);
        exchange.run();
        exchange.client_reads();
        exchange.client_sends(&get(5));
        let sent = exchange.client_reads();
        (promised(&sent).len(), answers(&sent))
    };
    assert_eq!(outcome(true), (PUSHES as usize, 1));
    // Otherwise the promises are dropped inside h2, and the cork waits for them for ever.
    assert_eq!(outcome(false), (0, 0));
}

/// Why a promise is made only on a parent without queued DATA: the window that the DATA waits for
/// comes in a frame that the cork keeps out.
#[test]
fn a_promise_behind_data_without_window_is_never_written() {
    let mut exchange = Exchange::begin(ALL_RULES);
    exchange.server.holds_pages = true;
    exchange.client_sends(&settings(&[(INITIAL_WINDOW_SIZE, 0)]));
    exchange.client_sends(&get(3));
    let mut page = exchange.server.pages.pop_front().unwrap();
    let mut body = page.send_response(Response::new(()), false).unwrap();
    body.send_data(Bytes::from_static(b"body"), false).unwrap();
    let slot = exchange.server.slots.take().unwrap();
    let request = Request::get("http://a/app.css").body(()).unwrap();
    let push = page.push_request(request).unwrap();
    slot.promised(3, u32::from(push.stream_id()));
    exchange.run();
    exchange.client_sends(&frame(WINDOW_UPDATE, 0, 3, &[0, 0, 1, 0]));
    assert_eq!(promised(&exchange.client_reads()), [0u32; 0]);
    assert!(exchange.server.observations.corked_since().is_some());
}

#[test]
fn a_push_that_the_client_cancels_frees_its_slot() {
    let mut exchange = Exchange::begin_blocked(ALL_RULES);
    // The stream's window is too small for the bodies, so that they stay open.
    exchange.client_reads();
    exchange.client_sends(&settings(&[(INITIAL_WINDOW_SIZE, 10)]));
    exchange.client_sends(&get(3));
    let ids = promised(&exchange.client_reads());
    assert_eq!(ids, [2, 4, 6]);
    assert_eq!(exchange.server.slots.taken(), 3);
    for (left, id) in [(2, 4), (1, 2), (0, 6)] {
        exchange.client_sends(&rst_stream(id, CANCEL));
        assert_eq!(exchange.server.slots.taken(), left);
    }
    let closed = exchange.server.observations.take_closed();
    let by = ClosedBy::Peer(CANCEL);
    assert_eq!(closed, [4, 2, 6].map(|stream| ClosedPush { stream, by }));
}

/// Fifty pages at once with few slots, so that most of them wait for pushes to end. The clock is
/// paused: if everything waits, the time limit passes at once.
#[tokio::test(start_paused = true)]
async fn fifty_pages_at_once_reach_an_h2_client_with_all_their_pushes() {
    const PAGES: usize = 50;
    for buffer in [64, 1 << 10, 1 << 16] {
        let (client_io, server_io) = tokio::io::duplex(buffer);
        let observed = Observed::new(server_io);
        let observations = Arc::clone(observed.observations());
        let server_observations = Arc::clone(&observations);
        let server = tokio::spawn(async move {
            let connection = h2::server::handshake(observed).await.unwrap();
            let mut server = PageServer {
                connection,
                slots: Slots::new(Arc::clone(&server_observations), 4),
                observations: server_observations,
                rules: ALL_RULES,
                pages: VecDeque::new(),
                holds_pages: false,
                slots_per_page: PUSHES,
                refusals: Vec::new(),
            };
            poll_fn(|context| server.poll(context)).await.unwrap();
            server.refusals
        });

        let (client, connection) = h2::client::handshake(client_io).await.unwrap();
        tokio::spawn(async move { connection.await.unwrap() });
        let mut tasks = Vec::new();
        for _ in 0..PAGES {
            let mut client = client.clone().ready().await.unwrap();
            let request = Request::get("http://a/").body(()).unwrap();
            let (mut response, _) = client.send_request(request, true).unwrap();
            tasks.push(tokio::spawn(async move {
                let mut promises = response.push_promises();
                let mut pushes = 0;
                read_to_end(response.await.unwrap()).await;
                while let Some(promise) = promises.push_promise().await {
                    let (_, response) = promise.unwrap().into_parts();
                    read_to_end(response.await.unwrap()).await;
                    pushes += 1;
                }
                pushes
            }));
        }
        let limit = Duration::from_secs(60);
        let mut pushes = 0;
        for task in tasks {
            pushes += tokio::time::timeout(limit, task).await.unwrap().unwrap();
        }
        drop(client);
        let refusals = tokio::time::timeout(limit, server).await.unwrap().unwrap();
        assert_eq!(refusals, []);
        // The first page has none.
        let expected = (PAGES as u32 - 1) * PUSHES;
        assert_eq!(pushes, expected);
        assert_eq!(observations.promises_written(), u64::from(expected));
        assert_eq!(observations.highest_promised(), 2 * expected);
    }
}

async fn read_to_end(response: Response<h2::RecvStream>) {
    let mut body = response.into_body();
    while let Some(bytes) = body.data().await {
        let length = bytes.unwrap().len();
        body.flow_control().release_capacity(length).unwrap();
    }
}

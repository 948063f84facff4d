//! Turns under h2: the order of DATA on the wire, and windows that the client gives as a test says.
//!
//! The client is nothing but bytes. The server's pipe to it is small, so that DATA waits in h2.

use std::future::poll_fn;

use h2::server::SendResponse;
use h2::{Reason, SendStream};
use http::{Request, Response as Head};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf, duplex, split};

use super::*;
use crate::http2::frames::{FramePiece, FrameScanner, FrameType};
use crate::http2::observer::Observed;

const INITIAL_WINDOW_SIZE: u16 = 4;
const KIB: usize = 1024;

/// What a request is answered with: path, urgency, bytes, bytes of the head, pushes.
struct Answer {
    path: &'static str,
    urgency: u8,
    incremental: bool,
    bytes: usize,
    head_bytes: u64,
    pushes: &'static [(u8, usize)],
}

const PAGE: Answer = Answer {
    path: "/page",
    urgency: 3,
    incremental: false,
    bytes: 40 * KIB,
    head_bytes: 4 * KIB as u64,
    pushes: &[(1, 30 * KIB), (5, 20 * KIB)],
};

const fn plain(path: &'static str, urgency: u8, bytes: usize) -> Answer {
    Answer {
        path,
        urgency,
        incremental: false,
        bytes,
        head_bytes: 0,
        pushes: &[],
    }
}

/// Sends a body as it is meant to be sent.
async fn send_body(mut turn: Turn, mut stream: SendStream<Handed>, mut body: Bytes) {
    loop {
        let Ok(granted) = poll_fn(|context| turn.poll_turn(context, body.len())).await else {
            return stream.send_reset(Reason::CANCEL);
        };
        stream.reserve_capacity(granted);
        let capacity = stream.capacity().min(granted);
        if capacity == 0 {
            turn.yield_turn();
            stream.reserve_capacity(1);
            while stream.capacity() == 0 {
                let window = poll_fn(|context| stream.poll_capacity(context)).await;
                let Some(Ok(_)) = window else { return };
            }
            continue;
        }
        let handed = turn.hand_over(body.split_to(capacity), Next::Nothing);
        stream.send_data(handed, body.is_empty()).unwrap();
        if body.is_empty() {
            return;
        }
    }
}

fn answer(turns: &Turns, answer: &Answer, mut response: SendResponse<Handed>) {
    let parent = u32::from(response.stream_id());
    let role = Role::Main {
        head_bytes: answer.head_bytes,
    };
    let mut bodies = Vec::new();
    for (order, (urgency, bytes)) in (0..).zip(answer.pushes) {
        let request = Request::get("http://a/pushed").body(()).unwrap();
        let mut push = response.push_request(request).unwrap();
        let stream = push.send_response(Head::new(()), false).unwrap();
        let role = Role::Pushed { parent, order };
        let turn = turns.enter(push.stream_id().into(), role, u(*urgency));
        bodies.push((turn, stream, *bytes));
    }
    let stream = response.send_response(Head::new(()), false).unwrap();
    let priority = Priority {
        incremental: answer.incremental,
        ..u(answer.urgency)
    };
    let turn = turns.enter(parent, role, priority);
    bodies.push((turn, stream, answer.bytes));
    for (mut turn, stream, bytes) in bodies {
        turn.expect_data();
        tokio::spawn(send_body(turn, stream, Bytes::from(vec![0; bytes])));
    }
}

type Begin = fn(Arc<Observations>) -> Turns;

async fn serve(io: DuplexStream, begin: Begin, answers: Vec<Answer>) {
    let observed = Observed::new(io);
    let turns = begin(Arc::clone(observed.observations()));
    let builder = h2::server::Builder::new();
    let mut connection = builder.handshake(observed).await.unwrap();
    let served = poll_fn(|context| {
        loop {
            let accepted = connection.poll_accept(context);
            turns.advance();
            match accepted {
                Poll::Ready(Some(Ok((request, response)))) => {
                    let mut answers = answers.iter();
                    let path = request.uri().path();
                    let found = answers.find(|answer| answer.path == path);
                    answer(&turns, found.unwrap(), response);
                }
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(error)),
                Poll::Ready(None) => return Poll::Ready(Ok(())),
                Poll::Pending => return Poll::Pending,
            }
        }
    });
    // However it ends: the tests look at what was sent.
    let _ = served.await;
    turns.close();
    drop(connection);
}

/// DATA of one stream that came in a row.
type Run = (u32, usize);

struct Client {
    to_server: WriteHalf<DuplexStream>,
    from_server: ReadHalf<DuplexStream>,
    scanner: FrameScanner,
    /// The DATA frame in progress.
    stream: Option<u32>,
    runs: Vec<Run>,
}

impl Client {
    async fn begin(initial_window: u32, answers: Vec<Answer>) -> Self {
        Self::begin_with(Turns::new, initial_window, answers).await
    }

    async fn begin_with(begin: Begin, initial_window: u32, answers: Vec<Answer>) -> Self {
        let (client, server) = duplex(4 * KIB);
        tokio::spawn(serve(server, begin, answers));
        let (from_server, to_server) = split(client);
        let mut client = Self {
            to_server,
            from_server,
            scanner: FrameScanner::new(),
            stream: None,
            runs: Vec::new(),
        };
        client.sends(PREFACE).await;
        let settings = settings(&[(INITIAL_WINDOW_SIZE, initial_window)]);
        client.sends(&settings).await;
        client
    }

    async fn sends(&mut self, bytes: &[u8]) {
        self.to_server.write_all(bytes).await.unwrap();
    }

    async fn asks(&mut self, stream: u32, path: &str) {
        // GET http://a with the path as a literal (RFC 7541, section 6.2.2).
        let mut fields = vec![0x82, 0x86, 0x04, u8::try_from(path.len()).unwrap()];
        fields.extend(path.as_bytes());
        fields.extend([0x41, 1, b'a']);
        let flags = END_HEADERS | END_STREAM;
        self.sends(&frame(HEADERS, flags, stream, &fields)).await;
    }

    async fn gives(&mut self, stream: u32, window: usize) {
        let increment = u32::try_from(window).unwrap();
        self.sends(&window_update(stream, increment)).await;
    }

    /// Lets the server do all that it can without the client.
    async fn rests(&self) {
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
    }

    /// Reads until so many bytes of DATA have come, or all that come without another word.
    async fn reads(&mut self, limit: usize) -> usize {
        let mut storage = [0; 2 * KIB];
        let mut count = 0;
        while count < limit {
            self.rests().await;
            let read = self.from_server.read(&mut storage);
            let read = tokio::select! {
                biased;
                read = read => read.unwrap(),
                () = std::future::ready(()) => 0,
            };
            if read == 0 {
                break;
            }
            let (stream, runs) = (&mut self.stream, &mut self.runs);
            self.scanner.scan(&storage[..read], |piece| match piece {
                FramePiece::Head(head) => {
                    assert_ne!(head.kind, FrameType::GoAway);
                    *stream = (head.kind == FrameType::Data).then_some(head.stream);
                }
                FramePiece::Payload(bytes) => {
                    if let Some(stream) = *stream {
                        count += bytes.len();
                        match runs.last_mut() {
                            Some((last, sum)) if *last == stream => *sum += bytes.len(),
                            _ => runs.push((stream, bytes.len())),
                        }
                    }
                }
                FramePiece::End => {}
            });
        }
        count
    }

    async fn reads_all(&mut self) -> usize {
        self.reads(usize::MAX).await
    }

    /// All DATA of a stream so far.
    fn received(&self, stream: u32) -> usize {
        let runs = self.runs.iter().filter(|(of, _)| *of == stream);
        runs.map(|(_, bytes)| bytes).sum()
    }
}

#[tokio::test]
async fn a_page_goes_out_head_first_then_its_urgent_push_then_its_rest() {
    let mut client = Client::begin(1 << 20, vec![PAGE, plain("/plain", 3, 10 * KIB)]).await;
    client.gives(0, 1 << 20).await;
    client.asks(1, "/page").await;
    client.asks(3, "/plain").await;
    client.reads_all().await;
    // h2 sends a frame of each stream in turn of the 32 KiB that it has. So the last, short frame of
    // the page comes after the frames that were handed over next.
    let expected = [
        (1, 4 * KIB),
        (2, 30 * KIB),
        (1, 32 * KIB),
        (3, 10 * KIB),
        (4, 16 * KIB),
        (1, 4 * KIB),
        (4, 4 * KIB),
    ];
    assert_eq!(client.runs, expected);
}

#[tokio::test]
async fn what_begins_in_small_frames_is_not_sent_in_turns_with_what_follows_it() {
    // As Chromium asks for what a 103 hints.
    let sheet = Answer {
        incremental: true,
        ..plain("/sheet", 0, 31 * KIB)
    };
    let answers = vec![sheet, plain("/image", 2, 200 * KIB)];
    let mut client = Client::begin_with(Turns::of_records, 1 << 20, answers).await;
    client.gives(0, 1 << 20).await;
    client.asks(1, "/sheet").await;
    client.asks(3, "/image").await;
    client.reads_all().await;
    let before = client.runs.iter().take_while(|(stream, _)| *stream == 1);
    let before: usize = before.map(|(_, bytes)| bytes).sum();
    // All but the last frame, which is about an eighth.
    assert!(before >= 26 * KIB, "{:?}", client.runs);
    let end = client.runs.iter().rposition(|(stream, _)| *stream == 1);
    let image = client.runs.iter().take(end.unwrap());
    let image = image.filter(|(stream, _)| *stream == 3);
    let image: usize = image.map(|(_, bytes)| bytes).sum();
    assert!(image <= 16 * KIB, "{:?}", client.runs);
}

#[tokio::test]
async fn a_more_urgent_response_passes_by_a_download_that_runs_ahead() {
    let answers = vec![
        plain("/download", 3, 1 << 20),
        plain("/urgent", 1, 20 * KIB),
    ];
    let mut client = Client::begin(1 << 21, answers).await;
    client.gives(0, 1 << 21).await;
    client.asks(1, "/download").await;
    client.reads(200 * KIB).await;
    client.asks(3, "/urgent").await;
    client.reads_all().await;
    assert_eq!(client.received(1), 1 << 20);
    assert_eq!(client.received(3), 20 * KIB);
    let before: usize = (client.runs.iter())
        .take_while(|(stream, _)| *stream == 1)
        .map(|(_, bytes)| bytes)
        .sum();
    let end = client.runs.iter().rposition(|(stream, _)| *stream == 3);
    let before_end: usize = (client.runs.iter().take(end.unwrap()))
        .filter(|(stream, _)| *stream == 1)
        .map(|(_, bytes)| bytes)
        .sum();
    assert!(before <= 256 * KIB, "{before}");
    assert!(before_end <= 288 * KIB, "{before_end}");
}

#[tokio::test]
async fn pushes_leave_a_quarter_of_the_window_to_the_page() {
    let page = Answer {
        pushes: &[(1, 100 * KIB)],
        ..PAGE
    };
    let mut client = Client::begin(1 << 20, vec![page]).await;
    client.asks(1, "/page").await;
    assert_eq!(client.reads_all().await, 65_535);
    let push = 65_535 - 20 * KIB;
    assert_eq!(client.runs, [(1, 4 * KIB), (2, push), (1, 16 * KIB)]);
    // The page gets the next window, since it is as small as the reserve; then the push is alone.
    client.gives(0, 16 * KIB).await;
    assert_eq!(client.reads_all().await, 16 * KIB);
    assert_eq!(client.received(1), 36 * KIB);
    client.gives(0, 8 * KIB).await;
    client.reads_all().await;
    assert_eq!(client.received(1), 40 * KIB);
    client.gives(0, 1 << 20).await;
    client.reads_all().await;
    assert_eq!(client.received(2), 100 * KIB);
}

#[tokio::test]
async fn a_connection_window_of_1_byte_lets_1_byte_pass() {
    let mut client = Client::begin(1 << 20, vec![PAGE]).await;
    client.asks(1, "/page").await;
    assert_eq!(client.reads_all().await, 65_535);
    for _ in 0..3 {
        client.gives(0, 1).await;
        assert_eq!(client.reads_all().await, 1);
    }
    client.gives(0, 1 << 20).await;
    let rest = 90 * KIB - 65_535 - 3;
    assert_eq!(client.reads_all().await, rest);
}

#[tokio::test]
async fn streams_without_window_hold_nobody_back() {
    for window in [0, 1, 10_000] {
        let answers = vec![PAGE, plain("/plain", 7, 30 * KIB)];
        let mut client = Client::begin(window, answers).await;
        client.asks(1, "/page").await;
        client.asks(3, "/plain").await;
        let window = window as usize;
        assert_eq!(client.reads_all().await, 4 * window, "window {window}");
        client.gives(3, 30 * KIB - window).await;
        client.reads_all().await;
        assert_eq!(client.received(3), 30 * KIB, "window {window}");
        client.gives(0, 1 << 20).await;
        for stream in [1, 2, 4] {
            client.gives(stream, 1 << 20).await;
        }
        client.reads_all().await;
        let bytes = [1, 2, 4].map(|stream| client.received(stream));
        assert_eq!(bytes, [40 * KIB, 30 * KIB, 20 * KIB], "window {window}");
    }
}

#[tokio::test]
async fn window_that_is_taken_from_what_h2_holds_stops_nobody_else() {
    let answers = vec![
        plain("/one", 3, 100 * KIB),
        plain("/two", 3, 100 * KIB),
        plain("/three", 5, 30 * KIB),
    ];
    let mut client = Client::begin(60 * KIB as u32, answers).await;
    client.gives(0, 1 << 20).await;
    client.asks(1, "/one").await;
    client.asks(3, "/two").await;
    client.rests().await;
    client.sends(&settings(&[(INITIAL_WINDOW_SIZE, 0)])).await;
    client.asks(5, "/three").await;
    client.reads_all().await;
    assert!(client.received(1) < 60 * KIB);
    client.gives(5, 30 * KIB).await;
    client.reads_all().await;
    assert_eq!(client.received(5), 30 * KIB);
    for stream in [1, 3] {
        client.gives(stream, 1 << 20).await;
    }
    client.reads_all().await;
    assert_eq!(
        (client.received(1), client.received(3)),
        (100 * KIB, 100 * KIB)
    );
}

#[tokio::test]
async fn a_stream_that_the_client_resets_gives_its_bytes_back() {
    let answers = vec![plain("/one", 3, 100 * KIB), plain("/two", 3, 60_000)];
    let mut client = Client::begin(1 << 20, answers).await;
    client.asks(1, "/one").await;
    client.asks(3, "/two").await;
    client.reads(4 * KIB).await;
    client.sends(&rst_stream(1, 8)).await;
    client.reads_all().await;
    // Of what h2 held of the first only the frame that had begun went out.
    let one = client.received(1);
    assert!(one <= 32 * KIB, "{one}");
    assert_eq!(client.received(3), 60_000.min(65_535 - one));
    client.gives(0, 1 << 16).await;
    client.reads_all().await;
    assert_eq!(client.received(3), 60_000);
}

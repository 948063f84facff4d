//! Tasks on threads of their own: a wake-up that is lost shows as a response that never ends.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::*;

/// Wakes a thread.
struct Unpark(thread::Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

const RESPONSES: u32 = 6;
const CHUNKS: usize = 400;
const CHUNK: usize = 9_000;

fn respond(turns: &Turns, count: u32, to_h2: &mpsc::Sender<Handed>) {
    let role = match count % 3 {
        0 => Role::Pushed {
            parent: 1,
            order: count,
        },
        _ => PLAIN,
    };
    let priority = Priority {
        urgency: Some((count % 4) as u8),
        incremental: count.is_multiple_of(2),
    };
    let mut turn = turns.enter(count + 1, role, priority);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    for _ in 0..CHUNKS {
        let mut left = CHUNK;
        while left > 0 {
            match turn.poll_turn(&mut context, left) {
                Poll::Ready(granted) => {
                    let granted = granted.unwrap();
                    assert!((1..=left).contains(&granted));
                    left -= granted;
                    let handed = turn.hand_over(Bytes::from(vec![0; granted]), Next::Nothing);
                    to_h2.send(handed).unwrap();
                }
                Poll::Pending => thread::park(),
            }
        }
    }
}

#[test]
fn no_wake_up_is_lost_between_threads() {
    let (mut connection, turns) = connection();
    let (to_h2, from_responses) = mpsc::channel::<Handed>();
    let responses: Vec<_> = (0..RESPONSES)
        .map(|count| {
            let (turns, to_h2) = (turns.clone(), to_h2.clone());
            thread::spawn(move || respond(&turns, count, &to_h2))
        })
        .collect();
    drop(to_h2);
    let all = RESPONSES as usize * CHUNKS * CHUNK;
    let (mut written, mut ungranted) = (0, 0);
    while written < all {
        // Long enough for any machine; the usual wait is some microseconds.
        let handed = from_responses.recv_timeout(Duration::from_secs(60));
        let handed = handed.expect("somebody may go");
        assert!(turns.outstanding() <= 10 * 16_384);
        written += handed.remaining();
        ungranted += handed.remaining();
        write(&mut connection, handed);
        if ungranted > 40_000 {
            let increment = u32::try_from(ungranted).unwrap();
            connection.receives(&window_update(0, increment));
            ungranted = 0;
        }
        assert!(connection.observations.connection_window() >= 0);
        turns.advance();
    }
    for response in responses {
        response.join().unwrap();
    }
    assert_eq!(turns.outstanding(), 0);
    assert!(turns.is_empty());
}

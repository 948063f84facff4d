//! Where log lines go: to standard output, through a thread of its own.
//!
//! In: lines, from the tasks that serve connections. Out: the same lines, in order. Whoever reads the log may be slow or
//! stop reading; serving never waits for that. Lines that find no room are lost and counted, and the count is told when
//! there is room again. Left out: the form of a line.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

use crate::output;

/// Lines that wait for a slow reader.
const ROOM: usize = 8192;

/// How long the end of the program waits for a reader that takes lines.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// The way to the thread that writes. Clones lead to the same.
#[derive(Debug, Clone)]
pub(crate) struct LogWriter {
    lines: SyncSender<String>,
    lost: Arc<AtomicU64>,
    /// Lines that are taken and not written.
    pending: Arc<AtomicU64>,
}

impl LogWriter {
    /// Begins to write.
    pub(crate) fn begin() -> Self {
        let (lines, to_write) = mpsc::sync_channel::<String>(ROOM);
        let lost = Arc::new(AtomicU64::new(0));
        let pending = Arc::new(AtomicU64::new(0));
        let (told, written) = (Arc::clone(&lost), Arc::clone(&pending));
        // It ends with the program, also when it hangs in a write.
        thread::spawn(move || {
            for line in to_write {
                // Standard output may be closed; requests are served all the same.
                let _ = std::io::stdout().write_all(line.as_bytes());
                written.fetch_sub(1, Ordering::Release);
                let lost = told.swap(0, Ordering::Relaxed);
                if lost > 0 {
                    output::note(&format!(
                        "{lost} lines of the log were lost: it is read too slowly"
                    ));
                }
            }
        });
        Self {
            lines,
            lost,
            pending,
        }
    }

    /// Takes a line, with its end, or loses it.
    pub(crate) fn write(&self, line: String) {
        self.pending.fetch_add(1, Ordering::Relaxed);
        if self.lines.try_send(line).is_err() {
            self.pending.fetch_sub(1, Ordering::Relaxed);
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Waits until all lines are written, if they are taken soon.
    pub(crate) fn finish(&self) {
        let deadline = Instant::now() + LAST_WORDS;
        while self.pending.load(Ordering::Acquire) > 0 && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(1));
        }
    }
}

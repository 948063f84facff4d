//! The progress bar: on a terminal only, and only when a run turns out to take long.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A run shorter than this shows no bar.
const PATIENCE: Duration = Duration::from_millis(500);

/// Counts pages.
pub(crate) struct Progress {
    bar: ProgressBar,
    started: Instant,
    /// The bar has yet to be shown, once the run takes long.
    is_due: AtomicBool,
}

impl Progress {
    /// `quiet` never shows anything.
    pub(crate) fn new(pages: usize, quiet: bool) -> Self {
        let bar = ProgressBar::with_draw_target(Some(pages as u64), ProgressDrawTarget::hidden());
        if let Ok(style) =
            ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} pages, {eta} left")
        {
            bar.set_style(style);
        }
        bar.set_message("analysing");
        Self {
            bar,
            started: Instant::now(),
            is_due: AtomicBool::new(!quiet && std::io::stderr().is_terminal()),
        }
    }

    /// One page is done.
    pub(crate) fn page_done(&self) {
        self.bar.inc(1);
        if self.started.elapsed() > PATIENCE && self.is_due.swap(false, Ordering::Relaxed) {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
    }

    /// Takes the bar away.
    pub(crate) fn finish(self) {
        self.bar.finish_and_clear();
    }
}

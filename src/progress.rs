//! The progress bar: on a terminal only, and only when a run turns out to take long.
//!
//! In: how many steps there are, and each that is done. Out: a line that goes away in the end.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A run shorter than this shows no bar.
const PATIENCE: Duration = Duration::from_millis(500);

/// Counts pages, or other steps.
pub(crate) struct Progress {
    bar: ProgressBar,
    started: Instant,
    /// The bar has yet to be shown, once the run takes long.
    is_due: AtomicBool,
}

impl Progress {
    /// Of an analysis. `quiet` never shows anything.
    pub(crate) fn new(pages: usize, quiet: bool) -> Self {
        Self::of("analysing", "pages", pages, quiet)
    }

    /// Of so many steps, which have a name.
    pub(crate) fn of(doing: &'static str, steps: &str, count: usize, quiet: bool) -> Self {
        let bar = ProgressBar::with_draw_target(Some(count as u64), ProgressDrawTarget::hidden());
        let template = format!("{{msg}} {{wide_bar}} {{pos}}/{{len}} {steps}, {{eta}} left");
        if let Ok(style) = ProgressStyle::with_template(&template) {
            bar.set_style(style);
        }
        bar.set_message(doing);
        Self {
            bar,
            started: Instant::now(),
            is_due: AtomicBool::new(!quiet && std::io::stderr().is_terminal()),
        }
    }

    /// One page is done.
    pub(crate) fn page_done(&self) {
        self.done();
    }

    /// One step is done.
    pub(crate) fn done(&self) {
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

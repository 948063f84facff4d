//! When a load asked for each response and when it came, and what the thread did: what a waterfall draws.
//!
//! In: a page, a delivery, conditions. Out: a [`Timeline`], with the same [`Load`] as [`load`](super::load()) gives.
//! A load records it only if it is asked to. Left out: responses that a full cache makes needless, and waits that are no
//! work, such as that for the next frame.

use super::agenda::Event;
use super::load::{Conditions, Load, Loading};
use super::page::Page;
use super::{Delivery, Time};

/// What made a response come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// The browser found it and asked for it.
    Request,
    /// A hint named it, in a 103 or in a `Link` field, and the browser asked for it.
    Hint,
    /// The server promised it.
    Promise,
}

/// One response. What does not happen is at [`Time::NEVER`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transfer {
    /// What made it come.
    pub cause: Cause,
    /// When the browser set out to ask for it, or read its promise.
    pub asked: Time,
    /// When its first bytes were there.
    pub first_byte: Time,
    /// When all of it was there.
    pub last_byte: Time,
}

/// What the thread does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Task {
    /// It makes the document that is then parsed.
    Commit,
    /// It parses HTML.
    Parse,
    /// It parses a style sheet, or decodes a font or an image: the asset at this place.
    Prepare(u16),
    /// It compiles and runs the script at this place, with what that imports.
    Run(u16),
    /// Style and layout.
    Layout,
}

/// A time that the thread is busy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Work {
    /// With what.
    pub task: Task,
    /// When it begins.
    pub from: Time,
    /// When it is done.
    pub to: Time,
}

impl Work {
    /// Of what is over with this event; nothing for what takes no time.
    pub(super) fn until(done: Event, from: Time, to: Time) -> Option<Self> {
        let task = match done {
            Event::Committed => Task::Commit,
            Event::Parsed(_) => Task::Parse,
            Event::Loaded(asset) => Task::Prepare(asset),
            Event::Ran(asset) => Task::Run(asset),
            Event::Styled => Task::Layout,
            _ => return None,
        };
        (from < to).then_some(Self { task, from, to })
    }
}

/// A load, when its responses came, and what the thread did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeline {
    /// What became of it.
    pub load: Load,
    /// The document.
    pub document: Transfer,
    /// The page's assets, in its order.
    pub assets: Vec<Transfer>,
    /// What the thread did, one after the other.
    pub work: Vec<Work>,
}

impl Timeline {
    /// When the last of all that happened was over.
    #[must_use]
    pub fn end(&self) -> Time {
        let Load { fcp, lcp, load, .. } = self.load;
        let transfers = self.assets.iter().chain([&self.document]);
        let ends = transfers.map(|transfer| transfer.last_byte);
        let worked = self.work.iter().map(|work| work.to);
        let all = ends.chain(worked).chain([fcp, lcp, load]);
        all.filter(|at| *at != Time::NEVER)
            .max()
            .unwrap_or_default()
    }
}

/// Loads a page, and tells when its responses came and what the thread did.
#[must_use]
pub fn timeline(page: &Page, delivery: &Delivery<'_>, conditions: &Conditions) -> Timeline {
    let mut loading = Loading::new(page, delivery, conditions);
    loading.recording = Some(Recording::new(page, conditions));
    loading.browser.work = Some(Vec::new());
    let (load, recording) = loading.run();
    let Recording {
        document,
        assets,
        work,
    } = recording.unwrap_or_default();
    Timeline {
        load,
        document,
        assets,
        work,
    }
}

impl Transfer {
    const NEVER: Self = Self {
        cause: Cause::Request,
        asked: Time::NEVER,
        first_byte: Time::NEVER,
        last_byte: Time::NEVER,
    };
}

/// What a load takes down.
#[derive(Debug)]
pub(super) struct Recording {
    document: Transfer,
    assets: Vec<Transfer>,
    /// What the browser has taken down, when all is over.
    pub(super) work: Vec<Work>,
}

impl Default for Recording {
    fn default() -> Self {
        Self {
            document: Transfer::NEVER,
            assets: Vec::new(),
            work: Vec::new(),
        }
    }
}

impl Recording {
    fn new(page: &Page, conditions: &Conditions) -> Self {
        Self {
            document: Transfer {
                asked: conditions.request_sent(),
                ..Transfer::NEVER
            },
            assets: vec![Transfer::NEVER; page.assets().len()],
            work: Vec::new(),
        }
    }

    /// A hint names an asset.
    pub(super) fn hinted(&mut self, asset: u16) {
        if let Some(transfer) = self.assets.get_mut(usize::from(asset))
            && transfer.asked == Time::NEVER
        {
            transfer.cause = Cause::Hint;
        }
    }

    /// A promise of an asset is read.
    pub(super) fn promised(&mut self, now: Time, asset: u16) {
        if let Some(transfer) = self.assets.get_mut(usize::from(asset))
            && transfer.asked == Time::NEVER
        {
            (transfer.cause, transfer.asked) = (Cause::Promise, now);
        }
    }

    /// A request leaves.
    pub(super) fn asked(&mut self, now: Time, asset: u16) {
        if let Some(transfer) = self.assets.get_mut(usize::from(asset)) {
            transfer.asked = transfer.asked.min(now);
        }
    }

    /// Content of a response is there; the document's has no asset.
    pub(super) fn arrived(&mut self, now: Time, asset: Option<u16>, is_last: bool) {
        let transfer = match asset {
            None => Some(&mut self.document),
            Some(asset) => self.assets.get_mut(usize::from(asset)),
        };
        if let Some(transfer) = transfer {
            transfer.first_byte = transfer.first_byte.min(now);
            if is_last {
                transfer.last_byte = now;
            }
        }
    }
}

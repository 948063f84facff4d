//! What the tasks of one HTTP/2 connection share.
//!
//! In: what each of them does. Out: [`Shared`]: the settings, the facts that decisions are made from,
//! the records of what was carried, and the ways to the connection's task. Left out: the connection.

use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::Version;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::builder::Settings;
use crate::connection_facts::ConnectionFacts;
use crate::connection_info::ConnectionInfo;
use crate::http2::exchange::Abandoned;
use crate::http2::gathering::Gatherings;
use crate::http2::observer::Observations;
use crate::http2::promise::Batch;
use crate::http2::slots::Slots;
use crate::http2::turns::Turns;
use crate::pusher::ManualPush;
use crate::records::{Place, Records};

/// What the tasks of one connection share.
pub(crate) struct Shared<B> {
    pub(crate) settings: Arc<Settings>,
    pub(crate) info: ConnectionInfo,
    pub(crate) observations: Arc<Observations>,
    pub(crate) slots: Slots,
    pub(crate) turns: Turns,
    pub(crate) gatherings: Gatherings,
    pub(crate) batches: mpsc::UnboundedSender<Box<Batch<B>>>,
    pub(crate) manual: mpsc::UnboundedSender<Box<ManualPush>>,
    pub(crate) abandoned: mpsc::UnboundedSender<Box<Abandoned>>,
    pub(crate) promises: AtomicU32,
    pub(crate) pushed_bytes: AtomicU64,
    pub(crate) cancels: AtomicU32,
    /// Pages that the client reset before anything was promised with them.
    pub(crate) pages_given_up: AtomicU32,
    /// Responses in progress.
    active: AtomicUsize,
    /// When the last of them ended, in nanoseconds since `created`; [`BUSY`] since the first of them began.
    idle_since: AtomicU64,
    created: Instant,
    records: Mutex<Records>,
}

/// No time at all.
const BUSY: u64 = u64::MAX;

/// A response in progress, until it is dropped.
pub(crate) struct Active<B>(Arc<Shared<B>>);

impl<B> Shared<B> {
    pub(crate) fn new(
        settings: Arc<Settings>,
        info: ConnectionInfo,
        observations: Arc<Observations>,
        batches: mpsc::UnboundedSender<Box<Batch<B>>>,
        manual: mpsc::UnboundedSender<Box<ManualPush>>,
        abandoned: mpsc::UnboundedSender<Box<Abandoned>>,
    ) -> Self {
        let own_limit = settings.limits.max_concurrent_pushes;
        Self {
            slots: Slots::new(Arc::clone(&observations), own_limit),
            turns: if info.secure {
                Turns::of_records(Arc::clone(&observations))
            } else {
                Turns::new(Arc::clone(&observations))
            },
            gatherings: Gatherings::default(),
            settings,
            info,
            observations,
            batches,
            manual,
            abandoned,
            promises: AtomicU32::new(0),
            pushed_bytes: AtomicU64::new(0),
            cancels: AtomicU32::new(0),
            pages_given_up: AtomicU32::new(0),
            active: AtomicUsize::new(0),
            idle_since: AtomicU64::new(0),
            created: Instant::now(),
            records: Mutex::default(),
        }
    }

    /// What decisions are made from, now.
    pub(crate) fn facts(&self) -> ConnectionFacts {
        let peer = self.observations.peer_settings();
        ConnectionFacts {
            version: Version::HTTP_2,
            push_enabled: peer.map(|peer| peer.enable_push),
            goaway: self.observations.goaway_sent()
                || self.observations.goaway_received().is_some(),
            shutting_down: self.settings.shutdown.has_begun(),
            free_slots: self.slots.available() as usize,
            promises: self.promises.load(Ordering::Relaxed),
            pushed_bytes: self.pushed_bytes.load(Ordering::Relaxed),
            cancels: self.cancels.load(Ordering::Relaxed),
        }
    }

    /// Whether the client takes pushes, as far as is known.
    pub(crate) fn push_is_enabled(&self) -> bool {
        let peer = self.observations.peer_settings();
        self.settings.rules.push && peer.is_some_and(|peer| peer.enable_push)
    }

    /// Whether the client asks for pages and gives them up. Each time the service is asked for all the
    /// page's assets, so such a client gets pages without their plans.
    pub(crate) fn client_gives_pages_up(&self) -> bool {
        self.pages_given_up.load(Ordering::Relaxed) >= self.settings.rules.max_cancels
    }

    /// Begins a response.
    pub(crate) fn begin(self: &Arc<Self>) -> Active<B> {
        if self.active.fetch_add(1, Ordering::Relaxed) == 0 {
            self.idle_since.store(BUSY, Ordering::Relaxed);
        }
        Active(Arc::clone(self))
    }

    /// Whether no response is in progress.
    pub(crate) fn is_idle(&self) -> bool {
        self.active.load(Ordering::Acquire) == 0
    }

    /// Whether several responses are in progress.
    pub(crate) fn has_many_active(&self) -> bool {
        self.active.load(Ordering::Relaxed) > 1
    }

    /// Since when no response is in progress; `None` while one is.
    pub(crate) fn idle_since(&self) -> Option<Instant> {
        let since = self.idle_since.load(Ordering::Relaxed);
        (self.is_idle() && since != BUSY).then(|| self.created + Duration::from_nanos(since))
    }

    /// Whether a target is an asset of the policy that this connection has carried.
    pub(crate) fn has_carried(&self, place: Place, target: &str) -> bool {
        let mut records = self.records();
        let record = records.at(place);
        let mut assets = record.policy().policy().assets_at(target);
        assets.any(|asset| record.has(asset))
    }

    /// What was carried, for each authority.
    pub(crate) fn records(&self) -> MutexGuard<'_, Records> {
        // A panic cannot leave a record half changed.
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<B> Active<B> {
    /// What it shares with the other tasks of its connection.
    pub(crate) fn shared(&self) -> &Arc<Shared<B>> {
        &self.0
    }
}

impl<B> Drop for Active<B> {
    fn drop(&mut self) {
        if self.0.active.fetch_sub(1, Ordering::AcqRel) == 1 {
            let since = self.0.created.elapsed().as_nanos();
            let since = u64::try_from(since).unwrap_or(BUSY);
            self.0.idle_since.store(since, Ordering::Relaxed);
        }
    }
}

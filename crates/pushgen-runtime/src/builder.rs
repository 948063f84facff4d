//! A server's settings, and the way into it.
//!
//! In: a policy, rules, limits. Out: [`Builder`], which serves connections by them: one by one with
//! [`Builder::serve_connection`], or all of a listener with [`Builder::serve`].

use std::sync::Arc;

use crate::limits::{Limits, Timeouts};
use crate::metrics::Metrics;
use crate::policy_handle::PolicyHandle;
use crate::report::{Report, Reporter};
use crate::rules::Rules;
use crate::shutdown::Shutdown;

/// Serves connections with a policy. Clones share their settings and their [`Metrics`].
#[derive(Debug, Clone, Default)]
pub struct Builder {
    pub(crate) settings: Arc<Settings>,
}

/// What all connections of a server have in common.
#[derive(Debug, Clone, Default)]
pub(crate) struct Settings {
    pub(crate) policy: Option<PolicyHandle>,
    pub(crate) rules: Rules,
    pub(crate) limits: Limits,
    pub(crate) timeouts: Timeouts,
    pub(crate) shutdown: Shutdown,
    pub(crate) reporter: Option<Reporter>,
    pub(crate) metrics: Arc<Metrics>,
}

impl Builder {
    /// Without a policy, with the defaults of everything else.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Delivers this policy.
    #[must_use]
    pub fn policy(self, policy: PolicyHandle) -> Self {
        self.with(|settings| settings.policy = Some(policy))
    }

    /// What may be delivered ahead.
    #[must_use]
    pub fn rules(self, rules: Rules) -> Self {
        self.with(|settings| settings.rules = rules)
    }

    /// How much clients may ask for.
    #[must_use]
    pub fn limits(self, limits: Limits) -> Self {
        self.with(|settings| settings.limits = limits)
    }

    /// How long things may take.
    #[must_use]
    pub fn timeouts(self, timeouts: Timeouts) -> Self {
        self.with(|settings| settings.timeouts = timeouts)
    }

    /// Ends connections when `shutdown` begins.
    #[must_use]
    pub fn shutdown(self, shutdown: &Shutdown) -> Self {
        self.with(|settings| settings.shutdown = shutdown.clone())
    }

    /// Tells `report` of every response that has ended. It is called in the connections' tasks and
    /// must not block.
    #[must_use]
    pub fn report_to(self, report: impl Fn(&Report<'_>) + Send + Sync + 'static) -> Self {
        self.with(|settings| settings.reporter = Some(Reporter(Arc::new(report))))
    }

    /// Counts in `metrics` what is done.
    #[must_use]
    pub fn metrics(self, metrics: Arc<Metrics>) -> Self {
        self.with(|settings| settings.metrics = metrics)
    }

    fn with(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(Arc::make_mut(&mut self.settings));
        self
    }
}

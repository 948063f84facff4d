//! What `pushgen serve` is made of, one noun each: the files, their analysis, the certificate, the log, the metrics,
//! the watch. [`commands::serve`](crate::commands::serve) puts them together.

pub(crate) mod access_log;
pub(crate) mod certificate;
pub(crate) mod entry;
pub(crate) mod files;
pub(crate) mod log_writer;
pub(crate) mod metrics;
pub(crate) mod metrics_page;
pub(crate) mod policy_source;
pub(crate) mod unreadable;
pub(crate) mod watch;

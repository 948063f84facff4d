//! What `pushgen measure` is made of: when in doubt, measure.
//!
//! ```text
//! policy ─┬─ server: files over TLS ─┬─ proxy: path, alarm ─ load: browser ─ runs: rounds ─ report: statistics, unused
//! nothing ┘                          ┘                                                        └─ verdict, table
//! ```
//!
//! In: a site, a policy, pages, networks, a browser. Out: a [`report::Report`]. Each way of delivery has a server of
//! its own behind each network; the browser loads each page cold, in turns.
//! [`commands::measure`](crate::commands::measure) puts it together.
//! Left out: loss and jitter, other browsers' engines, warm caches, hosts of others.

mod alarm;
pub(crate) mod browser;
mod devtools;
mod load;
mod path;
mod process_group;
mod proxy;
pub(crate) mod report;
pub(crate) mod runs;
mod server;
pub(crate) mod statistics;
pub(crate) mod table;
mod unused;
pub(crate) mod verdict;

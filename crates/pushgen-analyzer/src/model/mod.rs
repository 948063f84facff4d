//! The page-load model: how long a page takes on a network, delivered in one way or another.
//!
//! ```text
//! Page, Delivery, Conditions -> load ─┬─ server: order of sending     -> Load: FCP, LCP, bytes
//!                                     ├─ tcp: slow start, bottleneck
//!                                     └─ browser: scanner, parser, scripts, paint
//!                            -> timeline                              -> Timeline: a load with every response
//!                            -> bound                                 -> what no delivery can beat
//! ```
//!
//! Packet-level and event-driven, with whole nanoseconds; no I/O, no clock, no randomness. `tests/` holds
//! it against a closed form and against first paints measured in Chromium.

mod agenda;
mod bound;
mod browser;
mod delivery;
mod load;
mod machine;
mod network;
mod of_graph;
mod page;
mod server;
mod tcp;
mod time;
mod timeline;

pub use bound::{Bound, captured, delivery_bound, lower_bound};
pub use delivery::{Cache, Delivery};
pub use load::{Conditions, Load, load};
pub use machine::Machine;
pub use network::{NETWORK_CLASSES, Network, NetworkClass, NetworkError};
pub use of_graph::{Layout, Mark, Modelled, of_graph};
pub use page::{Asset, Content, Discovery, Kind, Page, PageError, Steps};
pub use server::Server;
pub use tcp::INITIAL_WINDOW;
pub use time::Time;
pub use timeline::{Cause, Task, Timeline, Transfer, Work, timeline};

#[cfg(test)]
mod tests;

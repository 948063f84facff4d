//! The driver as a client meets it.
//!
//! [`raw_client`] is a client of bytes, for the order of frames and for what no conforming client does;
//! [`strict`] minds every frame that it gets. [`client`] is that of `h2`, for fields. [`site`] is what
//! they ask.

mod client;
mod frame;
mod raw_client;
mod site;
mod strict;

mod cancelled;
mod endings;
mod fitness;
mod gathering;
mod hints;
mod hostile;
mod interleaving;
mod promises;
mod pusher;
mod pusher_lifetimes;
mod raised;
mod requests;
mod threads;
mod times;
mod windows;

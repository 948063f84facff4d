//! HTTP/2 with pushes and 103: a driver of the `h2` crate.
//!
//! In: a byte stream, a service, a server's settings. Out: a connection served to its end. One task
//! polls `h2` and is the only one to make promises ([`connection`], [`promise`]); each request is
//! answered in a task of its own ([`answer`]), a page with what is sent ahead of it ([`page`]).
//!
//! What `h2` does not tell is seen by [`observer`], a layer around the byte stream, with [`frames`];
//! [`slots`] counts the pushes that the client has room for; [`schedule`] and [`turns`] say whose DATA
//! is next, [`gathering`] lets what a 103 hinted wait for each other, and [`send_body`] sends it.

mod answer;
mod bell;
mod connection;
mod exchange;
mod frames;
mod gathering;
mod keep_alive;
mod observer;
mod page;
mod pause;
mod promise;
mod schedule;
mod send_body;
mod shared;
mod slots;
mod turns;

pub(crate) use connection::serve;
pub(crate) use exchange::{Continue, Exchange};
#[cfg(fuzzing)]
pub use observer::fuzzing::observer;

#[cfg(test)]
mod tests;

//! Serving, seen from a client: bytes in, bytes out. Only the crate's public interface is used.

mod delivery;
mod http1;
mod listener;
mod shutdown;
mod support;
mod timeouts;
#[cfg(feature = "tls")]
mod tls;

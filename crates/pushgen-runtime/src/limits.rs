//! How much a client may ask of the server, and how long it may take.
//!
//! In: nothing; the defaults are hyper's where it has them, and safe where `h2` alone has none. Out:
//! [`Limits`] and [`Timeouts`]. Left out: what may be delivered ahead, which
//! [`Rules`](crate::Rules) says.

use std::time::Duration;

/// How much of everything.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Connections at once, beyond which new ones wait to be accepted: 10,000 by default.
    pub max_connections: usize,
    /// Requests at once on one HTTP/2 connection: 200 by default.
    pub max_concurrent_streams: u32,
    /// Pushed responses at once on one connection, whatever the client would take: 64 by default.
    pub max_concurrent_pushes: u32,
    /// The most bytes of a request's fields: 16 KiB by default.
    pub max_header_list_size: u32,
    /// What a client may send of one request before the service reads it: 256 KiB by default.
    pub stream_window: u32,
    /// The same of all requests of one connection: 1 MiB by default.
    pub connection_window: u32,
    /// What `h2` may hold of one response: 400 KiB by default.
    pub max_send_buffer_size: usize,
    /// Requests that a client may reset before they are looked at: 20 by default (CVE-2023-44487).
    pub max_pending_accept_resets: usize,
    /// Streams that the server may have to reset for the client's errors: 1024 by default.
    pub max_local_error_resets: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: 10_000,
            max_concurrent_streams: 200,
            max_concurrent_pushes: 64,
            max_header_list_size: 16 << 10,
            stream_window: 256 << 10,
            connection_window: 1 << 20,
            max_send_buffer_size: 400 << 10,
            max_pending_accept_resets: 20,
            max_local_error_resets: 1024,
        }
    }
}

/// How long.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// For a TLS handshake: 10 s by default.
    pub tls_handshake: Duration,
    /// For a client's first bytes, HTTP/2's preface or the fields of a request of HTTP/1: 10 s by
    /// default.
    pub first_bytes: Duration,
    /// For a connection that carries no request: 120 s by default.
    pub idle: Duration,
    /// For bytes that the client does not take: 30 s by default.
    pub write_stall: Duration,
    /// Between PING frames on an HTTP/2 connection from which nothing is heard; off by default.
    pub keep_alive: Option<Duration>,
    /// For the answer to such a PING: 20 s by default.
    pub keep_alive_answer: Duration,
    /// For the responses in progress once a shutdown has begun: 10 s by default.
    pub shutdown: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            tls_handshake: Duration::from_secs(10),
            first_bytes: Duration::from_secs(10),
            idle: Duration::from_secs(120),
            write_stall: Duration::from_secs(30),
            keep_alive: None,
            keep_alive_answer: Duration::from_secs(20),
            shutdown: Duration::from_secs(10),
        }
    }
}

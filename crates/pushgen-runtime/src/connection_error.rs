//! Why a connection ended before its time.
//!
//! In: errors of the libraries underneath, and the time limits. Out: [`ConnectionError`]. A client that
//! goes away between requests is none.

/// Why a connection ended before its time.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectionError {
    /// Reading or writing failed.
    #[error("the connection broke")]
    Io(#[from] std::io::Error),
    /// The TLS handshake failed.
    #[error("the TLS handshake failed")]
    Tls(#[source] std::io::Error),
    /// HTTP/1 was violated, or the service failed.
    #[error("HTTP/1 failed")]
    Http1(#[from] hyper::Error),
    /// HTTP/2 was violated.
    #[error("HTTP/2 failed")]
    Http2(#[from] h2::Error),
    /// Something took too long.
    #[error("{0} took too long")]
    Timeout(Timeout),
}

/// What took too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Timeout {
    /// The TLS handshake.
    TlsHandshake,
    /// The first bytes.
    FirstBytes,
    /// The client did not take what was written.
    WriteStall,
    /// The answer to a PING.
    KeepAlive,
    /// The responses in progress when a shutdown began.
    Shutdown,
}

impl std::fmt::Display for Timeout {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::TlsHandshake => "the TLS handshake",
            Self::FirstBytes => "the client's first bytes",
            Self::WriteStall => "a client that does not read",
            Self::KeepAlive => "the answer to a PING",
            Self::Shutdown => "the end of the last responses",
        })
    }
}

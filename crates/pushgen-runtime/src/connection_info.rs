//! What a service may know of the connection that a request came by.
//!
//! In: what the listener knows. Out: [`ConnectionInfo`], in the extensions of every request, and
//! [`Promised`], in those of the requests that the server makes itself. Left out: client
//! certificates; who needs them accepts connections and gives each its own service.

use std::net::SocketAddr;

/// The connection that a request came by; in the extensions of every request, promised ones too.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionInfo {
    /// The address of the client, or of the proxy in front.
    pub peer: Option<SocketAddr>,
    /// Whether it came over TLS: the scheme of what is promised on it is then `https`.
    pub secure: bool,
    /// The protocol, if it is known before the first byte.
    pub protocol: Protocol,
}

/// How the protocol of a connection is found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Protocol {
    /// By the first bytes: HTTP/2 if they are its preface (RFC 9113, section 3.3), else HTTP/1.
    #[default]
    Detect,
    /// HTTP/1.1 or 1.0: what ALPN says with `http/1.1`, or when there is none.
    Http1,
    /// HTTP/2: what ALPN says with `h2`.
    Http2,
}

impl ConnectionInfo {
    /// A connection in the clear, from no known address, whose first bytes tell the protocol.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            peer: None,
            secure: false,
            protocol: Protocol::Detect,
        }
    }

    /// From this address.
    #[must_use]
    pub const fn peer(mut self, peer: SocketAddr) -> Self {
        self.peer = Some(peer);
        self
    }

    /// Over TLS.
    #[must_use]
    pub const fn secure(mut self, secure: bool) -> Self {
        self.secure = secure;
        self
    }

    /// With this protocol.
    #[must_use]
    pub const fn protocol(mut self, protocol: Protocol) -> Self {
        self.protocol = protocol;
        self
    }
}

/// In the extensions of a request that no client sent: the server asks its own service for what it
/// is about to promise or to hint.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Promised {
    /// Path and query of the client's request that it belongs to.
    pub parent: String,
}

impl Promised {
    pub(crate) fn by(parent: &str) -> Self {
        Self {
            parent: parent.to_owned(),
        }
    }
}

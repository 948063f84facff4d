//! TLS at the door of a server.
//!
//! In: a TCP connection and the server's certificate. Out: the stream within, and the protocol that
//! ALPN chose (RFC 7301; RFC 9113, section 3.2). Without the feature `tls` there is no [`Tls`] to be
//! had, and [`Builder::serve`](crate::Builder::serve) takes `None`. Left out: making and renewing
//! certificates.

#[cfg(feature = "tls")]
pub use with::Tls;
#[cfg(not(feature = "tls"))]
pub use without::Tls;

#[cfg(feature = "tls")]
mod with {
    use std::fmt;
    use std::sync::Arc;
    use std::time::Duration;

    use tokio::io::{AsyncRead, AsyncWrite};
    use tokio_rustls::TlsAcceptor;
    use tokio_rustls::rustls::ServerConfig;
    use tokio_rustls::server::TlsStream;

    use crate::connection_error::{ConnectionError, Timeout};
    use crate::connection_info::Protocol;

    const H2: &[u8] = b"h2";
    const HTTP_1_1: &[u8] = b"http/1.1";

    /// What a server needs to speak TLS.
    #[derive(Clone)]
    pub struct Tls(TlsAcceptor);

    impl Tls {
        /// By this configuration. If it names no protocols, `h2` and `http/1.1` are offered.
        #[must_use]
        pub fn new(config: impl Into<Arc<ServerConfig>>) -> Self {
            let mut config: Arc<ServerConfig> = config.into();
            if config.alpn_protocols.is_empty() {
                Arc::make_mut(&mut config).alpn_protocols = vec![H2.into(), HTTP_1_1.into()];
            }
            Self(TlsAcceptor::from(config))
        }

        /// Shakes hands.
        pub(crate) async fn accept<Io: AsyncRead + AsyncWrite + Unpin>(
            &self,
            io: Io,
            timeout: Duration,
        ) -> Result<(TlsStream<Io>, Protocol), ConnectionError> {
            let stream = tokio::time::timeout(timeout, self.0.accept(io))
                .await
                .map_err(|_| ConnectionError::Timeout(Timeout::TlsHandshake))?
                .map_err(ConnectionError::Tls)?;
            let (_, session) = stream.get_ref();
            let protocol = match session.alpn_protocol() {
                Some(H2) => Protocol::Http2,
                _ => Protocol::Http1,
            };
            Ok((stream, protocol))
        }
    }

    impl fmt::Debug for Tls {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("Tls")
        }
    }
}

#[cfg(not(feature = "tls"))]
mod without {
    use std::time::Duration;

    use crate::connection_error::ConnectionError;
    use crate::connection_info::Protocol;

    /// What a server needs to speak TLS: not to be had without the feature `tls`.
    #[derive(Debug, Clone)]
    pub enum Tls {}

    impl Tls {
        pub(crate) async fn accept<Io>(
            &self,
            _io: Io,
            _timeout: Duration,
        ) -> Result<(Io, Protocol), ConnectionError> {
            match *self {}
        }
    }
}

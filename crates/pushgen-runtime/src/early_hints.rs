//! 103 responses that a handler sends by itself.
//!
//! In: fields. Out: a 103 (Early Hints) before the handler's response (RFC 8297). Browsers read the
//! first one of a navigation and in it only `Link` fields with `preload`, `modulepreload` or
//! `preconnect`; one that the policy has sent was the first. What the policy hints needs none of this.
//! Left out: HTTP/1, where browsers ignore a 103 and hyper sends none.

use std::fmt;
use std::sync::{Arc, Weak};

use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::final_response::strip_connection_fields;
use crate::http2::Exchange;

/// Sends 103 responses; in the extensions of every request that came over HTTP/2.
///
/// ```
/// use http::{HeaderValue, Request, Response};
/// use pushgen_runtime::{Body, EarlyHints};
///
/// async fn index(request: Request<Body>) -> Response<String> {
///     if let Some(hints) = request.extensions().get::<EarlyHints>() {
///         let link = HeaderValue::from_static("</app.css>; rel=preload; as=style");
///         // If the client has gone there is nobody to tell.
///         let _ = hints.send_links([link]);
///     }
///     Response::new(String::from("<link rel=stylesheet href=/app.css>"))
/// }
/// ```
#[derive(Clone)]
pub struct EarlyHints(Weak<Exchange>);

/// The response has begun, or the client has gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the response has begun, or the client has gone")]
pub struct TooLate;

impl EarlyHints {
    pub(crate) fn new(exchange: &Arc<Exchange>) -> Self {
        Self(Arc::downgrade(exchange))
    }

    /// Sends a 103 with these `Link` values; none if there are none.
    ///
    /// # Errors
    ///
    /// [`TooLate`].
    pub fn send_links(&self, links: impl IntoIterator<Item = HeaderValue>) -> Result<(), TooLate> {
        let mut headers = HeaderMap::new();
        for link in links {
            headers.append(header::LINK, link);
        }
        if headers.is_empty() {
            return Ok(());
        }
        self.send(headers)
    }

    /// Sends a 103 with these fields, but those of a connection (RFC 9113, section 8.2.2).
    ///
    /// # Errors
    ///
    /// [`TooLate`].
    pub fn send(&self, mut headers: HeaderMap) -> Result<(), TooLate> {
        strip_connection_fields(&mut headers);
        let exchange = self.0.upgrade().ok_or(TooLate)?;
        exchange
            .inform(StatusCode::EARLY_HINTS, headers)
            .map_err(|_| TooLate)
    }
}

impl fmt::Debug for EarlyHints {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("EarlyHints")
    }
}

//! The body of a request as services get it, whatever protocol it came by.
//!
//! In: `h2`'s receive stream or hyper's body; nothing for a promised request (RFC 9113, section 8.4:
//! it has no content). Out: one [`Body`], an [`http_body::Body`] of [`Bytes`]. It gives window back
//! as data is taken, and asks for the content with a 100 (Continue) when it is first polled (RFC 9110,
//! section 10.1.1). Left out: buffering; a service that does not read its request's body slows only
//! that request down.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Frame, SizeHint};

use crate::http2::Continue;

/// What went wrong in transit or in a service, of any type.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The body of a request.
#[derive(Debug, Default)]
pub struct Body(Kind);

#[derive(Debug, Default)]
enum Kind {
    #[default]
    Empty,
    Http1(hyper::body::Incoming),
    Http2 {
        stream: h2::RecvStream,
        /// Content still to come by `Content-Length`.
        length: Option<u64>,
        is_read: bool,
        expects: Option<Continue>,
    },
}

impl Body {
    /// No content.
    #[must_use]
    pub fn empty() -> Self {
        Self(Kind::Empty)
    }

    pub(crate) fn http1(body: hyper::body::Incoming) -> Self {
        Self(Kind::Http1(body))
    }

    pub(crate) fn http2(
        stream: h2::RecvStream,
        length: Option<u64>,
        expects: Option<Continue>,
    ) -> Self {
        if stream.is_end_stream() {
            return Self::empty();
        }
        Self(Kind::Http2 {
            stream,
            length,
            is_read: false,
            expects,
        })
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let (stream, length, is_read) = match &mut self.0 {
            Kind::Empty => return Poll::Ready(None),
            Kind::Http1(body) => {
                let frame = ready!(Pin::new(body).poll_frame(context));
                return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
            }
            Kind::Http2 {
                stream,
                length,
                is_read,
                expects,
            } => {
                if let Some(expects) = expects.take() {
                    expects.send();
                }
                (stream, length, is_read)
            }
        };
        if !*is_read {
            match ready!(stream.poll_data(context)) {
                Some(Ok(data)) => {
                    // The window is the peer's again once the data is the service's.
                    let _ = stream.flow_control().release_capacity(data.len());
                    if let Some(length) = length {
                        *length = length.saturating_sub(data.len() as u64);
                    }
                    return Poll::Ready(Some(Ok(Frame::data(data))));
                }
                // As hyper has it: the response was sent, and the peer saw no use in sending on.
                Some(Err(error)) if error.reason() == Some(h2::Reason::NO_ERROR) => {
                    return Poll::Ready(None);
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error.into()))),
                None => *is_read = true,
            }
        }
        let trailers = ready!(stream.poll_trailers(context));
        self.0 = Kind::Empty;
        Poll::Ready(match trailers {
            Ok(trailers) => trailers.map(|trailers| Ok(Frame::trailers(trailers))),
            Err(error) => Some(Err(error.into())),
        })
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Empty => true,
            Kind::Http1(body) => body.is_end_stream(),
            Kind::Http2 { stream, .. } => stream.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Empty => SizeHint::with_exact(0),
            Kind::Http1(body) => body.size_hint(),
            Kind::Http2 { length, .. } => {
                length.map_or_else(SizeHint::default, SizeHint::with_exact)
            }
        }
    }
}

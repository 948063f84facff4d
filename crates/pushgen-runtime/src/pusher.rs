//! Pushes that a handler makes by itself.
//!
//! In: a target, perhaps a method and fields. Out: a promise on the stream of the handler's request,
//! before its response, or a [`PushError`]. The semantics are those of Go's `http.Pusher`: the promised
//! request runs through the server's own service; nothing of the handler's request goes into it but
//! scheme and authority; a promised request cannot push. Stricter than Go: nothing is promised for
//! another authority, and only a response that a client may keep (a 200, fresh and public) is promised
//! at all, once it is known. Follows RFC 9113, section 8.4.
//!
//! What the policy pushes needs none of this. Left out: waiting for the client to take the push.

use std::fmt;
use std::sync::{Arc, Weak};

use http::header::{self, CONTENT_ENCODING, CONTENT_LENGTH, EXPECT, HOST, HeaderName, TE, TRAILER};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderValue, Method, Request, Uri};
use pushgen_policy::UrlPath;
use tokio::sync::{mpsc, oneshot};

use crate::http2::Exchange;
use crate::records::Place;
use crate::refusal::Refusal;

/// Pushes with the response to the request in whose extensions it is.
///
/// There is one if the request came over HTTP/2 from a client that takes pushes; without one, nothing
/// can be pushed.
///
/// ```
/// use http::{Request, Response};
/// use pushgen_runtime::{Body, PushOptions, Pusher};
///
/// async fn index(request: Request<Body>) -> Response<String> {
///     if let Some(pusher) = request.extensions().get::<Pusher>() {
///         let encoding = request.headers().get("accept-encoding").cloned();
///         let options = encoding.into_iter().fold(PushOptions::new(), |options, value| {
///             options.header(http::header::ACCEPT_ENCODING, value)
///         });
///         // A push that fails is no reason to fail.
///         let _ = pusher.push_with("/app.js", options).await;
///     }
///     Response::new(String::from("<script src=/app.js></script>"))
/// }
/// ```
#[derive(Clone)]
pub struct Pusher(Kind);

#[derive(Clone)]
enum Kind {
    /// Of a promised request.
    Recursive,
    Client {
        page: Weak<Exchange>,
        page_target: Arc<str>,
        scheme: Scheme,
        /// `None` if the request has no usable authority.
        authority: Option<Authority>,
        place: Option<Place>,
        pushes: mpsc::UnboundedSender<Box<ManualPush>>,
    },
}

/// How a push differs from a plain GET: Go's `http.PushOptions`.
#[derive(Debug, Clone)]
pub struct PushOptions {
    method: Method,
    headers: HeaderMap,
}

/// Why nothing was pushed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PushError {
    /// The client does not take pushes, or does not any more: it has disabled them, has said GOAWAY, or
    /// the server is shutting down.
    #[error("the client takes no pushes")]
    NotSupported,
    /// The request is itself a promised one.
    #[error("a promised request cannot push")]
    Recursive,
    /// The client takes no more streams now, or this connection has had all the pushes it may have.
    #[error("no more pushes can be made")]
    LimitReached,
    /// Only GET and HEAD can be promised.
    #[error("{0} cannot be promised, only GET and HEAD can")]
    Method(Method),
    /// A promise may not have this field.
    #[error("a promise may not have the field `{0}`")]
    Header(HeaderName),
    /// The target is neither an absolute path nor an absolute URL.
    #[error("`{0}` is neither an absolute path nor a URL")]
    Target(String),
    /// The target has another scheme or authority than the request.
    #[error("`{0}` is not on the origin of the request")]
    NotAuthoritative(String),
    /// The response has begun, or the client has reset the stream or gone.
    #[error("the stream is closed")]
    StreamClosed,
    /// The response to the promised request is not fit to be pushed, or the client has it.
    #[error("not pushed: {0}")]
    Refused(Refusal),
}

/// A push that a handler asks for, to be made by the connection's task.
pub(crate) struct ManualPush {
    pub(crate) page: Arc<Exchange>,
    pub(crate) page_target: Arc<str>,
    pub(crate) request: Request<()>,
    /// Where the record of the authority is, if there is a policy.
    pub(crate) place: Option<Place>,
    pub(crate) made: oneshot::Sender<Result<Vec<usize>, Refusal>>,
}

impl Default for PushOptions {
    fn default() -> Self {
        Self {
            method: Method::GET,
            headers: HeaderMap::new(),
        }
    }
}

impl PushOptions {
    /// GET, with no fields.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With this method.
    #[must_use]
    pub fn method(mut self, method: Method) -> Self {
        self.method = method;
        self
    }

    /// With one more field.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.append(name, value);
        self
    }

    /// With these fields in place of those before.
    #[must_use]
    pub fn headers(mut self, headers: HeaderMap) -> Self {
        self.headers = headers;
        self
    }
}

/// Fields that a promise may not have: those of a connection, and those of content or of its
/// negotiation that a request without content does not have (Go's list; RFC 9113, section 8.2.2).
const REFUSED_FIELDS: [HeaderName; 11] = [
    header::CONNECTION,
    CONTENT_ENCODING,
    CONTENT_LENGTH,
    EXPECT,
    HOST,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    TE,
    TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

impl Pusher {
    pub(crate) fn recursive() -> Self {
        Self(Kind::Recursive)
    }

    pub(crate) fn new(
        page: &Arc<Exchange>,
        page_target: Arc<str>,
        scheme: Scheme,
        authority: Option<Authority>,
        place: Option<Place>,
        pushes: mpsc::UnboundedSender<Box<ManualPush>>,
    ) -> Self {
        Self(Kind::Client {
            page: Arc::downgrade(page),
            page_target,
            scheme,
            authority,
            place,
            pushes,
        })
    }

    /// Pushes what a GET of `target` is answered with, an absolute path or a URL of the same origin.
    /// What is sent after this returns comes after the promise.
    ///
    /// # Errors
    ///
    /// Why nothing is pushed. The response to the handler's own request is the same in any case.
    pub async fn push(&self, target: &str) -> Result<(), PushError> {
        self.push_with(target, PushOptions::new()).await
    }

    /// The same, with another method or with fields.
    ///
    /// # Errors
    ///
    /// Why nothing is pushed.
    pub async fn push_with(&self, target: &str, options: PushOptions) -> Result<(), PushError> {
        let Kind::Client {
            page,
            page_target,
            scheme,
            authority,
            place,
            pushes,
        } = &self.0
        else {
            return Err(PushError::Recursive);
        };
        let target = path_and_query(target, scheme, authority.as_ref())?;
        let request = request(target, scheme, authority.as_ref(), options)?;
        let page = page.upgrade().ok_or(PushError::StreamClosed)?;
        let (made, outcome) = oneshot::channel();
        let push = ManualPush {
            page,
            page_target: Arc::clone(page_target),
            request,
            place: *place,
            made,
        };
        pushes
            .send(Box::new(push))
            .map_err(|_| PushError::StreamClosed)?;
        match outcome.await {
            Ok(outcome) => outcome.map(drop).map_err(PushError::from),
            Err(_) => Err(PushError::StreamClosed),
        }
    }
}

/// The path and query of a target, if it is on the origin.
fn path_and_query(
    target: &str,
    scheme: &Scheme,
    authority: Option<&Authority>,
) -> Result<PathAndQuery, PushError> {
    let invalid = || PushError::Target(target.to_owned());
    let path = if target.starts_with('/') {
        target.to_owned()
    } else {
        let foreign = || PushError::NotAuthoritative(target.to_owned());
        if !target.contains("://") {
            return Err(invalid());
        }
        let url: Uri = target.parse().map_err(|_| invalid())?;
        let own_port = |authority: &Authority| {
            let default = if *scheme == Scheme::HTTPS { 443 } else { 80 };
            authority.port_u16().unwrap_or(default)
        };
        let is_own = url.scheme() == Some(scheme)
            && url.authority().zip(authority).is_some_and(|(named, own)| {
                named.host().eq_ignore_ascii_case(own.host())
                    && own_port(named) == own_port(own)
                    && !named.as_str().contains('@')
            });
        if !is_own {
            return Err(foreign());
        }
        let path = url.path_and_query().map_or("/", PathAndQuery::as_str);
        path.to_owned()
    };
    UrlPath::parse(path.as_str()).map_err(|_| invalid())?;
    path.parse().map_err(|_| invalid())
}

fn request(
    target: PathAndQuery,
    scheme: &Scheme,
    authority: Option<&Authority>,
    options: PushOptions,
) -> Result<Request<()>, PushError> {
    if options.method != Method::GET && options.method != Method::HEAD {
        return Err(PushError::Method(options.method));
    }
    let refused = REFUSED_FIELDS
        .into_iter()
        .find(|name| options.headers.contains_key(name));
    if let Some(name) = refused {
        return Err(PushError::Header(name));
    }
    let authority = authority.ok_or_else(|| PushError::NotAuthoritative(target.to_string()))?;
    let uri = Uri::builder()
        .scheme(scheme.clone())
        .authority(authority.clone())
        .path_and_query(target)
        .build()
        .map_err(|error| PushError::Target(error.to_string()))?;
    let mut request = Request::new(());
    *request.method_mut() = options.method;
    *request.uri_mut() = uri;
    *request.version_mut() = http::Version::HTTP_2;
    *request.headers_mut() = options.headers;
    Ok(request)
}

impl From<Refusal> for PushError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::SwitchedOff
            | Refusal::PushDisabled
            | Refusal::SettingsUnseen
            | Refusal::Goaway
            | Refusal::ShuttingDown
            | Refusal::Cancels
            | Refusal::HttpVersion => Self::NotSupported,
            Refusal::Slots | Refusal::PageLimit | Refusal::PromiseBudget | Refusal::ByteBudget => {
                Self::LimitReached
            }
            Refusal::StreamClosed => Self::StreamClosed,
            other => Self::Refused(other),
        }
    }
}

impl fmt::Debug for Pusher {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Pusher")
    }
}

//! What serves requests: a `tower` service, or one of hyper's in an adapter.
//!
//! In: any `tower_service::Service<Request<Body>>` that can be cloned and sent, such as an axum
//! `Router`. Out: [`HttpService`], the same under one name, and [`Hyper`], which makes such a service
//! of a `hyper::service::Service`. Left out: building services.

use std::future::poll_fn;
use std::task::{Context, Poll};

use http::{Request, Response};
use tower_service::Service;

use crate::body::{Body, BoxError};

/// A response's body that can be sent.
///
/// Implemented by itself for every [`http_body::Body`] whose data can be sent between threads.
pub trait ResponseBody:
    http_body::Body<Data: Send, Error: Into<BoxError>> + Send + 'static
{
}

impl<B> ResponseBody for B where
    B: http_body::Body<Data: Send, Error: Into<BoxError>> + Send + 'static
{
}

/// What serves requests.
///
/// Implemented by itself for every [`Service`] that takes `Request<Body>` and returns a response whose
/// body is a [`ResponseBody`], if it and its future can be sent between threads. An error of the
/// service resets the stream; it should answer with an error page instead.
pub trait HttpService:
    Service<
        Request<Body>,
        Response = Response<Self::ResponseBody>,
        Error: Into<BoxError>,
        Future: Send + 'static,
    > + Clone
    + Send
    + 'static
{
    /// The body of its responses.
    type ResponseBody: ResponseBody;
}

impl<S, B> HttpService for S
where
    S: Service<Request<Body>, Response = Response<B>> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
    B: ResponseBody,
{
    type ResponseBody = B;
}

/// Asks a service, when it is ready.
pub(crate) async fn call<S: HttpService>(
    mut service: S,
    request: Box<Request<Body>>,
) -> Result<Response<S::ResponseBody>, BoxError> {
    poll_fn(|context| service.poll_ready(context))
        .await
        .map_err(Into::into)?;
    service.call(*request).await.map_err(Into::into)
}

/// A `hyper::service::Service` as a `tower` one.
///
/// ```
/// use http::{Request, Response};
/// use pushgen_runtime::{Body, Hyper};
///
/// let service = Hyper(hyper::service::service_fn(|_request: Request<Body>| async {
///     Ok::<_, std::convert::Infallible>(Response::new(String::from("hello")))
/// }));
/// # fn serves(_: impl pushgen_runtime::HttpService) {}
/// # serves(service);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Hyper<S>(pub S);

impl<S, R> Service<R> for Hyper<S>
where
    S: hyper::service::Service<R>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: R) -> S::Future {
        self.0.call(request)
    }
}

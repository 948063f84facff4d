//! Only the `Link` fields, for servers that stay on plain hyper or axum.
//!
//! In: requests and responses of another server. Out: the same, but a 200 for a page of the policy
//! has the `Link` values (RFC 8288) of the page's plan. Browsers then begin to fetch with the head of
//! the response instead of when they have read that far. Left out: push and 103, which need the
//! connection; what a connection carried, which only its server knows; the digest cookie; and the
//! assets' own responses: a hint for one that is gone or cannot be kept is a fetch in vain.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::{Method, Request, Response};
use tower_layer::Layer;
use tower_service::Service;

use crate::connection_facts::{ConnectionFacts, StreamFacts};
use crate::decision::{Decision, Situation, decide};
use crate::final_response::add_links;
use crate::policy_handle::PolicyHandle;
use crate::record::Record;
use crate::request_facts::RequestFacts;
use crate::rules::Rules;

/// Adds `Link` fields to a service's pages. The policy may be replaced while it is in use.
///
/// It looks at the request's path, so it belongs outside of whatever changes that.
///
/// ```
/// use axum::{Router, response::Html, routing::get};
/// use http::{Request, header::LINK};
/// use pushgen_runtime::{LinkLayer, PolicyHandle};
/// use tower_service::Service;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../pushgen-policy/schema/example.json");
/// let policy = PolicyHandle::load(file, [])?;
/// let mut app: Router = Router::new()
///     .route("/", get(|| async { Html("<!DOCTYPE html>") }))
///     .layer(LinkLayer::new(policy));
///
/// let response = app.call(Request::get("/").body(String::new())?).await?;
/// assert_eq!(response.headers()[LINK], "</css/app.css>; rel=preload; as=style");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct LinkLayer {
    policy: PolicyHandle,
    rules: Arc<Rules>,
    secure: bool,
}

impl LinkLayer {
    /// With the default rules, for a server in the clear.
    #[must_use]
    pub fn new(policy: PolicyHandle) -> Self {
        Self {
            policy,
            rules: Arc::new(Rules::default()),
            secure: false,
        }
    }

    /// What may be linked. What the rules say of pushes and 103 has no effect.
    #[must_use]
    pub fn rules(mut self, rules: Rules) -> Self {
        self.rules = Arc::new(rules);
        self
    }

    /// Whether the server speaks TLS: the scheme of the origin that is asked is then `https`.
    #[must_use]
    pub fn secure(mut self, secure: bool) -> Self {
        self.secure = secure;
        self
    }

    fn decide<B>(&self, request: Request<B>) -> (Request<B>, Option<Decision>) {
        let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
        if !is_read || !self.rules.links {
            return (request, None);
        }
        let policy = self.policy.current();
        if policy.policy().plan_index(request.uri().path()).is_none() {
            return (request, None);
        }
        let (head, body) = request.into_parts();
        let decision = decide(&Situation {
            request: &RequestFacts::of(&head, self.secure),
            stream: StreamFacts::default(),
            // It takes no pushes. What may go into a 103 goes into the final response as well.
            connection: ConnectionFacts::new(head.version),
            record: &Record::new(policy),
            rules: &self.rules,
        });
        (Request::from_parts(head, body), Some(decision))
    }
}

impl<S> Layer<S> for LinkLayer {
    type Service = LinkService<S>;

    fn layer(&self, inner: S) -> LinkService<S> {
        LinkService {
            inner,
            layer: self.clone(),
        }
    }
}

/// A service whose pages have `Link` fields; see [`LinkLayer`].
#[derive(Debug, Clone)]
pub struct LinkService<S> {
    inner: S,
    layer: LinkLayer,
}

impl<S, B, R> Service<Request<B>> for LinkService<S>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = LinkFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (request, decision) = self.layer.decide(request);
        LinkFuture {
            inner: Box::pin(self.inner.call(request)),
            decision,
        }
    }
}

/// The response that [`LinkService`] is about to give.
#[derive(Debug)]
pub struct LinkFuture<F> {
    inner: Pin<Box<F>>,
    decision: Option<Decision>,
}

impl<F, R, E> Future for LinkFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let response = ready!(self.inner.as_mut().poll(context))?;
        let Some(decision) = &self.decision else {
            return Poll::Ready(Ok(response));
        };
        let (mut head, body) = response.into_parts();
        add_links(&mut head, decision);
        Poll::Ready(Ok(Response::from_parts(head, body)))
    }
}

#[cfg(test)]
mod tests;

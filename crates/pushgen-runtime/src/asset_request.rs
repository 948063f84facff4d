//! Asking the service for a page's assets, as a client would, before they are named or promised.
//!
//! In: the page's request. Out: requests for assets, with the fields that a promise has and no others, and
//! the service's answers. What the answers are good for is remembered for a while
//! ([`HintMemo`](crate::hint_memo::HintMemo)). Left out: sending anything.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, Request, Response, Uri, Version, header, request};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::body::{Body, BoxError};
use crate::connection_info::{ConnectionInfo, Promised};
use crate::decision::Decision;
use crate::freshness::is_hintable;
use crate::loaded_policy::LoadedPolicy;
use crate::promise_fields::promised_headers;
use crate::pusher::Pusher;
use crate::refusal::Refusal;
use crate::service::{self, HttpService};

/// What requests for the assets of one page have in common.
pub(crate) struct AssetRequests {
    info: ConnectionInfo,
    /// Of the page.
    target: Arc<str>,
    scheme: Scheme,
    authority: Option<Authority>,
    headers: HeaderMap,
}

/// What a service answers.
pub(crate) type Answer<B> = Result<Response<B>, BoxError>;

impl AssetRequests {
    /// Those of the page that is asked for with `request`.
    pub(crate) fn of(request: &request::Parts, info: ConnectionInfo) -> Self {
        let target = request.uri.path_and_query();
        Self {
            info,
            target: target.map_or("/", |target| target.as_str()).into(),
            scheme: scheme(info.secure),
            authority: authority(request),
            headers: promised_headers(&request.headers),
        }
    }

    /// Path and query of the page.
    pub(crate) fn page_target(&self) -> &Arc<str> {
        &self.target
    }

    /// The request for an asset, as it is promised over HTTP/2. Without an authority, which nothing can be
    /// promised for, it is one in origin form.
    pub(crate) fn request(&self, policy: &LoadedPolicy, asset: usize) -> Option<Request<()>> {
        let path: PathAndQuery = policy.asset(asset)?.path.as_str().parse().ok()?;
        let uri = match &self.authority {
            Some(authority) => Uri::builder()
                .scheme(self.scheme.clone())
                .authority(authority.clone())
                .path_and_query(path)
                .build()
                .ok()?,
            None => path.into(),
        };
        let mut request = Request::new(());
        *request.uri_mut() = uri;
        *request.version_mut() = Version::HTTP_2;
        *request.headers_mut() = self.headers.clone();
        Some(request)
    }

    /// Takes back the hints whose assets are not fit for one, or do not say in time whether they are.
    pub(crate) async fn withhold_unfit<S: HttpService>(
        &self,
        decision: &mut Decision,
        service: S,
        patience: Duration,
    ) {
        let policy = Arc::clone(decision.policy());
        let (memo, now) = (policy.hint_memo(), Instant::now());
        let mut unknown = Vec::new();
        let hints: Vec<usize> = decision.hints().collect();
        for asset in hints {
            match memo.get(asset, now) {
                Some(Ok(())) => {}
                Some(Err(refusal)) => decision.withhold(asset, refusal),
                None => unknown.push(asset),
            }
        }
        let mut tasks = JoinSet::new();
        for &asset in &unknown {
            if let Some(request) = self.request(&policy, asset) {
                let answer = ask(self.info, &service, &self.target, &request);
                tasks.spawn(async move {
                    let verdict = match answer.await {
                        Ok(response) => is_hintable(&response.into_parts().0, SystemTime::now()),
                        Err(_) => Err(Refusal::AssetStatus),
                    };
                    (asset, verdict)
                });
            }
        }
        let deadline = now + patience;
        while let Ok(Some(joined)) = tokio::time::timeout_at(deadline, tasks.join_next()).await {
            // A service that panics has no answer.
            let Ok((asset, verdict)) = joined else {
                continue;
            };
            memo.set(asset, verdict, now);
            unknown.retain(|other| *other != asset);
            if let Err(refusal) = verdict {
                decision.withhold(asset, refusal);
            }
        }
        for asset in unknown {
            decision.withhold(asset, Refusal::Unresolved);
        }
    }
}

/// Asks the service for what is to be promised or hinted.
pub(crate) fn ask<S: HttpService>(
    info: ConnectionInfo,
    service: &S,
    page_target: &str,
    request: &Request<()>,
) -> impl Future<Output = Answer<S::ResponseBody>> + Send + use<S> {
    let (mut parts, ()) = request.clone().into_parts();
    parts.extensions.insert(info);
    parts.extensions.insert(Promised::by(page_target));
    parts.extensions.insert(Pusher::recursive());
    let request = Request::from_parts(parts, Body::empty());
    service::call(service.clone(), Box::new(request))
}

/// The scheme of what is promised on a connection.
pub(crate) fn scheme(secure: bool) -> Scheme {
    if secure { Scheme::HTTPS } else { Scheme::HTTP }
}

/// The authority of what is promised with a request: its own (RFC 9113, section 8.3.1).
pub(crate) fn authority(request: &request::Parts) -> Option<Authority> {
    let authority: Authority = match request.uri.authority() {
        Some(authority) => authority.clone(),
        None => request
            .headers
            .get(header::HOST)?
            .as_bytes()
            .try_into()
            .ok()?,
    };
    // There is no user in it (RFC 9113, section 8.3.1).
    (!authority.as_str().contains('@')).then_some(authority)
}

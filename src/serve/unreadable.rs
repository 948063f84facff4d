//! Telling of files that cannot be read: the client gets a 500 that says nothing, the person at the terminal the rest.
//!
//! In: the file service. Out: the same service; what it could not read is told on standard error. Left out: logging the
//! request.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use anyhow::anyhow;
use http::{Request, Response};
use tower_service::Service;

use super::files::{Answering, FileBody, Files, Unreadable};
use crate::output;

/// The file service, which tells what it could not read.
#[derive(Debug, Clone)]
pub(crate) struct Telling(pub(crate) Files);

/// The future of a response.
pub(crate) struct Told(Answering);

impl<B: Send + 'static> Service<Request<B>> for Telling {
    type Response = Response<FileBody>;
    type Error = std::convert::Infallible;
    type Future = Told;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Service::<Request<B>>::poll_ready(&mut self.0, context)
    }

    fn call(&mut self, request: Request<B>) -> Told {
        Told(self.0.call(request))
    }
}

impl Future for Told {
    type Output = Result<Response<FileBody>, std::convert::Infallible>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = Pin::new(&mut self.0).poll(context);
        if let Poll::Ready(Ok(response)) = &answer
            && let Some(unreadable) = response.extensions().get::<Unreadable>()
        {
            let cannot = format!("cannot read {}", unreadable.path.display());
            output::error(&anyhow!(Arc::clone(&unreadable.error)).context(cannot));
        }
        answer
    }
}

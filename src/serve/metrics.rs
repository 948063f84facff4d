//! The numbers of a server, for Prometheus.
//!
//! In: the runtime's [`Metrics`]. Out: a service that answers `/metrics`. Left out: the format, see
//! [`metrics_page`](super::metrics_page).

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response, StatusCode, header};
use pushgen_runtime::{Metrics, Refusal};
use tower_service::Service;

use super::metrics_page::{CONTENT_TYPE, Kind, Metric, Sample, render};

/// Answers `/metrics`.
#[derive(Debug, Clone)]
pub(crate) struct MetricsService(pub(crate) Arc<Metrics>);

impl<B> Service<Request<B>> for MetricsService {
    type Response = Response<String>;
    type Error = Infallible;
    type Future = Ready<Result<Response<String>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (status, content_type, page) = match request.uri().path() {
            "/metrics" => (StatusCode::OK, CONTENT_TYPE, page(&self.0)),
            _ => (
                StatusCode::NOT_FOUND,
                "text/plain; charset=utf-8",
                "The metrics are at /metrics.\n".to_owned(),
            ),
        };
        let mut response = Response::new(page);
        *response.status_mut() = status;
        let content_type = header::HeaderValue::from_static(content_type);
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, content_type);
        ready(Ok(response))
    }
}

fn page(metrics: &Metrics) -> String {
    use Kind::{Counter, Gauge};
    let numbers = [
        (
            "pushgen_connections",
            "Open connections.",
            Gauge,
            &metrics.open_connections,
        ),
        (
            "pushgen_connections_total",
            "Connections taken on.",
            Counter,
            &metrics.connections,
        ),
        (
            "pushgen_connection_failures_total",
            "Connections that ended with an error.",
            Counter,
            &metrics.failed_connections,
        ),
        (
            "pushgen_requests_total",
            "Requests of clients.",
            Counter,
            &metrics.requests,
        ),
        (
            "pushgen_pages_total",
            "Pages answered with their plan, in whole or in part.",
            Counter,
            &metrics.pages,
        ),
        (
            "pushgen_promises_total",
            "PUSH_PROMISE frames.",
            Counter,
            &metrics.promises,
        ),
        (
            "pushgen_pushed_bytes_total",
            "Bytes of pushed bodies.",
            Counter,
            &metrics.pushed_bytes,
        ),
        (
            "pushgen_cancelled_pushes_total",
            "Pushes that clients cancelled or refused.",
            Counter,
            &metrics.cancelled_pushes,
        ),
        (
            "pushgen_early_hints_total",
            "103 responses.",
            Counter,
            &metrics.early_hints,
        ),
        (
            "pushgen_links_total",
            "Link values in final responses.",
            Counter,
            &metrics.links,
        ),
    ];
    let sample = |labels, value: u64| Sample {
        labels,
        // Exact up to 2^53.
        value: value as f64,
    };
    let mut list: Vec<Metric<'_>> = numbers
        .into_iter()
        .map(|(name, help, kind, count)| Metric {
            name,
            help,
            kind,
            samples: vec![sample(Vec::new(), count.get())],
        })
        .collect();
    list.push(Metric {
        name: "pushgen_refusals_total",
        help: "Why something was not sent ahead.",
        kind: Counter,
        samples: Refusal::ALL
            .iter()
            .map(|refusal| {
                let reason = vec![("reason", refusal.as_str())];
                sample(reason, metrics.refusals.get(*refusal))
            })
            .collect(),
    });
    render(&list)
}

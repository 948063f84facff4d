//! What became of one request, for a log.
//!
//! In: a response that has ended. Out: [`Report`], given to the function that
//! [`Builder::report_to`](crate::Builder::report_to) was told. Left out: any format, and writing.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::{Method, StatusCode, Version};

use crate::connection_info::ConnectionInfo;
use crate::decision::Decision;

/// A response that has ended, one way or another.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Report<'a> {
    /// The connection that it went over.
    pub connection: &'a ConnectionInfo,
    /// The method of the request.
    pub method: &'a Method,
    /// Path and query.
    pub target: &'a str,
    /// The protocol version.
    pub version: Version,
    /// The status; `None` if the client went before there was one, or the service failed.
    pub status: Option<StatusCode>,
    /// Bytes of the body that were sent; `None` if that is not known, as with a response of HTTP/1 that
    /// was not sent to its end.
    pub body_bytes: Option<u64>,
    /// Whether the response was sent to its end.
    pub is_complete: bool,
    /// Since the request came, or was promised.
    pub elapsed: Duration,
    /// For a push, the target of the page that it was promised with.
    pub promised_by: Option<&'a str>,
    /// What was decided to deliver with it, if it is a page of the policy.
    pub decision: Option<&'a Decision>,
    /// The places of the assets that were promised with it.
    pub pushed: &'a [usize],
}

/// Who is told.
#[derive(Clone)]
pub(crate) struct Reporter(pub(crate) Arc<dyn Fn(&Report<'_>) + Send + Sync>);

impl fmt::Debug for Reporter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Reporter")
    }
}

//! A connection that speaks HTTP/1.1 or 1.0: hyper, with time limits and the policy's `Link` fields.
//!
//! In: a stream of bytes, a service, the server's settings. Out: responses (RFC 9112), those of the
//! policy's pages with the `Link` values of their plans and the digest cookie. Upgrades are hyper's:
//! a service finds them in the request's extensions. Left out:
//!
//! - push, which HTTP/1 has not;
//! - 103 (Early Hints): hyper cannot send one, browsers do not listen to it here, and RFC 8297,
//!   section 3 warns of clients that take it for the final response.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::builder::Settings;
use crate::connection_error::{ConnectionError, Timeout};
use crate::connection_info::ConnectionInfo;
use crate::limits::Limits;
use crate::records::Records;
use crate::service::HttpService;

mod activity;
mod exchange;

use activity::{Activity, Clock, Wait, Watched};

/// What the exchanges of a connection have in common.
#[derive(Debug)]
struct Connection {
    info: ConnectionInfo,
    settings: Arc<Settings>,
    activity: Arc<Activity>,
    records: Mutex<Records>,
}

/// Serves a connection until it ends.
///
/// # Errors
///
/// Why it ended before its time.
pub(crate) async fn serve<Io, S>(
    io: Io,
    info: ConnectionInfo,
    service: S,
    settings: Arc<Settings>,
) -> Result<(), ConnectionError>
where
    Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    S: HttpService,
{
    let activity = Arc::new(Activity::default());
    let connection = Arc::new(Connection {
        info,
        settings: Arc::clone(&settings),
        activity: Arc::clone(&activity),
        records: Mutex::default(),
    });
    let service = service_fn(move |request| {
        exchange::respond(service.clone(), request, Arc::clone(&connection))
    });
    let io = TokioIo::new(Watched::new(io, &activity));
    let http = http(&settings.limits).serve_connection(io, service);
    let mut http = pin!(http.with_upgrades());

    let timeouts = &settings.timeouts;
    let patience = |wait| match wait {
        Wait::Fields => Some(timeouts.first_bytes),
        Wait::Request => Some(timeouts.idle),
        Wait::Writing => Some(timeouts.write_stall),
        Wait::Response => None,
    };
    let mut clock = Clock::new(&activity, timeouts.first_bytes);
    let mut shutdown = pin!(settings.shutdown.begun());
    let mut shutdown_over = pin!(async {
        settings.shutdown.begun().await;
        tokio::time::sleep(timeouts.shutdown).await;
    });
    let mut is_ending = false;
    poll_fn(|context| {
        if !is_ending && shutdown.as_mut().poll(context).is_ready() {
            is_ending = true;
            http.as_mut().graceful_shutdown();
        }
        if let Poll::Ready(end) = http.as_mut().poll(context) {
            return Poll::Ready(end.map_err(ConnectionError::from));
        }
        if is_ending && shutdown_over.as_mut().poll(context).is_ready() {
            return Poll::Ready(Err(ConnectionError::Timeout(Timeout::Shutdown)));
        }
        clock
            .poll(context, &activity, patience)
            .map(|wait| match wait {
                Wait::Request | Wait::Response => {
                    // What has to be said at the end, TLS's close_notify, is said now or never.
                    http.as_mut().graceful_shutdown();
                    let _ = http.as_mut().poll(context);
                    Ok(())
                }
                Wait::Fields => Err(ConnectionError::Timeout(Timeout::FirstBytes)),
                Wait::Writing => Err(ConnectionError::Timeout(Timeout::WriteStall)),
            })
    })
    .await
}

fn http(limits: &Limits) -> http1::Builder {
    /// What hyper asks for at least.
    const MIN_BUFFER_SIZE: usize = 8 << 10;
    let max_header_size = usize::try_from(limits.max_header_list_size).unwrap_or(usize::MAX);
    let buffer_size = limits.max_send_buffer_size.max(max_header_size);
    let mut http = http1::Builder::new();
    http.header_read_timeout(None::<Duration>)
        .max_header_size(max_header_size)
        .max_buf_size(buffer_size.max(MIN_BUFFER_SIZE));
    http
}

//! Delivers a push policy from a hyper-based server: HTTP/2 server push to clients that take it, 103 Early
//! Hints and `Link` preload to today's browsers.
//!
//! A [`Builder`] serves connections: HTTP/2 on the `h2` crate, which is hyper's own engine, HTTP/1.1 on
//! hyper itself. The service is any `tower` one, such as an axum `Router`; it need not know of any of this.
//! With each page that the policy has a plan for, the assets of the plan are asked of the same service and
//! sent ahead of the page by the best means that this client takes.
//!
//! # With axum
//!
//! ```
//! use axum::Router;
//! use axum::response::Html;
//! use axum::routing::get;
//! use pushgen_runtime::{Builder, PolicyHandle};
//! use tokio::net::TcpListener;
//!
//! const POLICY: &str = "push-policy.json"; // What `pushgen analyze` wrote.
//!
//! async fn serve(listener: TcpListener) -> Result<(), Box<dyn std::error::Error>> {
//!     let app = Router::new()
//!         .route("/", get(|| async { Html("<link rel=stylesheet href=/app.css>") }))
//!         .route("/app.css", get(|| async { ([("cache-control", "max-age=600")], "p {}") }));
//!     let policy = PolicyHandle::load(POLICY, [])?;
//!     Builder::new().policy(policy).serve(listener, None, app).await?;
//!     Ok(())
//! }
//! ```
//!
//! With TLS the second argument of [`Builder::serve`] is a [`Tls`]; [`PolicyHandle::reload`] goes over to a
//! new policy while the server runs.
//!
//! # With a service of hyper
//!
//! [`Hyper`] makes a `tower` service of it. Who accepts connections by himself serves them one by one:
//!
//! ```
//! use std::convert::Infallible;
//!
//! use http::{Request, Response};
//! use pushgen_runtime::{Body, Builder, ConnectionInfo, Hyper, PolicyHandle, Protocol};
//! use tokio::net::TcpStream;
//!
//! async fn serve(stream: TcpStream, policy: PolicyHandle) {
//!     let service = Hyper(hyper::service::service_fn(|_: Request<Body>| async {
//!         Ok::<_, Infallible>(Response::new(String::from("hello")))
//!     }));
//!     // If TLS was spoken on it, with what ALPN chose.
//!     let info = ConnectionInfo::new().secure(false).protocol(Protocol::Detect);
//!     let server = Builder::new().policy(policy);
//!     if let Err(error) = server.serve_connection_with(stream, info, service).await {
//!         eprintln!("{error}");
//!     }
//! }
//! ```
//!
//! # Pushes by hand
//!
//! A handler that knows better finds a [`Pusher`] in its request's extensions if the client takes pushes, and
//! [`EarlyHints`] if the request came over HTTP/2.
//!
//! ```
//! use axum::Router;
//! use axum::extract::Request;
//! use axum::response::Html;
//! use axum::routing::get;
//! use pushgen_runtime::{Builder, Pusher};
//!
//! async fn index(request: Request) -> Html<&'static str> {
//!     if let Some(pusher) = request.extensions().get::<Pusher>() {
//!         // A push that fails is no reason to fail.
//!         let _ = pusher.push("/app.css").await;
//!     }
//!     Html("<link rel=stylesheet href=/app.css>")
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let app = Router::new()
//!     .route("/", get(index))
//!     .route("/app.css", get(|| async { ([("cache-control", "max-age=600")], "p {}") }));
//!
//! let (client, server) = tokio::io::duplex(4096);
//! tokio::spawn(async move { Builder::new().serve_connection(server, app).await });
//!
//! // The client is that of the `h2` crate.
//! let (mut requests, connection) = h2::client::handshake(client).await?;
//! tokio::spawn(connection);
//! let request = http::Request::get("http://localhost/").body(())?;
//! let (mut response, _) = requests.send_request(request, true)?;
//! let mut promises = response.push_promises();
//! let (promised, _) = promises.push_promise().await.expect("a promise")?.into_parts();
//! assert_eq!(promised.uri().path(), "/app.css");
//! assert_eq!(response.await?.status(), 200);
//! # Ok(())
//! # }
//! ```
//!
//! # What decides
//!
//! [`decide`] is a pure function of what is known when a page is asked for, a [`Situation`]: the request, the
//! client's SETTINGS, what its connection carried, its cache digest and digest cookie, and the [`Rules`] of the
//! server's owner. Whatever it refuses has a name, a [`Refusal`], that is counted and reported. It can be used
//! without the rest of this crate. Servers that stay on plain hyper add a [`LinkLayer`]: it adds `Link`, and
//! nothing else.
//!
//! # Features
//!
//! `tls`, on by default: [`Tls`] and what it needs, rustls with ring.

mod asset_request;
mod asset_set;
mod body;
mod builder;
mod connection_error;
mod connection_facts;
mod connection_info;
mod content_coding;
mod date;
mod decision;
pub mod digest_cookie;
mod document_head;
mod early_hints;
mod field_list;
mod final_response;
mod freshness;
#[cfg(fuzzing)]
pub mod fuzzing;
mod hint_memo;
mod http1;
mod http2;
mod known;
mod limits;
mod link_layer;
mod loaded_policy;
mod metrics;
mod open_connection;
mod policy_handle;
mod preface;
mod promise_fields;
mod pusher;
mod record;
mod records;
mod redirect;
mod refusal;
mod report;
mod request_facts;
mod rules;
mod server;
mod service;
mod shutdown;
mod tls;

pub use body::{Body, BoxError};
pub use builder::Builder;
pub use connection_error::{ConnectionError, Timeout};
pub use connection_facts::{ConnectionFacts, StreamFacts};
pub use connection_info::{ConnectionInfo, Promised, Protocol};
pub use decision::{Decision, Delivery, Situation, Verdict, decide, decide_redirect};
pub use document_head::DocumentHead;
pub use early_hints::{EarlyHints, TooLate};
pub use freshness::{PUSHED_VARY, is_hintable, is_page, is_pushable};
pub use limits::{Limits, Timeouts};
pub use link_layer::{LinkFuture, LinkLayer, LinkService};
pub use loaded_policy::{LoadedPolicy, MAX_ORIGINS};
pub use metrics::{Count, Metrics};
pub use policy_handle::{LoadError, PolicyHandle};
pub use promise_fields::{MAX_PROMISED_FIELD_BYTES, PROMISED_FIELDS, promised_headers};
pub use pusher::{PushError, PushOptions, Pusher};
pub use record::Record;
pub use refusal::{Refusal, Refusals};
pub use report::Report;
pub use request_facts::{Navigation, Priority, RequestFacts};
pub use rules::Rules;
pub use service::{HttpService, Hyper, ResponseBody};
pub use shutdown::Shutdown;
pub use tls::Tls;

/// The TLS library, whose configuration [`Tls`] takes.
#[cfg(feature = "tls")]
pub use tokio_rustls::rustls;

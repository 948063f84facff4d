//! Delivers a push policy from a hyper-based server: HTTP/2 server push, 103 Early Hints, `Link`.

mod body;
mod builder;
mod connection_error;
mod connection_facts;
mod connection_info;
mod date;
mod decision;
pub mod digest_cookie;
mod early_hints;
mod field_list;
mod final_response;
mod freshness;
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
pub use early_hints::{EarlyHints, TooLate};
pub use freshness::{PUSHED_VARY, is_hintable, is_page, is_pushable};
pub use limits::{Limits, Timeouts};
pub use link_layer::{LinkLayer, LinkService};
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

//! Delivers a push policy from a hyper-based server: HTTP/2 server push, 103 Early Hints, `Link`.
//!
//! What is here is the pure part of that: given a policy, a request, and what is known of its connection,
//! [`decide`] says for each asset of the page's plan whether it is pushed, hinted, linked or left out, with a
//! named [`Refusal`] where something stands against it. There is no I/O and nothing is asynchronous. The
//! connection driver that carries the decision out is not written yet.
//!
//! - [`LoadedPolicy`]: a policy with everything that can be worked out when it is loaded.
//! - [`RequestFacts`], [`ConnectionFacts`], [`Record`]: what a decision is made from.
//! - [`is_pushable`], [`is_hintable`], [`is_page`]: what a response has to be for its delivery.
//! - [`promised_headers`]: the fields that a promise carries.
//! - [`digest_cookie`]: what plain browsers return of what they were sent.

mod connection_facts;
mod decision;
pub mod digest_cookie;
mod field_list;
mod freshness;
#[cfg_attr(
    not(test),
    expect(
        dead_code,
        unused_imports,
        reason = "the connection driver is to use it"
    )
)]
mod http2;
mod known;
mod loaded_policy;
mod promise_fields;
mod record;
mod redirect;
mod refusal;
mod request_facts;
mod rules;

pub use connection_facts::{ConnectionFacts, StreamFacts};
pub use decision::{Decision, Delivery, Situation, Verdict, decide, decide_redirect};
pub use freshness::{PUSHED_VARY, is_hintable, is_page, is_pushable};
pub use loaded_policy::{LoadedPolicy, MAX_ORIGINS};
pub use promise_fields::{MAX_PROMISED_FIELD_BYTES, PROMISED_FIELDS, promised_headers};
pub use record::Record;
pub use refusal::{Refusal, Refusals};
pub use request_facts::{Navigation, Priority, RequestFacts};
pub use rules::Rules;

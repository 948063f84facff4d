//! What must hold for any input, as the fuzz targets in `fuzz/` ask for it.
//!
//! In: the bytes that a fuzzer made. Out: nothing; a property that does not hold is a panic. Only under
//! `cfg(fuzzing)`, which cargo-fuzz sets: what is private stays private otherwise. An input is the text of a message's
//! head and, behind a NUL, a byte for each of the choices that are not text: [`choices`].

pub(crate) mod choices;
mod decision;
mod message;
mod request;
mod response;

pub use crate::http2::observer;
pub use decision::decision;
pub use request::{redirect_target, request};
pub use response::response;

//! What an HTTP/2 connection needs beside the `h2` crate to push without breaking itself.
//!
//! [`observer`] reads the frames of both directions as they pass and holds reading back while promises wait
//! to be written; [`slots`] counts the pushes that the peer has room for; [`frames`] knows frame heads.

mod frames;
mod observer;
mod slots;

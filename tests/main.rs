//! Black-box tests: they run the `pushgen` binary as its users do. One binary, so that it links once.

mod bad_input;
mod check;
mod cli;
mod determinism;
mod fixtures;
mod generated_sites;
mod support;

//! Black-box tests: they run the `pushgen` binary as its users do. One binary, so that it links once.

mod bad_input;
mod check;
mod cli;
#[cfg(all(unix, feature = "serve"))]
mod clients;
mod closure;
mod determinism;
mod fixtures;
mod generated_sites;
#[cfg(all(target_os = "linux", feature = "serve"))]
mod load;
#[cfg(all(unix, feature = "measure"))]
mod measure;
mod report;
#[cfg(all(unix, feature = "serve"))]
mod serve;
mod simulate;
mod support;
mod trace;
mod viewports;

//! The load generator `h2load` of nghttp2.
//!
//! In: a target, and how much of it. Out: requests per second, if every one was answered with a 2xx.

use std::process::Command;
use std::time::Duration;

use crate::Fallible;
use crate::processes::Server;

/// On a machine that is busy with other things a turn may pass without a single response.
const TRIES: usize = 3;

/// How it asks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    pub(crate) connections: u32,
    /// Requests at once on each connection.
    pub(crate) streams: u32,
    pub(crate) amount: Amount,
}

/// How much it asks.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Amount {
    For(Duration),
    Requests(u32),
}

/// Whether it is there.
pub(crate) fn is_installed() -> bool {
    Command::new("h2load").arg("--version").output().is_ok()
}

/// Requests per second.
pub(crate) fn run(server: &Server, tls: bool, target: &str, load: Load) -> Fallible<f64> {
    let mut command = Command::new("h2load");
    command.args(["-t", "1", "-c", &load.connections.to_string()]);
    command.args(["-m", &load.streams.to_string()]);
    // Windows that do not limit a loopback, 2^24-1 and 2^26-1 bytes.
    command.args(["-w", "24", "-W", "26"]);
    match load.amount {
        Amount::For(time) => command.args(["-D", &format!("{}ms", time.as_millis())]),
        Amount::Requests(requests) => command.args(["-n", &requests.to_string()]),
    };
    let scheme = if tls { "https" } else { "http" };
    command.arg(format!("{scheme}://{}{target}", server.address));
    let mut text = String::new();
    for _ in 0..TRIES {
        text = String::from_utf8_lossy(&command.output()?.stdout).into_owned();
        if let Some(rate) = read(&text) {
            return Ok(rate);
        }
    }
    Err(format!("{}: h2load: {text}", server.name).into())
}

/// The rate in what it prints.
fn read(text: &str) -> Option<f64> {
    let line = |begin: &str| text.lines().find_map(|line| line.strip_prefix(begin));
    let is_good = line("requests: ")?.contains(" 0 failed, 0 errored, 0 timeout")
        && line("status codes: ")?.contains(" 0 3xx, 0 4xx, 0 5xx");
    let rate = line("finished in ")?.split(", ").nth(1)?;
    let rate = rate.strip_suffix(" req/s")?.parse().ok()?;
    (is_good && rate > 0.0).then_some(rate)
}

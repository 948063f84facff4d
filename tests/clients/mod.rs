//! `pushgen serve` and the programs that talk to it: nghttp, Node, curl, today's Chromium, and one that takes pushes.
//!
//! Each is started for real, and judged by what it says about the connection and by the server's log. A program that
//! is missing fails the test: `tests/run` installs them. Only the browsers may be left out, with
//! `PUSHGEN_SKIP_BROWSERS=1`.

mod chromium;
mod chromium_with_push;
mod curl;
mod delay;
mod devtools;
mod interleaving;
mod nghttp;
mod node;
mod report;
pub(crate) mod server;
mod site;
mod viewports;

use std::io::Read;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs a program to its end, which must come in time.
#[track_caller]
fn output(command: &mut Command) -> Output {
    let name = command.get_program().to_string_lossy().into_owned();
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut running = match child {
        Ok(child) => Running(child),
        Err(error) => missing(&name, &error),
    };
    let (stdout, stderr) = (running.0.stdout.take(), running.0.stderr.take());
    let (stdout, stderr) = (collect(stdout), collect(stderr));
    let in_time = |bytes: mpsc::Receiver<Vec<u8>>| {
        let bytes = bytes.recv_timeout(PATIENCE);
        bytes.unwrap_or_else(|_| panic!("{name} does not end"))
    };
    let (stdout, stderr) = (in_time(stdout), in_time(stderr));
    let status = running.0.wait().expect("a status");
    Output {
        status,
        stdout,
        stderr,
    }
}

#[track_caller]
fn missing(name: &str, error: &std::io::Error) -> ! {
    panic!("{name} does not start: {error}; tests/run installs what the tests need")
}

/// Everything that is read from a pipe until it is closed.
fn collect(pipe: Option<impl Read + Send + 'static>) -> mpsc::Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // What could be read counts, also if the pipe breaks.
            drop(pipe.read_to_end(&mut bytes));
        }
        drop(sender.send(bytes));
    });
    receiver
}

/// A program that ends with the test, however the test ends.
#[derive(Debug)]
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Where a browser is, from the environment variable of this name. `None` if browsers are to be left out.
pub(crate) fn browser(variable: &str) -> Option<String> {
    if std::env::var("PUSHGEN_SKIP_BROWSERS").is_ok_and(|skip| skip == "1") {
        eprintln!("skipped: PUSHGEN_SKIP_BROWSERS is set");
        return None;
    }
    let path = std::env::var(variable);
    Some(path.unwrap_or_else(|_| panic!("{variable} is not set; run the tests through tests/run")))
}

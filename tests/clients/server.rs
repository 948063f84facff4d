//! `pushgen serve` as it is started by its users.
//!
//! In: a folder, options, a policy. Out: the origin that it serves at, and when it has been stopped, which it must
//! do in order, its log.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{PATIENCE, Running};
use crate::support::command_in;

/// A running server.
#[derive(Debug)]
pub(crate) struct Server {
    running: Running,
    lines: Receiver<String>,
    /// Such as `https://127.0.0.1:41234`.
    pub(crate) origin: String,
    pub(crate) port: u16,
    /// Where its metrics are, if it has any.
    pub(crate) metrics_port: Option<u16>,
}

/// What a server has logged.
#[derive(Debug)]
pub(crate) struct Log {
    /// One for each request, in the order in which they were answered.
    pub(crate) requests: Vec<Value>,
}

impl Server {
    /// Serves a folder on a free port, and waits until it listens.
    #[track_caller]
    pub(crate) fn start(dist: &Path, options: &[&str]) -> Self {
        let dist = dist.to_str().expect("a UTF-8 path");
        let fixed = ["serve", dist, "--listen", "127.0.0.1:0", "--log", "json"];
        let mut child = command_in(crate::support::root(), &[&fixed, options].concat())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let (sender, lines) = mpsc::channel();
        send_lines(child.stdout.take().expect("a pipe"), sender.clone());
        send_lines(child.stderr.take().expect("a pipe"), sender);
        let running = Running(child);
        let mut said = Vec::new();
        let mut metrics_port = None;
        loop {
            let line = lines.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|error| panic!("{error}; it does not listen: {said:?}"));
            if let Some((_, port)) = origin_in(&line, "metrics at ") {
                metrics_port = Some(port);
            } else if let Some((origin, port)) = origin_in(&line, "serving ") {
                return Self {
                    running,
                    lines,
                    origin,
                    port,
                    metrics_port,
                };
            }
            said.push(line);
        }
    }

    pub(crate) fn url(&self, target: &str) -> String {
        format!("{}{target}", self.origin)
    }

    /// The next line of its output that has this in it.
    #[track_caller]
    pub(crate) fn says(&self, what: &str) -> String {
        loop {
            let line = self.lines.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|error| panic!("{error}; it does not say {what:?}"));
            if line.contains(what) {
                return line;
            }
        }
    }

    /// Stops it as Ctrl-C does. It must end well and soon.
    #[track_caller]
    pub(crate) fn stop(mut self) -> Log {
        let process = self.running.0.id().to_string();
        let killed = Command::new("kill").args(["-INT", &process]).status();
        assert!(killed.expect("kill runs").success());
        let deadline = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.running.0.try_wait().expect("a status") {
                break status;
            }
            assert!(Instant::now() < deadline, "it does not stop");
            thread::sleep(Duration::from_millis(2));
        };
        let lines: Vec<String> = self.lines.iter().collect();
        assert_eq!(status.code(), Some(0), "{lines:#?}");
        let requests = lines
            .iter()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .filter(|line| line["type"] == "request");
        Log {
            requests: requests.collect(),
        }
    }
}

/// A test that fails shows what its servers said, and whether they are still there.
impl Drop for Server {
    fn drop(&mut self) {
        if thread::panicking() {
            let status = self.running.0.try_wait();
            let lines: Vec<String> = self.lines.try_iter().collect();
            eprintln!("{} ({status:?}) said {lines:#?}", self.origin);
        }
    }
}

impl Log {
    /// The targets that clients asked for themselves, in the order in which they were answered.
    pub(crate) fn asked(&self) -> Vec<&str> {
        self.targets(false)
    }

    /// The targets of the promised requests.
    pub(crate) fn promised(&self) -> Vec<&str> {
        self.targets(true)
    }

    /// The line of the one client's request for a target.
    #[track_caller]
    pub(crate) fn request(&self, target: &str) -> &Value {
        let mut requests = self.requests.iter();
        let request = requests.find(|it| it["target"] == target && it["promised_by"].is_null());
        request.unwrap_or_else(|| panic!("{target} is not in {self:#?}"))
    }

    /// The time of day at which a client asked for a small file, give or take its sending.
    #[track_caller]
    pub(crate) fn came(&self, target: &str) -> Duration {
        let time = self.request(target)["time"].as_str().expect("a time");
        let (_, time) = time.split_once('T').expect("a date before it");
        let seconds = time
            .trim_end_matches('Z')
            .split(':')
            .fold(0.0, |sum, part| {
                sum * 60.0 + part.parse::<f64>().expect("a number")
            });
        Duration::from_secs_f64(seconds)
    }

    /// Nothing was sent twice, pushed or not.
    #[track_caller]
    pub(crate) fn has_nothing_twice(&self) {
        let mut targets = [self.asked(), self.promised()].concat();
        let count = targets.len();
        targets.sort_unstable();
        targets.dedup();
        assert_eq!(targets.len(), count, "{self:#?}");
    }

    fn targets(&self, promised: bool) -> Vec<&str> {
        self.requests
            .iter()
            .filter(|request| request["promised_by"].is_string() == promised)
            .map(|request| request["target"].as_str().expect("a string"))
            .collect()
    }
}

fn send_lines(pipe: impl Read + Send + 'static, lines: Sender<String>) {
    thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            // Nobody may be listening any more; it must be read all the same.
            drop(lines.send(line));
        }
    });
}

/// The origin of a line that names it as a URL, and its port.
fn origin_in(line: &str, after: &str) -> Option<(String, u16)> {
    let (_, line) = line.split_once(after)?;
    ["https://127.0.0.1:", "http://127.0.0.1:"]
        .iter()
        .find_map(|start| {
            let (_, rest) = line.split_once(start)?;
            let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
            Some((format!("{start}{digits}"), digits.parse().ok()?))
        })
}

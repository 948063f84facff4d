//! A browser, driven over the Chrome DevTools Protocol.
//!
//! In: a browser, the public key that it shall trust, and a URL. Out: what it asked for, when and why, and how it was
//! answered. Messages are JSON with a NUL byte at the end, on the browser's descriptors 3 and 4. Left out: everything
//! of the protocol that the tests do not need.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{PATIENCE, Running, missing};

/// For this long nothing must happen before a page counts as loaded.
const QUIET: Duration = Duration::from_millis(250);

/// A running browser with one page.
#[derive(Debug)]
pub(super) struct Browser {
    /// Ends before its profile is removed.
    running: Running,
    _profile: TempDir,
    commands: ChildStdin,
    messages: Receiver<Value>,
    /// Events that came while an answer was awaited.
    events: VecDeque<Value>,
    /// Events that came while the last page was loaded.
    while_loading: Vec<Value>,
    last_id: u64,
    session: Option<String>,
}

/// How a page was loaded.
#[derive(Debug)]
pub(super) struct Load {
    /// The fields of a 103, if one came.
    pub(super) early_hints: Option<Value>,
    /// Everything that the browser fetched, in the order in which it set out to.
    pub(super) fetches: Vec<Fetch>,
}

/// One request, as the page's network log shows it.
#[derive(Debug)]
pub(super) struct Fetch {
    id: String,
    pub(super) url: String,
    /// The `Network.Response`.
    pub(super) response: Value,
    pub(super) failure: Option<String>,
    ended: bool,
}

impl Browser {
    /// Starts a browser with an empty profile that trusts the key of this hash.
    ///
    /// It must trust it: what comes with a certificate error is not cached, and a hint fills the cache.
    #[track_caller]
    pub(super) fn start(program: &str, options: &[&str], public_key_hash: &str) -> Self {
        let profile = tempfile::tempdir().expect("a temporary folder");
        let mut command = Command::new("sh");
        // Only descriptors 0 to 2 can be passed on; the shell moves them to where the browser reads and writes.
        command.args([
            "-c",
            "exec \"$0\" \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>&1",
            program,
        ]);
        #[rustfmt::skip]
        command.args([
            "--headless", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
            "--disable-quic", "--no-proxy-server", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-extensions", "--disable-sync", "--disable-breakpad",
            "--disable-field-trial-config",
        ]);
        command.arg(format!("--user-data-dir={}", profile.path().display()));
        command.arg(format!(
            "--ignore-certificate-errors-spki-list={public_key_hash}"
        ));
        command
            .args(options)
            .arg("about:blank")
            .env("HOME", profile.path());
        // Its own group, so that its processes end with it.
        let child = command
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut child = child.unwrap_or_else(|error| missing("sh", &error));
        let commands = child.stdin.take().expect("a pipe");
        let answers = BufReader::new(child.stdout.take().expect("a pipe"));
        let (sender, messages) = mpsc::channel();
        thread::spawn(move || {
            for message in answers.split(0).map_while(Result::ok) {
                let message = serde_json::from_slice(&message).expect("JSON from the browser");
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        let mut browser = Self {
            running: Running(child),
            _profile: profile,
            commands,
            messages,
            events: VecDeque::new(),
            while_loading: Vec::new(),
            last_id: 0,
            session: None,
        };
        let target = browser.call("Target.createTarget", json!({"url": "about:blank"}));
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let session = browser.call("Target.attachToTarget", attach);
        browser.session = session["sessionId"].as_str().map(str::to_owned);
        browser.call("Network.enable", json!({}));
        browser.call("Page.enable", json!({}));
        browser
    }

    /// Pretends to be a screen of this size in CSS pixels: a phone if it is narrow.
    #[track_caller]
    pub(super) fn emulate(&mut self, width: u32, height: u32, dpr: f64) {
        let is_phone = width < 600;
        let screen =
            json!({"width": width, "height": height, "deviceScaleFactor": dpr, "mobile": is_phone});
        self.call("Emulation.setDeviceMetricsOverride", screen);
    }

    /// Opens a page and waits until nothing more is fetched.
    #[track_caller]
    pub(super) fn load(&mut self, url: &str) -> Load {
        self.events.clear();
        self.while_loading.clear();
        self.call("Page.navigate", json!({"url": url}));
        let deadline = Instant::now() + PATIENCE;
        let (mut load, mut is_loaded) = (
            Load {
                early_hints: None,
                fetches: Vec::new(),
            },
            false,
        );
        loop {
            let is_idle = is_loaded && load.fetches.iter().all(|fetch| fetch.ended);
            let event = match self.events.pop_front() {
                Some(event) => event,
                None => match self
                    .messages
                    .recv_timeout(if is_idle { QUIET } else { PATIENCE })
                {
                    Ok(event) => event,
                    Err(_) if is_idle => return load,
                    Err(error) => panic!("{error}: the page does not load: {load:#?}"),
                },
            };
            assert!(
                Instant::now() < deadline,
                "the page does not load: {load:#?}"
            );
            is_loaded |= event["method"] == "Page.loadEventFired";
            load.take(&event);
            self.while_loading.push(event);
        }
    }

    /// From now on errors and messages of pages are noticed.
    #[track_caller]
    pub(super) fn watch_console(&mut self) {
        self.call("Runtime.enable", json!({}));
        self.call("Log.enable", json!({}));
    }

    /// Errors and messages of the page since it was loaded.
    pub(super) fn complaints(&mut self) -> Vec<Value> {
        let noticed = |event: &&Value| {
            let method = event["method"].as_str().unwrap_or_default();
            let methods = [
                "Log.entryAdded",
                "Runtime.consoleAPICalled",
                "Runtime.exceptionThrown",
            ];
            methods.contains(&method)
        };
        let while_loading = self.while_loading.iter().chain(&self.events);
        while_loading.filter(noticed).cloned().collect()
    }

    /// How many requests were made since the page was loaded.
    pub(super) fn requests(&self) -> usize {
        let events = self.events.iter();
        events
            .filter(|event| event["method"] == "Network.requestWillBeSent")
            .count()
    }

    /// Takes the network away.
    #[track_caller]
    pub(super) fn go_offline(&mut self) {
        let conditions = json!({"offline": true, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1});
        self.call("Network.emulateNetworkConditions", conditions);
    }

    /// The colour scheme that the user prefers.
    #[track_caller]
    pub(super) fn prefer_color_scheme(&mut self, scheme: &str) {
        let feature = json!({"name": "prefers-color-scheme", "value": scheme});
        self.call("Emulation.setEmulatedMedia", json!({"features": [feature]}));
    }

    /// Presses a key and lets it go.
    #[track_caller]
    pub(super) fn press(&mut self, key: &str, code: u32) {
        let mut event =
            json!({"type": "rawKeyDown", "key": key, "code": key, "windowsVirtualKeyCode": code});
        if key == "Enter" {
            event["type"] = json!("keyDown");
            event["text"] = json!("\r");
        }
        self.call("Input.dispatchKeyEvent", event.clone());
        event["type"] = json!("keyUp");
        self.call("Input.dispatchKeyEvent", event);
    }

    /// The value of an expression on the page.
    #[track_caller]
    pub(super) fn evaluate(&mut self, expression: &str) -> Value {
        let parameters = json!({"expression": expression, "returnByValue": true});
        self.call("Runtime.evaluate", parameters)["result"]["value"].take()
    }

    #[track_caller]
    fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.last_id += 1;
        let mut command = json!({"id": self.last_id, "method": method, "params": parameters});
        if let Some(session) = &self.session {
            command["sessionId"] = json!(session);
        }
        let written = write!(self.commands, "{command}\0").and_then(|()| self.commands.flush());
        if let Err(error) = written {
            panic!("{method}: {error}: {:?}", self.running.0.try_wait());
        }
        loop {
            let message = self.messages.recv_timeout(PATIENCE);
            let mut message = message.unwrap_or_else(|error| {
                panic!("{method}: {error}: {:?}", self.running.0.try_wait())
            });
            if message["id"] == self.last_id {
                assert!(message["error"].is_null(), "{method}: {message}");
                return message["result"].take();
            }
            self.events.push_back(message);
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let group = format!("-{}", self.running.0.id());
        // Nothing is left to save. The processes that it started are in its group.
        drop(
            Command::new("kill")
                .args(["-KILL", "--", &group])
                .stderr(Stdio::null())
                .status(),
        );
    }
}

impl Load {
    fn take(&mut self, event: &Value) {
        let parameters = &event["params"];
        let id = parameters["requestId"].as_str().unwrap_or_default();
        let fetch = self.fetches.iter_mut().rfind(|fetch| fetch.id == id);
        match (event["method"].as_str().unwrap_or_default(), fetch) {
            ("Network.requestWillBeSent", _) => self.fetches.push(Fetch {
                id: id.to_owned(),
                url: parameters["request"]["url"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned(),
                response: Value::Null,
                failure: None,
                ended: false,
            }),
            ("Network.responseReceivedEarlyHints", _) => {
                self.early_hints = Some(parameters["headers"].clone());
            }
            ("Network.responseReceived", Some(fetch)) => {
                fetch.response = parameters["response"].clone();
            }
            ("Network.loadingFinished", Some(fetch)) => fetch.ended = true,
            ("Network.loadingFailed", Some(fetch)) => {
                fetch.ended = true;
                fetch.failure = parameters["errorText"].as_str().map(str::to_owned);
            }
            _ => {}
        }
    }

    /// The one fetch of a URL.
    #[track_caller]
    pub(super) fn fetch(&self, url: &str) -> &Fetch {
        let fetches: Vec<_> = self
            .fetches
            .iter()
            .filter(|fetch| fetch.url == url)
            .collect();
        assert_eq!(fetches.len(), 1, "{url} in {self:#?}");
        fetches[0]
    }

    /// Everything that was fetched came.
    #[track_caller]
    pub(super) fn all_came(&self) {
        for fetch in &self.fetches {
            let status = fetch.response["status"].as_u64();
            assert!(fetch.failure.is_none() && status == Some(200), "{fetch:#?}");
        }
    }
}

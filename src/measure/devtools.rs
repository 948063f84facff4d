//! A browser, driven over the Chrome DevTools Protocol; `measure` and the browser harness of the tests share it.
//!
//! In: a program and the public key that it shall trust. Out: tabs, each with a cache, cookies and
//! connections of its own, the answers to commands, and the events of a tab in their order. Of chromiumoxide the
//! connection and the typed commands are used. Its typed events are not: they are of one version of the protocol, and
//! a message with a word that a newer browser has added would be lost.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use chromiumoxide::cdp::browser_protocol::browser::{
    BrowserContextId, GetVersionParams, GetVersionReturns,
};
use chromiumoxide::cdp::browser_protocol::target::{
    AttachToTargetParams, CreateBrowserContextParams, CreateTargetParams,
    DisposeBrowserContextParams, SessionId,
};
use chromiumoxide::types::{EventMessage, Message, Method, MethodId, Response};
use chromiumoxide::{Command as Request, Connection};
use futures_util::StreamExt as _;
use serde::Deserialize;
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::{mpsc, oneshot};

use super::process_group::ProcessGroup;

/// Longer than a browser takes to start on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// An event as it came.
#[derive(Debug, Deserialize)]
pub(crate) struct Event {
    pub(crate) method: MethodId,
    #[serde(rename = "sessionId")]
    session: Option<String>,
    pub(crate) params: Value,
}

impl Method for Event {
    fn identifier(&self) -> MethodId {
        self.method.clone()
    }
}

impl EventMessage for Event {
    fn session_id(&self) -> Option<&str> {
        self.session.as_deref()
    }
}

/// A running browser.
#[derive(Debug)]
pub(crate) struct Browser {
    /// Such as `HeadlessChrome/156.0.8078.79`.
    pub(crate) product: String,
    orders: Orders,
    /// Ends before its profile is removed.
    _process: ProcessGroup,
    _profile: TempDir,
}

type Orders = mpsc::UnboundedSender<Order>;
type Answer = oneshot::Sender<anyhow::Result<Value>>;

/// What the task that owns the connection is told.
#[derive(Debug)]
enum Order {
    Call {
        method: MethodId,
        session: Option<SessionId>,
        params: Value,
        answer: Answer,
    },
    /// Send the events of this session there from now on.
    Listen(SessionId, mpsc::UnboundedSender<Event>),
}

impl Browser {
    /// Starts a browser with an empty profile that trusts the key of this hash and knows no host but this machine.
    ///
    /// It must trust it: what comes with a certificate error is not cached, and a hint fills the cache.
    pub(crate) async fn start(program: &Path, public_key_hash: &str) -> anyhow::Result<Self> {
        let profile = tempfile::tempdir().context("cannot make a folder for the browser")?;
        let command = command(program, profile.path(), public_key_hash);
        let mut process = ProcessGroup::spawn(command).with_context(|| {
            format!(
                "cannot start {}; name a Chromium or Chrome with --browser PATH",
                program.display()
            )
        })?;
        let stderr = process.leader.stderr.take().context("a pipe")?;
        let address = tokio::time::timeout(PATIENCE, address(stderr)).await;
        let address = address.unwrap_or_else(|_| Err("it says nothing".to_owned()));
        let address = address.map_err(|said| {
            anyhow!(
                "{} does not listen for the DevTools protocol ({said}); name a Chromium or Chrome with --browser PATH",
                program.display()
            )
        })?;
        let connection = Connection::<Event>::connect(address).await?;
        let (orders, received) = mpsc::unbounded_channel();
        tokio::spawn(exchange(connection, received));
        let GetVersionReturns { product, .. } =
            call(&orders, None, GetVersionParams::default()).await?;
        Ok(Self {
            product,
            orders,
            _process: process,
            _profile: profile,
        })
    }

    /// Opens an empty tab of this size, in CSS pixels, that shares nothing with any other.
    pub(crate) async fn open(
        &self,
        width: impl Into<i64>,
        height: impl Into<i64>,
    ) -> anyhow::Result<Tab> {
        let context = CreateBrowserContextParams::builder().dispose_on_detach(true);
        let context = self.call(context.build()).await?.browser_context_id;
        let target = CreateTargetParams::builder()
            .url("about:blank")
            .browser_context_id(context.clone())
            .width(width)
            .height(height)
            // Where tabs of one window hide each other they would not be painted.
            .new_window(true)
            .build()
            .map_err(|error| anyhow!(error))?;
        let target = self.call(target).await?.target_id;
        let attach = AttachToTargetParams::builder()
            .target_id(target)
            .flatten(true)
            .build()
            .map_err(|error| anyhow!(error))?;
        let session = self.call(attach).await?.session_id;
        let (sender, events) = mpsc::unbounded_channel();
        self.orders
            .send(Order::Listen(session.clone(), sender))
            .map_err(|_| gone())?;
        Ok(Tab {
            orders: self.orders.clone(),
            context,
            session,
            events,
        })
    }

    async fn call<C: Request>(&self, command: C) -> anyhow::Result<C::Response> {
        call(&self.orders, None, command).await
    }
}

fn command(program: &Path, profile: &Path, public_key_hash: &str) -> Command {
    let mut command = Command::new(program);
    #[rustfmt::skip]
    command.args([
        "--headless", "--remote-debugging-port=0", "--disable-gpu", "--disable-dev-shm-usage",
        // Where it cannot be had, as for root and in containers, nothing would start. The pages are the user's own,
        // and no other host is known.
        "--no-sandbox",
        "--disable-quic", "--no-proxy-server", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-extensions", "--disable-sync", "--disable-breakpad",
        "--disable-field-trial-config", "--mute-audio", "--hide-scrollbars",
        "--disable-backgrounding-occluded-windows", "--disable-renderer-backgrounding",
        "--disable-background-timer-throttling",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    ]);
    command
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!(
            "--ignore-certificate-errors-spki-list={public_key_hash}"
        ))
        .arg("about:blank")
        .env("HOME", profile)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command
}

/// Where the browser listens, or what it said instead.
async fn address(stderr: impl std::io::Read + Send + 'static) -> Result<String, String> {
    let (sender, receiver) = oneshot::channel();
    thread::spawn(move || {
        let mut lines = BufReader::new(stderr).lines().map_while(Result::ok);
        let mut last = "it says nothing".to_owned();
        let found = loop {
            let Some(line) = lines.next() else {
                break Err(last);
            };
            match line.strip_prefix("DevTools listening on ") {
                Some(address) => break Ok(address.to_owned()),
                None => last = line,
            }
        };
        let _ = sender.send(found);
        // Or it would wait for somebody to read.
        lines.for_each(drop);
    });
    receiver
        .await
        .unwrap_or_else(|_| Err("it says nothing".to_owned()))
}

/// A tab with a cache and cookies of its own.
#[derive(Debug)]
pub(crate) struct Tab {
    orders: Orders,
    context: BrowserContextId,
    session: SessionId,
    pub(crate) events: mpsc::UnboundedReceiver<Event>,
}

impl Tab {
    pub(crate) async fn call<C: Request>(&self, command: C) -> anyhow::Result<C::Response> {
        call(&self.orders, Some(&self.session), command).await
    }

    /// Closes it and its connections, and forgets what it has stored.
    pub(crate) async fn close(self) -> anyhow::Result<()> {
        let dispose = DisposeBrowserContextParams::new(self.context);
        call(&self.orders, None, dispose).await.map(drop)
    }
}

async fn call<C: Request>(
    orders: &Orders,
    session: Option<&SessionId>,
    command: C,
) -> anyhow::Result<C::Response> {
    let method = command.identifier();
    let (answer, answered) = oneshot::channel();
    let order = Order::Call {
        method: method.clone(),
        session: session.cloned(),
        params: serde_json::to_value(command)?,
        answer,
    };
    orders.send(order).map_err(|_| gone())?;
    let answered = tokio::time::timeout(PATIENCE, answered).await;
    let Ok(answered) = answered else {
        bail!("the browser does not answer {method}");
    };
    let result = answered.map_err(|_| gone())?;
    let result = result.with_context(|| format!("the browser refuses {method}"))?;
    C::response_from_value(result).with_context(|| method.into_owned())
}

fn gone() -> anyhow::Error {
    anyhow!("the browser has ended")
}

/// Sends what is ordered and hands out what comes, until one of the two ends.
async fn exchange(mut connection: Connection<Event>, mut orders: mpsc::UnboundedReceiver<Order>) {
    let mut waiting = HashMap::new();
    let mut listeners: HashMap<String, mpsc::UnboundedSender<Event>> = HashMap::new();
    loop {
        tokio::select! {
            order = orders.recv() => match order {
                Some(Order::Call { method, session, params, answer }) => {
                    match connection.submit_command(method, session, params) {
                        Ok(id) => drop(waiting.insert(id, answer)),
                        // Who asked may have stopped waiting.
                        Err(error) => drop(answer.send(Err(error.into()))),
                    }
                }
                Some(Order::Listen(session, sender)) => {
                    listeners.retain(|_, sender| !sender.is_closed());
                    listeners.insert(session.into(), sender);
                }
                None => return,
            },
            message = connection.next() => match message {
                Some(Ok(Message::Response(Response { id, result, error }))) => {
                    if let Some(answer) = waiting.remove(&id) {
                        let result = match error {
                            Some(error) => Err(error.into()),
                            None => Ok(result.unwrap_or_default()),
                        };
                        drop(answer.send(result));
                    }
                }
                Some(Ok(Message::Event(event))) => {
                    if let Some(listener) = event.session_id().and_then(|it| listeners.get(it)) {
                        drop(listener.send(event));
                    }
                }
                // Whoever waits is told that the browser has ended.
                Some(Err(_)) | None => return,
            },
        }
    }
}

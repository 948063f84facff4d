//! A browser, driven over the Chrome DevTools Protocol through chromiumoxide.
//!
//! In: a program and the public key that it shall trust. Out: tabs, the answers to commands, and the events of each
//! tab in the order in which they came. Of chromiumoxide the connection and the typed commands are used. Its typed
//! events are not: they are of the protocol's version that the crate was made from, and a message with a word that a
//! newer browser has added would be lost.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::thread;

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

use crate::Viewport;

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
    _process: Running,
    _profile: TempDir,
}

/// A program that ends with its value, however that ends.
#[derive(Debug)]
pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.0.kill());
        drop(self.0.wait());
    }
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
    /// It must trust it: what comes with a certificate error is not cached, and what is not cached may be asked for
    /// twice.
    pub(crate) async fn start(program: &str, public_key_hash: &str) -> anyhow::Result<Self> {
        let profile = tempfile::tempdir()?;
        let mut command = Command::new(program);
        #[rustfmt::skip]
        command.args([
            "--headless", "--remote-debugging-port=0", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
            "--disable-quic", "--no-proxy-server", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-extensions", "--disable-sync", "--disable-breakpad",
            "--disable-field-trial-config", "--mute-audio", "--hide-scrollbars",
            "--disable-backgrounding-occluded-windows", "--disable-renderer-backgrounding",
            "--disable-background-timer-throttling",
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        ]);
        command.arg(format!("--user-data-dir={}", profile.path().display()));
        command.arg(format!(
            "--ignore-certificate-errors-spki-list={public_key_hash}"
        ));
        command
            .arg("about:blank")
            .env("HOME", profile.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let child = command
            .spawn()
            .with_context(|| format!("{program} does not start"))?;
        let mut process = Running(child);
        let stderr = process.0.stderr.take().context("a pipe")?;
        let mut lines = BufReader::new(stderr).lines().map_while(Result::ok);
        let mut said = Vec::new();
        let address = loop {
            let Some(line) = lines.next() else {
                bail!("{program} ends before it listens: {said:?}");
            };
            match line.strip_prefix("DevTools listening on ") {
                Some(address) => break address.to_owned(),
                None => said.push(line),
            }
        };
        // Or it would wait for somebody to read.
        thread::spawn(move || lines.for_each(drop));
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

    /// Opens an empty tab that shares nothing with any other.
    pub(crate) async fn open(&self, viewport: Viewport) -> anyhow::Result<Tab> {
        let context = self
            .call(
                CreateBrowserContextParams::builder()
                    .dispose_on_detach(true)
                    .build(),
            )
            .await?
            .browser_context_id;
        let target = CreateTargetParams::builder()
            .url("about:blank")
            .browser_context_id(context.clone())
            .width(viewport.width)
            .height(viewport.height)
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

    /// Closes it and forgets what it has stored.
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
    let result = answered.await.map_err(|_| gone())?;
    let result = result.with_context(|| method.to_string())?;
    C::response_from_value(result).with_context(|| method.into_owned())
}

fn gone() -> anyhow::Error {
    anyhow!("the browser is gone")
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
                Some(Err(error)) => {
                    eprintln!("the browser's words are not understood: {error}");
                    return;
                }
                None => return,
            },
        }
    }
}

//! One cold load of a page, as its reader has it.
//!
//! In: a browser, a URL, a viewport. Out: when the page was painted first, when its largest part was painted and when
//! it was loaded, in milliseconds since the navigation began, as the page's performance timeline has it (Paint Timing,
//! Largest Contentful Paint, Navigation Timing); and the paths it asked for. If it is waited for, also which hinted
//! files the browser says were not used. Left out: where a page goes by itself.

use std::collections::HashSet;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use chromiumoxide::cdp::browser_protocol::emulation::{
    SetDeviceMetricsOverrideParams, SetTouchEmulationEnabledParams,
};
use chromiumoxide::cdp::browser_protocol::page::NavigateParams;
use chromiumoxide::cdp::browser_protocol::{log, network, page};
use chromiumoxide::cdp::js_protocol::runtime::EvaluateParams;
use pushgen_analyzer::Viewport;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use super::devtools::{Browser, Event, Tab};

/// For this long nothing must be asked for or end before a page counts as loaded.
const QUIET: Duration = Duration::from_millis(300);
/// A page that waits for an answer is not waited for any longer after its load event.
const STALLED: Duration = Duration::from_secs(3);
/// Longer than a load takes that anybody would wait for.
const PATIENCE: Duration = Duration::from_secs(180);
/// After the load event; Chromium tells of what was preloaded and not used three seconds after it.
const UNUSED_TOLD: Duration = Duration::from_secs(5);

/// When what happened, in milliseconds after the navigation began.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, Serialize)]
pub(crate) struct Times {
    /// First contentful paint; none of an empty page.
    pub(crate) fcp: Option<f64>,
    /// Largest contentful paint.
    pub(crate) lcp: Option<f64>,
    /// The load event.
    pub(crate) load: Option<f64>,
}

/// What was seen of a load.
#[derive(Debug)]
pub(crate) struct Load {
    pub(crate) times: Times,
    /// Path and query of everything that the page itself asked for.
    pub(crate) asked: HashSet<String>,
    /// Path and query of what was preloaded, by the browser's word, and not used.
    pub(crate) unused: HashSet<String>,
}

/// A frame later the last paint is in the timeline.
const TIMELINE: &str = r"
new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 0)))).then(
    () => new Promise((done) => {
        const finish = (largest) => done({
            fcp: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null,
            lcp: largest?.startTime ?? null,
            load: performance.getEntriesByType('navigation')[0]?.loadEventStart || null,
        });
        new PerformanceObserver((list) => finish(list.getEntries().at(-1)))
            .observe({ type: 'largest-contentful-paint', buffered: true });
        setTimeout(finish, 500);
    }))
";

/// Loads a page in a tab of its own.
pub(crate) async fn load(
    browser: &Browser,
    origin: &str,
    path: &str,
    viewport: Viewport,
    waits_for_unused: bool,
) -> anyhow::Result<Load> {
    let mut tab = browser.open(viewport.width, viewport.height).await?;
    let load = load_in(&mut tab, origin, path, viewport, waits_for_unused).await;
    let closed = tab.close().await;
    // What went wrong first is the better word.
    let load = load.with_context(|| format!("cannot load {path}"))?;
    closed?;
    Ok(load)
}

async fn load_in(
    tab: &mut Tab,
    origin: &str,
    path: &str,
    viewport: Viewport,
    waits_for_unused: bool,
) -> anyhow::Result<Load> {
    tab.call(network::EnableParams::default()).await?;
    tab.call(page::EnableParams::default()).await?;
    tab.call(log::EnableParams::default()).await?;
    let is_phone = viewport.width < 600;
    tab.call(SetDeviceMetricsOverrideParams::new(
        viewport.width,
        viewport.height,
        f64::from(viewport.dpr),
        is_phone,
    ))
    .await?;
    if is_phone {
        tab.call(SetTouchEmulationEnabledParams::new(true)).await?;
    }
    // The empty tab has a load event, too.
    while tab.events.try_recv().is_ok() {}
    let mut seen = Seen::new(origin);
    let navigate = NavigateParams::new(format!("{origin}{path}"));
    let begin = Instant::now();
    let navigated = tokio::time::timeout(PATIENCE, tab.call(navigate)).await;
    let navigated = navigated.map_err(|_| too_long())??;
    if let Some(error) = navigated.error_text {
        bail!("{error}");
    }
    let mut loaded_at = None;
    loop {
        let until = match loaded_at {
            None => begin + PATIENCE,
            Some(loaded) if seen.open.is_empty() => Instant::now().min(loaded + STALLED) + QUIET,
            Some(loaded) => loaded + STALLED,
        };
        match timeout_at(until, tab.events.recv()).await {
            Ok(Some(event)) => seen.take(&event),
            Ok(None) => bail!("the browser has ended"),
            Err(_) if loaded_at.is_some() => break,
            Err(_) => return Err(too_long()),
        }
        if seen.is_loaded && loaded_at.is_none() {
            loaded_at = Some(Instant::now());
        }
        if loaded_at.is_some_and(|loaded| loaded.elapsed() > STALLED) {
            break;
        }
    }
    let times = timeline(tab).await?;
    if waits_for_unused {
        let until = loaded_at.unwrap_or(begin) + UNUSED_TOLD;
        while let Ok(Some(event)) = timeout_at(until, tab.events.recv()).await {
            seen.take(&event);
        }
    }
    Ok(Load {
        times,
        asked: seen.asked,
        unused: seen.unused,
    })
}

fn too_long() -> anyhow::Error {
    let seconds = PATIENCE.as_secs();
    anyhow!("it takes longer than {seconds} s; choose a faster network with --network")
}

async fn timeline(tab: &Tab) -> anyhow::Result<Times> {
    let expression = EvaluateParams::builder()
        .expression(TIMELINE)
        .await_promise(true)
        .return_by_value(true)
        .build()
        .map_err(|error| anyhow!(error))?;
    let value = tab.call(expression).await?.result.value;
    let value = value.context("the page has no timeline")?;
    Ok(serde_json::from_value(value)?)
}

/// What the browser has told so far.
struct Seen {
    origin: String,
    is_loaded: bool,
    /// Requests without an end.
    open: HashSet<String>,
    asked: HashSet<String>,
    unused: HashSet<String>,
}

impl Seen {
    fn new(origin: &str) -> Self {
        Self {
            origin: origin.to_owned(),
            is_loaded: false,
            open: HashSet::new(),
            asked: HashSet::new(),
            unused: HashSet::new(),
        }
    }

    fn take(&mut self, event: &Event) {
        let params = &event.params;
        let id = || params["requestId"].as_str().unwrap_or_default();
        match event.method.as_ref() {
            "Network.requestWillBeSent" => {
                if let Some(target) = self.target(&params["request"]["url"]) {
                    self.asked.insert(target);
                    self.open.insert(id().to_owned());
                }
            }
            "Network.loadingFinished" | "Network.loadingFailed" => {
                self.open.remove(id());
            }
            "Page.loadEventFired" => self.is_loaded = true,
            "Log.entryAdded" => {
                let said = params["entry"]["text"].as_str().unwrap_or_default();
                if let Some(target) = self.said_unused(said) {
                    self.unused.insert(target);
                }
            }
            _ => {}
        }
    }

    /// Path and query of a URL of the page's origin.
    fn target(&self, url: &Value) -> Option<String> {
        let target = url.as_str()?.strip_prefix(&self.origin)?;
        let target = target.split_once('#').map_or(target, |(target, _)| target);
        target.starts_with('/').then(|| target.to_owned())
    }

    /// "The resource URL was preloaded using link preload [in Early Hints] but not used within a few seconds from the
    /// window's load event."
    fn said_unused(&self, said: &str) -> Option<String> {
        let rest = said.strip_prefix("The resource ")?;
        let (url, how) = rest.split_once(' ')?;
        let is_unused = how.contains("preload") && how.contains("not used");
        self.target(&Value::from(url)).filter(|_| is_unused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_which_preloads_the_browser_calls_unused() {
        let seen = Seen::new("https://127.0.0.1:1");
        for (said, expected) in [
            (
                "The resource https://127.0.0.1:1/a.css?b was preloaded using link preload but not used within a few \
                 seconds from the window's load event. Please make sure it has an appropriate `as` value and it is \
                 preloaded intentionally.",
                Some("/a.css?b"),
            ),
            (
                "The resource https://127.0.0.1:1/a.css was preloaded using link preload in Early Hints but not used \
                 within a few seconds from the window's load event.",
                Some("/a.css"),
            ),
            (
                "The resource https://other/a.css was preloaded using link preload but not used",
                None,
            ),
            (
                "Failed to load resource: the server responded with a status of 404 ()",
                None,
            ),
        ] {
            assert_eq!(seen.said_unused(said).as_deref(), expected, "{said}");
        }
    }
}

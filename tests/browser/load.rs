//! Loading a page in the browser, with an empty cache.
//!
//! In: a URL and a viewport. Out: what was asked for until the page was loaded and quiet, and what the page's own
//! performance timeline says. A page that is not quiet within the patience is given as it is then, and says so.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, bail};
use chromiumoxide::cdp::browser_protocol::emulation::{
    SetDeviceMetricsOverrideParams, SetScriptExecutionDisabledParams,
    SetTouchEmulationEnabledParams,
};
use chromiumoxide::cdp::browser_protocol::network;
use chromiumoxide::cdp::browser_protocol::page::{
    self, AddScriptToEvaluateOnNewDocumentParams, GetFrameTreeParams, NavigateParams,
};
use chromiumoxide::cdp::js_protocol::runtime::EvaluateParams;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, timeout, timeout_at};

use crate::Viewport;
use crate::devtools::{Browser, Tab};
use crate::requests::{Asked, Requests};

/// For this long nothing must happen before a page counts as loaded.
const QUIET: Duration = Duration::from_millis(250);
/// For this long nothing must happen before a page that waits for an answer does: some wait for ever.
const STALLED: Duration = Duration::from_secs(5);
/// Longer than a page takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// How a page was loaded.
#[derive(Debug, Serialize)]
pub(crate) struct Load {
    pub(crate) status: Option<u64>,
    pub(crate) asked: BTreeMap<String, Asked>,
    /// Where the page went by itself.
    pub(crate) left_for: Option<String>,
    /// It became quiet.
    pub(crate) is_complete: bool,
    #[serde(flatten)]
    pub(crate) timeline: Timeline,
}

/// What the page says of itself. Times are in milliseconds after the navigation began.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Timeline {
    pub(crate) fcp: Option<f64>,
    pub(crate) lcp: Option<f64>,
    /// The LCP element if it is no image: `p.lead`.
    pub(crate) lcp_element: Option<String>,
    pub(crate) lcp_url: Option<String>,
    /// The resources with `renderBlockingStatus` `blocking`.
    #[serde(skip_serializing)]
    blocking: Vec<String>,
}

/// Runs before anything of the page does.
const BEFORE: &str = r"
performance.setResourceTimingBufferSize(10000);
Object.defineProperty(window, '__largest', { value: [] });
new PerformanceObserver((list) => window.__largest.push(...list.getEntries()))
    .observe({ type: 'largest-contentful-paint', buffered: true });
";

/// Two frames later the last paint is in the timeline.
const AFTER: &str = r"
new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 0)))).then(() => {
    const paint = performance.getEntriesByName('first-contentful-paint')[0];
    const largest = (window.__largest ?? []).at(-1);
    const element = largest?.element;
    const name = (it) => it.localName + (it.id ? '#' + it.id : it.classList[0] ? '.' + it.classList[0] : '');
    return {
        fcp: paint?.startTime ?? null,
        lcp: largest?.startTime ?? null,
        lcp_element: element ? name(element) : null,
        lcp_url: largest?.url || null,
        blocking: performance.getEntriesByType('resource')
            .filter((entry) => entry.renderBlockingStatus === 'blocking').map((entry) => entry.name),
    };
})
";

/// Loads a page in a tab of its own. Without scripts the page is what its markup says, and nothing else.
pub(crate) async fn load(
    browser: &Browser,
    origin: &str,
    path: &str,
    viewport: Viewport,
    runs_scripts: bool,
) -> anyhow::Result<Load> {
    let mut tab = timeout(PATIENCE, browser.open(viewport.width, viewport.height)).await??;
    let load = timeout(
        2 * PATIENCE,
        load_in(&mut tab, origin, path, viewport, runs_scripts),
    )
    .await;
    // What went wrong before is the better word.
    let closed = timeout(PATIENCE, tab.close()).await;
    let load = load.context("the browser does not answer")??;
    closed??;
    Ok(load)
}

async fn load_in(
    tab: &mut Tab,
    origin: &str,
    path: &str,
    viewport: Viewport,
    runs_scripts: bool,
) -> anyhow::Result<Load> {
    tab.call(network::EnableParams::default()).await?;
    tab.call(page::EnableParams::default()).await?;
    let metrics = SetDeviceMetricsOverrideParams::new(
        viewport.width,
        viewport.height,
        viewport.dpr,
        viewport.is_phone(),
    );
    tab.call(metrics).await?;
    if viewport.is_phone() {
        tab.call(SetTouchEmulationEnabledParams::new(true)).await?;
    }
    if runs_scripts {
        tab.call(AddScriptToEvaluateOnNewDocumentParams::new(BEFORE))
            .await?;
    } else {
        tab.call(SetScriptExecutionDisabledParams::new(true))
            .await?;
    }
    let tree = tab.call(GetFrameTreeParams::default()).await?.frame_tree;
    let mut requests = Requests::new(origin, tree.frame.id.as_ref());
    let deadline = Instant::now() + PATIENCE;
    let navigated = tab
        .call(NavigateParams::new(format!("{origin}{path}")))
        .await?;
    // An error status with no content is shown as an error of the browser's own; what it asked for counts.
    if let Some(error) = navigated.error_text
        && error != "net::ERR_HTTP_RESPONSE_CODE_FAILURE"
    {
        bail!("{path}: {error}");
    }
    let is_complete = loop {
        let silence = match (requests.is_loaded, requests.is_idle()) {
            (true, true) => QUIET,
            (true, false) => STALLED,
            (false, _) => PATIENCE,
        };
        let until = deadline.min(Instant::now() + silence);
        match timeout_at(until, tab.events.recv()).await {
            Ok(Some(event)) => requests.take(&event),
            Ok(None) => bail!("the browser is gone"),
            Err(_) => break requests.is_loaded && Instant::now() < deadline,
        }
    };
    let timeline = match requests.left_for {
        None if runs_scripts => timeline(tab).await?,
        _ => Timeline::default(),
    };
    Ok(Load {
        status: requests.page_status,
        asked: requests.by_path(&timeline.blocking),
        left_for: requests.left_for,
        is_complete,
        timeline,
    })
}

async fn timeline(tab: &Tab) -> anyhow::Result<Timeline> {
    let expression = EvaluateParams::builder()
        .expression(AFTER)
        .await_promise(true)
        .return_by_value(true)
        .build()
        .map_err(|error| anyhow::anyhow!(error))?;
    let value = tab.call(expression).await?.result.value;
    Ok(serde_json::from_value(value.context("no value")?)?)
}

//! What a page asked for, as the browser tells it.
//!
//! In: the events of the protocol's Network and Page domains, in their order. Out: for each path of the page's own
//! origin when it was asked for first, what for, whether the browser called it blocking, and whether a running script
//! was the cause. Left out: other origins, `data:` and `blob:` URLs, what a frame asks for itself (its document
//! counts as the page's), and what a policy forbade, which the browser announces all the same.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use serde_json::Value;

use crate::devtools::Event;

/// One file that a page asked for.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Asked {
    /// The protocol's resource type: `Stylesheet`, `Font`, `Other`.
    pub(crate) kind: String,
    /// The browser's word when it asked, the strongest if it asked several times.
    pub(crate) blocking: Option<RenderBlockingBehavior>,
    /// Resource Timing calls it blocking.
    pub(crate) is_reported_blocking: bool,
    /// The initiator's type: `parser`, `script`, `preload`, `other`.
    pub(crate) initiator: String,
    /// The path or URL of what named it, with the line if there is one.
    pub(crate) named_by: Option<String>,
    /// A running script asked for it, or for the file that names it.
    pub(crate) by_script: bool,
    /// It was asked for before the load event.
    pub(crate) before_load: bool,
    /// It was only preloaded, or preloaded first.
    pub(crate) preloaded: bool,
    pub(crate) status: Option<u64>,
}

/// `renderBlockingBehavior`, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) enum RenderBlockingBehavior {
    Blocking,
    InBodyParserBlocking,
    PotentiallyBlocking,
    NonBlocking,
    NonBlockingDynamic,
}

impl RenderBlockingBehavior {
    fn new(word: &str) -> Option<Self> {
        Some(match word {
            "Blocking" => Self::Blocking,
            "InBodyParserBlocking" => Self::InBodyParserBlocking,
            "PotentiallyBlocking" => Self::PotentiallyBlocking,
            "NonBlocking" => Self::NonBlocking,
            "NonBlockingDynamic" => Self::NonBlockingDynamic,
            _ => return None,
        })
    }
}

/// What has been seen so far.
#[derive(Debug)]
pub(crate) struct Requests {
    origin: String,
    main_frame: String,
    /// The loader of the page; a later one belongs to where the page went.
    loader: Option<String>,
    parents: HashMap<String, String>,
    all: Vec<Request>,
    load_time: Option<f64>,
    pending: usize,
    /// Where the page went by itself.
    pub(crate) left_for: Option<String>,
    /// The page, or where it went, has had its load event.
    pub(crate) is_loaded: bool,
    /// The answer's status.
    pub(crate) page_status: Option<u64>,
}

#[derive(Debug)]
struct Request {
    id: String,
    url: String,
    kind: String,
    frame: String,
    blocking: Option<RenderBlockingBehavior>,
    initiator: String,
    initiator_url: Option<String>,
    initiator_line: Option<u64>,
    /// Code that runs asked for it: a stack says so, or the way it was asked for.
    is_by_code: bool,
    preloaded: bool,
    time: f64,
    /// It is the page itself, or where the page went.
    navigates: bool,
    forbidden: bool,
    ended: bool,
    status: Option<u64>,
}

impl Requests {
    pub(crate) fn new(origin: &str, main_frame: &str) -> Self {
        Self {
            origin: origin.to_owned(),
            main_frame: main_frame.to_owned(),
            loader: None,
            parents: HashMap::new(),
            all: Vec::new(),
            load_time: None,
            pending: 0,
            left_for: None,
            is_loaded: false,
            page_status: None,
        }
    }

    /// Nothing is on its way.
    pub(crate) fn is_idle(&self) -> bool {
        self.pending == 0
    }

    pub(crate) fn take(&mut self, event: &Event) {
        let params = &event.params;
        match event.method.as_ref() {
            "Network.requestWillBeSent" => self.request(params),
            "Network.responseReceived" => {
                let status = params["response"]["status"].as_u64();
                if self.loader.as_deref() == params["requestId"].as_str() {
                    self.page_status = status;
                }
                if let Some(request) = self.latest(params) {
                    request.status = status;
                    request.kind = word(&params["type"]);
                }
            }
            "Network.loadingFinished" => self.end(params),
            "Network.loadingFailed" => {
                let reason = params["blockedReason"].as_str();
                if matches!(reason, Some("csp" | "mixed-content"))
                    && let Some(request) = self.latest(params)
                {
                    request.forbidden = true;
                }
                self.end(params);
            }
            "Page.frameAttached" => {
                let (frame, parent) = (word(&params["frameId"]), word(&params["parentFrameId"]));
                self.parents.insert(frame, parent);
            }
            // An empty tab has one, too.
            "Page.loadEventFired" if self.loader.is_some() => {
                if self.left_for.is_none() {
                    self.load_time = params["timestamp"].as_f64();
                }
                self.is_loaded = true;
            }
            _ => {}
        }
    }

    fn latest(&mut self, params: &Value) -> Option<&mut Request> {
        let id = params["requestId"].as_str()?;
        self.all.iter_mut().rfind(|request| request.id == id)
    }

    fn end(&mut self, params: &Value) {
        if let Some(request) = self.latest(params)
            && !request.ended
        {
            request.ended = true;
            self.pending -= 1;
        }
    }

    fn request(&mut self, params: &Value) {
        let url = word(&params["request"]["url"]);
        if url.starts_with("data:") || url.starts_with("blob:") {
            return;
        }
        if !params["redirectResponse"].is_null() {
            self.end(params);
        }
        let id = word(&params["requestId"]);
        let frame = word(&params["frameId"]);
        let is_document = params["loaderId"] == params["requestId"] && params["type"] == "Document";
        let navigates = is_document && frame == self.main_frame;
        if navigates {
            match &self.loader {
                None => self.loader = Some(id.clone()),
                Some(loader) if *loader != id => {
                    self.left_for.get_or_insert_with(|| url.clone());
                }
                Some(_) => {}
            }
        }
        let initiator = &params["initiator"];
        let stack = &initiator["stack"];
        self.pending += 1;
        self.all.push(Request {
            kind: word(&params["type"]),
            blocking: params["renderBlockingBehavior"]
                .as_str()
                .and_then(RenderBlockingBehavior::new),
            initiator: word(&initiator["type"]),
            initiator_url: initiator["url"].as_str().map(str::to_owned),
            initiator_line: initiator["lineNumber"].as_u64(),
            is_by_code: match initiator["type"].as_str() {
                // A static import has this type as well, with the module that it stands in and no stack: nothing
                // runs when it is asked for. A dynamic one has no such place.
                Some("script") => stack.is_object() || initiator["url"] == "about:client",
                // Workers.
                Some("other") => params["type"] == "Script",
                _ => false,
            },
            preloaded: params["request"]["isLinkPreload"] == true,
            time: params["timestamp"].as_f64().unwrap_or_default(),
            // Where the page went asks for files of its own.
            forbidden: self.left_for.is_some(),
            ended: false,
            status: None,
            id,
            url,
            frame,
            navigates,
        });
    }

    /// What the page's own origin was asked for by path, a query included.
    ///
    /// `reported` are the URLs that Resource Timing calls blocking.
    pub(crate) fn by_path(&self, reported: &[String]) -> BTreeMap<String, Asked> {
        let by_script = self.urls_by_script();
        let mut asked: BTreeMap<String, Asked> = BTreeMap::new();
        for request in &self.all {
            let url = without_fragment(&request.url);
            let Some(path) = url
                .strip_prefix(&self.origin)
                .filter(|path| path.starts_with('/') && !request.forbidden && !request.navigates)
            else {
                continue;
            };
            let is_page = request.frame == self.main_frame;
            let is_child = request.kind == "Document"
                && self.parents.get(&request.frame) == Some(&self.main_frame);
            if !is_page && !is_child {
                continue;
            }
            let named_by = request.initiator_url.as_deref().map(|url| {
                let url = without_fragment(url);
                let place = url.strip_prefix(&self.origin).unwrap_or(url);
                match request.initiator_line {
                    Some(line) => format!("{place}:{}", line + 1),
                    None => place.to_owned(),
                }
            });
            let found = Asked {
                kind: request.kind.clone(),
                blocking: request.blocking,
                is_reported_blocking: reported.iter().any(|it| it == url),
                initiator: request.initiator.clone(),
                named_by,
                by_script: self.is_by_script(request, &by_script),
                before_load: self.load_time.is_none_or(|load| request.time <= load),
                preloaded: request.preloaded,
                status: request.status,
            };
            match asked.get_mut(path) {
                Some(earlier) => earlier.merge(found),
                None => drop(asked.insert(path.to_owned(), found)),
            }
        }
        asked
    }

    /// The files that only running scripts asked for, found in order: what names a file has been asked for before.
    fn urls_by_script(&self) -> HashMap<&str, bool> {
        let mut by_script = HashMap::new();
        for request in self.all.iter().filter(|it| !it.navigates) {
            let is = self.is_by_script(request, &by_script);
            let known = by_script
                .entry(without_fragment(&request.url))
                .or_insert(is);
            *known &= is;
        }
        by_script
    }

    fn is_by_script(&self, request: &Request, by_script: &HashMap<&str, bool>) -> bool {
        let named_by = request.initiator_url.as_deref().map(without_fragment);
        request.is_by_code || named_by.is_some_and(|url| by_script.get(url) == Some(&true))
    }
}

impl Asked {
    /// The browser's words: when it asked, and of what it was used for in the end.
    ///
    /// What is preloaded may be asked for as non-blocking before the parser comes to what uses it. If that blocks,
    /// Resource Timing says so. Of a script it says so too, by chance, if it stands in the body.
    pub(crate) fn words(&self) -> [Option<RenderBlockingBehavior>; 2] {
        let is_found_blocking = self.preloaded && self.is_reported_blocking;
        let used = is_found_blocking.then_some(RenderBlockingBehavior::Blocking);
        [self.blocking, used.or(self.blocking)]
    }

    /// The browser's word where it has one; none on a script that it has two words on.
    pub(crate) fn final_word(&self) -> Option<RenderBlockingBehavior> {
        let [asked, used] = self.words();
        match self.kind.as_str() {
            "Script" if asked != used => None,
            _ => used,
        }
    }

    /// Takes the stronger word of the two.
    pub(crate) fn strengthen(&mut self, other: &Self) {
        self.blocking = match (self.blocking, other.blocking) {
            (Some(one), Some(two)) => Some(one.min(two)),
            (one, two) => one.or(two),
        };
        self.is_reported_blocking |= other.is_reported_blocking;
    }

    fn merge(&mut self, other: Self) {
        self.strengthen(&other);
        if self.by_script && !other.by_script {
            self.initiator = other.initiator;
            self.named_by = other.named_by;
            self.by_script = false;
        }
        self.before_load |= other.before_load;
        self.preloaded |= other.preloaded;
    }
}

fn without_fragment(url: &str) -> &str {
    url.split_once('#').map_or(url, |(url, _)| url)
}

fn word(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

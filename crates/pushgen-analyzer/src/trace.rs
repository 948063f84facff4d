//! A trace: what a real load of a page asked for, from a HAR file.
//!
//! In: the bytes of a HAR 1.2 as Chromium's network panel and WebPageTest write it, with their own fields (`_resourceType`,
//! `_initiator`; `_request_type`, `_documentURL`). Out: a [`Trace`]: for each page in it the document's URL and the
//! successful GET requests that the document caused, with their request destinations and whether they began before
//! the load event. Requests of frames are left out as far as the file tells them apart. Nothing here knows the site.
//!
//! Writers differ in what they leave out and in how they write numbers, so that nothing is required but `log.entries`.
//! Other people's files are read: there is a limit to their size, and nothing in them but their being no JSON is an error.

use std::collections::{HashMap, HashSet};

use pushgen_policy::Destination;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use url::{Origin, Url};

/// The largest HAR that is read, in bytes. Those with the bodies of responses have tens of megabytes.
pub const MAX_TRACE: u64 = 256 << 20;

/// What real loads of pages asked for.
#[derive(Debug, Clone)]
pub struct Trace {
    pub(crate) name: String,
    pub(crate) loads: Vec<Load>,
}

/// One load of one page.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Load {
    /// Where redirects led.
    pub(crate) document: Url,
    /// In the order of the file, without the document.
    pub(crate) requests: Vec<Seen>,
}

/// A request that was made and answered.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Seen {
    /// Its place in `log.entries`, from 1.
    pub(crate) entry: usize,
    pub(crate) url: Url,
    pub(crate) destination: Destination,
    /// It began before the load event.
    pub(crate) before_load: bool,
    /// The document, style sheet or script that asked for it.
    pub(crate) initiator: Option<Url>,
}

/// Why a file is no trace.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TraceError {
    /// More bytes than [`MAX_TRACE`].
    #[error("larger than {} MiB; export it without the contents of responses", MAX_TRACE >> 20)]
    TooLarge,
    /// No JSON, or not in the form of a HAR.
    #[error(
        "not a HAR file; save one from the network panel of a browser (\"Export HAR\") or from WebPageTest"
    )]
    NotHar(#[source] serde_json::Error),
}

impl Trace {
    /// Reads a HAR. `name` is what the file is called where its requests are shown.
    ///
    /// # Errors
    /// When the file is too large, or no HAR.
    pub fn parse(name: &str, bytes: &[u8]) -> Result<Self, TraceError> {
        if bytes.len() as u64 > MAX_TRACE {
            return Err(TraceError::TooLarge);
        }
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let Har { log } = serde_json::from_slice(bytes).map_err(TraceError::NotHar)?;
        Ok(Self {
            name: name.to_owned(),
            loads: log.loads(),
        })
    }

    /// How many loads of pages it holds.
    #[must_use]
    pub fn load_count(&self) -> usize {
        self.loads.len()
    }
}

#[derive(Deserialize)]
struct Har {
    log: Log,
}

#[derive(Deserialize)]
struct Log {
    #[serde(default, deserialize_with = "or_default")]
    pages: Vec<Page>,
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    #[serde(default, deserialize_with = "text")]
    id: Option<String>,
    #[serde(default, deserialize_with = "text")]
    started_date_time: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    page_timings: PageTimings,
    /// WebPageTest: milliseconds until the load event.
    #[serde(default, rename = "_docTime", deserialize_with = "number")]
    doc_time: Option<f64>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct PageTimings {
    #[serde(default, deserialize_with = "number")]
    on_load: Option<f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    #[serde(default, deserialize_with = "text")]
    pageref: Option<String>,
    #[serde(default, deserialize_with = "text")]
    started_date_time: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    request: Request,
    #[serde(default, deserialize_with = "or_default")]
    response: Response,
    /// Chromium: `document`, `stylesheet`, `script`, `fetch`.
    #[serde(default, rename = "_resourceType", deserialize_with = "text")]
    resource_type: Option<String>,
    /// WebPageTest: the same words with a capital.
    #[serde(default, rename = "_request_type", deserialize_with = "text")]
    request_type: Option<String>,
    /// Chromium: an object; WebPageTest: a URL.
    #[serde(default, rename = "_initiator")]
    initiator: Value,
    /// WebPageTest: the document of the frame.
    #[serde(default, rename = "_documentURL", deserialize_with = "url")]
    document_url: Option<Url>,
}

#[derive(Deserialize, Default)]
struct Request {
    #[serde(default, deserialize_with = "text")]
    method: Option<String>,
    #[serde(default, deserialize_with = "url")]
    url: Option<Url>,
}

#[derive(Deserialize, Default)]
struct Response {
    #[serde(default, deserialize_with = "number")]
    status: Option<f64>,
    #[serde(default, deserialize_with = "or_default")]
    content: Content,
}

#[derive(Deserialize, Default)]
struct Content {
    #[serde(default, rename = "mimeType", deserialize_with = "text")]
    mime_type: Option<String>,
}

impl Log {
    fn loads(&self) -> Vec<Load> {
        // Files of one load need not name pages.
        if self.pages.is_empty() {
            let entries = (1..).zip(&self.entries).collect::<Vec<_>>();
            return Load::of(None, &entries).into_iter().collect();
        }
        let mut by_page: HashMap<&str, Vec<(usize, &Entry)>> = HashMap::new();
        for (number, entry) in (1..).zip(&self.entries) {
            if let Some(page) = &entry.pageref {
                by_page.entry(page).or_default().push((number, entry));
            }
        }
        let pages = self.pages.iter().filter_map(|page| {
            // Two pages of one name would be one load seen twice.
            let entries = by_page.remove(page.id.as_deref()?)?;
            Load::of(Some(page), &entries)
        });
        pages.collect()
    }
}

impl Load {
    fn of(page: Option<&Page>, entries: &[(usize, &Entry)]) -> Option<Self> {
        let end = page.and_then(Page::load_event);
        let is_document = |entry: &Entry| entry.kind() == Some(Kind::Document);
        let (number, document) = entries
            .iter()
            .find(|(_, entry)| entry.is_answered() && is_document(entry))?;
        let url = url_of(document)?;
        // Only the document of a frame is asked for as a document again.
        let frames: HashSet<&Url> = entries
            .iter()
            .filter(|(other, entry)| other != number && is_document(entry))
            .filter_map(|(_, entry)| entry.request.url.as_ref())
            .filter(|frame| **frame != url)
            .collect();
        let requests = entries.iter().filter(|(other, _)| other != number);
        let requests = requests.filter_map(|(number, entry)| {
            let is_elsewhere = |it: &Option<Url>| it.as_ref().is_some_and(|it| frames.contains(it));
            let initiator = entry.initiator();
            if !entry.is_answered() || is_elsewhere(&initiator) || is_elsewhere(&entry.document_url)
            {
                return None;
            }
            let destination = match entry.kind()? {
                Kind::Document => Destination::Iframe,
                Kind::Other(destination) => destination,
            };
            let start = entry.started_date_time.as_deref().and_then(instant);
            Some(Seen {
                entry: *number,
                url: url_of(entry)?,
                destination,
                before_load: start.zip(end).is_some_and(|(start, end)| start < end),
                initiator,
            })
        });
        Some(Self {
            requests: requests.collect(),
            document: url,
        })
    }

    pub(crate) fn origin(&self) -> Origin {
        self.document.origin()
    }

    /// The requests to the document's own origin.
    pub(crate) fn own_requests(&self) -> impl Iterator<Item = &Seen> {
        let own = self.origin();
        self.requests
            .iter()
            .filter(move |it| it.url.origin() == own)
    }
}

/// Fragments are no part of a request.
fn url_of(entry: &Entry) -> Option<Url> {
    let mut url = entry.request.url.clone()?;
    url.set_fragment(None);
    Some(url)
}

impl Page {
    /// When the load event was, in milliseconds since 1970. Writers put -1 where there was none.
    fn load_event(&self) -> Option<f64> {
        let start = instant(self.started_date_time.as_deref()?)?;
        let times = [self.page_timings.on_load, self.doc_time];
        let after = times.into_iter().flatten().find(|it| *it > 0.0)?;
        Some(start + after)
    }
}

/// What an entry is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Document,
    Other(Destination),
}

impl Entry {
    fn is_answered(&self) -> bool {
        let is_get = self
            .request
            .method
            .as_deref()
            .is_none_or(|it| it.eq_ignore_ascii_case("GET"));
        is_get && matches!(self.response.status, Some(status) if status == 200.0 || status == 304.0)
    }

    /// `None` for what is no request for a file.
    fn kind(&self) -> Option<Kind> {
        let mime_type = self
            .response
            .content
            .mime_type
            .as_deref()
            .unwrap_or_default();
        let mime_type = mime_type
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        let word = self.resource_type.as_ref().or(self.request_type.as_ref());
        let word = word.map(|it| it.to_ascii_lowercase());
        let destination = match word.as_deref() {
            Some("document") => return Some(Kind::Document),
            Some("stylesheet") => Destination::Style,
            Some("script") => Destination::Script,
            Some("image") => Destination::Image,
            Some("font") => Destination::Font,
            Some("media") if mime_type.starts_with("audio/") => Destination::Audio,
            Some("media") => Destination::Video,
            Some("texttrack") => Destination::Track,
            Some("manifest") => Destination::Manifest,
            Some("fetch" | "xhr" | "eventsource") => Destination::Fetch,
            // What browsers do on their own behalf, and what is no response of a server of files.
            Some(
                "preflight" | "ping" | "websocket" | "webtransport" | "signed-exchange"
                | "signedexchange" | "cspviolationreport" | "prefetch",
            ) => return None,
            _ => return of_mime_type(&mime_type),
        };
        Some(Kind::Other(destination))
    }

    /// Chromium: the innermost script on the stack, or the document or sheet that the parser was in.
    fn initiator(&self) -> Option<Url> {
        let text = match &self.initiator {
            Value::String(url) => Some(url.as_str()),
            Value::Object(fields) => {
                let on_stack = || {
                    let frames = self.initiator.pointer("/stack/callFrames")?.as_array()?;
                    frames
                        .iter()
                        .find_map(|it| it.get("url")?.as_str().filter(|it| !it.is_empty()))
                };
                fields.get("url").and_then(Value::as_str).or_else(on_stack)
            }
            _ => None,
        };
        let mut url = Url::parse(text?).ok()?;
        url.set_fragment(None);
        Some(url)
    }
}

fn of_mime_type(mime_type: &str) -> Option<Kind> {
    let destination = match mime_type.split_once('/')? {
        ("text", "html") | ("application", "xhtml+xml") => return Some(Kind::Document),
        ("text", "css") => Destination::Style,
        ("text" | "application", subtype) if subtype.ends_with("javascript") => Destination::Script,
        ("font", _) => Destination::Font,
        ("application", subtype) if subtype.contains("font") => Destination::Font,
        ("image", _) => Destination::Image,
        ("audio", _) => Destination::Audio,
        ("video", _) => Destination::Video,
        ("application", "manifest+json") => Destination::Manifest,
        _ => Destination::Fetch,
    };
    Some(Kind::Other(destination))
}

/// Milliseconds since 1970 of an instant in ISO 8601, as RFC 3339 has it.
fn instant(text: &str) -> Option<f64> {
    let (date, time) = text.split_once(['T', 't', ' '])?;
    let mut parts = date.splitn(3, '-').map(|it| it.parse::<i64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    let zone_at = time.find(['Z', 'z', '+', '-']).unwrap_or(time.len());
    let (clock, zone) = time.split_at(zone_at);
    let mut parts = clock.splitn(3, ':').map(|it| it.parse::<f64>().ok());
    let (hours, minutes, seconds) = (parts.next()??, parts.next()??, parts.next()??);
    let in_range =
        (0..=9999).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    if !in_range || !seconds.is_finite() {
        return None;
    }
    let offset_minutes = match zone.strip_prefix(['+', '-']) {
        Some(zone) => {
            let digits = zone.replace(':', "");
            let (hours, minutes) = digits.split_at_checked(2)?;
            let minutes = if minutes.is_empty() {
                0.0
            } else {
                minutes.parse().ok()?
            };
            let offset = hours.parse::<f64>().ok()? * 60.0 + minutes;
            if time.get(zone_at..)?.starts_with('-') {
                -offset
            } else {
                offset
            }
        }
        None => 0.0,
    };
    // Days from the civil calendar: years begin in March, so that leap days end them.
    let shifted = if month > 2 { year } else { year - 1 };
    let (era, of_era) = (shifted.div_euclid(400), shifted.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    let minutes = days as f64 * 1440.0 + hours * 60.0 + minutes - offset_minutes;
    Some(minutes * 60_000.0 + seconds * 1000.0)
}

/// Some writers put `null` for what they do not know.
fn or_default<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: Deserialize<'de> + Default,
    D: Deserializer<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}

fn url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Url>, D::Error> {
    Ok(text(deserializer)?.and_then(|text| Url::parse(&text).ok()))
}

fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    })
}

#[cfg(test)]
mod tests;

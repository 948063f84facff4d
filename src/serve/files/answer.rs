//! The answer to a request, from what is known of the files.
//!
//! In: a request's head and the store. Out: a response. Which file answers is decided here: the one that was asked
//! for, the root document of a site that draws its pages by script, or the site's page for what is not there.
//! A file that changes between looking and reading is looked at again.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::Arc;

use http::header::ACCEPT;
use http::{HeaderMap, Method, Response, StatusCode, request};
use pushgen_policy::Coding;

use super::body::FileBody;
use super::content::Content;
use super::resource::{Representation, Resource, Source};
use super::response::{self, Part, Role};
use super::stamp::Stamp;
use super::store::{Known, Store, blocking};
use super::target::{self, Target};
use super::{Unreadable, media_type, negotiation};

/// How often a request is begun anew because a file changed under it.
const ATTEMPTS: usize = 4;

/// What an answer that takes longer begins with.
pub(super) enum Start {
    /// A resource that is young enough.
    With(Arc<Resource>),
    /// A look at the disk. This request may be the one that was told to look for all, so it must.
    FromDisk,
}

/// What is chosen from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Among {
    All,
    /// What is there as a file: compression is in vain.
    Files,
}

impl Store {
    /// Answers from memory, if all that it takes is there.
    pub(super) fn answer_at_once(
        &self,
        request: &request::Parts,
    ) -> Result<Response<FileBody>, Start> {
        if !is_read(&request.method) {
            return Ok(response::for_other_method(request));
        }
        let Target::Below(key) = target::read(request.uri.path(), &self.options.base_path) else {
            return Err(Start::FromDisk);
        };
        let resource = self.fresh_resource(&key).ok_or(Start::FromDisk)?;
        for among in [Among::All, Among::Files] {
            let Some(representation) = self.choose(request, &resource, Role::Asked, among) else {
                return Ok(response::not_acceptable(request));
            };
            let Some(content) = self.kept_content(&resource, &representation) else {
                break;
            };
            if content.is_vain {
                continue;
            }
            let (response, part) =
                response::for_content(request, &resource, &representation, &content, Role::Asked);
            return with_bytes(response, part, &content).map_err(|_| Start::With(resource));
        }
        Err(Start::With(resource))
    }

    /// Answers with whatever it takes.
    pub(super) async fn answer(
        self: Arc<Self>,
        request: &request::Parts,
        start: Start,
    ) -> Response<FileBody> {
        let base_path = &self.options.base_path;
        let (key, is_base) = match target::read(request.uri.path(), base_path) {
            Target::Below(key) => (key.into_owned(), false),
            Target::BaseWithoutSlash => (Vec::new(), true),
            Target::Refused(StatusCode::NOT_FOUND) => return self.not_found(request, false).await,
            Target::Refused(StatusCode::URI_TOO_LONG) => {
                return response::plain(
                    request,
                    StatusCode::URI_TOO_LONG,
                    "the path is too long\n",
                );
            }
            Target::Refused(status) => {
                return response::plain(request, status, "not a path\n");
            }
        };
        let known = match start {
            Start::With(resource) => Known::File(resource),
            Start::FromDisk => self.look(&key).await,
        };
        match known {
            Known::File(_) if is_base => response::redirect(request, base_path),
            Known::File(resource) => self.send(request, &key, resource, Role::Asked).await,
            Known::Folder => {
                let folder = [key.as_slice(), b"/"].concat();
                response::redirect(request, &target::url_path(base_path, &folder))
            }
            Known::Missing => self.fall_back(request, &key).await,
            Known::Failed(unreadable) => failed(request, unreadable),
        }
    }

    /// Answers for a path that there is no file for.
    async fn fall_back(
        self: &Arc<Self>,
        request: &request::Parts,
        key: &[u8],
    ) -> Response<FileBody> {
        let has_extension = !media_type::extension(key).is_empty();
        // A path without an extension is a page whatever is accepted.
        let varies_by_accept = self.options.spa && has_extension;
        if self.options.spa && (!has_extension || accepts_html(&request.headers)) {
            match self.known(b"").await {
                Known::File(resource) => {
                    let role = Role::Fallback { varies_by_accept };
                    return self.send(request, b"", resource, role).await;
                }
                Known::Failed(unreadable) => return failed(request, unreadable),
                Known::Folder | Known::Missing => {}
            }
        }
        self.not_found(request, varies_by_accept).await
    }

    /// Answers with the site's page for what is not there.
    async fn not_found(
        self: &Arc<Self>,
        request: &request::Parts,
        varies_by_accept: bool,
    ) -> Response<FileBody> {
        const PAGE: &[u8] = b"404.html";
        match self.known(PAGE).await {
            Known::File(resource) => {
                let role = Role::NotFound { varies_by_accept };
                self.send(request, PAGE, resource, role).await
            }
            Known::Failed(unreadable) => failed(request, unreadable),
            Known::Folder | Known::Missing => plain_not_found(request, varies_by_accept),
        }
    }

    /// Sends a file, and looks again where it changes meanwhile.
    async fn send(
        self: &Arc<Self>,
        request: &request::Parts,
        key: &[u8],
        mut resource: Arc<Resource>,
        role: Role,
    ) -> Response<FileBody> {
        let mut last = None;
        for _ in 0..ATTEMPTS {
            match self.try_to_send(request, &resource, role).await {
                Ok(response) => return response,
                Err(unreadable) if is_other_by_now(&unreadable.error) => last = Some(unreadable),
                Err(unreadable) => return failed(request, unreadable),
            }
            resource = match self.look(key).await {
                Known::File(resource) => resource,
                Known::Failed(unreadable) => return failed(request, unreadable),
                Known::Folder | Known::Missing => return plain_not_found(request, false),
            };
        }
        match last {
            Some(unreadable) => failed(request, unreadable),
            None => plain_not_found(request, false),
        }
    }

    async fn try_to_send(
        self: &Arc<Self>,
        request: &request::Parts,
        resource: &Resource,
        role: Role,
    ) -> Result<Response<FileBody>, Unreadable> {
        for among in [Among::All, Among::Files] {
            let Some(representation) = self.choose(request, resource, role, among) else {
                break;
            };
            let content = match self.kept_content(resource, &representation) {
                Some(content) => content,
                None => self.read(resource, &representation).await?,
            };
            if content.is_vain {
                continue;
            }
            let (response, part) =
                response::for_content(request, resource, &representation, &content, role);
            let (response, part) = match with_bytes(response, part, &content) {
                Ok(response) => return Ok(response),
                Err(streamed) => *streamed,
            };
            let location = Arc::clone(&representation.location);
            let opened = blocking(move || open(&location, &content, part)).await;
            let body = opened.map_err(|error| Unreadable::new(&representation.location, error))?;
            return Ok(response.map(|_| body));
        }
        Ok(match role {
            Role::NotFound { varies_by_accept } => plain_not_found(request, varies_by_accept),
            Role::Asked | Role::Fallback { .. } => response::not_acceptable(request),
        })
    }

    /// The representation to send. A page that is compressed here is divided where its policy says.
    fn choose<'a>(
        &self,
        request: &request::Parts,
        resource: &'a Resource,
        role: Role,
        among: Among,
    ) -> Option<Cow<'a, Representation>> {
        let available = resource.representations.iter();
        let available = available.filter(|it| among == Among::All || it.source == Source::File);
        let chosen = negotiation::choose(
            &request.headers,
            available.map(|it| (it.coding, it.most_bytes(), it)),
        )?;
        let head = match chosen.source {
            Source::File => None,
            Source::Compressed { .. } => self.head_of(request.uri.path(), role),
        };
        Some(match head {
            Some(head) => Cow::Owned(chosen.divided_at(head)),
            None => Cow::Borrowed(chosen),
        })
    }

    /// How many bytes of a page's file go before its pushes.
    fn head_of(&self, path: &str, role: Role) -> Option<u64> {
        let loaded = self.policy.get()?.current();
        let policy = loaded.policy();
        let page = match role {
            Role::Asked => policy.page(path),
            // The plan of the page, if it has one, or that of the document.
            Role::Fallback { .. } => policy
                .page(path)
                .or_else(|| policy.page(&self.options.base_path)),
            Role::NotFound { .. } => None,
        };
        page?.head.bytes(Coding::Identity)
    }
}

/// Completes a response from memory, or hands it back with the part that has to come from disk.
fn with_bytes(
    mut response: Response<FileBody>,
    part: Option<Part>,
    content: &Content,
) -> Result<Response<FileBody>, Box<(Response<FileBody>, Part)>> {
    let Some(part) = part else {
        return Ok(response);
    };
    let Some(bytes) = &content.bytes else {
        return Err(Box::new((response, part)));
    };
    // What is in memory has a length that fits, and a part lies within it.
    let first = usize::try_from(part.first)
        .unwrap_or(usize::MAX)
        .min(bytes.len());
    let end = usize::try_from(part.len)
        .map_or(usize::MAX, |len| first.saturating_add(len))
        .min(bytes.len());
    *response.body_mut() = FileBody::of_bytes(bytes.slice(first..end));
    Ok(response)
}

/// Opens a large file for sending; blocks.
fn open(location: &Path, content: &Content, part: Part) -> io::Result<FileBody> {
    let file = File::open(location)?;
    if Stamp::of(&file.metadata()?) != content.stamp {
        return Err(ErrorKind::StaleNetworkFileHandle.into());
    }
    FileBody::of_file(file, content.stamp, part.first, part.len)
}

/// Whether looking again may help.
fn is_other_by_now(error: &io::Error) -> bool {
    use ErrorKind::{IsADirectory, NotADirectory, NotFound, StaleNetworkFileHandle};
    matches!(
        error.kind(),
        NotFound | StaleNetworkFileHandle | NotADirectory | IsADirectory
    )
}

fn failed(request: &request::Parts, unreadable: Unreadable) -> Response<FileBody> {
    let text = "the file cannot be read\n";
    let mut response = response::plain(request, StatusCode::INTERNAL_SERVER_ERROR, text);
    response.extensions_mut().insert(unreadable);
    response
}

fn plain_not_found(request: &request::Parts, varies_by_accept: bool) -> Response<FileBody> {
    let mut response = response::plain(request, StatusCode::NOT_FOUND, "not found\n");
    if varies_by_accept {
        let accept = http::HeaderValue::from_static("accept");
        response.headers_mut().insert(http::header::VARY, accept);
    }
    response
}

/// Whether a request names HTML among what it takes, as navigations do; `*/*` alone is what scripts and images
/// send.
fn accepts_html(headers: &HeaderMap) -> bool {
    let fields = headers.get_all(ACCEPT).iter();
    let mut members = fields.flat_map(|field| field.as_bytes().split(|byte| *byte == b','));
    members.any(|member| {
        let mut parts = member.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
        let essence = parts.next().unwrap_or_default();
        let is_html = essence.eq_ignore_ascii_case(b"text/html")
            || essence.eq_ignore_ascii_case(b"application/xhtml+xml");
        let is_refused = |parameter: &[u8]| {
            parameter
                .strip_prefix(b"q=")
                .or_else(|| parameter.strip_prefix(b"Q="))
                .is_some_and(|weight| weight.iter().all(|byte| matches!(byte, b'0' | b'.')))
        };
        is_html && !parts.any(is_refused)
    })
}

fn is_read(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

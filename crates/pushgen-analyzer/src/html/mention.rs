//! The rules: which elements refer to what (HTML Standard §4.2, §4.8, §4.12, as Chromium applies them).
//!
//! In: the elements of a page and a viewport. Out: every reference, inline style, inline script and
//! `base` in document order. Elements that fetch nothing (`a`, `link rel=canonical`, disabled sheets,
//! `nomodule` scripts, unknown types) are not mentioned. What frames load is the frame's own.
//! Embedded content (images, media, frames) is in [`embedded`].

use pushgen_policy::{CrossOrigin, Destination, integrity_metadata};

use super::csp::ContentSecurityPolicy;
use super::dom::{Dom, Namespace, Node};
use super::{embedded, meta, script_type, script_type::ScriptType, srcset};
use crate::css::{Applies, MediaQueryList, source_size};
use crate::js;
use crate::reference::{Blocking, Content, Purpose, Reference, When, confidence};
use crate::viewport::Viewport;

/// Something that a document says to a browser's loader.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Mention<'d> {
    /// The first `base` with a `href`: what follows is relative to it.
    Base(&'d str),
    /// A content security policy in the head: it governs what comes after it.
    SecurityPolicy(ContentSecurityPolicy),
    /// A reference of an element.
    Reference(Reference<'d>),
    /// A `style` element.
    Style {
        text: &'d str,
        effect: Effect,
        line: u32,
    },
    /// A `style` attribute.
    StyleAttribute { text: &'d str, line: u32 },
    /// An inline module.
    Module { text: &'d str, line: u32 },
    /// An inline classic script that may call `import()`.
    Script { text: &'d str, line: u32 },
    /// An import map.
    ImportMap { text: &'d str, line: u32 },
}

/// How an inline style sheet takes effect.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Effect {
    /// What waits for its `@import`s.
    pub(crate) blocking: Blocking,
    /// Whether its rules count.
    pub(crate) applies: bool,
    pub(crate) confidence: f64,
}

impl Effect {
    /// A sheet that imports nothing and always counts.
    pub(crate) const ALWAYS: Self = Self {
        blocking: Blocking::NO,
        applies: true,
        confidence: confidence::CERTAIN,
    };
}

/// Everything that a document mentions, in document order.
pub(crate) fn mentions<'d>(dom: &'d Dom, viewport: &Viewport) -> Vec<Mention<'d>> {
    let mut reader = Reader {
        viewport,
        mentions: Vec::new(),
        has_base: false,
        in_body: false,
        preferred_set: None,
    };
    for element in dom.elements() {
        reader.read(element);
    }
    reader.mentions
}

struct Reader<'d, 'v> {
    viewport: &'v Viewport,
    mentions: Vec<Mention<'d>>,
    has_base: bool,
    /// Whether `<body>` has begun: nothing that comes later holds back the first paint.
    in_body: bool,
    /// The title of the style sheet set that the page prefers (CSSOM §6.2).
    preferred_set: Option<&'d str>,
}

impl<'d> Reader<'d, '_> {
    fn read(&mut self, element: Node<'d>) {
        if element.line() == 0 {
            // The parser gives a line to whatever can refer to something.
            self.in_body |= element.is("body");
            return;
        }
        match element.namespace() {
            Namespace::Html => match element.name() {
                "body" => self.in_body = true,
                "base" => self.base(element),
                "link" => self.link(element),
                "meta" => self.meta(element),
                "style" => self.style(element),
                "script" => self.script(element),
                _ => {}
            },
            Namespace::Svg => match element.name() {
                "style" => self.style(element),
                "script" => self.svg_script(element),
                _ => {}
            },
            Namespace::MathMl => {}
        }
        let embedded = embedded::references(element, self.viewport);
        self.mentions
            .extend(embedded.into_iter().map(Mention::Reference));
        if let Some(text) = element.attribute("style").filter(|text| text.contains('(')) {
            self.mentions.push(Mention::StyleAttribute {
                text,
                line: element.line(),
            });
        }
    }

    fn base(&mut self, element: Node<'d>) {
        if let Some(href) = element.attribute("href").filter(|_| !self.has_base) {
            self.has_base = true;
            self.mentions.push(Mention::Base(href));
        }
    }

    fn meta(&mut self, element: Node<'d>) {
        self.mentions
            .extend(meta::refresh(element).map(Mention::Reference));
        let says = element.attribute("http-equiv").unwrap_or_default();
        if says
            .trim_ascii()
            .eq_ignore_ascii_case("content-security-policy")
            && !self.in_body
        {
            let policy = element.attribute("content").unwrap_or_default();
            self.mentions
                .push(Mention::SecurityPolicy(ContentSecurityPolicy::parse(
                    policy,
                )));
        }
    }

    fn push(&mut self, reference: Reference<'d>) {
        if !reference.url.trim_ascii().is_empty() {
            self.mentions.push(Mention::Reference(reference));
        }
    }

    fn link(&mut self, element: Node<'d>) {
        let Some(url) = element
            .attribute("href")
            .or(element.attribute("imagesrcset"))
        else {
            return;
        };
        let rel = element.attribute("rel").unwrap_or_default();
        let has = |token: &str| {
            rel.split_ascii_whitespace()
                .any(|t| t.eq_ignore_ascii_case(token))
        };
        let reference = |destination| Reference {
            crossorigin: crossorigin(element),
            integrity: element.attribute("integrity").and_then(integrity_metadata),
            ..Reference::new(url, destination, element.line())
        };
        if has("stylesheet") {
            self.stylesheet(element, reference(Destination::Style), has("alternate"));
        } else if has("icon") || has("apple-touch-icon") || has("apple-touch-icon-precomposed") {
            self.push(
                reference(Destination::Image)
                    .late(confidence::BROWSER)
                    .purpose(Purpose::Aside),
            );
        } else if has("manifest") {
            self.push(
                reference(Destination::Manifest)
                    .late(confidence::BROWSER)
                    .purpose(Purpose::Aside),
            );
        }
        if has("preload") {
            self.preload(element, &reference);
        }
        if has("modulepreload") && element.attribute("href").is_some() {
            self.push(
                reference(Destination::Script)
                    .content(Content::Module)
                    .purpose(Purpose::Preload),
            );
        }
        if has("prefetch") {
            self.push(
                reference(Destination::Fetch)
                    .late(confidence::PREFETCH)
                    .purpose(Purpose::Aside),
            );
        }
    }

    fn stylesheet(&mut self, element: Node<'d>, reference: Reference<'d>, alternate: bool) {
        let is_css = element.attribute("type").is_none_or(|value| {
            let essence = value.split(';').next().unwrap_or_default().trim_ascii();
            essence.is_empty() || essence.eq_ignore_ascii_case("text/css")
        });
        if element.has("disabled") || !is_css || element.attribute("href").is_none() {
            return;
        }
        let media = self.media(element);
        let title = element.attribute("title").filter(|title| !title.is_empty());
        // An alternate sheet without a title belongs to no set. The standard does not fetch it; Chromium
        // does, and does not apply it.
        let in_set = self.in_preferred_set(title, alternate);
        let blocking = match media.applies && !alternate {
            true => self.sheet_blocking(element),
            false => Blocking::NO,
        };
        self.push(
            reference
                .content(Content::StyleSheet {
                    applies: media.applies && in_set,
                })
                .blocking(blocking)
                .confidence(media.sheet_confidence()),
        );
    }

    /// Whether a sheet with this title belongs to the set that applies.
    fn in_preferred_set(&mut self, title: Option<&'d str>, alternate: bool) -> bool {
        match title {
            None => !alternate,
            Some(_) if alternate => false,
            Some(title) => *self.preferred_set.get_or_insert(title) == title,
        }
    }

    fn sheet_blocking(&self, element: Node<'d>) -> Blocking {
        if self.in_body {
            Blocking::PARSER
        } else {
            self.blocking_attribute(element).or(Blocking::RENDER)
        }
    }

    /// `blocking=render`, which counts while there is no body.
    fn blocking_attribute(&self, element: Node<'d>) -> Blocking {
        let value = element.attribute("blocking").unwrap_or_default();
        let asked = !self.in_body
            && value
                .split_ascii_whitespace()
                .any(|token| token == "render");
        if asked {
            Blocking::RENDER
        } else {
            Blocking::NO
        }
    }

    fn media(&self, element: Node<'d>) -> Media {
        match element.attribute("media") {
            None => Media {
                applies: true,
                confidence: confidence::CERTAIN,
            },
            Some(media) => Media::of(media, self.viewport),
        }
    }

    fn preload(&mut self, element: Node<'d>, reference: &dyn Fn(Destination) -> Reference<'d>) {
        let as_ = element
            .attribute("as")
            .unwrap_or_default()
            .to_ascii_lowercase();
        let essence = element.attribute("type").map(embedded::essence);
        let type_is =
            |known: fn(&str) -> bool| essence.as_deref().is_none_or(|e| e.is_empty() || known(e));
        let destination = match as_.as_str() {
            "script" => Destination::Script,
            "style" if type_is(|essence| essence == "text/css") => Destination::Style,
            "font" if type_is(embedded::is_font_type) => Destination::Font,
            "image" if type_is(embedded::is_image_type) => Destination::Image,
            "fetch" => Destination::Fetch,
            "track" => Destination::Track,
            _ => return,
        };
        let media = self.media(element);
        if !media.applies {
            return;
        }
        let mut preload = reference(destination)
            .purpose(Purpose::Preload)
            .confidence(media.confidence);
        if destination == Destination::Image
            && let Some(candidates) = element
                .attribute("imagesrcset")
                .filter(|set| !set.is_empty())
        {
            let size = source_size(
                element.attribute("imagesizes").unwrap_or_default(),
                false,
                self.viewport,
            );
            match srcset::select(
                element.attribute("href"),
                Some(candidates),
                size,
                self.viewport.dpr,
            ) {
                Some(url) => {
                    preload = Reference { url, ..preload }.confidence(confidence::VIEWPORT)
                }
                None => return,
            }
        } else if element.attribute("href").is_none() {
            return;
        }
        self.push(preload);
    }

    fn style(&mut self, element: Node<'d>) {
        let type_ = element.attribute("type").unwrap_or_default();
        let text = element.text();
        if !(type_.is_empty() || type_.eq_ignore_ascii_case("text/css")) {
            return;
        }
        let media = self.media(element);
        let in_set =
            self.in_preferred_set(element.attribute("title").filter(|t| !t.is_empty()), false);
        // Without one of these a sheet refers to nothing.
        if !(text.contains('(') || text.contains('@')) {
            return;
        }
        let blocking = if media.applies {
            self.sheet_blocking(element)
        } else {
            Blocking::NO
        };
        let effect = Effect {
            blocking,
            applies: media.applies && in_set,
            confidence: media.sheet_confidence(),
        };
        self.mentions.push(Mention::Style {
            text,
            effect,
            line: element.line(),
        });
    }

    fn script(&mut self, element: Node<'d>) {
        let line = element.line();
        let Some(type_) = script_type::of(element) else {
            return;
        };
        if type_ == ScriptType::Classic
            && (element.has("nomodule") || script_type::waits_for_other_event(element))
        {
            return;
        }
        let Some(url) = element.attribute("src") else {
            let text = element.text();
            match type_ {
                ScriptType::Module => self.mentions.push(Mention::Module { text, line }),
                ScriptType::ImportMap => self.mentions.push(Mention::ImportMap { text, line }),
                ScriptType::Classic if js::may_import(text) => {
                    self.mentions.push(Mention::Script { text, line });
                }
                ScriptType::Classic => {}
            }
            return;
        };
        let reference = Reference {
            crossorigin: crossorigin(element),
            integrity: element.attribute("integrity").and_then(integrity_metadata),
            ..Reference::new(url, Destination::Script, line)
        };
        let asked = self.blocking_attribute(element);
        match type_ {
            ScriptType::ImportMap => {}
            ScriptType::Module => self.push(reference.content(Content::Module).blocking(asked)),
            ScriptType::Classic => {
                let sync = !element.has("async") && !element.has("defer");
                let implied = match (sync, self.in_body) {
                    (true, true) => Blocking::PARSER,
                    (true, false) => Blocking::RENDER.or(Blocking::PARSER),
                    (false, _) => Blocking::NO,
                };
                self.push(
                    reference
                        .content(Content::Script)
                        .blocking(implied.or(asked)),
                );
            }
        }
    }

    fn svg_script(&mut self, element: Node<'d>) {
        let url = element
            .attribute("href")
            .or_else(|| element.attribute("xlink:href"));
        if let (Some(url), Some(ScriptType::Classic)) = (url, script_type::of(element)) {
            let reference = Reference::new(url, Destination::Script, element.line());
            let sync = !element.has("async") && !element.has("defer");
            let blocking = if sync { Blocking::PARSER } else { Blocking::NO };
            self.push(reference.content(Content::Script).blocking(blocking));
        }
    }
}

/// What a media query list says of a viewport.
#[derive(Debug, Clone, Copy)]
pub(super) struct Media {
    pub(super) applies: bool,
    pub(super) confidence: f64,
}

impl Media {
    pub(super) fn of(list: &str, viewport: &Viewport) -> Self {
        if list.trim_ascii().is_empty() {
            return Self {
                applies: true,
                confidence: confidence::CERTAIN,
            };
        }
        let list = MediaQueryList::parse(list);
        let applies = list.evaluate(viewport) == Applies::Matches;
        let confidence = if list.depends_on_viewport() {
            confidence::VIEWPORT
        } else {
            confidence::CERTAIN
        };
        Self {
            applies,
            confidence,
        }
    }
}

impl Media {
    /// How sure the loading of a sheet is. One that does not apply is fetched all the same; of one that
    /// applies another viewport may say otherwise.
    fn sheet_confidence(self) -> f64 {
        if self.applies {
            self.confidence
        } else {
            confidence::CERTAIN
        }
    }
}

/// The CORS settings attribute (HTML §2.5.4): any value but `use-credentials` means anonymous.
pub(super) fn crossorigin(element: Node<'_>) -> Option<CrossOrigin> {
    element.attribute("crossorigin").map(|value| {
        if value.eq_ignore_ascii_case("use-credentials") {
            CrossOrigin::UseCredentials
        } else {
            CrossOrigin::Anonymous
        }
    })
}

/// A reference that is fetched when the layout wants it.
pub(super) fn lazy_if(reference: Reference<'_>, lazy: bool) -> Reference<'_> {
    if lazy {
        Reference {
            when: When::Late,
            confidence: confidence::LAYOUT,
            ..reference
        }
    } else {
        reference
    }
}

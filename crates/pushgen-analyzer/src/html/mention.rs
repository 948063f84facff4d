//! The rules: which elements refer to what (HTML Standard §4.2, §4.8, §4.12, as Chromium applies them).
//!
//! In: the elements of a page, the window, and the viewport that the page is laid out for. Out: every reference, inline style, inline script and
//! `base` in document order. Elements that fetch nothing (`a`, `link rel=canonical`, disabled sheets,
//! `nomodule` scripts, unknown types) are not mentioned. What frames load is the frame's own.
//! What the page's own security policy forbids an element is not mentioned either.
//! Embedded content (images, media, frames) is in [`EmbeddedContent`].

use pushgen_policy::{CrossOrigin, Destination, integrity_metadata};

use super::csp::{SecurityPolicies, Where};
use super::dom::{Dom, Namespace, Node};
use super::embedded::EmbeddedContent;
use super::media::Media;
use super::media_type::{self, Shown};
use super::meta_viewport::Wish;
use super::script_type::{self, ScriptType};
use super::{meta, srcset};
use crate::css::source_size;
use crate::reference::{Blocking, Content, Purpose, Reference, confidence};
use crate::selection::{Candidates, Selection};
use crate::viewport::Viewport;

/// Something that a document says to a browser's loader.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Mention<'d> {
    /// The first `base` with a `href`: what follows is relative to it.
    Base(&'d str),
    /// A content security policy in the head: it governs what lies behind all that comes after it.
    SecurityPolicy(&'d str),
    /// A reference of an element.
    Reference(Reference<'d>),
    /// A `style` element.
    Style {
        text: &'d str,
        effect: Effect,
        line: u32,
        element: Node<'d>,
    },
    /// A `style` attribute.
    StyleAttribute {
        text: &'d str,
        line: u32,
        element: Node<'d>,
    },
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
    /// What waits for the `@import`s behind these.
    pub(crate) imports: Blocking,
    /// Whether its rules count.
    pub(crate) applies: bool,
    pub(crate) confidence: f64,
}

impl Effect {
    /// A sheet that imports nothing and always counts.
    pub(crate) const ALWAYS: Self = Self {
        blocking: Blocking::NO,
        imports: Blocking::NO,
        applies: true,
        confidence: confidence::CERTAIN,
    };
}

/// Everything that a document mentions, in document order. `layout` is what `window` makes of the page.
pub(crate) fn mentions<'d>(dom: &'d Dom, window: &Viewport, layout: &Viewport) -> Vec<Mention<'d>> {
    let is_phone = window.is_phone();
    let mut reader = Reader {
        window,
        layout,
        wish: Wish::default(),
        now: if is_phone {
            Wish::default().layout(window)
        } else {
            *window
        },
        scanned: is_phone.then_some(*window),
        scans: true,
        mentions: Vec::new(),
        has_base: false,
        in_body: false,
        preferred_set: None,
        policies: SecurityPolicies::default(),
        embedded: EmbeddedContent::new(dom, layout, is_phone.then_some(*window)),
    };
    for element in dom.elements() {
        reader.read(element);
    }
    reader.mentions
}

struct Reader<'d, 'v> {
    window: &'v Viewport,
    /// What the page is laid out for in the end.
    layout: &'v Viewport,
    /// What the page has said of its viewport so far, and what that makes of it.
    wish: Wish,
    now: Viewport,
    /// The preload scanner takes a phone's screen for the viewport until the page says otherwise.
    scanned: Option<Viewport>,
    /// The preload scanner looks ahead. It stops at the first policy, wherever that stands.
    scans: bool,
    mentions: Vec<Mention<'d>>,
    has_base: bool,
    /// Whether `<body>` has begun: nothing that comes later holds back the first paint.
    in_body: bool,
    /// The title of the style sheet set that the page prefers (CSSOM §6.2).
    preferred_set: Option<&'d str>,
    /// The security policies that are in force by now.
    policies: SecurityPolicies,
    embedded: EmbeddedContent<'d, 'v>,
}

impl<'d> Reader<'d, '_> {
    fn read(&mut self, element: Node<'d>) {
        self.read_references(element);
        self.embedded.pass(element);
    }

    fn read_references(&mut self, element: Node<'d>) {
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
        for reference in self.embedded.references(element) {
            self.push(element, reference);
        }
        if let Some(text) = element.attribute("style")
            && self.policies.allows_style_attributes()
        {
            self.mentions.push(Mention::StyleAttribute {
                text,
                line: element.line(),
                element,
            });
        }
    }

    fn base(&mut self, element: Node<'d>) {
        if let Some(href) = element.attribute("href").filter(|_| !self.has_base) {
            self.has_base = true;
            if self.policies.allows_base(Where::Own) {
                self.mentions.push(Mention::Base(href));
            }
        }
    }

    fn meta(&mut self, element: Node<'d>) {
        if self.window.is_phone() && self.wish.read(element) {
            self.now = self.wish.layout(self.window);
            self.scanned = None;
            self.embedded.stop_scanning();
        }
        self.mentions
            .extend(meta::refresh(element).map(Mention::Reference));
        let says = element.attribute("http-equiv").unwrap_or_default();
        if says.eq_ignore_ascii_case("content-security-policy") {
            self.scans = false;
            self.scanned = None;
            self.embedded.stop_scanning();
        }
        if says
            .trim_ascii()
            .eq_ignore_ascii_case("content-security-policy")
            && !self.in_body
        {
            let policy = element.attribute("content").unwrap_or_default();
            self.policies.add(policy);
            self.mentions.push(Mention::SecurityPolicy(policy));
        }
    }

    fn push(&mut self, element: Node<'d>, reference: Reference<'d>) {
        let reference = Reference {
            element: Some(element.index()),
            ..reference
        };
        if !reference.url.trim_ascii().is_empty() && self.is_allowed(element, &reference) {
            self.mentions.push(Mention::Reference(reference));
        }
    }

    /// Whether the page's policies let an element load something from the page's own site. They cannot
    /// allow another site and forbid this one.
    fn is_allowed(&self, element: Node<'d>, reference: &Reference<'d>) -> bool {
        let own = Where::Own;
        let nonce = element.attribute("nonce");
        let integrity = element.attribute("integrity");
        let allows = |destination| {
            self.policies
                .allows_element(destination, nonce, integrity, own)
        };
        match (reference.destination, reference.purpose, reference.content) {
            (Destination::Script, Purpose::Preload, Content::Module) => {
                self.policies.allows_module_preload(nonce, integrity, own)
            }
            (Destination::Fetch, Purpose::Aside, _) => self.policies.allows_prefetch(own),
            // All but images are nested documents.
            (destination @ (Destination::Object | Destination::Embed), ..) => {
                let shown = Shown::of(element.attribute("type"), reference.url);
                allows(destination) && (shown == Shown::Image || allows(Destination::Iframe))
            }
            (destination, ..) => allows(destination),
        }
    }

    fn link(&mut self, element: Node<'d>) {
        // An image preload may do without.
        let url = element.attribute("href").unwrap_or_default();
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
                element,
                reference(Destination::Image)
                    .late(confidence::BROWSER)
                    .purpose(Purpose::Aside),
            );
        } else if has("manifest") {
            self.push(
                element,
                reference(Destination::Manifest)
                    .late(confidence::BROWSER)
                    .purpose(Purpose::Aside),
            );
        }
        if has("preload") {
            self.preload(element, &reference);
        }
        let media = self.media(element);
        if has("modulepreload") && self.is_wanted(element) {
            self.push(
                element,
                reference(Destination::Script)
                    .content(Content::Module)
                    .purpose(Purpose::Preload)
                    .confidence(media.confidence),
            );
        }
        if has("prefetch") {
            self.push(
                element,
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
        let blocks = self.is_wanted(element) && !alternate;
        let (blocking, imports) = self.sheet_blocking(element, blocks);
        self.push(
            element,
            reference
                .content(Content::StyleSheet {
                    applies: media.applies && in_set,
                    imports,
                })
                .blocking(blocking)
                .confidence(media.sheet_confidence())
                .selected_by(Selection {
                    media: media.text,
                    candidates: None,
                }),
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

    /// What waits for a sheet, and for its `@import`s. The first is what the preload scanner takes it for, which
    /// sees no body where there is no tag; the parser knows better by the time that it comes to the imports, but
    /// not of sheets in a shadow tree.
    fn sheet_blocking(&self, element: Node<'d>, blocks: bool) -> (Blocking, Blocking) {
        if !blocks {
            return (Blocking::NO, Blocking::NO);
        }
        let imports = match self.in_body && !is_in_shadow_tree(element) {
            true => Blocking::PARSER,
            false => Blocking::RENDER,
        };
        let own = match (self.scans, element.is_scanned_in_body()) {
            (false, _) => imports,
            (true, true) => Blocking::PARSER,
            (true, false) => Blocking::RENDER,
        };
        (own, imports)
    }

    /// `blocking=render` of a script that nothing else waits for.
    fn blocking_attribute(element: Node<'d>) -> Blocking {
        let value = element.attribute("blocking").unwrap_or_default();
        match value
            .split_ascii_whitespace()
            .any(|token| token == "render")
        {
            true => Blocking::RENDER,
            false => Blocking::NO,
        }
    }

    /// What waits for a classic script. The parser reports it as blocking wherever it stands; its preload scanner
    /// tells head and body apart.
    fn script_blocking(&self, element: Node<'d>) -> Blocking {
        match self.scans && element.is_scanned_in_body() {
            true => Blocking::PARSER,
            false => Blocking::RENDER.or(Blocking::PARSER),
        }
    }

    fn media(&self, element: Node<'d>) -> Media {
        element
            .attribute("media")
            .map_or(Media::ALL, |list| Media::of(list, self.layout))
    }

    /// Whether the element's media query list holds when it is come by: for the preload scanner or the parser.
    fn is_wanted(&self, element: Node<'d>) -> bool {
        let Some(list) = element.attribute("media") else {
            return true;
        };
        let holds = |viewport: &Viewport| Media::of(list, viewport).applies;
        holds(&self.now) || self.scanned.as_ref().is_some_and(holds)
    }

    fn preload(&mut self, element: Node<'d>, reference: &dyn Fn(Destination) -> Reference<'d>) {
        let as_ = element
            .attribute("as")
            .unwrap_or_default()
            .to_ascii_lowercase();
        let essence = element.attribute("type").map(media_type::essence);
        let type_is =
            |known: fn(&str) -> bool| essence.as_deref().is_none_or(|e| e.is_empty() || known(e));
        let destination = match as_.as_str() {
            "script" => Destination::Script,
            "style" if type_is(|essence| essence == "text/css") => Destination::Style,
            "font" if type_is(media_type::is_font_type) => Destination::Font,
            "image" if type_is(media_type::is_image_type) => Destination::Image,
            "fetch" => Destination::Fetch,
            "track" => Destination::Track,
            _ => return,
        };
        let media = self.media(element);
        if !self.is_wanted(element) {
            return;
        }
        let preload = reference(destination)
            .purpose(Purpose::Preload)
            .confidence(media.confidence);
        let selection = Selection {
            media: media.text,
            candidates: None,
        };
        let candidates = element
            .attribute("imagesrcset")
            .filter(|set| !set.trim_ascii().is_empty() && destination == Destination::Image);
        if let Some(candidates) = candidates {
            let href = element.attribute("href");
            let sizes = element.attribute("imagesizes").unwrap_or_default();
            let select = |viewport: &Viewport| {
                let size = source_size(sizes, false, viewport);
                srcset::select(href, Some(candidates), size, viewport.dpr)
            };
            let chosen = [select(&self.now), self.scanned.as_ref().and_then(select)];
            let candidates = Candidates {
                src: href,
                srcset: candidates,
                sizes,
            };
            let selection = Selection {
                candidates: Some(candidates),
                ..selection
            };
            let preload = preload
                .confidence(confidence::VIEWPORT)
                .selected_by(selection);
            for url in chosen.into_iter().flatten() {
                let preload = preload.clone();
                self.push(element, Reference { url, ..preload });
            }
        } else if element.has("href") {
            self.push(element, preload.selected_by(selection));
        }
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
        if !self
            .policies
            .allows_inline(Destination::Style, element.attribute("nonce"))
        {
            return;
        }
        let (blocking, imports) = self.sheet_blocking(element, self.is_wanted(element));
        let effect = Effect {
            blocking,
            imports,
            applies: media.applies && in_set,
            confidence: media.sheet_confidence(),
        };
        self.mentions.push(Mention::Style {
            text,
            effect,
            line: element.line(),
            element,
        });
    }

    fn script(&mut self, element: Node<'d>) {
        let Some(type_) = script_type::of(element) else {
            return;
        };
        if type_ == ScriptType::Classic
            && (element.has("nomodule") || script_type::waits_for_other_event(element))
        {
            return;
        }
        let Some(url) = element.attribute("src") else {
            self.inline_script(element, type_);
            return;
        };
        let reference = Reference {
            crossorigin: crossorigin(element),
            integrity: element.attribute("integrity").and_then(integrity_metadata),
            ..Reference::new(url, Destination::Script, element.line())
        };
        let is_sync = !element.has("async") && !element.has("defer");
        // The scanner knows modules in lower case only.
        let is_module = match self.scans {
            true => element.attribute("type") == Some("module"),
            false => type_ == ScriptType::Module,
        };
        let blocking = match is_sync && !is_module {
            true => self.script_blocking(element),
            false => Self::blocking_attribute(element),
        };
        let content = match type_ {
            ScriptType::ImportMap => return,
            ScriptType::Module => Content::Module,
            ScriptType::Classic => Content::Script,
        };
        self.push(element, reference.content(content).blocking(blocking));
    }

    fn inline_script(&mut self, element: Node<'d>, type_: ScriptType) {
        let (text, line) = (element.text(), element.line());
        if !self
            .policies
            .allows_inline(Destination::Script, element.attribute("nonce"))
        {
            return;
        }
        match type_ {
            ScriptType::Module => self.mentions.push(Mention::Module { text, line }),
            ScriptType::ImportMap => self.mentions.push(Mention::ImportMap { text, line }),
            ScriptType::Classic => self.mentions.push(Mention::Script { text, line }),
        }
    }

    /// SVG's own `script` knows none of `defer`, `nomodule` and `language` (SVG 2 §15.8).
    fn svg_script(&mut self, element: Node<'d>) {
        let Some(type_) = script_type::of_svg(element) else {
            return;
        };
        let url = element
            .attribute("href")
            .or_else(|| element.attribute("xlink:href"));
        let Some(url) = url else {
            self.inline_script(element, type_);
            return;
        };
        let reference = Reference {
            crossorigin: crossorigin(element),
            ..Reference::new(url, Destination::Script, element.line())
        };
        let content = match type_ {
            ScriptType::ImportMap => return,
            ScriptType::Module => Content::Module,
            ScriptType::Classic => Content::Script,
        };
        // The scanner takes every one of them for a classic script that the parser waits for; the parser says of
        // none of them that it does.
        let blocking = match self.scans {
            true => self.script_blocking(element),
            false => Blocking::NO,
        };
        self.push(element, reference.content(content).blocking(blocking));
    }
}

/// Whether a declared shadow root is around an element; other templates have no content here.
fn is_in_shadow_tree(element: Node<'_>) -> bool {
    let mut around = element.parent();
    while let Some(ancestor) = around {
        if ancestor.is("template") {
            return true;
        }
        around = ancestor.parent();
    }
    false
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

#[cfg(test)]
mod tests {
    use super::super::meta_viewport::layout_viewport;
    use super::super::parser::parse;
    use super::*;

    const PHONE: Viewport = Viewport {
        width: 412,
        height: 823,
        ..Viewport::DESKTOP
    };

    /// The URLs that a phone asks for, with a mark on what the first paint waits for.
    fn on_a_phone(markup: &str) -> String {
        let (dom, _) = parse(markup);
        let mentions = mentions(&dom, &PHONE, &layout_viewport(&dom, &PHONE));
        let references = mentions.iter().filter_map(|mention| match mention {
            Mention::Reference(reference) => Some(reference),
            _ => None,
        });
        let urls = references.map(|reference| match reference.blocking.render {
            true => format!("{}!", reference.url),
            false => reference.url.to_owned(),
        });
        urls.collect::<Vec<_>>().join(" ")
    }

    /// As Chromium 156 asks: its preload scanner takes the screen for the viewport until it sees the element.
    #[test]
    fn until_a_page_wants_a_viewport_a_phone_has_two() {
        const META: &str = "<meta name=viewport content=width=device-width>";
        const NARROW: &str = "<link rel=stylesheet media='(max-width: 600px)' href=narrow>";
        const WIDE: &str = "<link rel=stylesheet media='(min-width: 601px)' href=wide>";
        const IMAGE: &str = "<img srcset='small 500w, large 900w'>";
        for (markup, expected) in [
            ([META, NARROW, WIDE, IMAGE], "narrow! wide small"),
            ([NARROW, WIDE, IMAGE, ""], "narrow! wide! large small"),
            ([NARROW, WIDE, META, IMAGE], "narrow! wide! small"),
            (
                [
                    "<meta http-equiv=content-security-policy content=''>",
                    NARROW,
                    WIDE,
                    IMAGE,
                ],
                "narrow wide! large",
            ),
        ] {
            assert_eq!(on_a_phone(&markup.concat()), expected, "{markup:?}");
        }
    }
}

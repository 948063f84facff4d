//! What must hold for any input, as the fuzz targets in `fuzz/` ask for it.
//!
//! In: the bytes or text that a fuzzer made. Out: nothing; a property that does not hold is a panic. Only under
//! `cfg(fuzzing)`, which cargo-fuzz sets: the parsers stay private otherwise. Beside not panicking, the properties are
//! that every place told lies in the text and holds what it is said to hold, that results are bounded by the input, and
//! that answers to different questions about the same text agree.

use url::Url;

use crate::css::{
    Applies, Context, FontSource, ImageCandidate, ImageSource, MediaQueryList, Position, StyleRule,
    StyleSheet, source_size,
};
use crate::encoding::{decode_html, looks_binary};
use crate::html::{Mention, layout_viewport, mentions, parse, srcset as candidates};
use crate::js::import_map::ImportMap;
use crate::js::{Script, may_request};
use crate::style::{AppliedSheet, DOCUMENT, LayerTree, Matches, PageStyle, SheetRules, Usage};
use crate::trace::Trace;
use crate::viewport::{ColorScheme, Viewport};

/// A page: bytes to mentions.
///
/// Unclosed formatting elements make each paragraph as many elements as are open, so that a document can mention more
/// than it has bytes. The parser looks at its limits every 8 KiB: at most 2,730 paragraphs with an element for every 13
/// bytes before them, which is 210 for each byte.
pub fn html(bytes: &[u8]) {
    let decoded = decode_html(bytes.to_vec());
    assert!(
        decoded.text.len() <= 3 * bytes.len(),
        "a byte is at most one character of the basic plane"
    );
    looks_binary(bytes);
    let text = &decoded.text;
    let lines = 1 + text.matches(['\n', '\r']).count();
    for viewport in [DESKTOP, PHONE] {
        let (dom, _) = parse(text);
        let mentions = mentions(&dom, &viewport, &layout_viewport(&dom, &viewport));
        assert!(mentions.len() <= 256 * text.len(), "too many mentions");
        for mention in &mentions {
            let (line, text_len) = match mention {
                Mention::Base(url) => (1, url.len()),
                Mention::SecurityPolicy(_) => (1, 0),
                Mention::Reference(reference) => {
                    assert!((0.0..=1.0).contains(&reference.confidence));
                    (reference.line, reference.url.len())
                }
                Mention::Style { text, line, .. }
                | Mention::StyleAttribute { text, line, .. }
                | Mention::Module { text, line }
                | Mention::Script { text, line }
                | Mention::ImportMap { text, line } => (*line, text.len()),
            };
            assert!((1..=lines).contains(&(line as usize)), "{mention:?}");
            // NUL becomes U+FFFD, which has three bytes.
            assert!(text_len <= 3 * text.len(), "{mention:?}");
        }
        let bases = mentions.iter().filter(|it| matches!(it, Mention::Base(_)));
        assert!(bases.count() <= 1, "only the first base counts");
    }
}

/// A style sheet, and the same text as a `style`, `media` and `sizes` attribute.
pub fn css(text: &str) {
    style(text, &StyleSheet::parse(text));
    let declarations = StyleSheet::parse_declarations(text);
    assert!(declarations.imports.is_empty() && declarations.font_faces.is_empty());
    style(text, &declarations);
    media(&MediaQueryList::parse(text));
    for viewport in [DESKTOP, PHONE] {
        let size = source_size(text, false, &viewport);
        assert!(size.is_some_and(|pixels| pixels >= 0.0), "{size:?}");
        let lazy = source_size(text, true, &viewport);
        assert!(lazy.is_none() || lazy == size, "{lazy:?} {size:?}");
    }
}

fn style(text: &str, sheet: &StyleSheet) {
    let places = Places::new(text, &['\n', '\r', '\u{c}'], char::len_utf16);
    let check = |Position { line, column }: Position, starts: &[char]| {
        let rest = places.rest(line, column);
        assert!(rest.starts_with(starts), "{line}:{column} is {rest:?}");
    };
    let url = ['u', 'U', '\\'];
    let url_or_string = ['u', 'U', '\\', '"', '\''];
    let mut found = sheet.imports.len() + sheet.font_faces.len() + sheet.problems.len();
    for import in &sheet.imports {
        check(import.position, &url_or_string);
        media(&import.media);
        context(&import.context(&Context::default()));
    }
    for face in &sheet.font_faces {
        check(face.position, &['@']);
        context(&face.context);
        assert!(face.weight.start() <= face.weight.end());
        assert!(face.stretch.start() <= face.stretch.end());
        assert!(!face.sources.is_empty() && !face.unicode_range.is_empty());
        for range in &face.unicode_range {
            assert!(range.start() <= range.end() && *range.end() <= 0x10_ffff);
        }
        for source in &face.sources {
            found += 1;
            if let FontSource::File { position, .. } = source {
                check(*position, &url);
            }
        }
    }
    for image in &sheet.images {
        context(&image.context);
        match &image.source {
            ImageSource::Url(_) => {
                found += 1;
                check(image.position, &url);
            }
            ImageSource::Set(options) => {
                found += options.len();
                check(image.position, &['i', 'I', '-', '\\']);
                for option in options {
                    assert!(option.resolution >= 0.0, "{option:?}");
                    places.rest(option.position.line, option.position.column);
                }
                for dpr in [1.0, 2.5] {
                    assert!(ImageCandidate::choose(options, dpr, |_| true).is_some());
                }
            }
        }
    }
    for problem in &sheet.problems {
        places.rest(problem.position.line, problem.position.column);
    }
    assert!(found <= text.len(), "{found} references");
}

/// A page and a sheet: which of its fonts and images the page uses at two viewports.
pub fn page_style(page: &[u8], text: &str) {
    let (dom, _) = parse(&decode_html(page.to_vec()).text);
    let attributes: Vec<(usize, StyleSheet)> = dom
        .elements()
        .filter_map(|element| Some((element.index(), element.attribute("style")?)))
        .map(|(index, text)| (index, StyleSheet::parse_declarations(text)))
        .collect();
    let attributes: Vec<(usize, &StyleRule)> = attributes
        .iter()
        .filter_map(|(index, sheet)| Some((*index, sheet.style_rules.first()?)))
        .collect();
    let mut sheets = vec![(StyleSheet::parse(text), None)];
    for element in dom.elements().filter(|element| element.is("style")) {
        sheets.push((StyleSheet::parse(element.text()), element.parent()));
    }
    let rules: Vec<SheetRules> = sheets
        .iter()
        .map(|(sheet, _)| SheetRules::new(sheet))
        .collect();
    let mut matches = None;
    for viewport in [DESKTOP, PHONE] {
        let mut layers = LayerTree::default();
        let mut applied = Vec::new();
        for ((sheet, owner), rules) in sheets.iter().zip(&rules) {
            let mut entered = Vec::new();
            for is_before_imports in [true, false] {
                let root = LayerTree::ROOT;
                layers.enter_all(
                    root,
                    &sheet.layers,
                    is_before_imports,
                    &viewport,
                    &mut entered,
                );
            }
            applied.push(AppliedSheet {
                sheet,
                rules,
                owner: *owner,
                layer: LayerTree::ROOT,
                layers: entered,
            });
        }
        let matches = matches.get_or_insert_with(|| Matches::new(&dom, &applied));
        assert!(matches.is_of(&applied));
        let mut shared = None;
        let mut usage = || {
            let page = PageStyle {
                dom: &dom,
                sheets: &applied,
                layers: &layers.ranks(),
                matches,
                attributes: &attributes,
                viewport: &viewport,
            };
            Usage::of(page, &mut shared)
        };
        // The second time it goes on with the styles of the first.
        let used = usage();
        let again = usage();
        assert_eq!(
            (&used.faces, &used.images, &used.absent, used.is_stopped),
            (&again.faces, &again.images, &again.absent, again.is_stopped)
        );
        if used.is_stopped {
            continue;
        }
        assert_eq!(used.absent.len(), dom.len());
        for (at, found) in used.faces.iter().enumerate() {
            let (sheet, _) = &sheets[found.sheet.0 as usize];
            let face = &sheet.font_faces[found.face];
            assert!(face.fetched_source().is_some() || face.sources.len() > 1);
            assert_eq!(face.context.applies(&viewport), Applies::Matches);
            let (before, _) = used.faces.split_at(at);
            let is_repeated = before
                .iter()
                .any(|it| (it.sheet, it.face) == (found.sheet, found.face));
            assert!(!is_repeated, "{found:?}");
        }
        for found in &used.images {
            assert!(found.element < dom.len());
            assert_ne!(used.absent.get(found.element), Some(&true), "{found:?}");
            let is_known = (found.sheet.0 as usize) < sheets.len();
            assert!(is_known || found.sheet == DOCUMENT, "{found:?}");
        }
    }
}

/// What holds on no screen holds on no screen, and what does not depend on the screen is the same on all.
fn media(list: &MediaQueryList) {
    let [desktop, phone] = [DESKTOP, PHONE].map(|viewport| list.evaluate(&viewport));
    let never = |applies| applies == Applies::Never;
    assert_eq!(never(desktop), never(phone), "{list:?}");
    assert!(list.depends_on_viewport() || desktop == phone, "{list:?}");
}

fn context(context: &Context) {
    let [desktop, phone] = [DESKTOP, PHONE].map(|viewport| context.applies(&viewport));
    let never = |applies| applies == Applies::Never;
    assert_eq!(never(desktop), never(phone), "{context:?}");
}

/// A script, as a module and as a classic one.
pub fn js(text: &str) {
    let places = Places::new(text, &['\n', '\r'], |_| 1);
    let module = Script::parse_module(text);
    let classic = Script::parse_classic(text);
    for script in [&module, &classic] {
        if let Some(problem) = &script.problem {
            assert!(script.imports.is_empty());
            places.rest(problem.line, problem.column);
        }
        for (index, request) in script.imports.iter().enumerate() {
            let rest = places.rest(request.line, request.column);
            assert!(rest.starts_with(['"', '\'', '`']), "{request:?}: {rest:?}");
            let (before, _) = script.imports.split_at(index);
            let is_repeated = before
                .iter()
                .any(|it| (it.kind, &it.specifier) == (request.kind, &request.specifier));
            assert!(!is_repeated, "{request:?}");
        }
    }
    assert!(
        classic.imports.is_empty() || may_request(text),
        "the search for import() passes over {:?}",
        classic.imports
    );
}

/// A HAR file.
pub fn har(bytes: &[u8]) {
    let Ok(trace) = Trace::parse("a.har", bytes) else {
        return;
    };
    assert!(trace.load_count() <= bytes.len());
    for load in &trace.loads {
        let entries = load.requests.iter().map(|it| it.entry);
        assert!(entries.is_sorted_by(|one, next| one < next));
        for request in &load.requests {
            assert!(request.entry >= 1 && request.url.fragment().is_none());
        }
    }
}

/// Two import maps of a document, a specifier, and the path of the module it stands in.
pub fn import_map(first: &str, second: &str, specifier: &str, importer: &str) {
    let Ok(base) = Url::parse("https://example.com/a/page.html") else {
        return;
    };
    let importer = base.join(importer).unwrap_or_else(|_| base.clone());
    let empty = ImportMap::default();
    let unmapped = empty.resolve(specifier, &importer);
    let mut maps = Vec::new();
    for json in [first, second] {
        if let Ok((map, warnings)) = ImportMap::parse(json, &base) {
            // Twenty, and how many more there are.
            assert!(warnings.len() <= 21);
            let mut merged = map.clone();
            merged.merge(map.clone());
            assert_eq!(merged, map, "a map adds nothing to itself");
            merged.merge(empty.clone());
            assert_eq!(merged, map, "the empty map adds nothing");
            let mut merged = empty.clone();
            merged.merge(map.clone());
            assert_eq!(merged, map, "the empty map is in nobody's way");
            maps.push(map);
        }
    }
    let merged = maps.into_iter().fold(empty, |mut before, later| {
        before.merge(later);
        before
    });
    let resolved = merged.resolve(specifier, &importer);
    if merged == ImportMap::default() {
        assert_eq!(resolved, unmapped);
    }
    if let Ok(url) = resolved {
        // The url crate takes the host of a file URL away where its path begins with a drive letter, at the second reading.
        let is_file = url.scheme() == "file";
        assert!(is_file || Url::parse(url.as_str()).as_ref() == Ok(&url));
        merged.integrity(&url);
    }
}

/// The attributes of an image.
pub fn srcset(src: Option<&str>, srcset: &str, sizes: &str) {
    let parsed = candidates::parse(srcset);
    assert!(parsed.len() <= srcset.len());
    let within = |url: &str, text: &str| text.as_bytes().as_ptr_range().contains(&url.as_ptr());
    for candidate in &parsed {
        assert!(!candidate.url.is_empty() && within(candidate.url, srcset));
        assert!(!candidate.url.contains([' ', '\t', '\n', '\r', '\u{c}']));
        assert!(!candidate.url.starts_with(',') && !candidate.url.ends_with(','));
    }
    for viewport in [DESKTOP, PHONE] {
        for size in [source_size(sizes, true, &viewport), None] {
            let Some(chosen) = candidates::select(src, Some(srcset), size, viewport.dpr) else {
                continue;
            };
            let is_candidate = parsed.iter().any(|it| it.url == chosen);
            let is_src = src.is_some_and(|src| !chosen.is_empty() && src.trim() == chosen.trim());
            assert!(is_candidate || is_src, "{chosen:?}");
        }
    }
}

const DESKTOP: Viewport = Viewport::DESKTOP;

const PHONE: Viewport = Viewport {
    width: 360,
    height: 740,
    screen: None,
    dpr: 3.0,
    color_scheme: ColorScheme::Dark,
};

/// The lines of a text, to find what stands at a line and column.
struct Places<'t> {
    lines: Vec<&'t str>,
    /// How many columns a character takes.
    width: fn(char) -> usize,
}

impl<'t> Places<'t> {
    fn new(text: &'t str, ends: &[char], width: fn(char) -> usize) -> Self {
        let mut lines = Vec::new();
        let mut rest = text;
        while let Some(end) = rest.find(ends) {
            let (line, after) = rest.split_at(end);
            let end = if after.starts_with("\r\n") { 2 } else { 1 };
            lines.push(line);
            rest = after.split_at(end).1;
        }
        lines.push(rest);
        Self { lines, width }
    }

    /// The rest of the line from a column, both counted from 1.
    fn rest(&self, line: u32, column: u32) -> &'t str {
        let text = (line as usize)
            .checked_sub(1)
            .and_then(|index| self.lines.get(index))
            .unwrap_or_else(|| panic!("line {line} of {}", self.lines.len()));
        let mut at = 1;
        let ends = text
            .char_indices()
            .map(|(index, character)| (index, (self.width)(character)))
            .chain([(text.len(), 1)]);
        for (index, width) in ends {
            if at == column as usize {
                return text.split_at(index).1;
            }
            at += width;
        }
        panic!("column {column} of line {line}: {text:?}")
    }
}

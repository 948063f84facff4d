//! A walk over a page for the tests of this module: every element's styles, and the boxes made of them.

use std::collections::HashMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use url::Url;

use crate::css::{Applies, ImageSource, MediaQueryList, StyleSheet};
use crate::encoding::{decode_css, decode_html};
use crate::html::{Dom, Namespace, Node, Pictures, parse};
use crate::layout::{BoxStyle, Element, LayoutBox, Length, MatchedBoxes, Replaced, Text, Unit};
use crate::lcp::{ImageRole, MAX_BOXES, PageBox, ShownImage};
use crate::resolve::{Resolver, Target};
use crate::site::{FileId, ImageSizes, NaturalSize, Site};
use crate::style::*;
use crate::viewport::Viewport;

struct Sheet {
    parsed: StyleSheet,
    index: RuleIndex,
    /// Without the rules that only say how large boxes are.
    fetching: RuleIndex,
    url: Url,
}

impl Sheet {
    fn new(text: &str, url: Url) -> Self {
        let parsed = StyleSheet::parse(text);
        let lists: Vec<Option<SelectorList>> = parsed
            .style_rules
            .iter()
            .map(|rule| selectors(rule.selectors.as_deref()?))
            .collect();
        let index = |all: bool| {
            let rules = (0u32..).zip(&lists).zip(&parsed.style_rules);
            RuleIndex::new(rules.filter_map(|((id, list), rule)| {
                (all || !rule.declarations.is_empty()).then_some(())?;
                Some(IndexedRule {
                    id: RuleId(id),
                    selectors: list.as_ref()?,
                    scope: None,
                })
            }))
        };
        let (index, fetching) = (index(true), index(false));
        Self {
            parsed,
            index,
            fetching,
            url,
        }
    }
}

fn selectors(nesting: &crate::css::Nesting) -> Option<SelectorList> {
    let outer = match &nesting.outer {
        Some(outer) => Some(selectors(outer)?),
        None => None,
    };
    let crate::css::NestingStep::Selectors(text) = &nesting.step else {
        return None;
    };
    let around = outer.as_ref().map_or(Around::Nothing, Around::Rule);
    SelectorList::parse(text, around).ok()
}

/// Where the time goes.
#[derive(Debug, Default)]
pub(super) struct Costs {
    parse: Duration,
    match_fetching: Duration,
    match_all: Duration,
    styles: Duration,
    box_styles: Duration,
    pub(super) largest: Duration,
}

pub(super) struct Walk<'s> {
    pub(super) costs: Costs,
    site: &'s Site,
    resolver: Resolver<'s>,
    sizes: ImageSizes,
    sheets: HashMap<FileId, Rc<Sheet>>,
    viewport: Viewport,
}

impl<'s> Walk<'s> {
    pub(super) fn new(site: &'s Site, viewport: Viewport) -> Self {
        Self {
            costs: Costs::default(),
            site,
            resolver: Resolver::new(site, None),
            sizes: ImageSizes::new(site),
            sheets: HashMap::new(),
            viewport,
        }
    }

    fn sheet(&mut self, file: FileId, url: &Url, into: &mut Vec<Rc<Sheet>>, depth: u32) {
        let sheet = match self.sheets.get(&file) {
            Some(sheet) => Rc::clone(sheet),
            None => {
                let bytes = self.site.read(file).unwrap_or_default();
                let text = decode_css(bytes, encoding_rs::UTF_8).text;
                let sheet = Rc::new(Sheet::new(&text, url.clone()));
                self.sheets.insert(file, Rc::clone(&sheet));
                sheet
            }
        };
        if depth < 4 {
            for import in &sheet.parsed.imports {
                if import.applies(&self.viewport) == Applies::Matches
                    && let Target::Site(target) = self.resolver.resolve(&sheet.url, &import.url)
                    && let Some(file) = target.file
                {
                    let url = self.resolver.url(&target.path);
                    self.sheet(file, &url, into, depth + 1);
                }
            }
        }
        into.push(sheet);
    }

    fn image(&self, base: &Url, url: &str, role: ImageRole, is_lazy: bool) -> Option<ShownImage> {
        let Target::Site(target) = self.resolver.resolve(base, url) else {
            return None;
        };
        let file = target.file?;
        Some(ShownImage {
            path: target.path.into(),
            role,
            natural: self.sizes.of(self.site, file),
            bytes: self.site.size(file),
            is_lazy,
        })
    }

    pub(super) fn boxes(&mut self, page: FileId) -> (Dom, Vec<PageBox>) {
        let text = decode_html(self.site.read(page).unwrap_or_default()).text;
        let start = Instant::now();
        let (dom, _) = parse(&text);
        self.costs.parse += start.elapsed();
        let base = self.resolver.url(&self.site.url_path(page));
        let mut sheets: Vec<Rc<Sheet>> = Vec::new();
        for element in dom.elements() {
            let media = element.attribute("media").unwrap_or_default();
            let applies = MediaQueryList::parse(media).evaluate(&self.viewport) == Applies::Matches;
            if element.is("style") && applies {
                sheets.push(Rc::new(Sheet::new(element.text(), base.clone())));
            }
            let rel = element
                .attribute("rel")
                .unwrap_or_default()
                .to_ascii_lowercase();
            let mut rel = rel.split_ascii_whitespace();
            if element.is("link")
                && applies
                && !element.has("disabled")
                && rel.clone().any(|rel| rel == "stylesheet")
                && !rel.any(|rel| rel == "alternate")
                && let Target::Site(target) = self
                    .resolver
                    .resolve(&base, element.attribute("href").unwrap_or_default())
                && let Some(file) = target.file
            {
                let url = self.resolver.url(&target.path);
                self.sheet(file, &url, &mut sheets, 0);
            }
        }
        let page_sheets: Vec<PageSheet<'_>> = sheets
            .iter()
            .map(|sheet| PageSheet {
                rules: &sheet.index,
                owner: None,
            })
            .collect();
        let mut matches: HashMap<usize, Vec<Match>> = HashMap::new();
        let start = Instant::now();
        match_page(&dom, &page_sheets, 50_000_000, |node, found| {
            matches.insert(node.index(), found.to_vec());
        });
        self.costs.match_all += start.elapsed();
        let fetching: Vec<PageSheet<'_>> = sheets
            .iter()
            .map(|sheet| PageSheet {
                rules: &sheet.fetching,
                owner: None,
            })
            .collect();
        let start = Instant::now();
        let mut fetching_matches: HashMap<usize, Vec<Match>> = HashMap::new();
        match_page(&dom, &fetching, 50_000_000, |node, found| {
            fetching_matches.insert(node.index(), found.to_vec());
        });
        self.costs.match_fetching += start.elapsed();
        let allowance = Allowance::default();
        let mut layers = LayerTree::default();
        let entered: Vec<Vec<LayerId>> = sheets
            .iter()
            .map(|sheet| {
                let mut entered = Vec::new();
                for before in [true, false] {
                    layers.enter_all(
                        LayerTree::ROOT,
                        &sheet.parsed.layers,
                        before,
                        &self.viewport,
                        &mut entered,
                    );
                }
                entered
            })
            .collect();
        let ranks = layers.ranks();
        let mut boxes: Vec<PageBox> = Vec::new();
        // By element: its styles and box, if it is rendered.
        let mut done: Vec<Option<(Rc<ComputedStyle>, usize)>> = Vec::new();
        let mut pictures = Pictures::default();
        let initial = (Rc::new(ComputedStyle::initial()), BoxStyle::initial());
        for element in dom.elements() {
            if boxes.len() >= MAX_BOXES {
                break;
            }
            let parent = element.parent();
            if element.is("source")
                && let Some(parent) = parent.filter(|parent| parent.is("picture"))
            {
                pictures.read_source(parent, element, &self.viewport);
            }
            let around = parent.map(|parent| done.get(parent.index()).cloned().flatten());
            let is_root = parent.is_none();
            let (parent_style, parent_box) = match around {
                Some(Some((style, at))) => (style, Some(at)),
                Some(None) => {
                    done.push(None);
                    continue;
                }
                None => (Rc::clone(&initial.0), None),
            };
            let is_cut = parent.is_some_and(|parent| {
                parent.is("video")
                    || parent.is("audio")
                    || parent.is("object")
                    || parent.is("select")
                    || (parent.is("details") && !parent.has("open") && !element.is("summary"))
                    || (parent.namespace() == Namespace::Svg
                        && element.namespace() == Namespace::Svg
                        && !matches!(element.name(), "g" | "image" | "svg" | "a"))
            });
            if is_cut {
                done.push(None);
                continue;
            }
            let inline = element
                .attribute("style")
                .map(StyleSheet::parse_declarations);
            let empty = Vec::new();
            let found = matches.get(&element.index()).unwrap_or(&empty);
            let blocks = |pseudo: Option<PseudoElement>| {
                let mut cascade = Vec::new();
                let mut own = Vec::new();
                for found in found.iter().filter(|found| found.pseudo_element == pseudo) {
                    let sheet = &sheets[found.sheet as usize];
                    let rule = &sheet.parsed.style_rules[found.rule.0 as usize];
                    if rule.context.applies(&self.viewport) != Applies::Matches {
                        continue;
                    }
                    let layer = rule
                        .layer
                        .and_then(|MentionId(at)| entered[found.sheet as usize].get(at as usize))
                        .map_or(ranks.of(LayerTree::ROOT), |layer| ranks.of(*layer));
                    let order = found.sheet * 100_000 + found.rule.0;
                    cascade.push(MatchedBlock {
                        declarations: &rule.declarations,
                        origin: Origin::Rule,
                        layer,
                        specificity: found.specificity,
                        proximity: None,
                        order,
                        sheet: SheetId(found.sheet),
                    });
                    own.push(MatchedBoxes {
                        declarations: &rule.boxes,
                        origin: Origin::Rule,
                        layer,
                        specificity: found.specificity,
                        proximity: None,
                        order,
                    });
                }
                if pseudo.is_none()
                    && let Some(inline) = &inline
                {
                    for rule in &inline.style_rules {
                        cascade.push(MatchedBlock {
                            declarations: &rule.declarations,
                            origin: Origin::StyleAttribute,
                            layer: 0,
                            specificity: Specificity {
                                ids: 0,
                                classes: 0,
                                types: 0,
                            },
                            proximity: None,
                            order: 0,
                            sheet: SheetId(u32::MAX),
                        });
                        own.push(MatchedBoxes {
                            declarations: &rule.boxes,
                            origin: Origin::StyleAttribute,
                            layer: 0,
                            specificity: Specificity {
                                ids: 0,
                                classes: 0,
                                types: 0,
                            },
                            proximity: None,
                            order: 0,
                        });
                    }
                }
                (cascade, own)
            };
            let (cascade, own) = blocks(None);
            let user_agent = UserAgentStyle::of(
                element.namespace(),
                element.name(),
                |name| element.attribute(name),
                dom.is_quirks(),
            );
            let start = Instant::now();
            let style = ComputedStyle::of(
                &Cascaded::of(cascade, None),
                &user_agent,
                &parent_style,
                &Default::default(),
                &allowance,
            );
            self.costs.styles += start.elapsed();
            if style.display == Display::None {
                done.push(None);
                continue;
            }
            let is_html = element.namespace() == Namespace::Html;
            let sized = matches!(
                element.name(),
                "img"
                    | "video"
                    | "canvas"
                    | "svg"
                    | "iframe"
                    | "object"
                    | "embed"
                    | "table"
                    | "td"
                    | "th"
                    | "image"
            );
            let hint = |name: &str| {
                element
                    .attribute(name)
                    .filter(|_| sized)
                    .and_then(dimension)
            };
            let (width, height) = (hint("width"), hint("height"));
            let parent_boxes = parent_box.map_or(&initial.1, |at| &boxes[at].layout.style);
            let start = Instant::now();
            let box_style = BoxStyle::of(
                own,
                Element {
                    name: if is_html { element.name() } else { "" },
                    display: style.display,
                    is_root,
                    width: width.as_ref(),
                    height: height.as_ref(),
                    custom_properties: &style.custom_properties,
                },
                parent_boxes,
                &allowance,
                &self.viewport,
            );
            self.costs.box_styles += start.elapsed();
            let (replaced, mut image) = self.content(element, &pictures, &base);
            let background = |style: &ComputedStyle| {
                let (_, list) = style
                    .images()
                    .find(|(longhand, _)| *longhand == Longhand::BackgroundImage)?;
                let reference = list.references.first()?;
                let url = match &reference.source {
                    ImageSource::Url(url) => url.clone(),
                    ImageSource::Set(candidates) => {
                        crate::css::ImageCandidate::choose(candidates, self.viewport.dpr, |_| true)?
                            .url
                            .clone()?
                    }
                };
                let from = sheets
                    .get(list.sheet.0 as usize)
                    .map_or(&base, |sheet| &sheet.url);
                self.image(from, &url, ImageRole::Background, false)
            };
            if image.is_none() {
                image = background(&style);
            }
            let text = if replaced.is_some() || matches!(element.name(), "style" | "script") {
                Text::default()
            } else {
                Text::of(element.text())
            };
            let is_monospace = style.font.families.iter().any(|family| match family {
                Family::Generic(generic) => *generic == Generic::Monospace,
                Family::Named(name) => {
                    name.contains("mono")
                        || name.contains("courier")
                        || &**name == "consolas"
                        || &**name == "menlo"
                }
            });
            let at = boxes.len();
            let is_visible = style.visibility == Visibility::Visible;
            boxes.push(PageBox {
                layout: LayoutBox {
                    parent: parent_box,
                    style: box_style,
                    text,
                    is_monospace,
                    replaced,
                },
                element: element.index(),
                is_visible,
                image,
                is_canvas: is_root || element.is("body"),
            });
            if replaced.is_none() && is_html {
                for pseudo in [PseudoElement::Before, PseudoElement::After] {
                    let (cascade, own) = blocks(Some(pseudo));
                    if cascade.is_empty() {
                        continue;
                    }
                    let inner = ComputedStyle::of(
                        &Cascaded::of(cascade, None),
                        &UserAgentStyle::default(),
                        &style,
                        &Default::default(),
                        &allowance,
                    );
                    if !inner.is_generated() {
                        continue;
                    }
                    let box_style = BoxStyle::of(
                        own,
                        Element {
                            name: "",
                            display: inner.display,
                            is_root: false,
                            width: None,
                            height: None,
                            custom_properties: &inner.custom_properties,
                        },
                        &boxes[at].layout.style,
                        &allowance,
                        &self.viewport,
                    );
                    boxes.push(PageBox {
                        layout: LayoutBox {
                            parent: Some(at),
                            style: box_style,
                            text: Text::default(),
                            is_monospace: false,
                            replaced: None,
                        },
                        element: element.index(),
                        is_visible: inner.visibility == Visibility::Visible,
                        image: background(&inner),
                        is_canvas: false,
                    });
                }
            }
            done.push(Some((Rc::new(style), at)));
        }
        (dom, boxes)
    }

    fn content(
        &self,
        element: Node<'_>,
        pictures: &Pictures<'_>,
        base: &Url,
    ) -> (Option<Replaced>, Option<ShownImage>) {
        let of = |natural: Option<NaturalSize>, density: f32| {
            natural.map_or(Replaced::default(), |size| Replaced {
                width: size.width.map(|width| width / density),
                height: size.height.map(|height| height / density),
                ratio: size.ratio,
            })
        };
        let is_svg = element.namespace() == Namespace::Svg;
        match element.name() {
            "img" => {
                let choice = pictures.choose(element, &self.viewport);
                let lazy = element
                    .attribute("loading")
                    .is_some_and(|it| it.eq_ignore_ascii_case("lazy"));
                let image = choice
                    .url
                    .and_then(|url| self.image(base, url, ImageRole::Content, lazy));
                match image {
                    Some(image) => (
                        Some(of(image.natural, choice.density.unwrap_or(1.0))),
                        Some(image),
                    ),
                    // A broken image is a small sign, or its alternative text.
                    None => (
                        Some(Replaced {
                            width: Some(16.0),
                            height: Some(16.0),
                            ratio: None,
                        }),
                        None,
                    ),
                }
            }
            "image" if is_svg => {
                let url = element
                    .attribute("href")
                    .or_else(|| element.attribute("xlink:href"));
                let image = url.and_then(|url| self.image(base, url, ImageRole::Svg, false));
                (
                    Some(
                        image
                            .as_ref()
                            .map_or(Replaced::default(), |image| of(image.natural, 1.0)),
                    ),
                    image,
                )
            }
            "video" => {
                let poster = element
                    .attribute("poster")
                    .and_then(|url| self.image(base, url, ImageRole::Poster, false));
                let natural = Replaced {
                    width: Some(300.0),
                    height: Some(150.0),
                    ratio: Some(2.0),
                };
                (
                    Some(
                        poster
                            .as_ref()
                            .map_or(natural, |image| of(image.natural, 1.0)),
                    ),
                    poster,
                )
            }
            "svg" => {
                let numbers = element.attribute("viewBox").map(|text| {
                    text.split([' ', ','])
                        .filter_map(|part| part.parse::<f32>().ok())
                        .collect::<Vec<_>>()
                });
                let ratio = match numbers.as_deref() {
                    Some([_, _, width, height]) if *height > 0.0 => Some(width / height),
                    _ => None,
                };
                (
                    Some(Replaced {
                        width: None,
                        height: None,
                        ratio,
                    }),
                    None,
                )
            }
            "iframe" | "canvas" | "object" | "embed" => (
                Some(Replaced {
                    width: Some(300.0),
                    height: Some(150.0),
                    ratio: None,
                }),
                None,
            ),
            "input" | "select" => (
                Some(Replaced {
                    width: Some(150.0),
                    height: Some(20.0),
                    ratio: None,
                }),
                None,
            ),
            _ => (None, None),
        }
    }
}

/// HTML §2.3.4.4, rules for parsing dimension values.
fn dimension(text: &str) -> Option<Length> {
    let text = text.trim_ascii();
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    let number: f32 = number.parse().ok()?;
    Some(if rest.starts_with('%') {
        Length::Unit(number, Unit::Percent)
    } else {
        Length::pixels(number)
    })
}

//! The rules of one style sheet, ready to be matched against any page.
//!
//! In: a sheet as it was read. Out: the indexes of its selectors, and for each rule what the cascade wants to know. A rule
//! with an invalid selector is dropped with all that is nested in it (Selectors 4 §3.9), rules that hold for no screen
//! are left out. Media are asked later: they are a matter of the page's viewport.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use super::declaration::{CustomValue, Declaration, DeclarationBody};
use super::names::Namespaces;
use super::rule_index::{IndexedRule, RuleId, RuleIndex};
use super::scope::Scope;
use super::selector::{Around, SelectorError, SelectorList};
use super::substitution::Template;
use crate::css::{ContainerQueryList, Nesting, NestingStep, Position, StyleRule, StyleSheet};
use crate::layout::BoxDeclaration;

/// The rules of a sheet.
#[derive(Debug, Default)]
pub(crate) struct SheetRules {
    /// The rules that decide what is fetched.
    pub(super) index: RuleIndex,
    /// Those that say something of boxes; most pages never ask for them.
    boxes: OnceLock<BoxIndex>,
    /// Which of the sheet's `style_rules` stand in container queries.
    pub(super) ask_containers: HashSet<RuleId>,
    /// The custom properties that these queries ask for.
    pub(super) asked: Vec<Arc<str>>,
    /// Those in `@starting-style`.
    pub(super) starting: HashSet<RuleId>,
    /// The custom properties that ordinary declarations refer to.
    pub(super) referred: Vec<Template>,
    /// The custom properties whose values refer to others.
    pub(super) referring: Vec<(Arc<str>, Template)>,
    /// The first selector that was given up because it is too complex.
    pub(crate) too_complex: Option<Position>,
    fetches: bool,
}

/// The rules of a sheet that say something of boxes.
#[derive(Debug, Default)]
pub(super) struct BoxIndex {
    pub(super) index: RuleIndex,
    /// The custom properties that they refer to.
    pub(super) referred: Vec<Template>,
}

impl SheetRules {
    /// Reads the selectors of a sheet.
    pub(crate) fn new(sheet: &StyleSheet) -> Self {
        let mut reader = SelectorReader::of(sheet);
        let mut rules = Self {
            fetches: !sheet.images.is_empty()
                || sheet
                    .font_faces
                    .iter()
                    .any(|face| face.fetched_source().is_some()),
            ..Self::default()
        };
        let mut read: Vec<(RuleId, Arc<Selectors>)> = Vec::new();
        for (id, rule) in (0..).map(RuleId).zip(&sheet.style_rules) {
            if rule.context.never_holds() {
                continue;
            }
            if rule.context.asks_containers() {
                rules.ask_containers.insert(id);
                let queries = rule.context.container_queries();
                let names = queries.flat_map(ContainerQueryList::custom_properties);
                rules.asked.extend(names.map(Arc::from));
            }
            if rule.context.is_starting_style() {
                rules.starting.insert(id);
            }
            rules.keep_references(&rule.declarations);
            if rule.declarations.is_empty() {
                continue;
            }
            if let Some(selectors) = reader.of_rule(rule) {
                read.push((id, selectors));
            }
        }
        for keyframes in &sheet.keyframes {
            rules.keep_references(keyframes.declarations());
        }
        rules.too_complex = reader.too_complex;
        rules.index = index(&read);
        rules
    }

    /// The rules that say something of boxes. `sheet` is the one that these rules were made of.
    pub(super) fn boxes(&self, sheet: &StyleSheet) -> &BoxIndex {
        self.boxes.get_or_init(|| {
            let mut reader = SelectorReader::of(sheet);
            let rules = (0..).map(RuleId).zip(&sheet.style_rules);
            let of_boxes = rules.filter(|(id, rule)| {
                !(rule.boxes.is_empty() || rule.context.never_holds() || self.starting.contains(id))
            });
            let mut referred = Vec::new();
            let read: Vec<(RuleId, Arc<Selectors>)> = of_boxes
                .filter_map(|(id, rule)| {
                    let selectors = reader.of_rule(rule)?;
                    referred.extend(
                        rule.boxes
                            .iter()
                            .filter_map(BoxDeclaration::template)
                            .cloned(),
                    );
                    Some((id, selectors))
                })
                .collect();
            BoxIndex {
                index: index(&read),
                referred,
            }
        })
    }

    /// Whether the sheet names a font or an image, so that it is of interest how it is used.
    pub(crate) fn fetches(&self) -> bool {
        self.fetches
    }

    fn keep_references<'d>(&mut self, declarations: impl IntoIterator<Item = &'d Declaration>) {
        for declaration in declarations {
            match &declaration.body {
                DeclarationBody::Unresolved(_, template) => self.referred.push(template.clone()),
                DeclarationBody::Custom(name, CustomValue::Template(template))
                    if template.names().next().is_some() =>
                {
                    self.referring.push((Arc::clone(name), template.clone()));
                }
                _ => {}
            }
        }
    }
}

fn index(read: &[(RuleId, Arc<Selectors>)]) -> RuleIndex {
    RuleIndex::new(read.iter().map(|(id, selectors)| IndexedRule {
        id: *id,
        selectors: &selectors.list,
        scope: selectors.scope.clone(),
    }))
}

/// What a rule stands for: its list, and the innermost scope around it.
#[derive(Debug)]
struct Selectors {
    list: SelectorList,
    scope: Option<Arc<Scope>>,
}

/// A level of nesting that was read.
#[derive(Debug, Clone)]
enum Level {
    Rule(Arc<Selectors>),
    Scope(Arc<Scope>),
    Invalid,
}

/// Simple selectors in the rules of one sheet, those of parent rules counted wherever they are used: so much work is
/// it to put them there.
const MAX_SIZE: u64 = 20_000_000;

/// Reads each prelude once, however many rules are nested in it.
#[derive(Debug, Default)]
struct SelectorReader {
    levels: HashMap<*const Nesting, Level>,
    size: u64,
    namespaces: Namespaces,
    too_complex: Option<Position>,
}

impl SelectorReader {
    fn of(sheet: &StyleSheet) -> Self {
        Self {
            namespaces: sheet.namespaces.clone(),
            ..Self::default()
        }
    }

    fn of_rule(&mut self, rule: &StyleRule) -> Option<Arc<Selectors>> {
        let nesting = rule.selectors.as_ref()?;
        match self.level(nesting) {
            Level::Rule(selectors) => Some(selectors),
            // Declarations directly in `@scope` style its root, with no specificity (CSS Cascade 6 §2.5).
            Level::Scope(scope) => {
                let list =
                    SelectorList::parse_in(":where(:scope)", Around::Scope, &self.namespaces);
                Some(Arc::new(Selectors {
                    list: list.ok()?,
                    scope: Some(scope),
                }))
            }
            Level::Invalid => None,
        }
    }

    fn level(&mut self, nesting: &Arc<Nesting>) -> Level {
        // From the outermost level that is not known yet inwards, so that nothing recurses.
        let mut open = Vec::new();
        let mut next = Some(nesting);
        let mut around = None;
        while let Some(nesting) = next {
            if let Some(known) = self.levels.get(&Arc::as_ptr(nesting)) {
                around = Some(known.clone());
                break;
            }
            open.push(nesting);
            next = nesting.outer.as_ref();
        }
        while let Some(nesting) = open.pop() {
            let level = self.read(nesting, around.as_ref());
            self.levels.insert(Arc::as_ptr(nesting), level.clone());
            around = Some(level);
        }
        around.unwrap_or(Level::Invalid)
    }

    fn read(&mut self, nesting: &Nesting, outer: Option<&Level>) -> Level {
        let (around, scope) = match outer {
            None => (Around::Nothing, None),
            Some(Level::Rule(selectors)) => {
                (Around::Rule(&selectors.list), selectors.scope.clone())
            }
            Some(Level::Scope(scope)) => (Around::Scope, Some(Arc::clone(scope))),
            Some(Level::Invalid) => return Level::Invalid,
        };
        if self.size > MAX_SIZE {
            self.too_complex.get_or_insert(nesting.position);
            return Level::Invalid;
        }
        let read = match &nesting.step {
            NestingStep::Selectors(prelude) => {
                SelectorList::parse_in(prelude, around, &self.namespaces).map(|list| {
                    self.size += u64::from(list.size());
                    Level::Rule(Arc::new(Selectors { list, scope }))
                })
            }
            NestingStep::Scope(prelude) => Scope::parse(prelude, around, scope, &self.namespaces)
                .map(|scope| Level::Scope(Arc::new(scope))),
        };
        read.unwrap_or_else(|error| {
            if error == SelectorError::TooComplex {
                self.too_complex.get_or_insert(nesting.position);
            }
            Level::Invalid
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many rules of a sheet can be matched, and how many selectors they have.
    fn counts(text: &str) -> usize {
        SheetRules::new(&StyleSheet::parse(text)).index.len()
    }

    #[test]
    fn an_invalid_selector_takes_its_rule_and_what_is_nested_in_it() {
        let table = [
            ("a { background: url(x) }", 1),
            ("a, b { background: url(x) }", 2),
            ("a, b:unheard-of { background: url(x) }", 0),
            (
                "b:unheard-of { background: url(x); & c { background: url(y) } }",
                0,
            ),
            ("a { & b, c { background: url(x) } }", 2),
            ("a:hover { background: url(x) }", 0),
            ("@media print { a { background: url(x) } }", 0),
            (
                "@scope (.a) { background: url(x); b { background: url(y) } }",
                2,
            ),
            ("@scope (:unheard-of) { b { background: url(y) } }", 0),
            ("a { color: red }", 0),
        ];
        for (text, expected) in table {
            assert_eq!(counts(text), expected, "{text}");
        }
    }

    #[test]
    fn rules_about_boxes_have_an_index_of_their_own() {
        for (text, fetching, boxes) in [
            ("a { width: 1px }", 0, 1),
            ("a { background: url(x) 0 / cover }", 1, 1),
            ("a { background-image: url(x) }", 1, 0),
            ("a { --x: 1px }", 1, 0),
            ("@starting-style { a { opacity: 0 } }", 0, 0),
            ("@media print { a { width: 1px } }", 0, 0),
            ("a { & b, c { margin: 0 } }", 0, 2),
        ] {
            let sheet = StyleSheet::parse(text);
            let rules = SheetRules::new(&sheet);
            let found = (rules.index.len(), rules.boxes(&sheet).index.len());
            assert_eq!(found, (fetching, boxes), "{text}");
        }
    }

    #[test]
    fn a_sheet_without_fonts_and_images_fetches_nothing() {
        let fetches = |text: &str| SheetRules::new(&StyleSheet::parse(text)).fetches();
        assert!(fetches("a { background: url(x) }"));
        assert!(fetches("@font-face { font-family: x; src: url(x) }"));
        assert!(!fetches(
            "@font-face { font-family: x; src: local(x) } a { display: none }"
        ));
    }
}

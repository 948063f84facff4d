//! Selectors: text in, what matches elements out (Selectors 4, CSS Nesting 1, CSS Scoping 1 as far as documents go).
//!
//! Parsing and matching are those of Servo's `selectors`, with the names of [`PseudoClass`] and [`PseudoElement`]. What
//! Chromium holds invalid is refused. The library matches by recursion, so that selectors which nest too deeply, and
//! nested rules that multiply to too much, are refused as well, with another error.
//!
//! Specificity is worked out here: the library's own goes wrong where `&` stands in a list beside a simpler selector.

use std::cell::Cell;
use std::sync::Arc;

use cssparser::{ParseError, Parser};
use selectors::attr::{ParsedAttrSelectorOperation, ParsedCaseSensitivity};
use selectors::parser::{
    Combinator, Component, ParseRelative, Selector, SelectorImpl, SelectorParseErrorKind,
};

use super::names::{AttributeValue, Identifier, LocalName, NamespaceUrl, Namespaces, Prefix};
use super::pseudo_class::PseudoClass;
use super::pseudo_element::{PseudoElement, is_known_part};

/// Compounds that are matched one inside the other; each takes a frame or more of the native stack.
const MAX_DEPTH: u32 = 192;

/// Simple selectors in one selector, those of parent rules counted wherever they are used.
const MAX_SIZE: u32 = 65_536;

/// Of them those that are matched without a question to the document, so that no budget counts them.
const MAX_SILENT: u32 = 256;

/// Bytes of a selector list. Each may become a part of a selector, with some dozen bytes of its own.
const MAX_TEXT: usize = 4 << 20;

/// The grammar's types.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Grammar;

impl SelectorImpl for Grammar {
    type ExtraMatchingData<'a> = ();
    type AttrValue = AttributeValue;
    type Identifier = Identifier;
    type LocalName = LocalName;
    type NamespaceUrl = NamespaceUrl;
    type NamespacePrefix = Prefix;
    type BorrowedNamespaceUrl = NamespaceUrl;
    type BorrowedLocalName = LocalName;
    type NonTSPseudoClass = PseudoClass;
    type PseudoElement = PseudoElement;
}

/// The grammar with what a sheet declares.
struct SelectorParser<'n> {
    namespaces: &'n Namespaces,
    /// Set while the name of a list that does not forgive has just been read.
    is_strict: Cell<bool>,
    /// Whether a feature query asks: then no list forgives, and a part of a control has to be known by name.
    is_query: bool,
}

impl<'i> selectors::Parser<'i> for SelectorParser<'_> {
    type Impl = Grammar;
    type Error = SelectorParseErrorKind;

    fn parse_slotted(&self) -> bool {
        true
    }

    fn parse_part(&self) -> bool {
        true
    }

    fn parse_nth_child_of(&self) -> bool {
        true
    }

    fn parse_is_and_where(&self) -> bool {
        true
    }

    fn parse_has(&self) -> bool {
        true
    }

    fn parse_parent_selector(&self) -> bool {
        true
    }

    fn parse_host(&self) -> bool {
        true
    }

    fn is_is_alias(&self, name: &str) -> bool {
        let is_alias = name.eq_ignore_ascii_case("-webkit-any");
        self.is_strict.set(is_alias);
        is_alias
    }

    // It is asked for every list, and first for the one whose name has just been read.
    fn allow_forgiving_selectors(&self) -> bool {
        !self.is_strict.take() && !self.is_query
    }

    fn parse_non_ts_pseudo_class(
        &self,
        name: &str,
    ) -> Result<PseudoClass, ParseError<SelectorParseErrorKind>> {
        PseudoClass::of(name).ok_or_else(unsupported)
    }

    fn parse_non_ts_functional_pseudo_class(
        &self,
        name: &str,
        arguments: &mut Parser<'i>,
        _: bool,
    ) -> Result<PseudoClass, ParseError<SelectorParseErrorKind>> {
        PseudoClass::of_function(name, arguments).ok_or_else(unsupported)
    }

    fn parse_pseudo_element(
        &self,
        name: &str,
    ) -> Result<PseudoElement, ParseError<SelectorParseErrorKind>> {
        PseudoElement::of(name)
            .filter(|found| !self.is_query || *found != PseudoElement::Inner || is_known_part(name))
            .ok_or_else(unsupported)
    }

    fn parse_functional_pseudo_element(
        &self,
        name: &str,
        arguments: &mut Parser<'i>,
    ) -> Result<PseudoElement, ParseError<SelectorParseErrorKind>> {
        PseudoElement::of_function(name, arguments).ok_or_else(unsupported)
    }

    fn default_namespace(&self) -> Option<NamespaceUrl> {
        self.namespaces.default
    }

    fn namespace_for_prefix(&self, prefix: &Prefix) -> Option<NamespaceUrl> {
        self.namespaces.url(prefix)
    }
}

/// Whether a feature query for the selector is answered with yes (CSS Conditional 4 §3): it is one complex selector,
/// and nothing in it is unknown.
pub(crate) fn is_supported(text: &str) -> bool {
    let parser = SelectorParser {
        namespaces: &Namespaces::default(),
        is_strict: Cell::new(false),
        is_query: true,
    };
    let mut input = Parser::new(text);
    let list = input
        .parse_entirely(|input| selectors::SelectorList::parse(&parser, input, ParseRelative::No));
    list.is_ok_and(|list| {
        let weights = |selector| Weight::of(selector, Weight::SCOPE);
        matches!(list.slice(), [one] if !weights(one).has_explicit_case)
    })
}

fn unsupported() -> ParseError<SelectorParseErrorKind> {
    ParseError::custom(SelectorParseErrorKind::UnsupportedPseudoClassOrElement)
}

/// Why there is no list of selectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SelectorError {
    /// It is no selector, or none that Chromium knows: the rule is dropped.
    Invalid,
    /// It is more than is looked at.
    TooComplex,
}

/// What a rule nested in another one is parsed in.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Around<'l> {
    /// The sheet, or group rules in it.
    Nothing,
    /// A style rule with these selectors, which `&` stands for.
    Rule(&'l SelectorList),
    /// An `@scope`, whose root `&` and `:scope` stand for.
    Scope,
}

/// The selectors of a rule. Cloning it is cheap.
#[derive(Debug, Clone)]
pub(crate) struct SelectorList {
    library: selectors::SelectorList<Grammar>,
    weights: Arc<[Weight]>,
    /// Of the list where it stands as an argument.
    whole: Weight,
}

/// How specific a selector is (Selectors 4 §17); the order is that of the cascade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub(crate) struct Specificity {
    pub(crate) ids: u32,
    pub(crate) classes: u32,
    pub(crate) types: u32,
}

/// One selector of a list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ComplexSelector<'l> {
    pub(super) library: &'l Selector<Grammar>,
    weight: &'l Weight,
}

impl SelectorList {
    /// Parses the selectors of a rule in a sheet without `@namespace`.
    #[cfg(test)]
    pub(crate) fn parse(text: &str, around: Around<'_>) -> Result<Self, SelectorError> {
        Self::parse_in(text, around, &Namespaces::default())
    }

    /// Parses the selectors of a rule.
    pub(crate) fn parse_in(
        text: &str,
        around: Around<'_>,
        namespaces: &Namespaces,
    ) -> Result<Self, SelectorError> {
        if text.len() > MAX_TEXT {
            return Err(SelectorError::TooComplex);
        }
        let parser = SelectorParser {
            namespaces,
            is_strict: Cell::new(false),
            is_query: false,
        };
        let relative = match around {
            Around::Nothing => ParseRelative::No,
            Around::Rule(_) => ParseRelative::ForNesting,
            Around::Scope => ParseRelative::ForScope,
        };
        let mut input = Parser::new(text);
        let library = input
            .parse_entirely(|input| selectors::SelectorList::parse(&parser, input, relative))
            .map_err(|_| SelectorError::Invalid)?;
        let parent = match around {
            Around::Rule(parent) => Some(parent),
            Around::Nothing | Around::Scope => None,
        };
        let outer = parent.map_or(Weight::SCOPE, |parent| parent.whole);
        let mut weights = Vec::with_capacity(library.len());
        for selector in library.slice() {
            let weight = Weight::of(selector, outer);
            if weight.has_explicit_case {
                return Err(SelectorError::Invalid);
            }
            if weight.depth > MAX_DEPTH || weight.size > MAX_SIZE || weight.silent > MAX_SILENT {
                return Err(SelectorError::TooComplex);
            }
            weights.push(weight);
        }
        Ok(Self {
            library: match parent {
                Some(parent) => library.replace_parent_selector(&parent.library),
                None => library,
            },
            whole: Weight::of_list(weights.iter().copied()),
            weights: weights.into(),
        })
    }

    /// The selectors in the order of the text.
    pub(crate) fn selectors(&self) -> impl Iterator<Item = ComplexSelector<'_>> {
        self.library
            .slice()
            .iter()
            .zip(&*self.weights)
            .map(|(library, weight)| ComplexSelector { library, weight })
    }

    /// How many simple selectors it has, those of parent rules counted wherever they are used.
    pub(super) fn size(&self) -> u32 {
        self.whole.size
    }

    pub(super) fn as_library(&self) -> &selectors::SelectorList<Grammar> {
        &self.library
    }

    /// Whether no selector of the list can match while a page loads.
    #[cfg(test)]
    pub(crate) fn never_matches(&self) -> bool {
        self.weights.iter().all(|weight| weight.never_matches)
    }
}

impl ComplexSelector<'_> {
    pub(crate) fn specificity(self) -> Specificity {
        self.weight.specificity
    }

    /// What is styled instead of the element that matches. Of `::before::marker` it is the marker.
    pub(crate) fn pseudo_element(self) -> Option<PseudoElement> {
        self.library.pseudo_element().copied()
    }

    /// Whether it cannot match while a page loads: it asks for `:hover` or the like.
    pub(crate) fn never_matches(self) -> bool {
        self.weight.never_matches
    }
}

/// What a selector costs and counts.
#[derive(Debug, Clone, Copy)]
struct Weight {
    specificity: Specificity,
    size: u32,
    silent: u32,
    depth: u32,
    never_matches: bool,
    /// `[a=b s]` outside of a forgiving list, which Chromium does not know.
    has_explicit_case: bool,
}

impl Weight {
    const NOTHING: Self = Self {
        specificity: Specificity {
            ids: 0,
            classes: 0,
            types: 0,
        },
        size: 0,
        silent: 0,
        depth: 0,
        never_matches: false,
        has_explicit_case: false,
    };

    /// Of `&` where no rule is around: as `:where(:scope)`.
    const SCOPE: Self = Self {
        size: 1,
        depth: 1,
        ..Self::NOTHING
    };

    const SIMPLE: Self = Self {
        size: 1,
        ..Self::NOTHING
    };

    /// Of a list as an argument: the most specific counts, and all of it may be matched.
    fn of_list(list: impl Iterator<Item = Self>) -> Self {
        let sum = Self {
            never_matches: true,
            ..Self::NOTHING
        };
        list.fold(sum, |sum, next| Self {
            specificity: sum.specificity.max(next.specificity),
            size: sum.size.saturating_add(next.size),
            silent: sum.silent.saturating_add(next.silent),
            depth: sum.depth.max(next.depth),
            never_matches: sum.never_matches && next.never_matches,
            has_explicit_case: sum.has_explicit_case || next.has_explicit_case,
        })
    }

    fn of(selector: &Selector<Grammar>, parent: Self) -> Self {
        let mut whole = Self::NOTHING;
        let mut compounds = 1;
        let mut inner_depth = 0;
        for component in selector.iter_raw_match_order() {
            if let Component::Combinator(combinator) = component {
                compounds += 1;
                whole.never_matches |=
                    matches!(combinator, Combinator::Part | Combinator::SlotAssignment);
            }
            let part = Self::of_component(component, parent);
            whole.specificity = whole.specificity.plus(part.specificity);
            whole.size = whole.size.saturating_add(part.size);
            whole.silent = whole.silent.saturating_add(part.silent);
            whole.never_matches |= part.never_matches;
            whole.has_explicit_case |= part.has_explicit_case;
            inner_depth = inner_depth.max(part.depth);
        }
        whole.depth = inner_depth.saturating_add(compounds);
        whole
    }

    fn of_component(component: &Component<Grammar>, parent: Self) -> Self {
        let list = |list: &[Selector<Grammar>]| {
            let list = Self::of_list(list.iter().map(|selector| Self::of(selector, parent)));
            Self {
                depth: list.depth.saturating_add(1),
                size: list.size.saturating_add(1),
                ..list
            }
        };
        match component {
            Component::ID(_) => Self::SIMPLE.counting(Specificity::ID),
            Component::LocalName(_) => Self::SIMPLE.counting(Specificity::TYPE),
            Component::PseudoElement(_) | Component::Part(_) => {
                Self::SIMPLE.counting(Specificity::TYPE)
            }
            Component::Slotted(selector) => {
                let inner = Self::of(selector, parent);
                inner.counting(inner.specificity.plus(Specificity::TYPE))
            }
            Component::NonTSPseudoClass(class) => Self {
                never_matches: matches!(class, PseudoClass::Never(_)),
                ..Self::SIMPLE.counting(Specificity::CLASS)
            },
            Component::AttributeInNoNamespace {
                case_sensitivity, ..
            } => Self::SIMPLE.of_attribute(*case_sensitivity),
            Component::AttributeOther(attribute) => match attribute.operation {
                ParsedAttrSelectorOperation::WithValue {
                    case_sensitivity, ..
                } => Self::SIMPLE.of_attribute(case_sensitivity),
                ParsedAttrSelectorOperation::Exists => Self::SIMPLE.counting(Specificity::CLASS),
            },
            Component::Class(_)
            | Component::AttributeInNoNamespaceExists { .. }
            | Component::Root
            | Component::Empty
            | Component::Scope
            | Component::Nth(_) => Self::SIMPLE.counting(Specificity::CLASS),
            Component::NthOf(data) => {
                let inner = list(data.selectors());
                inner.counting(inner.specificity.plus(Specificity::CLASS))
            }
            Component::Is(inner) => Self {
                has_explicit_case: false,
                ..list(inner.slice())
            },
            Component::Where(inner) => Self {
                has_explicit_case: false,
                ..list(inner.slice()).counting(Specificity::default())
            },
            Component::Negation(inner) => Self {
                never_matches: false,
                ..list(inner.slice())
            },
            Component::Has(inner) => {
                let inner = Self::of_list(
                    inner
                        .iter()
                        .map(|relative| Self::of(&relative.selector, parent)),
                );
                Self {
                    depth: inner.depth.saturating_add(1),
                    ..inner
                }
            }
            Component::Host(inner) => {
                let inner = inner
                    .as_ref()
                    .map_or(Self::SIMPLE, |inner| Self::of(inner, parent));
                Self {
                    silent: 1,
                    ..inner.counting(inner.specificity.plus(Specificity::CLASS))
                }
            }
            Component::ParentSelector => Self {
                depth: parent.depth.saturating_add(1),
                ..parent
            },
            Component::Invalid(_) => Self {
                silent: 1,
                never_matches: true,
                ..Self::SIMPLE
            },
            Component::ExplicitUniversalType
            | Component::ExplicitAnyNamespace
            | Component::RelativeSelectorAnchor => Self {
                silent: 1,
                ..Self::SIMPLE
            },
            Component::ImplicitScope
            | Component::ExplicitNoNamespace
            | Component::DefaultNamespace(_)
            | Component::Namespace(..)
            | Component::Combinator(_) => Self::SIMPLE,
        }
    }

    fn counting(self, specificity: Specificity) -> Self {
        Self {
            specificity,
            ..self
        }
    }

    fn of_attribute(self, case: ParsedCaseSensitivity) -> Self {
        Self {
            has_explicit_case: case == ParsedCaseSensitivity::ExplicitCaseSensitive,
            ..self.counting(Specificity::CLASS)
        }
    }
}

impl Specificity {
    const ID: Self = Self::new(1, 0, 0);
    const CLASS: Self = Self::new(0, 1, 0);
    const TYPE: Self = Self::new(0, 0, 1);

    pub(crate) const fn new(ids: u32, classes: u32, types: u32) -> Self {
        Self {
            ids,
            classes,
            types,
        }
    }

    fn plus(self, other: Self) -> Self {
        Self::new(
            self.ids.saturating_add(other.ids),
            self.classes.saturating_add(other.classes),
            self.types.saturating_add(other.types),
        )
    }
}

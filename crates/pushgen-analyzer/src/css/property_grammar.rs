//! Which declarations a current Chromium takes, as feature queries ask.
//!
//! In: the name of a property and the tokens of a value. Out: whether the declaration is valid. `properties.txt` lists
//! every property of Chromium 156, with the kinds of values, functions and keywords that each takes, alone and beside
//! others: a value is taken to be valid if all of its components are listed. How many components there may be, and in
//! which order, is not looked at, and neither are the arguments of a function, but for their functions' names.

use std::collections::HashMap;
use std::sync::LazyLock;

use cssparser::{Parser, Token};

use super::Failure;
use super::function_names::{COLOR_FUNCTIONS, FILTERS, GRADIENTS};
use super::media_feature::resolution_unit;

/// Nested functions that are looked into.
const MAX_DEPTH: usize = 32;

/// Whether the declaration of `name` with the rest of `input` as its value is valid.
pub(super) fn is_supported(name: &str, input: &mut Parser<'_>) -> bool {
    let is_custom = name.starts_with("--");
    let known = KNOWN.get(name.to_ascii_lowercase().as_str());
    let mut value = Value::default();
    if value.read(input, 0).is_err() {
        return false;
    }
    if is_custom {
        return value.is_important != Some(false);
    }
    let Some(values) = known else {
        return false;
    };
    if value.is_important == Some(false) || value.has_block {
        return false;
    }
    if value.substitutes {
        return true;
    }
    match value.components.as_slice() {
        [] => false,
        [Component::Keyword(keyword)] if is_wide(keyword) => true,
        [component] => values.alone().takes(component),
        components => {
            let separated = |component: &Component| matches!(component, Component::Separator);
            let ends = [components.first(), components.last()];
            !ends.into_iter().flatten().any(separated)
                && values.beside_others().is_some_and(|values| {
                    components
                        .iter()
                        .all(|component| separated(component) || values.takes(component))
                })
        }
    }
}

/// What a value consists of.
#[derive(Debug, Default)]
struct Value {
    components: Vec<Component>,
    /// Whether a `var()` or the like stands in it, so that it is not checked before it is computed.
    substitutes: bool,
    has_block: bool,
    /// Whether what follows a `!` is `important`.
    is_important: Option<bool>,
}

/// One component: what it may be called in the table.
#[derive(Debug, PartialEq)]
enum Component {
    Keyword(String),
    /// A number, a string or the like, by all of its names.
    Kind(&'static [&'static str]),
    Function(String),
    Separator,
    Unknown,
}

impl Value {
    fn read(&mut self, input: &mut Parser<'_>, depth: usize) -> Result<(), Failure> {
        while let Ok(token) = input.next() {
            let component = match token {
                Token::Delim('!') if depth == 0 => {
                    let important = input.expect_ident_matching("important").is_ok();
                    self.is_important = Some(important && input.is_exhausted());
                    while input.next().is_ok() {}
                    break;
                }
                Token::Function(name) => {
                    let name = name.to_ascii_lowercase();
                    self.function(&name, input, depth)?;
                    Component::Function(name)
                }
                Token::SquareBracketBlock => {
                    self.nested(input, depth)?;
                    Component::Kind(&["[]"])
                }
                Token::ParenthesisBlock | Token::CurlyBracketBlock => {
                    self.has_block |= depth == 0;
                    self.nested(input, depth)?;
                    Component::Unknown
                }
                Token::Semicolon if depth == 0 => return Err(Failure::unexpected_token()),
                token if token.is_parse_error() => return Err(Failure::unexpected_token()),
                token => Component::of(token),
            };
            if depth == 0 {
                self.components.push(component);
            }
        }
        Ok(())
    }

    /// The arguments of a function: something, and no function that nobody knows.
    fn function(
        &mut self,
        name: &str,
        input: &mut Parser<'_>,
        depth: usize,
    ) -> Result<(), Failure> {
        let is_custom = name.starts_with("--");
        if !is_custom && !is_function(name) {
            return Err(Failure::unexpected_token());
        }
        let substitutes = is_custom || SUBSTITUTIONS.contains(&name);
        if substitutes {
            self.substitutes = true;
            let has_name: Result<bool, Failure> = input.parse_nested_block(|input| {
                let found = input.expect_ident().is_ok_and(|argument| {
                    name != "var" || (argument.starts_with("--") && argument.len() > 2)
                });
                while input.next().is_ok() {}
                Ok(found)
            });
            let is_free = is_custom || name == "if";
            return if has_name? || is_free {
                Ok(())
            } else {
                Err(Failure::unexpected_token())
            };
        }
        let is_empty: Result<bool, Failure> = input.parse_nested_block(|input| {
            let is_empty = input.is_exhausted();
            self.read_arguments(input, depth)?;
            Ok(is_empty)
        });
        if is_empty? && !MAY_BE_EMPTY.contains(&name) {
            return Err(Failure::unexpected_token());
        }
        Ok(())
    }

    fn nested(&mut self, input: &mut Parser<'_>, depth: usize) -> Result<(), Failure> {
        input.parse_nested_block(|input| self.read_arguments(input, depth))
    }

    fn read_arguments(&mut self, input: &mut Parser<'_>, depth: usize) -> Result<(), Failure> {
        if depth < MAX_DEPTH {
            return self.read(input, depth + 1);
        }
        while input.next().is_ok() {}
        Ok(())
    }
}

impl Component {
    fn of(token: &Token<'_>) -> Self {
        match token {
            Token::Ident(name) => Self::Keyword(name.to_ascii_lowercase()),
            Token::Number { value: 0.0, .. } => Self::Kind(&[
                "<0>",
                "<number>",
                "<integer>",
                "<length>",
                "<number->",
                "<integer->",
            ]),
            Token::Number {
                int_value: Some(1), ..
            } => Self::Kind(&["<1>", "<integer>", "<number>"]),
            Token::Number {
                value,
                int_value: Some(_),
                ..
            } if *value > 0.0 => Self::Kind(&["<integer>", "<number>"]),
            Token::Number {
                int_value: Some(_), ..
            } => Self::Kind(&["<integer->", "<number->"]),
            Token::Number { value, .. } if *value > 0.0 => Self::Kind(&["<number>"]),
            Token::Number { .. } => Self::Kind(&["<number->"]),
            Token::Percentage { unit_value, .. } if *unit_value < 0.0 => {
                Self::Kind(&["<percentage->"])
            }
            Token::Percentage { .. } => Self::Kind(&["<percentage>"]),
            Token::Dimension { value, unit, .. } => Self::dimension(*value < 0.0, unit),
            Token::QuotedString(_) => Self::Kind(&["<string>"]),
            Token::UnquotedUrl(_) => Self::Kind(&["<url>", "<image>"]),
            Token::Hash(text) | Token::IDHash(text)
                if matches!(text.len(), 3 | 4 | 6 | 8)
                    && text.bytes().all(|byte| byte.is_ascii_hexdigit()) =>
            {
                Self::Kind(&["<color>"])
            }
            Token::Comma | Token::Delim('/') => Self::Separator,
            _ => Self::Unknown,
        }
    }

    fn dimension(is_negative: bool, unit: &str) -> Self {
        let unit = unit.to_ascii_lowercase();
        let (kind, below_zero): (&[&str], &[&str]) = match unit.as_str() {
            "s" | "ms" => (&["<time>"], &["<time->"]),
            "deg" | "grad" | "rad" | "turn" => (&["<angle>"], &["<angle->"]),
            "fr" => (&["<fr>"], &[]),
            unit if resolution_unit(unit).is_some() => (&["<resolution>"], &[]),
            unit if LENGTH_UNITS.contains(&unit) => (&["<length>"], &["<length->"]),
            _ => return Self::Unknown,
        };
        Self::Kind(if is_negative { below_zero } else { kind })
    }
}

/// The values of a property: its part of a line of the table.
#[derive(Debug, Clone, Copy)]
struct Line {
    alone: &'static str,
    beside_others: Option<&'static str>,
}

impl Line {
    fn alone(&self) -> Values {
        Values {
            listed: self.alone,
            changed: "",
        }
    }

    fn beside_others(&self) -> Option<Values> {
        let changed = self.beside_others?.trim_ascii();
        Some(match changed.strip_prefix('=') {
            Some(listed) => Values {
                listed,
                changed: "",
            },
            None => Values {
                listed: self.alone,
                changed,
            },
        })
    }
}

/// A list of values, and what is added to it or taken away.
#[derive(Debug, Clone, Copy)]
struct Values {
    listed: &'static str,
    changed: &'static str,
}

impl Values {
    fn takes(self, component: &Component) -> bool {
        match component {
            Component::Keyword(name) if is_wide(name) => false,
            Component::Keyword(name) => {
                self.has(name)
                    || (self.has("<ident>") && name != "default")
                    || (name.starts_with("--") && self.has("<--ident>"))
                    || (self.has("<color>") && lists(&COLORS, name))
            }
            Component::Kind(names) => names.iter().any(|name| self.has(name)),
            Component::Function(name) => self.takes_function(name),
            Component::Separator | Component::Unknown => false,
        }
    }

    fn takes_function(self, name: &str) -> bool {
        let of_kind = |functions: &[&str], kinds: &[&str]| {
            functions.contains(&name) && kinds.iter().any(|kind| self.has(kind))
        };
        let own = |known: &str| known.strip_suffix("()") == Some(name);
        self.any(own)
            || of_kind(MATH, NUMERIC)
            || of_kind(NUMBER_MATH, &["<number>", "<integer>", "<1>"])
            || of_kind(COLOR_FUNCTIONS, &["<color>"])
            || of_kind(GRADIENTS, &["<image>"])
            || of_kind(IMAGE_FUNCTIONS, &["<image>"])
            || of_kind(&["url", "src"], &["<url>", "<image>"])
            || of_kind(FILTERS, &["<filter>"])
            || of_kind(TRANSFORMS, &["<transform>"])
            || of_kind(SHAPES, &["<shape>"])
            || of_kind(EASINGS, &["<easing>"])
    }

    fn has(self, name: &str) -> bool {
        self.any(|known| known == name)
    }

    fn any(self, is: impl Fn(&str) -> bool) -> bool {
        let changed = |sign| {
            let words = self.changed.split_ascii_whitespace();
            words
                .filter_map(move |word| word.strip_prefix(sign))
                .any(&is)
        };
        let listed = self.listed.split_ascii_whitespace().any(&is);
        changed('+') || (listed && !changed('-'))
    }
}

fn lists(names: &str, name: &str) -> bool {
    names.split_ascii_whitespace().any(|known| known == name)
}

/// Whether every property takes the keyword (CSS Cascade 5 §7.3, CSS Cascade 6 §7.3).
fn is_wide(keyword: &str) -> bool {
    matches!(
        keyword,
        "inherit" | "initial" | "unset" | "revert" | "revert-layer" | "revert-rule"
    )
}

/// Whether it is the name of any function.
fn is_function(name: &str) -> bool {
    static OF_PROPERTIES: LazyLock<Vec<&str>> = LazyLock::new(|| {
        let words = TABLE.split_ascii_whitespace();
        let mut names: Vec<&str> = words
            .filter_map(|word| word.trim_start_matches(['+', '-']).strip_suffix("()"))
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    });
    OF_PROPERTIES.binary_search(&name).is_ok()
        || [
            MATH,
            NUMBER_MATH,
            COLOR_FUNCTIONS,
            GRADIENTS,
            IMAGE_FUNCTIONS,
            FILTERS,
            TRANSFORMS,
            SHAPES,
            EASINGS,
            SUBSTITUTIONS,
            ARGUMENTS,
        ]
        .iter()
        .any(|known| known.contains(&name))
}

static TABLE: &str = include_str!("properties.txt");

static KNOWN: LazyLock<HashMap<&str, Line>> = LazyLock::new(|| {
    let lines = TABLE.lines().filter(|line| !line.starts_with('#'));
    let mut known = HashMap::new();
    for (names, values) in lines.filter_map(|line| line.split_once(':')) {
        let (alone, beside_others) = match values.split_once('*') {
            Some((alone, beside_others)) => (alone, Some(beside_others)),
            None => (values, None),
        };
        let line = Line {
            alone,
            beside_others,
        };
        known.extend(names.split_ascii_whitespace().map(|name| (name, line)));
    }
    known
});

/// The names of colours, system colours among them.
static COLORS: LazyLock<&str> =
    LazyLock::new(|| KNOWN.get("<color>").map_or("", |line| line.alone));

/// What a math function may give; the arguments are not looked at.
const NUMERIC: &[&str] = &[
    "<length>",
    "<percentage>",
    "<number>",
    "<integer>",
    "<1>",
    "<time>",
    "<angle>",
    "<resolution>",
];

const LENGTH_UNITS: &[&str] = &[
    "px", "cm", "mm", "q", "in", "pt", "pc", "em", "rem", "ex", "rex", "ch", "rch", "cap", "rcap",
    "ic", "ric", "lh", "rlh", "vw", "vh", "vi", "vb", "vmin", "vmax", "svw", "svh", "svi", "svb",
    "svmin", "svmax", "lvw", "lvh", "lvi", "lvb", "lvmin", "lvmax", "dvw", "dvh", "dvi", "dvb",
    "dvmin", "dvmax", "cqw", "cqh", "cqi", "cqb", "cqmin", "cqmax",
];

/// What is replaced before the value is parsed; custom functions are as well.
const SUBSTITUTIONS: &[&str] = &["var", "env", "attr", "if"];

const MAY_BE_EMPTY: &[&str] = &[
    "scroll",
    "view",
    "circle",
    "ellipse",
    "blur",
    "brightness",
    "contrast",
    "grayscale",
    "hue-rotate",
    "invert",
    "opacity",
    "saturate",
    "sepia",
    "sibling-index",
    "sibling-count",
    "url",
];

const MATH: &[&str] = &[
    "calc",
    "-webkit-calc",
    "min",
    "max",
    "clamp",
    "round",
    "mod",
    "rem",
    "abs",
    "hypot",
    "random",
    "asin",
    "acos",
    "atan",
    "atan2",
];

const NUMBER_MATH: &[&str] = &[
    "sign",
    "sin",
    "cos",
    "tan",
    "pow",
    "sqrt",
    "log",
    "exp",
    "progress",
    "sibling-index",
    "sibling-count",
];

/// What gives an image, beside the gradients.
const IMAGE_FUNCTIONS: &[&str] = &[
    "image-set",
    "-webkit-image-set",
    "-webkit-cross-fade",
    "image",
    "light-dark",
    "paint",
];

const TRANSFORMS: &[&str] = &[
    "matrix",
    "matrix3d",
    "perspective",
    "rotate",
    "rotate3d",
    "rotatex",
    "rotatey",
    "rotatez",
    "scale",
    "scale3d",
    "scalex",
    "scaley",
    "scalez",
    "skew",
    "skewx",
    "skewy",
    "translate",
    "translate3d",
    "translatex",
    "translatey",
    "translatez",
];

const SHAPES: &[&str] = &["circle", "ellipse", "inset", "polygon", "rect", "xywh"];

const EASINGS: &[&str] = &["cubic-bezier", "steps", "linear"];

/// Functions that stand in the arguments of others.
const ARGUMENTS: &[&str] = &[
    "type",
    "from",
    "to",
    "color-stop",
    "style",
    "media",
    "supports",
    "url",
    "src",
];

#[cfg(test)]
mod tests;

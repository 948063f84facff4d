//! The rules of a sheet: which of them hold references, and which let others follow.
//!
//! In: the tokens of a sheet or of a `style=""` attribute. Out: the fields of a [`StyleSheet`]. Follows CSS Syntax 3 §5
//! with cssparser's rule iterators, CSS Cascade 5 §2 for the place of `@import`, CSS Nesting 1, and CSS Conditional 3-5
//! for the group rules. Unknown at-rules are skipped with their blocks, and so are those that browsers know but fetch
//! nothing for (`@page`, `@counter-style` and others). Selectors are not parsed: a style
//! rule with an invalid one counts as a rule here, unless it holds tokens that no selector has. A stray `}` in a
//! `style=""` attribute is passed over, as cssparser has it.

use std::sync::Arc;

use cssparser::{
    AtRuleParser, CowRcStr, DeclarationParser, Parser, ParserState, QualifiedRuleParser,
    RuleBodyItemParser, RuleBodyParser, StyleSheetParser, Token,
};

use super::container::ContainerQueryList;
use super::context::{Context, ContextCondition, Layer};
use super::font_face::FontFace;
use super::image::{Refusal, ValueReader};
use super::import::{ImportPrelude, layer_name};
use super::media::MediaQueryList;
use super::registered_property::RegisteredProperty;
use super::style_rule::{Frame, Keyframes, Nesting, NestingStep, StyleRule};
use super::supports::supports_condition;
use super::{Failure, MAX_DEPTH, Position, Problem, ProblemKind, StyleSheet};
use crate::layout::BoxDeclaration;
use crate::style::{Declaration, LayerMention, MentionId, NamespaceUrl};

/// Images of one sheet. A declaration that goes beyond is not read.
const MAX_IMAGES: usize = 65_536;

/// Walks the rules and fills a sheet.
pub(super) struct RuleReader<'s> {
    sheet: &'s mut StyleSheet,
    /// Blocks around the current position.
    depth: usize,
    body: Body,
    context: Context,
    selector: Option<Arc<str>>,
    /// The selectors around the current position, each with its place.
    nesting: Option<Arc<Nesting>>,
    layer: Option<MentionId>,
    /// Those of the block around the current position that are in no rule of the sheet yet.
    declarations: Vec<Declaration>,
    boxes: Vec<BoxDeclaration>,
    /// Those of the `@keyframes` around the current position.
    frames: Vec<Frame>,
    imports: ImportPhase,
    /// Whether `@namespace` is allowed no more.
    is_past_namespaces: bool,
    /// Whether nesting that is too deep has been told.
    too_deep: bool,
    /// Whether images that are too many have been told.
    too_many: bool,
}

/// What the block around the current position may contain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Body {
    /// Rules: the sheet itself, and group rules outside of style rules.
    Rules,
    /// Declarations, nested rules and group rules.
    StyleRule,
    /// As a style rule, and `@font-face` too.
    Scope,
    /// `from`, `to` and percentages.
    Keyframes,
    /// Declarations only.
    Declarations,
}

/// How far the sheet is past the place where `@import` is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ImportPhase {
    /// Nothing yet but `@charset` and `@layer` statements.
    Before,
    /// After an `@import`: a further `@layer` statement ends it.
    Within,
    Over,
}

/// An at-rule whose prelude has been read.
pub(super) enum Prelude {
    Import(ImportPrelude),
    /// `@layer` with its names.
    Layer(Vec<String>),
    Group(ContextCondition),
    /// `@scope` with its prelude.
    Scope(Arc<str>),
    FontFace,
    /// `@namespace` with its prefix.
    Namespace(Option<Box<str>>, NamespaceUrl),
    /// `@property` with its name.
    Property(Arc<str>),
    /// Browsers know it, and fetch nothing for it.
    Inert,
}

impl<'s> RuleReader<'s> {
    pub(super) fn new(sheet: &'s mut StyleSheet) -> Self {
        Self {
            sheet,
            depth: 0,
            body: Body::Rules,
            context: Context::default(),
            selector: None,
            nesting: None,
            layer: None,
            declarations: Vec::new(),
            boxes: Vec::new(),
            frames: Vec::new(),
            imports: ImportPhase::Before,
            is_past_namespaces: false,
            too_deep: false,
            too_many: false,
        }
    }

    pub(super) fn read_sheet(mut self, text: &str) {
        let mut input = Parser::new(text);
        // The depth is bounded here; cssparser's own bound of 75 would lose track of the blocks it refuses to enter.
        input.set_nested_block_limit(0);
        StyleSheetParser::new(&mut input, &mut self).for_each(drop);
    }

    pub(super) fn read_declarations(mut self, text: &str) {
        let mut input = Parser::new(text);
        input.set_nested_block_limit(0);
        self.body = Body::Declarations;
        RuleBodyParser::new(&mut input, &mut self).for_each(drop);
        self.end_rule();
    }

    /// Makes a rule of the declarations so far.
    fn end_rule(&mut self) {
        if !self.declarations.iter().any(Declaration::matters) {
            self.declarations.clear();
        }
        if self.declarations.is_empty() && self.boxes.is_empty() {
            return;
        }
        self.sheet.style_rules.push(StyleRule {
            selectors: self.nesting.clone(),
            context: self.context.clone(),
            layer: self.layer,
            declarations: std::mem::take(&mut self.declarations),
            boxes: std::mem::take(&mut self.boxes),
        });
    }

    /// Keeps `@keyframes` even if it is empty, as it takes the place of an earlier one.
    fn end_keyframes(&mut self, name: &str) {
        self.boxes.clear();
        self.sheet.keyframes.push(Keyframes {
            name: name.into(),
            context: self.context.clone(),
            layer: self.layer,
            frames: std::mem::take(&mut self.frames),
        });
    }

    fn mention(&mut self, layer: Layer, is_before_imports: bool) -> MentionId {
        let id = MentionId(u32::try_from(self.sheet.layers.len()).unwrap_or(u32::MAX));
        self.sheet.layers.push(LayerMention {
            outer: self.layer,
            layer,
            context: self.context.clone(),
            is_before_imports,
        });
        id
    }

    /// Reads the inside of a block one level of nesting further in.
    fn nested(
        &mut self,
        step: Option<(NestingStep, Position)>,
        read: impl FnOnce(&mut Self) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let nesting = match step {
            Some((step, position)) => Some(Arc::new(Nesting {
                step,
                position,
                outer: self.nesting.clone(),
            })),
            None => self.nesting.clone(),
        };
        let outer_nesting = std::mem::replace(&mut self.nesting, nesting);
        let outcome = read(self);
        self.nesting = outer_nesting;
        outcome
    }

    /// Reads the inside of a block, then returns to what was around it.
    fn read_block(
        &mut self,
        input: &mut Parser<'_>,
        body: Body,
        context: Option<ContextCondition>,
        selector: Option<Arc<str>>,
    ) -> Result<(), Failure> {
        if self.depth >= MAX_DEPTH {
            self.problem(Problem {
                kind: ProblemKind::TooDeep,
                position: Position::of(input),
            });
            return Err(Failure::unexpected_token());
        }
        let keyframes = match &context {
            Some(ContextCondition::Keyframes(name)) => Some(name.clone()),
            _ => None,
        };
        let context = match context {
            Some(condition) => self.context.with(condition),
            None => self.context.clone(),
        };
        let outer_context = std::mem::replace(&mut self.context, context);
        let outer_selector = std::mem::replace(&mut self.selector, selector);
        let outer_body = std::mem::replace(&mut self.body, body);
        self.depth += 1;
        RuleBodyParser::new(input, self).for_each(drop);
        let is_frame = outer_body == Body::Keyframes;
        match keyframes {
            Some(name) => self.end_keyframes(&name),
            None if is_frame => {}
            None => self.end_rule(),
        }
        self.depth -= 1;
        self.body = outer_body;
        self.selector = outer_selector;
        self.context = outer_context;
        Ok(())
    }

    /// A group rule inside a style rule holds what the style rule does.
    fn read_group(
        &mut self,
        input: &mut Parser<'_>,
        condition: ContextCondition,
    ) -> Result<(), Failure> {
        let (body, selector) = match condition {
            ContextCondition::Keyframes(_) => (Body::Keyframes, None),
            // Declarations directly in `@scope` style its root.
            ContextCondition::Scope if self.body == Body::Rules => {
                (Body::Scope, Some(Arc::from(":scope")))
            }
            _ => (self.body, self.selector.clone()),
        };
        self.read_block(input, body, Some(condition), selector)
    }

    /// What is too much is told once, anything else wherever it is.
    fn problem(&mut self, problem: Problem) {
        let told = match problem.kind {
            ProblemKind::TooDeep => Some(&mut self.too_deep),
            ProblemKind::TooMany => Some(&mut self.too_many),
            _ => None,
        };
        if told.is_some_and(|told| std::mem::replace(told, true)) {
            return;
        }
        self.sheet.problems.push(problem);
    }

    fn end_imports(&mut self) {
        if self.depth == 0 {
            self.imports = ImportPhase::Over;
            self.is_past_namespaces = true;
        }
    }

    /// Makes a frame of the declarations so far: important ones count for nothing (CSS Animations 1 §3).
    fn end_frame(&mut self, prelude: &str) {
        let mut declarations = std::mem::take(&mut self.declarations);
        declarations.retain(|declaration| !declaration.is_important);
        if !declarations.is_empty() {
            self.frames.push(Frame {
                places: frame_places(prelude),
                declarations,
            });
        }
    }
}

impl<'i> AtRuleParser<'i> for RuleReader<'_> {
    type Prelude = Prelude;
    type AtRule = ();
    type Error = ();

    fn parse_prelude(
        &mut self,
        name: CowRcStr<'i>,
        input: &mut Parser<'i>,
    ) -> Result<Prelude, Failure> {
        if matches!(self.body, Body::Keyframes | Body::Declarations) {
            return Err(Failure::unexpected_token());
        }
        let name = name.to_ascii_lowercase();
        let in_style_rule = self.body == Body::StyleRule;
        let group = match name.as_str() {
            "media" => ContextCondition::Media(MediaQueryList::from_tokens(input)),
            "supports" => ContextCondition::Supports(supports_condition(input)?),
            "container" => {
                ContextCondition::Container(Arc::new(ContainerQueryList::from_tokens(input)?))
            }
            "scope" => {
                input.skip_whitespace();
                let start = input.position();
                no_parse_error(input)?;
                let prelude = input.slice_from(start).trim_ascii();
                return Ok(Prelude::Scope(prelude.into()));
            }
            "starting-style" => ContextCondition::StartingStyle,
            "layer" => {
                if input.is_exhausted() {
                    return Ok(Prelude::Layer(Vec::new()));
                }
                return input.parse_comma_separated(layer_name).map(Prelude::Layer);
            }
            "import" if self.depth == 0 && self.imports != ImportPhase::Over => {
                return ImportPrelude::parse(input).map(Prelude::Import);
            }
            "keyframes" | "-webkit-keyframes" if !in_style_rule => {
                ContextCondition::Keyframes(input.expect_ident_or_string()?.to_string())
            }
            "font-face" if !in_style_rule => return Ok(Prelude::FontFace),
            "namespace" if self.depth == 0 && !self.is_past_namespaces => {
                let prefix = input.try_parse(Parser::expect_ident_cloned).ok();
                let url = NamespaceUrl::of(&input.expect_url_or_string()?);
                return Ok(Prelude::Namespace(
                    prefix.map(|prefix| (&*prefix).into()),
                    url,
                ));
            }
            "property" if !in_style_rule => {
                let name = input.expect_ident()?;
                if !name.starts_with("--") {
                    return Err(Failure::unexpected_token());
                }
                return Ok(Prelude::Property((&**name).into()));
            }
            "page"
            | "counter-style"
            | "font-feature-values"
            | "font-palette-values"
            | "view-transition"
            | "position-try"
            | "function"
                if !in_style_rule =>
            {
                no_parse_error(input)?;
                return Ok(Prelude::Inert);
            }
            _ => return Err(Failure::unexpected_token()),
        };
        Ok(Prelude::Group(group))
    }

    fn rule_without_block(&mut self, prelude: Prelude, _: &ParserState) -> Result<(), ()> {
        match prelude {
            Prelude::Import(ImportPrelude::Broken(problem)) => self.problem(problem),
            Prelude::Import(ImportPrelude::Nothing) => self.imports = ImportPhase::Within,
            Prelude::Import(ImportPrelude::Import(import)) => {
                self.imports = ImportPhase::Within;
                self.sheet.imports.push(import);
            }
            Prelude::Layer(names) if !names.is_empty() => {
                let is_before_imports = self.imports == ImportPhase::Before;
                if !is_before_imports {
                    self.end_imports();
                }
                for name in names {
                    self.mention(Layer::Named(name), is_before_imports);
                }
            }
            Prelude::Namespace(prefix, url) => {
                self.imports = ImportPhase::Over;
                match prefix {
                    Some(prefix) => self.sheet.namespaces.prefixes.push((prefix, url)),
                    None => self.sheet.namespaces.default = Some(url),
                }
            }
            Prelude::Inert => self.end_imports(),
            Prelude::Layer(_)
            | Prelude::Group(_)
            | Prelude::Scope(_)
            | Prelude::FontFace
            | Prelude::Property(_) => {
                return Err(());
            }
        }
        Ok(())
    }

    fn parse_block(
        &mut self,
        prelude: Prelude,
        start: &ParserState,
        input: &mut Parser<'i>,
    ) -> Result<(), Failure> {
        let mut step = None;
        let condition = match prelude {
            Prelude::Group(condition) => condition,
            Prelude::Scope(prelude) => {
                step = Some((NestingStep::Scope(prelude), Position::at(start)));
                ContextCondition::Scope
            }
            Prelude::Layer(names) if names.len() <= 1 => {
                let name = names.into_iter().next();
                ContextCondition::Layer(name.map_or(Layer::Anonymous, Layer::Named))
            }
            Prelude::Import(_) | Prelude::Layer(_) | Prelude::Namespace(..) => {
                return Err(Failure::unexpected_token());
            }
            Prelude::Inert => {
                self.end_imports();
                while input.next().is_ok() {}
                return Ok(());
            }
            Prelude::Property(name) => {
                self.end_imports();
                let property = RegisteredProperty::parse(name, input, self.context.clone());
                self.sheet.registered_properties.extend(property);
                return Ok(());
            }
            Prelude::FontFace => {
                self.end_imports();
                let face = FontFace::parse(
                    input,
                    self.context.clone(),
                    Position::at(start),
                    &mut self.sheet.problems,
                );
                self.sheet.font_faces.extend(face);
                return Ok(());
            }
        };
        self.end_imports();
        self.end_rule();
        let outer_layer = self.layer;
        if let ContextCondition::Layer(layer) = &condition {
            self.layer = Some(self.mention(layer.clone(), false));
        }
        let outcome = self.nested(step, |reader| reader.read_group(input, condition));
        self.layer = outer_layer;
        outcome
    }
}

impl<'i> QualifiedRuleParser<'i> for RuleReader<'_> {
    type Prelude = Arc<str>;
    type QualifiedRule = ();
    type Error = ();

    fn parse_prelude(&mut self, input: &mut Parser<'i>) -> Result<Arc<str>, Failure> {
        input.skip_whitespace();
        let start = input.position();
        if let Err(problem) = selector_tokens(input, self.depth) {
            // Inside a style rule this may be a broken declaration, of which the value reader has told.
            if let (Body::Rules, Some(problem)) = (self.body, problem) {
                self.problem(problem);
            }
            return Err(Failure::unexpected_token());
        }
        let prelude = input.slice_from(start).trim_ascii();
        if self.body == Body::Keyframes && !is_frame_list(prelude) {
            return Err(Failure::unexpected_token());
        }
        if prelude.is_empty() {
            return Err(Failure::unexpected_token());
        }
        Ok(Arc::from(prelude))
    }

    fn parse_block(
        &mut self,
        prelude: Arc<str>,
        start: &ParserState,
        input: &mut Parser<'i>,
    ) -> Result<(), Failure> {
        self.end_imports();
        if self.body == Body::Keyframes {
            let outcome = self.read_block(input, Body::Declarations, None, None);
            self.end_frame(&prelude);
            outcome
        } else {
            self.end_rule();
            let step = NestingStep::Selectors(Arc::clone(&prelude));
            self.nested(Some((step, Position::at(start))), |reader| {
                reader.read_block(input, Body::StyleRule, None, Some(prelude))
            })
        }
    }
}

impl<'i> DeclarationParser<'i> for RuleReader<'_> {
    type Declaration = ();
    type Error = ();

    fn parse_value(
        &mut self,
        name: CowRcStr<'i>,
        input: &mut Parser<'i>,
        _: &ParserState,
    ) -> Result<(), Failure> {
        let property: Arc<str> = if name.starts_with("--") {
            Arc::from(&*name)
        } else {
            Arc::from(name.to_ascii_lowercase())
        };
        let known = self.sheet.images.len();
        let reader = ValueReader {
            images: &mut self.sheet.images,
            property,
            selector: self.selector.clone(),
            context: &self.context,
        };
        let start = input.state();
        let position = Position::of(input);
        let outcome = reader.read(input, self.depth);
        if self.sheet.images.len() > MAX_IMAGES {
            self.sheet.images.truncate(known);
            self.problem(Problem {
                kind: ProblemKind::TooMany,
                position,
            });
            return Err(Failure::unexpected_token());
        }
        match outcome {
            Ok(()) => {
                input.reset(&start);
                self.declarations.extend(Declaration::parse(&name, input));
                input.reset(&start);
                self.boxes.extend(BoxDeclaration::parse(&name, input));
                while input.next().is_ok() {}
                Ok(())
            }
            Err(Refusal::Lost(problem)) => {
                self.problem(problem);
                Err(Failure::unexpected_token())
            }
            Err(Refusal::Invalid | Refusal::NotADeclaration) => Err(Failure::unexpected_token()),
        }
    }
}

impl RuleBodyItemParser<'_, (), ()> for RuleReader<'_> {
    fn parse_declarations(&self) -> bool {
        matches!(
            self.body,
            Body::StyleRule | Body::Scope | Body::Declarations
        )
    }

    fn parse_qualified(&self) -> bool {
        self.body != Body::Declarations
    }
}

/// Whether a prelude in `@keyframes` names frames only (CSS Animations 1 §3).
fn is_frame_list(prelude: &str) -> bool {
    prelude.split(',').map(str::trim_ascii).all(|frame| {
        let percent = frame
            .strip_suffix('%')
            .and_then(|number| number.parse().ok());
        frame.eq_ignore_ascii_case("from")
            || frame.eq_ignore_ascii_case("to")
            || percent.is_some_and(|number: f32| (0.0..=100.0).contains(&number))
            || frame.contains("/*")
            || frame.contains(char::is_whitespace)
    })
}

/// The places of a frame, from 0 to 1; those on a timeline of their own (`entry 0%`) are left out.
fn frame_places(prelude: &str) -> Box<[f32]> {
    let mut input = Parser::new(prelude);
    let mut places = Vec::new();
    let _: Result<_, Failure> = input.parse_comma_separated(|input| {
        places.push(match input.next()? {
            Token::Ident(name) if name.eq_ignore_ascii_case("from") => 0.0,
            Token::Ident(name) if name.eq_ignore_ascii_case("to") => 1.0,
            Token::Percentage { unit_value, .. } => *unit_value,
            _ => return Err(Failure::unexpected_token()),
        });
        Ok(())
    });
    places.into()
}

/// Goes to the end of a selector, `depth` blocks into the sheet. What breaks it costs the references of its rule, a
/// problem if it looks like an oversight. Beyond that only tokens that no selector has are refused.
fn selector_tokens(input: &mut Parser<'_>, depth: usize) -> Result<(), Option<Problem>> {
    loop {
        input.skip_whitespace();
        let position = Position::of(input);
        let Ok(token) = input.next() else {
            return Ok(());
        };
        let kind = match token {
            Token::BadString(_) => ProblemKind::UnclosedString,
            Token::BadUrl(_) => ProblemKind::BadUrl,
            Token::Semicolon
            | Token::AtKeyword(_)
            | Token::UnquotedUrl(_)
            | Token::Delim('!')
            | Token::CDO
            | Token::CDC => return Err(None),
            token if token.is_parse_error() => return Err(None),
            Token::Function(_) | Token::ParenthesisBlock | Token::SquareBracketBlock => {
                if depth >= MAX_DEPTH {
                    ProblemKind::TooDeep
                } else {
                    let mut outcome = Ok(());
                    let _: Result<(), Failure> = input.parse_nested_block(|input| {
                        outcome = selector_tokens(input, depth + 1);
                        Ok(())
                    });
                    outcome?;
                    continue;
                }
            }
            _ => continue,
        };
        return Err(Some(Problem { kind, position }));
    }
}

/// Goes to the end of a prelude, which may hold anything but unclosed strings, bad URLs and stray closing brackets.
fn no_parse_error(input: &mut Parser<'_>) -> Result<(), Failure> {
    while let Ok(token) = input.next() {
        if token.is_parse_error() {
            return Err(Failure::unexpected_token());
        }
    }
    Ok(())
}

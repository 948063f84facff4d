//! Feature queries: `@supports` and `@import … supports()`.
//!
//! In: tokens. Out: whether a current Chromium says yes. Follows CSS Conditional 3 §6, 4 §3 (`selector()`) and 5 §3
//! (`font-tech()`, `font-format()`). Only names are known here, from tables that list what style sheets ask about;
//! everything else is [`Truth::Unknown`]. What has no meaning (`<general-enclosed>`) is false, as the module demands.

use cssparser::{Parser, Token};

use super::Failure;
use super::condition::{Condition, Leaf};
use super::font_face::{is_supported_font_format, is_supported_font_tech};
use super::truth::Truth;

/// Reads the condition of an `@supports` rule to the end of `input`.
pub(super) fn supports_condition(input: &mut Parser<'_>) -> Result<Truth, Failure> {
    Ok(Condition::parse(input, true, 0)?.evaluate(Truth::False, &|leaf: &Truth| *leaf))
}

/// A declaration to the end of `input`, as in `(display: grid)` and `supports(display: grid)`.
pub(super) fn supports_declaration(input: &mut Parser<'_>) -> Result<Truth, Failure> {
    let name = input.expect_ident_cloned()?;
    input.expect_colon()?;
    let mut values = Vec::new();
    while let Ok(token) = input.next() {
        match token {
            Token::Ident(value) | Token::Function(value) => {
                values.push(value.to_ascii_lowercase());
            }
            token if token.is_parse_error() => return Ok(Truth::False),
            _ => values.push(String::new()),
        }
    }
    if name.starts_with("--") {
        return Ok(Truth::True);
    }
    Ok(declaration(&name.to_ascii_lowercase(), &values))
}

impl Leaf for Truth {
    fn in_parentheses(input: &mut Parser<'_>) -> Result<Self, Failure> {
        supports_declaration(input)
    }

    fn in_function(name: &str, input: &mut Parser<'_>) -> Result<Self, Failure> {
        match name.to_ascii_lowercase().as_str() {
            "selector" => Ok(selector(input)),
            "font-format" => Ok(is_supported_font_format(input.expect_ident()?).into()),
            "font-tech" => Ok(is_supported_font_tech(input.expect_ident()?).into()),
            _ => {
                while input.next().is_ok() {}
                Ok(Self::Unknown)
            }
        }
    }
}

fn declaration(name: &str, values: &[String]) -> Truth {
    let Some(first) = values.first() else {
        return Truth::False;
    };
    if is_foreign(name) || values.iter().any(|value| is_foreign(value)) {
        return Truth::False;
    }
    if lists(REFUSED_PROPERTIES, name) {
        return Truth::False;
    }
    match name {
        "display" => lists(DISPLAY, first).into(),
        "position" => lists(POSITION, first).into(),
        "grid-template-rows" | "grid-template-columns" if first == "masonry" => Truth::False,
        _ if lists(PROPERTIES, name) => Truth::True,
        _ => Truth::Unknown,
    }
}

/// Other engines' prefixes, and Apple's system fonts.
fn is_foreign(name: &str) -> bool {
    ["-moz-", "-ms-", "-o-", "-khtml-", "-apple-", "-epub-"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
}

/// A selector is known when all of its pseudo-classes and pseudo-elements are.
fn selector(input: &mut Parser<'_>) -> Truth {
    let mut verdict = Truth::True;
    let mut after_colon = false;
    while let Ok(token) = input.next() {
        match token {
            Token::Ident(name) | Token::Function(name) if after_colon => {
                let name = name.to_ascii_lowercase();
                if is_foreign(&name) {
                    verdict = Truth::False;
                } else if !lists(PSEUDOS, &name) && verdict == Truth::True {
                    verdict = Truth::Unknown;
                }
            }
            token if token.is_parse_error() => return Truth::False,
            _ => {}
        }
        after_colon = matches!(token, Token::Colon);
    }
    verdict
}

fn lists(names: &str, name: &str) -> bool {
    names.split_ascii_whitespace().any(|known| known == name)
}

const DISPLAY: &str = "\
    block contents flex flow flow-root grid inline inline-block inline-flex inline-grid
    inline-table list-item math none ruby ruby-text table table-caption table-cell table-column
    table-column-group table-footer-group table-header-group table-row table-row-group
    -webkit-box -webkit-flex -webkit-inline-box -webkit-inline-flex inherit initial unset revert
    revert-layer";

const POSITION: &str = "\
    absolute fixed inherit initial relative revert revert-layer static sticky unset";

/// Asked about, and not in Chromium.
const REFUSED_PROPERTIES: &str = "\
    -webkit-backdrop-filter -webkit-hyphens -webkit-marquee -webkit-overflow-scrolling
    -webkit-touch-callout behavior hanging-punctuation margin-trim";

/// In Chromium, with whatever value is asked about.
const PROPERTIES: &str = "\
    -webkit-appearance -webkit-background-clip -webkit-box-orient -webkit-box-reflect
    -webkit-clip-path -webkit-font-smoothing -webkit-line-clamp -webkit-mask -webkit-mask-image
    -webkit-tap-highlight-color -webkit-text-fill-color -webkit-text-size-adjust
    -webkit-text-stroke -webkit-user-select accent-color align-content align-items all
    anchor-name animation animation-name animation-range animation-timeline appearance
    aspect-ratio backdrop-filter backface-visibility background background-attachment
    background-blend-mode background-clip background-color background-image block-size border
    border-image border-inline-start border-radius bottom box-shadow caret-color clip-path color
    color-scheme column-count column-gap columns contain container container-type content
    content-visibility corner-shape cursor direction field-sizing fill filter flex flex-basis
    flex-wrap float font font-display font-family font-feature-settings font-optical-sizing
    font-palette font-size font-size-adjust font-stretch font-style font-synthesis font-variant
    font-variant-numeric font-variation-settings font-weight gap grid grid-area grid-gap
    grid-template grid-template-areas grid-template-columns grid-template-rows height hyphens
    image-orientation image-rendering initial-letter inline-size inset inset-inline-start
    interpolate-size isolation justify-content left letter-spacing line-height list-style margin
    margin-inline margin-inline-start mask mask-composite mask-image max-height max-width
    min-height min-width mix-blend-mode object-fit object-position offset-path opacity order
    outline overflow overflow-anchor overflow-clip-margin overflow-wrap overscroll-behavior
    padding padding-inline-start padding-left perspective place-items pointer-events
    position-anchor position-area resize right rotate row-gap scale scroll-behavior
    scroll-margin scroll-padding scroll-snap-align scroll-snap-type scroll-timeline
    scrollbar-color scrollbar-gutter scrollbar-width shape-outside tab-size text-align
    text-align-last text-box text-box-trim text-combine-upright text-decoration
    text-decoration-color text-decoration-skip-ink text-decoration-thickness text-indent
    text-orientation text-overflow text-shadow text-size-adjust text-transform
    text-underline-offset text-wrap text-wrap-style top touch-action transform transform-style
    transition transition-behavior translate user-select vertical-align view-timeline
    view-transition-name visibility white-space width will-change word-break word-spacing
    writing-mode z-index zoom";

const PSEUDOS: &str = "\
    -webkit-scrollbar -webkit-scrollbar-thumb -webkit-scrollbar-track active after any-link
    autofill backdrop before checked cue default defined details-content dir disabled empty
    enabled file-selector-button first-child first-letter first-line first-of-type focus
    focus-visible focus-within fullscreen has highlight host host-context hover indeterminate
    invalid is lang last-child last-of-type link marker modal not nth-child nth-last-child
    nth-last-of-type nth-of-type only-child only-of-type open optional part placeholder
    placeholder-shown popover-open read-only read-write required root scope selection slotted
    state target user-invalid user-valid valid view-transition visited where";

#[cfg(test)]
mod tests {
    use super::Truth::{False, True, Unknown};
    use super::*;

    #[test]
    fn answers_for_chromium() {
        let table: &[(&str, Option<Truth>)] = &[
            ("(display: grid)", Some(True)),
            ("(DISPLAY: Grid)", Some(True)),
            ("(display:-ms-grid)", Some(False)),
            ("(display: grid-lanes)", Some(False)),
            ("(display:)", Some(False)),
            ("not (display: grid)", Some(False)),
            ("(position: sticky)", Some(True)),
            ("(position: -webkit-sticky)", Some(False)),
            (
                "(position: -webkit-sticky) or (position: sticky)",
                Some(True),
            ),
            ("(--css: variables)", Some(True)),
            ("(-moz-appearance: none)", Some(False)),
            ("(-webkit-touch-callout: none)", Some(False)),
            ("(font: -apple-system-body)", Some(False)),
            ("(width: -moz-available)", Some(False)),
            ("(color: color-mix(in lab, red, red))", Some(True)),
            (
                "(backdrop-filter: blur(1px)) and (display: grid)",
                Some(True),
            ),
            ("(grid-template-rows: masonry)", Some(False)),
            ("(margin-trim: inline)", Some(False)),
            ("(yet-unheard-of: 1)", Some(Unknown)),
            ("(yet-unheard-of: 1) or (display: grid)", Some(True)),
            ("(yet-unheard-of: 1) and (display: -ms-grid)", Some(False)),
            ("not (yet-unheard-of: 1)", Some(Unknown)),
            ("(((display: grid)))", Some(True)),
            ("(not (display: grid)) or (not (color: red))", Some(False)),
            ("selector(:has(a))", Some(True)),
            ("selector(a > b)", Some(True)),
            ("selector(:-moz-any(a))", Some(False)),
            ("selector(:unheard-of)", Some(Unknown)),
            ("not selector(:focus-visible)", Some(False)),
            ("font-format(woff2)", Some(True)),
            ("font-format(svg)", Some(False)),
            ("font-tech(color-COLRv1)", Some(True)),
            ("font-tech(features-graphite)", Some(False)),
            ("at-rule(@media)", Some(Unknown)),
            ("(nothing here)", Some(False)),
            ("not (nothing here)", Some(True)),
            ("display: grid", None),
            ("", None),
            ("(display: grid) and (color: red) or (top: 0)", None),
            ("not (display: grid) and (color: red)", None),
        ];
        for (condition, expected) in table {
            let verdict = supports_condition(&mut Parser::new(condition)).ok();
            assert_eq!(verdict, *expected, "{condition:?}");
        }
    }
}

//! What a `style` attribute decides about its own element, without the style sheets.
//!
//! In: the attribute's text. Out: whether the element, or its content, is taken off the page, and whether
//! a background is set. CSS Syntax 3 §5.4.6 for the declarations, CSS Cascade 5 §6 for their order. Sheets
//! with `!important` could say otherwise; they are not asked.

use cssparser::{Delimiter, ParseError, Parser};

/// The outcome of the declarations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct InlineStyle {
    /// `display`: `Some(false)` for `none`, `Some(true)` for any other value.
    pub(super) displayed: Option<bool>,
    /// `content-visibility: hidden`.
    pub(super) content_hidden: bool,
    /// `background` or `background-image`.
    pub(super) sets_background: bool,
}

impl InlineStyle {
    pub(super) fn parse(text: &str) -> Self {
        let mut style = Self::default();
        let mut display_is_important = false;
        let mut input = Parser::new(text);
        while !input.is_exhausted() {
            let declaration: Result<(), ParseError<()>> =
                input.parse_until_after(Delimiter::Semicolon, |input| {
                    let name = input.expect_ident_cloned()?;
                    input.expect_colon()?;
                    let value = input.try_parse(Parser::expect_ident_cloned).ok();
                    let is = |word: &str| {
                        value
                            .as_ref()
                            .is_some_and(|value| value.eq_ignore_ascii_case(word))
                    };
                    let important = input.try_parse(cssparser::parse_important).is_ok();
                    match name.to_ascii_lowercase().as_str() {
                        "display" if important || !display_is_important => {
                            display_is_important |= important;
                            style.displayed = Some(!is("none"));
                        }
                        "content-visibility" => style.content_hidden = is("hidden"),
                        "background" | "background-image" => style.sets_background = true,
                        _ => {}
                    }
                    while input.next().is_ok() {}
                    Ok(())
                });
            // A declaration with an error is skipped up to its semicolon.
            drop(declaration);
        }
        style
    }
}

#[cfg(test)]
mod tests {
    use super::InlineStyle;

    #[test]
    fn the_last_declaration_of_display_decides() {
        for (text, displayed) in [
            ("DISPLAY: NONE", Some(false)),
            ("display : none", Some(false)),
            ("display:/**/none", Some(false)),
            ("d\\69splay:none", Some(false)),
            ("display:none;display:block", Some(true)),
            ("display:none!important;display:block", Some(false)),
            ("x-display:none", None),
            ("--x:display:none", None),
            ("color:url(;display:none", None),
            ("a b;display:none", Some(false)),
            ("visibility:hidden", None),
            ("", None),
        ] {
            assert_eq!(InlineStyle::parse(text).displayed, displayed, "{text}");
        }
    }

    #[test]
    fn backgrounds_and_hidden_content_are_seen() {
        for (text, content_hidden, sets_background) in [
            ("content-visibility:hidden", true, false),
            ("background:red", false, true),
            ("BACKGROUND-IMAGE:none", false, true),
            ("background-color:red", false, false),
        ] {
            let style = InlineStyle::parse(text);
            assert_eq!(style.content_hidden, content_hidden, "{text}");
            assert_eq!(style.sets_background, sets_background, "{text}");
        }
    }
}

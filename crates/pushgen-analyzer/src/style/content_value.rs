//! The values of `content` (CSS Content 3 §2).
//!
//! In: the tokens of one value. Out: its texts and images, or that the declaration is invalid. The alternative text is
//! checked and passed over, as are types and fallbacks of `attr()`.

use cssparser::{Parser, Token};

use super::component::keyword;
use super::image_value;
use super::list_value::list_style_type;
use super::value::{Content, ContentText, ListStyleType};
use crate::css::Failure;

/// `content`
pub(super) fn content(input: &mut Parser<'_>) -> Result<Content, Failure> {
    if keyword(input, &["normal"]) {
        return Ok(Content::Normal);
    }
    if keyword(input, &["none"]) {
        return Ok(Content::None);
    }
    let mut texts = Vec::new();
    let mut images = Vec::new();
    let mut count = 0;
    while !input.is_exhausted() {
        if input.try_parse(|input| input.expect_delim('/')).is_ok() {
            if count == 0 || input.is_exhausted() {
                return Err(Failure::unexpected_token());
            }
            while !input.is_exhausted() {
                alternative_text(input)?;
            }
            break;
        }
        match input.try_parse(content_text) {
            Ok(text) => texts.extend(text),
            Err(_) => image_value::image(input, &mut images)?,
        }
        count += 1;
    }
    if count == 0 {
        return Err(Failure::unexpected_token());
    }
    Ok(Content::List {
        texts: texts.into(),
        images: images.into(),
    })
}

fn content_text(input: &mut Parser<'_>) -> Result<Option<ContentText>, Failure> {
    let name = match input.next()? {
        Token::QuotedString(text) => return Ok(Some(ContentText::Text((&**text).into()))),
        Token::Ident(name) => {
            return match name.to_ascii_lowercase().as_str() {
                "open-quote" => Ok(Some(ContentText::OpenQuote)),
                "close-quote" => Ok(Some(ContentText::CloseQuote)),
                "no-open-quote" | "no-close-quote" => Ok(None),
                _ => Err(Failure::unexpected_token()),
            };
        }
        Token::Function(name) => name.to_ascii_lowercase(),
        _ => return Err(Failure::unexpected_token()),
    };
    input.parse_nested_block(|input| {
        let text = match name.as_str() {
            "attr" => {
                let name = input.expect_ident()?;
                ContentText::Attribute(name.to_ascii_lowercase().into())
            }
            "counter" | "counters" => {
                input.expect_ident()?;
                let mut separator = "".into();
                if name == "counters" {
                    input.expect_comma()?;
                    separator = (&**input.expect_string()?).into();
                }
                let mut style = "decimal".into();
                if input.try_parse(Parser::expect_comma).is_ok() {
                    style = match list_style_type(input)? {
                        ListStyleType::None => "none".into(),
                        ListStyleType::Counter(name) | ListStyleType::Text(name) => name,
                    };
                }
                input.expect_exhausted()?;
                ContentText::Counter { separator, style }
            }
            _ => return Err(Failure::unexpected_token()),
        };
        // Types and fallbacks of attr().
        input.expect_no_error_token()?;
        Ok(Some(text))
    })
}

fn alternative_text(input: &mut Parser<'_>) -> Result<(), Failure> {
    match content_text(input)? {
        Some(ContentText::OpenQuote | ContentText::CloseQuote) | None => {
            Err(Failure::unexpected_token())
        }
        Some(_) => Ok(()),
    }
}

//! The values of `list-style` and `list-style-type` (CSS Lists 3 §3).
//!
//! In: the tokens of one value. Out: the style of the markers and their image, or that the declaration is invalid. The
//! arguments of `symbols()` are not checked.

use cssparser::{Parser, Token};

use super::component::{content, keyword};
use super::image_value;
use super::property::Longhand;
use super::value::{ListStyleType, Value};
use crate::css::Failure;

/// `list-style-type`
pub(super) fn list_style_type(input: &mut Parser<'_>) -> Result<ListStyleType, Failure> {
    Ok(match input.next()? {
        Token::QuotedString(text) => ListStyleType::Text((&**text).into()),
        Token::Ident(name) if name.eq_ignore_ascii_case("none") => ListStyleType::None,
        Token::Ident(name) => ListStyleType::Counter((&**name).into()),
        Token::Function(name) if name.eq_ignore_ascii_case("symbols") => {
            content(input)?;
            ListStyleType::Counter("symbols".into())
        }
        _ => return Err(Failure::unexpected_token()),
    })
}

/// `list-style`. `none` counts for the type or the image, whichever is not given.
pub(super) fn list_style(input: &mut Parser<'_>) -> Result<Vec<(Longhand, Value)>, Failure> {
    let (mut nones, mut positions) = (0, 0);
    let mut image = None;
    let mut kind = None;
    while !input.is_exhausted() {
        if keyword(input, &["none"]) {
            nones += 1;
        } else if keyword(input, &["inside", "outside"]) {
            positions += 1;
        } else if kind.is_none()
            && let Ok(found) = input.try_parse(list_style_type)
        {
            kind = Some(found);
        } else if image.is_none() {
            let mut found = Vec::new();
            image_value::image(input, &mut found)?;
            image = Some(found);
        } else {
            return Err(Failure::unexpected_token());
        }
    }
    let given = usize::from(image.is_some()) + usize::from(kind.is_some());
    if nones + given > 2 || positions > 1 || nones + given + positions == 0 {
        return Err(Failure::unexpected_token());
    }
    let kind = kind.unwrap_or_else(|| {
        if nones > 0 {
            ListStyleType::None
        } else {
            ListStyleType::Counter("disc".into())
        }
    });
    Ok(vec![
        (Longhand::ListStyleType, Value::ListStyleType(kind)),
        (
            Longhand::ListStyleImage,
            Value::Images(image.unwrap_or_default().into()),
        ),
    ])
}

//! The natural sizes of a site's images, read from the heads of their files.
//!
//! In: a file. Out: its width and height in image pixels, or nothing if it is no image that browsers show. Formats are
//! told by content, as browsers do (MIME Sniffing §6.1), SVG by its extension. Of SVG the `width`, `height` and `viewBox`
//! of the root element are read (SVG 2 §8.12); a percentage is none. Left out: the orientation of EXIF, which swaps the
//! sides and leaves the area, and compressed SVG. Each file is read once per site, and never more than its head.

use std::fs::File;
use std::io::Read;
use std::sync::OnceLock;

use super::{FileId, Site, extension};

/// The head of most images.
const HEAD: u64 = 16 << 10;

/// What is read where colour profiles and thumbnails come before the size.
const LONG_HEAD: u64 = 512 << 10;

/// How large an image is by itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct NaturalSize {
    /// In image pixels; of an SVG image without a width, nothing.
    pub(crate) width: Option<f32>,
    pub(crate) height: Option<f32>,
    /// Width over height.
    pub(crate) ratio: Option<f32>,
}

impl NaturalSize {
    /// The size of a bitmap.
    pub(crate) fn of_bitmap(width: f32, height: f32) -> Self {
        Self {
            width: Some(width),
            height: Some(height),
            ratio: (height > 0.0).then(|| width / height),
        }
    }
}

/// The sizes that were asked for, by file.
#[derive(Debug)]
pub(crate) struct ImageSizes(Box<[OnceLock<Option<NaturalSize>>]>);

impl ImageSizes {
    /// Room for all files of a site.
    pub(crate) fn new(site: &Site) -> Self {
        Self((0..site.file_count()).map(|_| OnceLock::new()).collect())
    }

    /// The natural size of an image file; `None` if it cannot be told.
    pub(crate) fn of(&self, site: &Site, file: FileId) -> Option<NaturalSize> {
        *self.0.get(file.index())?.get_or_init(|| read(site, file))
    }
}

fn read(site: &Site, file: FileId) -> Option<NaturalSize> {
    let path = site.location(file);
    let head = |length| {
        let mut head = Vec::new();
        File::open(&path)
            .ok()?
            .take(length)
            .read_to_end(&mut head)
            .ok()
            .map(|_| head)
    };
    if extension(&site.files.get(file.index())?.path).eq_ignore_ascii_case(b"svg") {
        return svg(&head(LONG_HEAD)?);
    }
    bitmap(&head(HEAD)?).or_else(|| {
        (site.size(file) > HEAD)
            .then(|| bitmap(&head(LONG_HEAD)?))
            .flatten()
    })
}

/// The size that the head of a file tells.
pub(crate) fn bitmap(head: &[u8]) -> Option<NaturalSize> {
    let size = imagesize::blob_size(head).ok()?;
    let side = |pixels: usize| u32::try_from(pixels).ok().filter(|side| *side > 0);
    let (width, height) = (side(size.width)?, side(size.height)?);
    Some(NaturalSize::of_bitmap(width as f32, height as f32))
}

/// The size that the root element of an SVG file tells.
pub(crate) fn svg(head: &[u8]) -> Option<NaturalSize> {
    let text = String::from_utf8_lossy(head);
    let tag = root_tag(&text)?;
    let width = attribute(tag, "width").and_then(length);
    let height = attribute(tag, "height").and_then(length);
    let view_box = attribute(tag, "viewBox").and_then(|value| {
        let mut numbers = value
            .split([' ', '\t', '\n', '\r', ','])
            .filter(|part| !part.is_empty());
        let width: f32 = numbers.nth(2)?.parse().ok()?;
        let height: f32 = numbers.next()?.parse().ok()?;
        (width > 0.0 && height > 0.0).then(|| width / height)
    });
    Some(NaturalSize {
        width,
        height,
        ratio: width
            .zip(height)
            .map(|(width, height)| width / height)
            .or(view_box),
    })
}

/// The start tag of the root without its name; comments and declarations before it are passed over.
fn root_tag(text: &str) -> Option<&str> {
    let mut rest = text;
    loop {
        let (_, from) = rest.split_once('<')?;
        if let Some(comment) = from.strip_prefix("!--") {
            rest = comment.split_once("-->")?.1;
        } else if let Some(tag) = from.strip_prefix("svg")
            && tag.starts_with(|c: char| c.is_ascii_whitespace() || c == '>' || c == '/')
        {
            let mut quote = None;
            let end = tag.find(|c: char| match quote {
                Some(open) => {
                    if c == open {
                        quote = None;
                    }
                    false
                }
                None if c == '"' || c == '\'' => {
                    quote = Some(c);
                    false
                }
                None => c == '>',
            });
            return end.and_then(|end| tag.get(..end));
        } else {
            rest = from;
        }
    }
}

fn attribute<'t>(tag: &'t str, wanted: &str) -> Option<&'t str> {
    let mut rest = tag;
    loop {
        let (name, from) = rest.split_once('=')?;
        let from = from.trim_ascii_start();
        let quote = from.chars().next().filter(|c| ['"', '\''].contains(c))?;
        let (value, after) = from.get(1..)?.split_once(quote)?;
        if name.trim_ascii() == wanted {
            return Some(value);
        }
        rest = after;
    }
}

/// A positive length in CSS pixels.
fn length(value: &str) -> Option<f32> {
    let value = value.trim_ascii();
    let end = value
        .find(|c: char| c.is_ascii_alphabetic() && c != 'e' || c == '%')
        .unwrap_or(value.len());
    let (number, unit) = value.split_at(end);
    let scale = match unit {
        "" | "px" => 1.0,
        "pt" => 96.0 / 72.0,
        "pc" => 16.0,
        "in" => 96.0,
        "cm" => 96.0 / 2.54,
        "mm" => 96.0 / 25.4,
        "em" | "rem" => 16.0,
        _ => return None,
    };
    let pixels = number.trim_ascii().parse::<f32>().ok()? * scale;
    (pixels.is_finite() && pixels > 0.0).then_some(pixels)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x02\x80\0\0\x01\x68\x08\x06\0\0\0";
    const GIF: &[u8] = b"GIF89a\x40\x01\xc8\0\x80\0\0";
    const JPEG: &[u8] =
        b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0\xff\xc0\0\x11\x08\0\x64\0\xc8\x03";
    const WEBP: &[u8] = b"RIFF\x24\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\x77\x05\0\xbb\x02\0\0\0\0\0";
    const ICO: &[u8] = b"\0\0\x01\0\x01\0\x20\x20\0\0\x01\0\x20\0\0\0\0\0\x16\0\0\0";

    #[test]
    fn bitmaps_tell_their_size_in_their_head() {
        for (head, expected) in [
            (PNG, Some((640.0, 360.0))),
            (GIF, Some((320.0, 200.0))),
            (JPEG, Some((200.0, 100.0))),
            (WEBP, Some((1400.0, 700.0))),
            (ICO, Some((32.0, 32.0))),
            (b"not an image", None),
            (b"", None),
        ] {
            let found = bitmap(head).and_then(|size| size.width.zip(size.height));
            assert_eq!(found, expected, "{head:?}");
        }
    }

    #[test]
    fn svg_images_tell_what_their_root_says() {
        let size = |width, height, ratio| {
            Some(NaturalSize {
                width,
                height,
                ratio,
            })
        };
        for (text, expected) in [
            (
                "<svg width='70' height=\"50px\"/>",
                size(Some(70.0), Some(50.0), Some(1.4)),
            ),
            (
                "<?xml version=\"1.0\"?><!-- <svg width='1'> --><svg viewBox='0 0 30 10'>",
                size(None, None, Some(3.0)),
            ),
            (
                "<svg width=\"100%\" height='1in' viewBox='0,0,2,1'>",
                size(None, Some(96.0), Some(2.0)),
            ),
            ("<svg data-x='>' width = '8'>", size(Some(8.0), None, None)),
            ("<svg>", size(None, None, None)),
            ("<svgs width='3'>", None),
            ("<html><body>", None),
            ("<svg width='3'", None),
        ] {
            assert_eq!(svg(text.as_bytes()), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_head_makes_it_panic(
            start in prop::sample::select(vec![PNG, GIF, JPEG, WEBP, ICO, b"BM", b"\0\0\0\x18ftypavif", b"<svg "]),
            at in 0usize..40,
            noise in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            let mut head = start.get(..at.min(start.len())).unwrap_or_default().to_vec();
            head.extend(noise);
            bitmap(&head);
            svg(&head);
        }
    }
}

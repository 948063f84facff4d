//! gzip as a server makes it of a file that lies there uncompressed (RFC 1952).
//!
//! In: a file's path and length, or its content. Out: whether it is worth compressing, and the compressed bytes, at the
//! default level. What assets are weighed by ([`Weight`](crate::Weight)) and what `pushgen serve` sends is the same.
//!
//! A document can be divided: what comes before a place in it is flushed (zlib's `Z_SYNC_FLUSH`), so that who has the
//! compressed bytes up to there can read the document up to there. Left out: keeping what was made.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::site::extension;

/// Below this length compression is not worth its header; servers have a like threshold.
const MIN_LENGTH: u64 = 150;

/// What was made of a content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compressed {
    /// All of it.
    pub bytes: Vec<u8>,
    /// How many of the bytes hold what comes before the place of division.
    pub head: Option<usize>,
}

/// Whether a server compresses a file of this path and length: it is text, or carries no compression of its own, and
/// is not too short.
#[must_use]
pub fn is_compressed(path: &[u8], length: u64) -> bool {
    length >= MIN_LENGTH && is_compressible(path)
}

/// Compresses a content, divided if a place for that is given. A place at its end or beyond divides nothing, since all of
/// it is the head, nor does one at its start.
///
/// # Errors
/// None that is known: what is written to is memory.
pub fn compress(content: &[u8], divided_at: Option<usize>) -> io::Result<Compressed> {
    let mut encoder = encoder(Vec::with_capacity(content.len() / 3));
    let (head, rest) = divided_at
        .and_then(|at| content.split_at_checked(at))
        .filter(|(_, rest)| !rest.is_empty())
        .unwrap_or((&[], content));
    let is_divided = rest.len() < content.len();
    let mut head_length = None;
    if is_divided {
        encoder.write_all(head)?;
        encoder.flush()?;
        head_length = Some(encoder.get_ref().len());
    }
    encoder.write_all(rest)?;
    let mut bytes = encoder.finish()?;
    bytes.shrink_to_fit();
    let head = divided_at.map(|at| match at {
        0 => 0,
        _ => head_length.unwrap_or(bytes.len()),
    });
    Ok(Compressed { bytes, head })
}

/// The length of a content once it is compressed.
pub(crate) fn compressed_length(content: &[u8]) -> u64 {
    let mut encoder = encoder(Count(0));
    // Writing to a counter cannot fail; if it ever did, the asset would count with what was seen.
    let _ = encoder.write_all(content);
    encoder
        .finish()
        .map_or(content.len() as u64, |count| count.0)
}

fn encoder<W: Write>(to: W) -> GzEncoder<W> {
    GzEncoder::new(to, Compression::default())
}

/// Whether a file has a format that is text, or that carries no compression of its own.
pub(crate) fn is_compressible(path: &[u8]) -> bool {
    const KNOWN: [&[u8]; 19] = [
        b"css",
        b"js",
        b"mjs",
        b"json",
        b"map",
        b"svg",
        b"txt",
        b"xml",
        b"html",
        b"htm",
        b"xhtml",
        b"webmanifest",
        b"wasm",
        b"ttf",
        b"otf",
        b"eot",
        b"ico",
        b"bmp",
        b"vtt",
    ];
    let extension = extension(path);
    KNOWN
        .iter()
        .any(|known| extension.eq_ignore_ascii_case(known))
}

/// Counts what is written to it.
struct Count(u64);

impl Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::GzDecoder;
    use proptest::prelude::*;

    use super::*;

    /// What can be read of the start of a stream.
    fn readable(coded: &[u8]) -> Vec<u8> {
        let mut content = Vec::new();
        // A stream that is cut off ends with an error, after all that was in it.
        let _ = GzDecoder::new(coded).read_to_end(&mut content);
        content
    }

    #[test]
    fn text_that_is_not_too_short_is_compressed() {
        for (path, length, expected) in [
            ("index.html", 150, true),
            ("a/B.CSS", 1 << 30, true),
            ("font.ttf", 10_000, true),
            ("index.html", 149, false),
            ("font.woff2", 10_000, false),
            ("photo.jpg", 10_000, false),
            ("a.css.br", 10_000, false),
            ("a.css/noextension", 10_000, false),
            (".css", 10_000, false),
            ("", 10_000, false),
        ] {
            assert_eq!(is_compressed(path.as_bytes(), length), expected, "{path}");
        }
    }

    #[test]
    fn the_length_is_that_of_what_is_made() {
        for content in [&b""[..], b"abc", &[b'x'; 100_000]] {
            let made = compress(content, None).expect("memory");
            assert_eq!(compressed_length(content), made.bytes.len() as u64);
            assert_eq!(made.head, None);
        }
    }

    #[test]
    fn a_division_at_either_end_is_none() {
        let content = "<p>one</p>".repeat(50);
        let undivided = compress(content.as_bytes(), None).expect("memory").bytes;
        for at in [content.len(), content.len() + 1, usize::MAX] {
            let made = compress(content.as_bytes(), Some(at)).expect("memory");
            assert_eq!(made.head, Some(undivided.len()));
            assert_eq!(made.bytes, undivided);
        }
        // And one at the start nothing before the rest.
        let made = compress(content.as_bytes(), Some(0)).expect("memory");
        assert_eq!((made.head, made.bytes), (Some(0), undivided));
    }

    proptest! {
        #[test]
        fn a_head_can_be_read_by_itself(
            words in prop::collection::vec("[a-z<>/ ]{1,8}", 1..400),
            times in 1usize..60,
            place in 0.0..1.0f64,
        ) {
            let content = words.concat().repeat(times).into_bytes();
            let at = (content.len() as f64 * place) as usize;
            let made = compress(&content, Some(at)).expect("memory");
            let head = made.head.expect("a head");
            prop_assert_eq!(readable(&made.bytes[..head]), &content[..at]);
            prop_assert_eq!(readable(&made.bytes), &content[..]);
        }
    }
}

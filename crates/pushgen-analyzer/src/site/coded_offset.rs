//! Where a place in a document is once the document is coded.
//!
//! In: a document with precompressed siblings, and an offset in its own bytes. Out: for each content-coding how many
//! coded bytes yield as many. A stream is decoded piece by piece until that many have come out, so the answer is right to
//! within [`PIECE`]. Left out: `zstd`, and what cannot be decoded; the server then chooses.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::rc::Rc;

use brotli_decompressor::Decompressor;
use flate2::read::MultiGzDecoder;
use pushgen_policy::Coding;

use super::{FileId, Site};

/// Coded bytes that a decoder is given at a time.
const PIECE: usize = 128;

impl Site {
    /// The offset `at` of a document in each coding that it is there in.
    pub(crate) fn coded_offsets(&self, page: FileId, at: u64) -> BTreeMap<Coding, u64> {
        let at = at.clamp(1, self.size(page).max(1));
        let mut offsets = BTreeMap::from([(Coding::Identity, at)]);
        for (coding, _) in self.encodings.get(&page).into_iter().flatten() {
            let coded = self.read_sibling(page, *coding);
            let offset = coded.and_then(|coded| match coding {
                Coding::Gzip => offset_in(&coded, at, MultiGzDecoder::new),
                Coding::Br => offset_in(&coded, at, |pieces| Decompressor::new(pieces, PIECE)),
                _ => None,
            });
            offsets.extend(offset.map(|offset| (*coding, offset)));
        }
        offsets
    }
}

/// How many bytes of `coded` a decoder takes until `wanted` have come out.
fn offset_in<'c, D: Read>(
    coded: &'c [u8],
    wanted: u64,
    decoder: impl FnOnce(Pieces<'c>) -> D,
) -> Option<u64> {
    let taken = Rc::new(Cell::new(0));
    let pieces = Pieces {
        coded,
        taken: Rc::clone(&taken),
    };
    let mut decoded = decoder(pieces).take(wanted);
    let read = io::copy(&mut decoded, &mut io::sink()).ok()?;
    (read == wanted).then(|| taken.get())
}

/// Coded bytes in small pieces, with the number that was taken.
struct Pieces<'c> {
    coded: &'c [u8],
    taken: Rc<Cell<u64>>,
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let room = buffer.len().min(PIECE);
        let read = self
            .coded
            .read(buffer.get_mut(..room).unwrap_or_default())?;
        self.taken.set(self.taken.get() + read as u64);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;
    use crate::site::SiteOptions;

    /// An uncompressed Brotli stream (RFC 7932 §9.2): a window of 16 bits, one meta-block of bytes as they are, the end.
    fn brotli(content: &[u8]) -> Vec<u8> {
        let length = u32::try_from(content.len() - 1).expect("a short text");
        // WBITS 0, ISLAST 0, MNIBBLES 0 for four of them, MLEN - 1, ISUNCOMPRESSED 1.
        let header = (length << 4) | (1 << 20);
        let mut coded = header.to_le_bytes()[..3].to_vec();
        coded.extend_from_slice(content);
        coded.push(3);
        coded
    }

    #[test]
    fn an_offset_is_found_in_every_coding() {
        let folder = tempfile::tempdir().expect("a folder");
        let text: String = (0..4000)
            .map(|n| format!("<p>{}", n * 7919 % 1000))
            .collect();
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text.as_bytes()).expect("memory");
        let gzip = encoder.finish().expect("memory");
        let write = |name: &str, content: &[u8]| {
            fs::write(folder.path().join(name), content).expect("a file");
        };
        write("index.html", text.as_bytes());
        write("index.html.gz", &gzip);
        write("index.html.br", &brotli(text.as_bytes()));
        write("index.html.zst", b"not looked at");
        write("broken.html", text.as_bytes());
        write("broken.html.gz", b"\x1f\x8bno gzip");
        let site = Site::load(folder.path(), &SiteOptions::default()).expect("a site");
        let offsets = |page, at| site.coded_offsets(site.page(page).expect("a page"), at);
        for at in [1, 100, 5_000, text.len() as u64] {
            let found = offsets("/", at);
            let codings: Vec<Coding> = found.keys().copied().collect();
            assert_eq!(codings, [Coding::Br, Coding::Gzip, Coding::Identity]);
            assert_eq!(found[&Coding::Identity], at);
            let piece = PIECE as u64;
            assert!(
                (at..=at + 2 * piece).contains(&found[&Coding::Br]),
                "{found:?}"
            );
            let needed = found[&Coding::Gzip] as usize;
            let mut decoded = Vec::new();
            // What is cut off is no error before it is asked for.
            let _ = MultiGzDecoder::new(&gzip[..needed]).read_to_end(&mut decoded);
            assert!(decoded.len() as u64 >= at, "{at}: {}", decoded.len());
            let share = at * gzip.len() as u64 / text.len() as u64;
            assert!(found[&Coding::Gzip] <= share * 2 + 1_000, "{at}: {found:?}");
        }
        let none = BTreeMap::from([(Coding::Identity, text.len() as u64)]);
        assert_eq!(offsets("/broken.html", u64::MAX), none);
    }
}

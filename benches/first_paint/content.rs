//! Content of a given size: text, style sheets, scripts, images, fonts.
//!
//! In: a seed and sizes. Out: bytes, the same for the same seed.

/// A font that browsers take; WOFF2 lets anybody add private data at its end.
const FONT: &[u8] = include_bytes!("../../fixtures/demo/dist/fonts/inter-display-600.woff2");

/// A source of numbers: SplitMix64.
pub(crate) struct Noise(pub(crate) u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| (self.next() >> 40) as u8).collect()
    }

    /// Letters and digits.
    fn word(&mut self, length: usize) -> String {
        const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
        let letter = |noise: &mut Self| char::from(LETTERS[noise.next() as usize % LETTERS.len()]);
        (0..length).map(|_| letter(self)).collect()
    }

    /// A paragraph of about so many bytes, a fifth of them noise: gzip leaves about as much of it as of a typical document.
    pub(crate) fn paragraph(&mut self, bytes: usize) -> String {
        const PHRASE: &str = "and so it goes on from one line of this text to the next, ";
        let mut text = "<p>".to_owned();
        while text.len() < bytes / 5 {
            let length = 2 + self.next() as usize % 8;
            text.push_str(&self.word(length));
            text.push(' ');
        }
        while text.len() + 6 < bytes {
            let left = bytes - 6 - text.len();
            text.push_str(&PHRASE[..left.min(PHRASE.len())]);
        }
        text + "</p>\n"
    }

    /// A style sheet that begins with `head`.
    pub(crate) fn sheet(&mut self, bytes: usize, head: &str) -> Vec<u8> {
        let mut text = format!("{head}body{{margin:20px;color:#123}}h1{{color:#124}}\n");
        while text.len() + 90 < bytes {
            let (one, other) = (self.word(12), self.word(9));
            let (margin, colour) = (self.next() % 90, self.next() % 0x1_000_000);
            text.push_str(&format!(
                ".{one} .{other}{{margin:{margin}px;color:#{colour:06x}}}\n"
            ));
        }
        self.fill(text, bytes)
    }

    /// A script between `head` and `tail`.
    pub(crate) fn script(&mut self, bytes: usize, head: &str, tail: &str) -> Vec<u8> {
        let mut text = head.to_owned();
        while text.len() + tail.len() + 110 < bytes {
            let (one, other) = (self.word(11), self.word(16));
            let number = self.next() % 100_000;
            text.push_str(&format!(
                "function f{one}(a,b){{var c=a*{number}+b;return c>3?c:'{other}'}}\n"
            ));
        }
        text.push_str(tail);
        self.fill(text, bytes)
    }

    /// Fills up with a comment.
    fn fill(&mut self, mut text: String, bytes: usize) -> Vec<u8> {
        let left = bytes.saturating_sub(text.len() + 4);
        text.push_str(&format!("/*{}*/", self.word(left)));
        text.into_bytes()
    }

    /// A PNG of this many pixels and about so many bytes: noise for as long as there are bytes for it, then grey.
    pub(crate) fn png(&mut self, bytes: usize, width: usize, height: usize) -> Vec<u8> {
        let row = width * 3;
        let mut left = bytes;
        let mut pixels = Vec::with_capacity((row + 1) * height);
        for _ in 0..height {
            let noise = left.min(row);
            left -= noise;
            pixels.push(0);
            pixels.extend(self.bytes(noise));
            pixels.resize(pixels.len() + row - noise, 140);
        }
        let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
        let mut header = [width, height]
            .map(|side| (side as u32).to_be_bytes())
            .concat();
        header.extend([8, 2, 0, 0, 0]);
        chunk(&mut png, b"IHDR", &header);
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        let packed =
            std::io::Write::write_all(&mut encoder, &pixels).and_then(|()| encoder.finish());
        chunk(&mut png, b"IDAT", &packed.expect("memory takes all"));
        chunk(&mut png, b"IEND", &[]);
        png
    }

    /// A font of so many bytes (WOFF 2.0, section 4).
    pub(crate) fn font(&mut self, bytes: usize) -> Vec<u8> {
        let mut font = FONT.to_vec();
        font.resize(font.len().next_multiple_of(4), 0);
        let (at, private) = (font.len(), bytes.saturating_sub(font.len()));
        font.extend(self.bytes(private));
        let length = font.len();
        for (field, value) in [(8, length), (40, at), (44, private)] {
            font[field..field + 4].copy_from_slice(&(value as u32).to_be_bytes());
        }
        font
    }
}

fn chunk(png: &mut Vec<u8>, name: &[u8; 4], data: &[u8]) {
    png.extend((data.len() as u32).to_be_bytes());
    png.extend(name);
    png.extend(data);
    let mut crc = flate2::Crc::new();
    crc.update(name);
    crc.update(data);
    png.extend(crc.sum().to_be_bytes());
}

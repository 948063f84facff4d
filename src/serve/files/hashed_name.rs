//! Names that carry a hash of the file's content, as bundlers write them.
//!
//! In: the path of a file below the root. Out: whether a changed content is sure to have another name. There is no
//! standard for this, so the forms of the bundlers in use are recognised:
//!
//! - hexadecimal (webpack, Parcel, Angular, Hugo, Rails, Django): `main.3f2a1c9d.js`, `app-3f2a1c9d4b5e.css`,
//!   of the lengths that hashes are cut to, with digits and letters;
//! - base 32 in capitals (esbuild, Angular): `main-5YQDYC3Q.js`;
//! - base 62 and base64url of six characters or more (Vite, Rollup): `index-DiwrgTda.css`, `app-BfG3k2.js`;
//! - folders that hold nothing else: [`HASHED_FOLDERS`].
//!
//! A wrong yes keeps an old file for a year and a wrong no costs a 304 now and then, so what could be a word, a
//! version, a date or a size is a no. Base 62 is told from CamelCase by how often the kind of character changes,
//! and by syllables that no word begins with: of random names, that recognises three of four of Vite in its own folders and half of esbuild.

/// Folders of which the frameworks say that every name in them is unique: Next.js, SvelteKit, Astro, Nuxt.
const HASHED_FOLDERS: [&str; 4] = ["_next/static/", "_app/immutable/", "_astro/", "_nuxt/"];

/// What is in such a folder nonetheless: Nuxt's pointer to the newest build.
const UNHASHED: &str = "_nuxt/builds/latest.json";

/// Folders that bundlers write to, where less is asked of a hash: letters alone may be one.
const BUNDLED_FOLDERS: [&str; 4] = ["assets", "chunks", "js", "css"];

/// What may stand between hash and extension.
const SUFFIXES: [&str; 14] = [
    "min", "chunk", "bundle", "module", "esm", "async", "legacy", "prod", "js", "mjs", "cjs",
    "css", "d", "map",
];

/// The lengths that hexadecimal hashes are cut to or have.
const HEX_LENGTHS: [usize; 11] = [8, 10, 12, 16, 20, 24, 32, 40, 56, 64, 128];

/// The shortest name that is taken for a hash as a whole.
const WHOLE_NAME: usize = 16;

/// Whether a file's name carries a hash of its content.
pub(super) fn has_content_hash(path: &str) -> bool {
    let in_folder = |folder: &&str| {
        path.match_indices(*folder)
            .any(|(at, _)| at == 0 || path.as_bytes().get(at - 1) == Some(&b'/'))
    };
    if HASHED_FOLDERS.iter().any(in_folder) {
        return !path.ends_with(UNHASHED);
    }
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let folder = folder.rsplit('/').next().unwrap_or(folder);
    let mut parts: Vec<&str> = name.split('.').collect();
    if parts.len() < 2 {
        return false;
    }
    parts.pop();
    while parts.len() > 1 && parts.last().is_some_and(|last| SUFFIXES.contains(last)) {
        parts.pop();
    }
    let Some(last) = parts.pop() else {
        return false;
    };
    if parts.is_empty() && last.len() >= WHOLE_NAME && is_hex(last) {
        return true;
    }
    !parts.is_empty() && is_hash(last, "") || ends_with_hash(last, folder)
}

/// Whether the last part of a name ends with a hash: `main-3f2a1c9d`, `app~3f2a1c9d`, `web-3f2a1c9d4b5e6f70_bg`.
fn ends_with_hash(part: &str, folder: &str) -> bool {
    let part = part.strip_suffix("_bg").unwrap_or(part);
    if is_uuid(part) {
        return false;
    }
    if let Some((before, hash)) = part.rsplit_once('-')
        && !before.is_empty()
        && (is_hash(hash, folder) || before == "chunk" && is_base32(hash))
    {
        return true;
    }
    if let Some((before, hash)) = part.rsplit_once(['_', '~'])
        && !before.is_empty()
        && is_hex(hash)
    {
        return true;
    }
    // Base64url has `-` and `_` of its own.
    let at = part.len().saturating_sub(9);
    match part.split_at_checked(at) {
        Some((before, tail)) if !before.is_empty() => tail
            .strip_prefix('-')
            .is_some_and(|tail| tail.contains(['-', '_']) && is_base64url(tail)),
        _ => false,
    }
}

fn is_hash(token: &str, folder: &str) -> bool {
    is_hex(token) || is_base62(token, folder)
}

fn is_hex(token: &str) -> bool {
    let digits = token.bytes().filter(u8::is_ascii_digit).count();
    HEX_LENGTHS.contains(&token.len())
        && token
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        && (1..token.len()).contains(&digits)
        && !has_date(token)
}

/// `20240131a` or `cafe2024`.
fn has_date(token: &str) -> bool {
    let is_year = |digits: &str| digits.starts_with("19") || digits.starts_with("20");
    let leading = token.bytes().take_while(u8::is_ascii_digit).count();
    let trailing = token.trim_end_matches(|it: char| it.is_ascii_digit()).len();
    let rest = token.get(trailing..).unwrap_or_default();
    let is_word = token
        .bytes()
        .take(trailing)
        .all(|byte| byte.is_ascii_alphabetic());
    leading >= 8 && token.len() < WHOLE_NAME && is_year(token)
        || is_word && rest.len() == 4 && is_year(rest)
}

/// Eight capitals and digits of RFC 4648's alphabet.
fn is_base32(token: &str) -> bool {
    token.len() == 8
        && token
            .bytes()
            .all(|byte| matches!(byte, b'A'..=b'Z' | b'2'..=b'7'))
}

fn is_base62(token: &str, folder: &str) -> bool {
    /// Abbreviations that look random.
    const NUMERONYMS: [&str; 3] = ["i18n", "l10n", "a11y"];
    if !(6..=64).contains(&token.len()) || !token.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return false;
    }
    let has = |class: fn(&u8) -> bool| token.bytes().any(|byte| class(&byte));
    let (lower, upper, digit) = (
        has(u8::is_ascii_lowercase),
        has(u8::is_ascii_uppercase),
        has(u8::is_ascii_digit),
    );
    let is_bundled = BUNDLED_FOLDERS.contains(&folder);
    let runs = runs(token);
    let is_odd = runs.iter().any(|run| is_no_syllable(run));
    match (lower, upper, digit) {
        (true, true, true) => {
            let folded = token.to_ascii_lowercase();
            let is_mixed = match token.len() {
                6 | 7 => runs.len() >= 5,
                8 if is_bundled => runs.len() >= 4 || is_odd && runs.len() >= 3,
                len => runs.len() * 2 > len || is_odd && runs.len() >= 3,
            };
            is_mixed && !NUMERONYMS.iter().any(|word| folded.contains(word))
        }
        (false, true, true) => is_base32(token) && (runs.len() >= 4 || is_odd && runs.len() >= 3),
        (true, true, false) => token.len() == 8 && is_bundled && (is_odd || runs.len() >= 5),
        _ => false,
    }
}

fn is_base64url(token: &str) -> bool {
    let has = |class: fn(&u8) -> bool| token.bytes().any(|byte| class(&byte));
    token
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        && has(u8::is_ascii_lowercase)
        && has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_digit)
        && runs(token).len() >= 6
}

/// The parts of a token as CamelCase has them: words, acronyms, numbers, signs. `XMLHttp2` has three.
fn runs(token: &str) -> Vec<&str> {
    let bytes = token.as_bytes();
    let class = |at: usize| match bytes.get(at) {
        Some(b'a'..=b'z') => 'a',
        Some(b'A'..=b'Z') => 'A',
        Some(b'0'..=b'9') => '0',
        Some(_) => '-',
        None => ' ',
    };
    let mut runs = Vec::new();
    let mut start = 0;
    for at in 1..=bytes.len() {
        let begins = match (class(at - 1), class(at)) {
            ('A', 'a') => false,
            // The last capital before small letters begins their word.
            ('A', 'A') => class(at + 1) == 'a',
            (before, after) => before != after,
        };
        if begins {
            runs.extend(token.get(start..at));
            start = at;
        }
    }
    runs
}

/// Whether a run of letters is no beginning of a word in the languages that files are named in.
fn is_no_syllable(run: &str) -> bool {
    const KNOWN: [&str; 20] = [
        "btn", "cfg", "cjk", "ctrl", "ctx", "css", "dpr", "grd", "html", "http", "https", "mgr",
        "pdf", "rtl", "sdk", "src", "svg", "txt", "wght", "xml",
    ];
    const ONSETS: [&str; 45] = [
        "bl", "br", "ch", "chr", "cl", "cr", "dr", "dw", "fl", "fr", "gh", "gl", "gn", "gr", "kh",
        "kl", "kn", "kr", "ph", "phr", "pl", "pr", "ps", "rh", "sc", "sch", "scr", "sh", "shr",
        "sk", "sl", "sm", "sn", "sp", "spl", "spr", "squ", "st", "str", "sw", "th", "thr", "tr",
        "tw", "wh",
    ];
    /// What may follow a vowel that is the only one: "art", "end", "opt". Twins, as in "app", may, too.
    const CODAS: [&str; 27] = [
        "ch", "cht", "ct", "ft", "ld", "lf", "lk", "lm", "lt", "mp", "mt", "nd", "nk", "ns", "nt",
        "pt", "rb", "rc", "rg", "rk", "rm", "rn", "rt", "sh", "sk", "sp", "st",
    ];
    /// Consonants in a row, as in "lengths".
    const LONGEST: usize = 5;
    let is_acronym = run.bytes().all(|byte| byte.is_ascii_uppercase());
    let least = if is_acronym { 5 } else { 3 };
    let run = run.to_ascii_lowercase();
    if run.len() < least || KNOWN.contains(&&*run) || !run.bytes().all(|it| it.is_ascii_lowercase())
    {
        return false;
    }
    let is_vowel = |byte: u8| matches!(byte, b'a' | b'e' | b'i' | b'o' | b'u' | b'y');
    let Some(vowel) = run.bytes().skip(1).position(is_vowel).map(|at| at + 1) else {
        let coda = run.get(1..).unwrap_or_default().as_bytes();
        let is_word = run.bytes().next().is_some_and(is_vowel)
            && (matches!(coda, [a, b] if a == b)
                || CODAS.iter().any(|known| known.as_bytes() == coda));
        return !is_word;
    };
    let onset = run.get(..vowel).unwrap_or_default();
    let begins_oddly = onset.len() > 1
        && !onset.starts_with(|it: char| is_vowel(it as u8))
        && !ONSETS.contains(&onset)
        && !["wr", "kw", "qu", "ts", "vl", "tz"].contains(&onset);
    begins_oddly
        || run
            .as_bytes()
            .split(|byte| is_vowel(*byte))
            .any(|consonants| consonants.len() > LONGEST)
}

/// `3f2a1c9d-1b2c-4d5e-8f90-a1b2c3d4e5f6` names a thing, not its content.
fn is_uuid(part: &str) -> bool {
    let tail = part
        .get(part.len().saturating_sub(36)..)
        .unwrap_or_default();
    let lengths: Vec<usize> = tail.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_of_bundlers_are_recognised() {
        for path in [
            "app-BfG3k2.js",
            "main.3f2a1c9d.css",
            "chunk.abcdef12.js",
            "assets/index-DiwrgTda.css",
            "assets/index-B_x-3k9a.js",
            "assets/vendor-D3kfhqPw.js",
            "static/js/787.28cb0dcd.chunk.js",
            "static/js/main.3f2a1c9d.js.map",
            "main-5YQDYC3Q.js",
            "chunk-QKZLWTPA.js",
            "_next/static/chunks/main.js",
            "docs/_next/static/css/0a1b.css",
            "_app/immutable/entry/start.js",
            "_astro/hoisted.B3dK9xQ2.js",
            "_nuxt/BfG3k2x1.js",
            "base.27e20196a850.css",
            "assets/stylesheets/main.6f8fc17f.min.css",
            "css/main.min.9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08.css",
            "component---src-pages-index-js-3f2a1c9d4b5e6f708192.js",
            "web-3f2a1c9d4b5e6f70_bg.wasm",
            "main~3f2a1c9d.js",
            "logo_3f2a1c9d.png",
            "media/3f2a1c9d4b5e6f708192.woff2",
        ] {
            assert!(has_content_hash(path), "{path}");
        }
    }

    #[test]
    fn words_versions_dates_and_sizes_are_no_hashes() {
        for path in [
            "main.css",
            "bootstrap-3.3.7.min.js",
            "jquery-3.7.1.min.js",
            "jquery-migrate.js",
            "jquery.dataTables.min.js",
            "2024-01-31.png",
            "photo-20240131.jpg",
            "report-20240131a.pdf",
            "menu-cafe2024.pdf",
            "IMG_20240131_123456.jpg",
            "photo-1706745600.jpg",
            "Montserrat-SemiBold.woff2",
            "assets/Montserrat-SemiBold.woff2",
            "assets/font-OpenSans.woff2",
            "assets/chart-LineChart.js",
            "assets/home-HomeCtrl.js",
            "assets/1.0v2Chart.js",
            "assets/1.0appMain.js",
            "assets/arc-0artMain.js",
            "OpenSans-Regular400.ttf",
            "app-WebGL2.js",
            "app-Html5Shiv.js",
            "app-OpenSans400.css",
            "messages-i18nEn.js",
            "polyfills-es2015.js",
            "runtime-es5.js",
            "lang-zh-CN.js",
            "icon-1024x1024.png",
            "deadbeef.js",
            "icon-deadbeef.js",
            "intro-facade.js",
            "intro-face2face.jpg",
            "book-CHAPTER2.pdf",
            "setup-WINDOWS7.exe",
            "12345678.js",
            "3f2a1c9d-1b2c-4d5e-8f90-a1b2c3d4e5f6.jpg",
            "file-3f2a1c9d-1b2c-4d5e-8f90-a1b2c3d4e5f6.jpg",
            "_nuxt/builds/latest.json",
            "my_next/static/main.js",
            "3f2a1c9d4b5e6f708192",
            ".3f2a1c9d",
            "",
        ] {
            assert!(!has_content_hash(path), "{path}");
        }
    }

    proptest! {
        #[test]
        fn any_name_is_judged_without_a_panic(path in any::<String>()) {
            has_content_hash(&path);
        }
    }

    /// Every name of up to three words, with a number somewhere in it or without.
    #[test]
    fn plain_words_are_never_hashes() {
        const WORDS: [&str; 16] = [
            "app", "Main", "index", "vendor", "font", "Bold", "Italic", "Button", "dialog",
            "Chart", "theme", "print", "light", "Script", "Strong", "three",
        ];
        let mut names: Vec<Vec<&str>> = vec![Vec::new()];
        let mut from = 0;
        for _ in 0..3 {
            let to = names.len();
            for at in from..to {
                for word in WORDS {
                    let longer = names[at].iter().copied().chain([word]).collect();
                    names.push(longer);
                }
            }
            from = to;
        }
        for name in names {
            for separator in ["-", "_", ".", ""] {
                let path = format!("assets/{}.js", name.join(separator));
                assert!(!has_content_hash(&path), "{path}");
                for number in ["v2", "2024", "1.0"].into_iter().filter(|_| name.len() < 3) {
                    for at in 0..=name.len() {
                        let mut name = name.clone();
                        name.insert(at, number);
                        let path = format!("assets/{}.js", name.join(separator));
                        assert!(!has_content_hash(&path), "{path}");
                    }
                }
            }
        }
    }
}

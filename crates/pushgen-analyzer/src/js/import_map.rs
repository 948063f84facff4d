//! Import maps: from a module specifier to the URL that is fetched.
//!
//! In: the text of `<script type=importmap>` elements with the document's base URL, then a specifier and the URL of the
//! module or script it stands in. Out: the absolute URL, or why there is none. HTML section 8.1.6
//! (parse an import map string, merge existing and new import maps, resolve a module specifier).
//!
//! Maps merge at once: the standard's resolved module set, which keeps what was already resolved from changing
//! under a later map, is left out, because the order in which modules resolve is not known here. Of two keys in one
//! map that normalise to the same URL, the standard takes the one written last; here it is the last in sorted order.

use std::collections::BTreeMap;
use std::ops::Bound;

use serde_json::{Map, Value};
use url::Url;

/// What a document's import maps say together. The default maps nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct ImportMap {
    imports: Specifiers,
    /// By serialised scope URL.
    scopes: BTreeMap<String, Specifiers>,
    /// Integrity metadata by serialised URL, as written.
    integrity: BTreeMap<String, String>,
}

/// From a normalised specifier to its address; `None` blocks the specifier.
type Specifiers = BTreeMap<String, Option<Url>>;

/// Why a specifier has no URL: a `TypeError` in the browser, and the importing module does not load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unresolved {
    #[error("a bare specifier that no import map maps")]
    Bare,
    #[error("the import map blocks this specifier")]
    Blocked,
    #[error("the specifier leads out of the directory that the import map has for it")]
    Backtracks,
}

impl ImportMap {
    /// Parses one import map. Entries that are wrong by themselves are dropped or block their specifier, with a
    /// warning as a browser's console has it; a map that is wrong as a whole has no effect, and the error says why.
    pub(crate) fn parse(json: &str, base: &Url) -> Result<(Self, Vec<String>), String> {
        let value = serde_json::from_str(json)
            .map_err(|error| format!("the import map is not JSON: {error}"))?;
        let Value::Object(mut map) = value else {
            return Err("the import map is not a JSON object".to_owned());
        };
        let mut warnings = Vec::new();
        let imports = take_object(&mut map, "imports")?;
        let scopes = take_object(&mut map, "scopes")?;
        let integrity = take_object(&mut map, "integrity")?;
        for key in map.keys() {
            warnings.push(format!("unknown member {} in the import map", quoted(key)));
        }

        let imports = specifiers(imports, base, &mut warnings);
        let mut by_scope = BTreeMap::new();
        for (prefix, value) in scopes {
            let Value::Object(entries) = value else {
                return Err(format!(
                    "scope {} of the import map is not a JSON object",
                    quoted(&prefix)
                ));
            };
            match base.join(&prefix) {
                Ok(scope) => {
                    let entries = specifiers(entries, base, &mut warnings);
                    by_scope.insert(String::from(scope), entries);
                }
                Err(_) => warnings.push(format!("scope {} is no URL", quoted(&prefix))),
            }
        }
        let mut metadata = BTreeMap::new();
        for (key, value) in integrity {
            match (url_like(&key, base), value) {
                (None, _) => warnings.push(format!("integrity key {} is no URL", quoted(&key))),
                (Some(_), value) if !value.is_string() => {
                    warnings.push(format!("the integrity of {} is no string", quoted(&key)));
                }
                (Some(url), value) => {
                    let text = value.as_str().unwrap_or_default();
                    metadata.insert(String::from(url), text.to_owned());
                }
            }
        }
        if let Some(more) = warnings
            .len()
            .checked_sub(MAX_WARNINGS)
            .filter(|&it| it > 0)
        {
            warnings.truncate(MAX_WARNINGS);
            warnings.push(format!("and {more} more of these"));
        }
        let map = Self {
            imports,
            scopes: by_scope,
            integrity: metadata,
        };
        Ok((map, warnings))
    }

    /// Adds a later map of the same document. Where both have an entry, the earlier one stays.
    pub(crate) fn merge(&mut self, later: Self) {
        add_missing(&mut self.imports, later.imports);
        for (scope, entries) in later.scopes {
            add_missing(self.scopes.entry(scope).or_default(), entries);
        }
        add_missing(&mut self.integrity, later.integrity);
    }

    /// The URL that a specifier stands for in the module, script or document with the URL `importer`.
    pub(crate) fn resolve(&self, specifier: &str, importer: &Url) -> Result<Url, Unresolved> {
        let as_url = url_like(specifier, importer);
        let normalised = as_url.as_ref().map_or(specifier, Url::as_str);

        let importer = importer.as_str();
        let exact = self.scopes.get(importer).into_iter();
        // A scope that ends with a slash and is the importer itself comes twice, to the same effect.
        let scopes = exact.chain(prefixes(&self.scopes, importer).map(|(_, scope)| scope));
        for scope in scopes {
            if let Some(url) = mapped(normalised, as_url.as_ref(), scope)? {
                return Ok(url);
            }
        }
        if let Some(url) = mapped(normalised, as_url.as_ref(), &self.imports)? {
            return Ok(url);
        }
        as_url.ok_or(Unresolved::Bare)
    }

    /// The integrity metadata of a module, unless its request carries its own.
    pub(crate) fn integrity(&self, url: &Url) -> Option<&str> {
        self.integrity.get(url.as_str()).map(String::as_str)
    }
}

fn take_object(map: &mut Map<String, Value>, member: &str) -> Result<Map<String, Value>, String> {
    match map.remove(member) {
        None => Ok(Map::new()),
        Some(Value::Object(object)) => Ok(object),
        Some(_) => Err(format!("`{member}` of the import map is not a JSON object")),
    }
}

/// Sort and normalise a module specifier map.
fn specifiers(entries: Map<String, Value>, base: &Url, warnings: &mut Vec<String>) -> Specifiers {
    let mut normalised = Specifiers::new();
    for (key, value) in entries {
        if key.is_empty() {
            warnings.push("the empty string is no specifier".to_owned());
            continue;
        }
        let specifier = url_like(&key, base).map_or_else(|| key.clone(), String::from);
        let address = address(&key, &value, base).unwrap_or_else(|warning| {
            warnings.push(warning);
            None
        });
        normalised.insert(specifier, address);
    }
    normalised
}

/// The address of an entry, `null` being no address on purpose.
fn address(key: &str, value: &Value, base: &Url) -> Result<Option<Url>, String> {
    let text = match value {
        Value::Null => return Ok(None),
        Value::String(text) => text,
        _ => return Err(format!("the address of {} is no string", quoted(key))),
    };
    let Some(url) = url_like(text, base) else {
        let (text, key) = (quoted(text), quoted(key));
        return Err(format!(
            "the address {text} of {key} is no URL; a path begins with /, ./ or ../"
        ));
    };
    if key.ends_with('/') && !url.as_str().ends_with('/') {
        let (text, key) = (quoted(text), quoted(key));
        return Err(format!(
            "the address {text} of {key} does not end with / as its key does"
        ));
    }
    Ok(Some(url))
}

fn add_missing<V>(entries: &mut BTreeMap<String, V>, later: BTreeMap<String, V>) {
    for (key, value) in later {
        entries.entry(key).or_insert(value);
    }
}

/// Resolve an imports match.
fn mapped(
    normalised: &str,
    as_url: Option<&Url>,
    entries: &Specifiers,
) -> Result<Option<Url>, Unresolved> {
    if let Some(address) = entries.get(normalised) {
        return address.clone().map(Some).ok_or(Unresolved::Blocked);
    }
    // Prefixes map bare specifiers and URLs whose path is a hierarchy by nature.
    if as_url.is_some_and(|url| !is_special(url)) {
        return Ok(None);
    }
    let Some((prefix, address)) = prefixes(entries, normalised).next() else {
        return Ok(None);
    };
    let Some(address) = address else {
        return Err(Unresolved::Blocked);
    };
    let rest = normalised.get(prefix.len()..).unwrap_or_default();
    let below = address
        .join(rest)
        .ok()
        .filter(|url| url.as_str().starts_with(address.as_str()));
    below.map(Some).ok_or(Unresolved::Backtracks)
}

/// The entries whose key ends with a slash and begins the text, from long to short.
///
/// In a sorted map, everything between a text and its prefix begins with that prefix, too. So the last key not
/// after the text either is the longest prefix, or says how long that can be at most.
fn prefixes<'m, V>(
    entries: &'m BTreeMap<String, V>,
    text: &str,
) -> impl Iterator<Item = (&'m str, &'m V)> {
    let mut candidate = text;
    std::iter::from_fn(move || {
        loop {
            let end = candidate.rfind('/')? + 1;
            candidate = candidate.get(..end)?;
            let upto = (Bound::Unbounded, Bound::Included(candidate));
            let (key, value) = entries.range::<str, _>(upto).next_back()?;
            let common = key.bytes().zip(candidate.bytes());
            let common = common.take_while(|(a, b)| a == b).count();
            let found = common == key.len() && key.ends_with('/');
            let rest = if found { common - 1 } else { common };
            candidate = candidate.get(..candidate.floor_char_boundary(rest))?;
            if found {
                return Some((key.as_str(), value));
            }
        }
    })
}

/// Resolve a URL-like module specifier: relative only if it says so.
fn url_like(specifier: &str, base: &Url) -> Option<Url> {
    if ["/", "./", "../"]
        .iter()
        .any(|it| specifier.starts_with(it))
    {
        return base.join(specifier).ok();
    }
    Url::parse(specifier).ok()
}

/// Foreign text as a message can hold it: on one line, not endless.
fn quoted(text: &str) -> String {
    let mut characters = text.chars();
    let start: String = characters.by_ref().take(MAX_QUOTED).collect();
    let rest = if characters.next().is_some() {
        "…"
    } else {
        ""
    };
    format!("{start:?}{rest}")
}

/// URL section 3.1, special schemes.
fn is_special(url: &Url) -> bool {
    matches!(
        url.scheme(),
        "http" | "https" | "ws" | "wss" | "ftp" | "file"
    )
}

/// What follows after so many mistakes is more of the same.
const MAX_WARNINGS: usize = 20;

const MAX_QUOTED: usize = 80;

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "https://example.com/app/index.html";

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn parse(json: &str) -> (ImportMap, Vec<String>) {
        ImportMap::parse(json, &url(PAGE)).unwrap()
    }

    /// `!` and the name of the variant for what does not resolve.
    fn resolve(map: &ImportMap, specifier: &str, importer: &str) -> String {
        match map.resolve(specifier, &url(importer)) {
            Ok(url) => String::from(url),
            Err(Unresolved::Bare) => "!bare".to_owned(),
            Err(Unresolved::Blocked) => "!blocked".to_owned(),
            Err(Unresolved::Backtracks) => "!backtracks".to_owned(),
        }
    }

    #[track_caller]
    fn assert_resolves(map: &ImportMap, importer: &str, rows: &[(&str, &str)]) {
        for &(specifier, expected) in rows {
            assert_eq!(resolve(map, specifier, importer), expected, "{specifier}");
        }
    }

    #[test]
    fn without_a_map_only_urls_resolve() {
        assert_resolves(
            &ImportMap::default(),
            "https://example.com/app/js/main.js?v=1#a",
            &[
                ("./a.js", "https://example.com/app/js/a.js"),
                ("../a.js?b#c", "https://example.com/app/a.js?b#c"),
                ("/a.js", "https://example.com/a.js"),
                ("//cdn.test/a.js", "https://cdn.test/a.js"),
                ("https://cdn.test/a/../b.js", "https://cdn.test/b.js"),
                ("HTTPS:a.js", "https://a.js/"),
                ("data:text/javascript,1", "data:text/javascript,1"),
                ("node:fs", "node:fs"),
                ("a.js", "!bare"),
                (".a.js", "!bare"),
                ("..", "!bare"),
                ("", "!bare"),
                ("?a", "!bare"),
                ("#a", "!bare"),
                (" ./a.js", "!bare"),
                ("@scope/a", "!bare"),
                ("https://", "!bare"),
            ],
        );
    }

    #[test]
    fn a_base_without_hierarchy_has_no_relative_urls() {
        let map = ImportMap::default();
        let importer = "data:text/javascript,import './a.js'";
        assert_eq!(resolve(&map, "./a.js", importer), "!bare");
    }

    #[test]
    fn maps_specifiers() {
        let (map, warnings) = parse(
            r#"{"imports": {
                "a": "./vendor/a.js",
                "b": "/b.js",
                "c": "https://cdn.test/c.js",
                "lib/": "./lib/",
                "lib/deep/": "/deep/",
                "lib/exact": "/exact.js",
                "lib/blocked/": null,
                "./old.js": "./new.js",
                "/dir/": "https://cdn.test/dir/",
                "https://example.com/app/abs.js": "/abs-new.js",
                "blocked": null,
                "x:y/": "/never/",
                "é/": "/e/"
            }}"#,
        );
        assert_eq!(warnings, [] as [&str; 0]);
        assert_resolves(
            &map,
            "https://example.com/app/js/main.js",
            &[
                ("a", "https://example.com/app/vendor/a.js"),
                ("b", "https://example.com/b.js"),
                ("c", "https://cdn.test/c.js"),
                ("A", "!bare"),
                ("a/b", "!bare"),
                ("lib", "!bare"),
                ("lib/", "https://example.com/app/lib/"),
                ("lib/x.js", "https://example.com/app/lib/x.js"),
                ("lib/x/../y.js", "https://example.com/app/lib/y.js"),
                ("lib/deep", "https://example.com/app/lib/deep"),
                ("lib/deep/", "https://example.com/deep/"),
                ("lib/deep/x?y#z", "https://example.com/deep/x?y#z"),
                ("lib/deeper/x", "https://example.com/app/lib/deeper/x"),
                ("lib/exact", "https://example.com/exact.js"),
                ("lib/exact/x", "https://example.com/app/lib/exact/x"),
                ("lib/../x.js", "!backtracks"),
                ("lib//x.js", "!backtracks"),
                ("lib/https://evil.test/", "!backtracks"),
                ("lib/blocked/x", "!blocked"),
                ("blocked", "!blocked"),
                ("../old.js", "https://example.com/app/new.js"),
                (
                    "https://example.com/app/old.js",
                    "https://example.com/app/new.js",
                ),
                ("./old.js", "https://example.com/app/js/old.js"),
                ("/dir/x.js", "https://cdn.test/dir/x.js"),
                ("../../dir/x.js", "https://cdn.test/dir/x.js"),
                ("../abs.js", "https://example.com/abs-new.js"),
                ("x:y/z", "x:y/z"),
                ("é/ü", "https://example.com/e/%C3%BC"),
                ("éé/ü", "!bare"),
            ],
        );
    }

    #[test]
    fn the_innermost_scope_that_maps_wins() {
        let (map, warnings) = parse(
            r#"{
                "imports": {"a": "/a.js", "b": "/b.js", "c": "/c.js", "d": "/d.js"},
                "scopes": {
                    "js/": {"a": "/js/a.js", "b": "/js/b.js", "d": null},
                    "js/inner/": {"a": "/inner/a.js"},
                    "js/main.js": {"c": "/main/c.js"},
                    "/no-slash": {"a": "/never.js"},
                    "https://cdn.test": {"a": "/cdn/a.js"},
                    "": {"a": "/page/a.js"}
                }
            }"#,
        );
        assert_eq!(warnings, [] as [&str; 0]);
        for (importer, a, b, c, d) in [
            ("app/js/inner/x.js", "inner/a.js", "js/b.js", "c.js", "!"),
            ("app/js/innermost.js", "js/a.js", "js/b.js", "c.js", "!"),
            ("app/js/main.js", "js/a.js", "js/b.js", "main/c.js", "!"),
            ("app/js/main.js?v", "js/a.js", "js/b.js", "c.js", "!"),
            ("app/js", "a.js", "b.js", "c.js", "d.js"),
            ("no-slash/x.js", "a.js", "b.js", "c.js", "d.js"),
            ("app/index.html", "page/a.js", "b.js", "c.js", "d.js"),
        ] {
            let expand = |path: &str| match path {
                "!" => "!blocked".to_owned(),
                path => format!("https://example.com/{path}"),
            };
            let importer = format!("https://example.com/{importer}");
            for (specifier, expected) in [("a", a), ("b", b), ("c", c), ("d", d)] {
                let resolved = resolve(&map, specifier, &importer);
                assert_eq!(resolved, expand(expected), "{specifier} in {importer}");
            }
        }
        let cdn = "https://cdn.test/x/y.js";
        assert_eq!(resolve(&map, "a", cdn), "https://example.com/cdn/a.js");
    }

    #[test]
    fn an_entry_that_is_wrong_by_itself_blocks_its_specifier() {
        for (entry, specifier, expected) in [
            (r#""a": "a.js""#, "a", "!blocked"),
            (r#""a": 1"#, "a", "!blocked"),
            (r#""a": ["/a.js"]"#, "a", "!blocked"),
            (r#""a": """#, "a", "!blocked"),
            (r#""a/": "/a""#, "a/b", "!blocked"),
            (r#""a/": "/a/?b""#, "a/b", "!blocked"),
            (r#""": "/a.js""#, "", "!bare"),
        ] {
            let (map, warnings) = parse(&format!("{{\"imports\": {{{entry}}}}}"));
            assert_eq!(resolve(&map, specifier, PAGE), expected, "{entry}");
            assert_eq!(warnings.len(), 1, "{entry}");
        }
    }

    #[test]
    fn warns_of_members_and_keys_that_mean_nothing() {
        let (map, warnings) = parse(
            r#"{"import": {}, "scopes": {"https://": {}}, "integrity": {"a": "sha256-x", "/b": 1, "/c": "sha256-c"}}"#,
        );
        assert_eq!(
            warnings,
            [
                "unknown member \"import\" in the import map",
                "scope \"https://\" is no URL",
                "the integrity of \"/b\" is no string",
                "integrity key \"a\" is no URL",
            ]
        );
        assert_eq!(
            map.integrity(&url("https://example.com/c")),
            Some("sha256-c")
        );
        assert_eq!(map.integrity(&url("https://example.com/b")), None);
    }

    #[test]
    fn warnings_stay_short() {
        let entries: Vec<String> = (0..1000)
            .map(|i| format!("\"{}{i}\": 1", "\\u001b".repeat(200)))
            .collect();
        let (_, warnings) = parse(&format!("{{\"imports\": {{{}}}}}", entries.join(",")));
        assert_eq!(warnings.len(), MAX_WARNINGS + 1);
        assert_eq!(warnings.last().unwrap(), "and 980 more of these");
        assert!(
            warnings
                .iter()
                .all(|it| it.len() < 1000 && !it.contains('\u{1b}'))
        );
    }

    #[test]
    fn refuses_a_map_that_is_wrong_as_a_whole() {
        for json in [
            "",
            "{",
            "{'imports': {}}",
            "{\"imports\": {},}",
            "[]",
            "null",
            "\"imports\"",
            r#"{"imports": []}"#,
            r#"{"imports": null}"#,
            r#"{"scopes": "a"}"#,
            r#"{"scopes": {"/": 1}}"#,
            r#"{"integrity": 1}"#,
        ] {
            assert!(ImportMap::parse(json, &url(PAGE)).is_err(), "{json}");
        }
        let deep = "[".repeat(100_000);
        assert!(ImportMap::parse(&deep, &url(PAGE)).is_err());
    }

    #[test]
    fn the_last_of_equal_keys_counts() {
        let (map, _) = parse(r#"{"imports": {"a": "/1.js", "a": "/2.js"}}"#);
        assert_eq!(resolve(&map, "a", PAGE), "https://example.com/2.js");
    }

    #[test]
    fn an_earlier_map_wins_entry_by_entry() {
        let (mut map, _) = parse(
            r#"{"imports": {"a": "/1.js", "n": null}, "scopes": {"/x/": {"a": "/x1.js"}},
                "integrity": {"/i": "1"}}"#,
        );
        map.merge(
            parse(
                r#"{"imports": {"a": "/2.js", "b": "/2.js", "n": "/2.js"},
                    "scopes": {"/x/": {"a": "/x2.js", "b": "/x2.js"}, "/y/": {"a": "/y2.js"}},
                    "integrity": {"/i": "2", "/j": "2"}}"#,
            )
            .0,
        );
        let page = "https://example.com/p.html";
        let path = |text: &str| format!("https://example.com{text}");
        for (importer, specifier, expected) in [
            ("/p", "a", "/1.js"),
            ("/p", "b", "/2.js"),
            ("/x/p", "a", "/x1.js"),
            ("/x/p", "b", "/x2.js"),
            ("/y/p", "a", "/y2.js"),
        ] {
            assert_eq!(resolve(&map, specifier, &path(importer)), path(expected));
        }
        assert_eq!(resolve(&map, "n", page), "!blocked");
        assert_eq!(map.integrity(&url(&path("/i"))), Some("1"));
        assert_eq!(map.integrity(&url(&path("/j"))), Some("2"));
    }

    #[test]
    fn large_maps_and_long_specifiers_take_little_time() {
        let entries: Vec<String> = (0..100_000)
            .map(|i| format!("\"p{i}/\": \"/p/{i}/\""))
            .collect();
        let slashes: Vec<String> = (0..2_000)
            .map(|i| format!("\"{}b\": \"/b\"", "/".repeat(i) + "a"))
            .collect();
        let json = format!(
            "{{\"imports\": {{{},{}}}}}",
            entries.join(","),
            slashes.join(",")
        );
        let (map, _) = parse(&json);
        assert_eq!(
            resolve(&map, "p99999/x", PAGE),
            "https://example.com/p/99999/x"
        );
        let long = "x".to_owned() + &"/".repeat(1_000_000);
        assert_eq!(resolve(&map, &long, PAGE), "!bare");
    }

    proptest::proptest! {
        #[test]
        fn the_longest_prefix_is_found(
            keys in proptest::collection::btree_set("[ab/é]{0,5}", 0..12),
            text in "[ab/é]{0,8}",
        ) {
            let entries: BTreeMap<String, ()> = keys.iter().map(|it| (it.clone(), ())).collect();
            let mut expected: Vec<&str> = keys
                .iter()
                .map(String::as_str)
                .filter(|it| it.ends_with('/') && text.starts_with(it))
                .collect();
            expected.sort_by_key(|it| std::cmp::Reverse(it.len()));
            let found: Vec<&str> = prefixes(&entries, &text).map(|(key, ())| key).collect();
            proptest::prop_assert_eq!(found, expected);
        }
    }
}

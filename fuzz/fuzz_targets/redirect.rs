//! A request target and a `Location`, with a NUL between them. Where the redirect is followed, a browser goes there too.
#![no_main]

use pushgen_runtime::fuzzing::redirect_target;
use url::Url;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let (from, location) = text.split_once('\0').unwrap_or(("/a/b?c", text));
    if !from.starts_with('/') || !from.bytes().all(|byte| byte.is_ascii_graphic()) {
        return;
    }
    let Some(target) = redirect_target(from, location.as_bytes()) else {
        return;
    };
    assert!(target.starts_with('/') && !target.contains('#'), "{target}");
    assert!(target.bytes().all(|byte| byte.is_ascii_graphic()));
    let path = target.split('?').next().unwrap_or_default();
    assert!(
        path.split('/').all(|it| it != "." && it != ".."),
        "{target}"
    );

    let Ok(base) = Url::parse(&format!("https://example.com{from}")) else {
        return;
    };
    // A browser asks for nothing with dots or fragments in it.
    if &base[url::Position::BeforePath..url::Position::AfterQuery] != from {
        return;
    }
    let url = base.join(location).expect("a browser follows it too");
    assert_eq!(url.origin(), base.origin(), "{location}");
    // What may be spelt in two ways is no page of a policy, unless it is spelt in the policy's.
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/?-._~=&;,@!$*+()".contains(&byte);
    // To the `url` crate `/c:` is a drive of Windows that `..` does not leave, whatever the scheme.
    let has_drive = |text: &str| {
        text.split('/')
            .any(|it| it.len() == 2 && it.ends_with([':', '|']))
    };
    if target.bytes().all(is_plain) && from.bytes().all(is_plain) && !has_drive(location) {
        let url = &url[url::Position::BeforePath..url::Position::AfterQuery];
        assert_eq!(url, target);
    }
});

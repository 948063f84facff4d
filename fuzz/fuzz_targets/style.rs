//! A page and a style sheet with NUL between them: which of its fonts and images the page uses.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut parts = bytes.splitn(2, |&byte| byte == 0);
    let page = parts.next().unwrap_or_default();
    let sheet = parts.next().unwrap_or_default();
    pushgen_analyzer::fuzzing::page_style(page, &String::from_utf8_lossy(sheet));
});

//! Two import maps, a specifier and the URL of the module that it stands in, with NUL between them.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    let mut parts = text.split('\0');
    let mut next = || parts.next().unwrap_or_default();
    pushgen_analyzer::fuzzing::import_map(next(), next(), next(), next());
});

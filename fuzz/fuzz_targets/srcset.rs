//! The `srcset`, `sizes` and `src` attributes of an image, with NUL between them.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    let mut parts = text.split('\0');
    let srcset = parts.next().unwrap_or_default();
    let sizes = parts.next().unwrap_or_default();
    pushgen_analyzer::fuzzing::srcset(parts.next(), srcset, sizes);
});

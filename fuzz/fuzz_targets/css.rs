//! Any text as a style sheet, and as a `style`, `media` and `sizes` attribute.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| pushgen_analyzer::fuzzing::css(text));

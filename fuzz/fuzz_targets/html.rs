//! Any bytes as a page: decoded, parsed, and asked what it mentions.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| pushgen_analyzer::fuzzing::html(bytes));

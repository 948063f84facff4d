//! The bytes of a HAR file.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| pushgen_analyzer::fuzzing::har(bytes));

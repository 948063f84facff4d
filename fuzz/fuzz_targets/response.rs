//! The head of a service's response.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| pushgen_runtime::fuzzing::response(bytes));

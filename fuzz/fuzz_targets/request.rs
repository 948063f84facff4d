//! The head of a request, and what its connection has carried.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| pushgen_runtime::fuzzing::request(bytes));

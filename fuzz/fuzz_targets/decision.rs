//! The head of a request for a page, the state of its connection, and what turns out afterwards.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| pushgen_runtime::fuzzing::decision(bytes));

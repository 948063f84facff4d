//! Steps of an HTTP/2 connection under the frame observer.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| pushgen_runtime::fuzzing::observer(bytes));

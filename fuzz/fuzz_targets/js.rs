//! Any text as a module and as a classic script.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| pushgen_analyzer::fuzzing::js(text));

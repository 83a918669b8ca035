#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| konserve_fuzz::parse::run(data));

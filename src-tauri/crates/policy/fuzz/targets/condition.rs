//! See [`claims::condition`].
#![no_main]

#[path = "../claims.rs"]
#[allow(dead_code, reason = "each target checks one of them")]
mod claims;

libfuzzer_sys::fuzz_target!(|data: &[u8]| claims::condition(data));

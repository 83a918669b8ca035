//! The bytes between a value and its backend: XXH3-64, CBOR emit and parse, frame assembly in one pass, SHA-512, LZ4
//! and authenticated encryption. JavaScript walks values and meets this crate on a tape; the TypeScript twin in
//! `src/codec` produces the same bytes where WebAssembly is not allowed.

#![forbid(unsafe_op_in_unsafe_fn)]

//! The core, and what compresses and encrypts: a module that takes the core's place once a store needs it.

#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

pub mod lz4;
pub mod memory;
pub mod seal;
pub mod sealed_frame;

// What the core exports is exported here, too.
pub use konserve_core::memory as core_memory;

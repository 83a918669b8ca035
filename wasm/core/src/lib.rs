//! The bytes of konserve-ts between value and backend. JavaScript walks values, this does bytes; they meet in memory that
//! both see. Every function takes offsets into it, and the regions are `input`, `output` and the tape.

#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

pub mod frame;
pub mod memory;
mod numbers;
pub mod padded;
pub mod parse;
pub mod shapes;
pub mod tape;
#[cfg(any(test, feature = "walk"))]
pub mod walk;

/// Without the standard library nobody formats a message that nobody would see.
#[cfg(target_arch = "wasm32")]
mod platform {
    #[global_allocator]
    static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

    #[panic_handler]
    fn panic(_: &core::panic::PanicInfo) -> ! {
        core::arch::wasm32::unreachable()
    }
}

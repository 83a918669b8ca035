//! Bytes behind which a few more can be read, whatever they are: then eight at a time can be, without asking for each.

pub const PADDING: usize = 8;

#[derive(Clone, Copy)]
pub struct Padded<'a> {
    bytes: &'a [u8],
}

impl<'a> Padded<'a> {
    /// The bytes of `room` but for the last ones, which are the padding.
    pub fn new(room: &'a [u8]) -> Self {
        Padded { bytes: &room[..room.len() - PADDING] }
    }

    #[inline(always)]
    pub fn bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// Eight bytes from `at` on, little-endian.
    #[inline(always)]
    pub fn eight(self, at: usize) -> u64 {
        debug_assert!(at <= self.bytes.len());
        // The padding is there for this.
        u64::from_le(unsafe { self.bytes.as_ptr().add(at).cast::<u64>().read_unaligned() })
    }

    /// The float64 whose bytes, big-endian, are at `at`.
    #[inline(always)]
    pub fn float(self, at: usize) -> f64 {
        #[cfg(target_arch = "wasm32")]
        {
            // There is no instruction for it, but one that puts bytes in any order.
            use core::arch::wasm32::{f64x2_extract_lane, i8x16_shuffle, u64x2_splat};
            let bytes = u64x2_splat(self.eight(at));
            f64x2_extract_lane::<0>(i8x16_shuffle::<7, 6, 5, 4, 3, 2, 1, 0, 7, 6, 5, 4, 3, 2, 1, 0>(bytes, bytes))
        }
        #[cfg(not(target_arch = "wasm32"))]
        f64::from_bits(self.eight(at).swap_bytes())
    }
}

/// The bits of the first `count` of eight bytes.
#[inline(always)]
pub fn first_bytes(count: usize) -> u64 {
    if count < 8 {
        (1 << (8 * count)) - 1
    } else {
        u64::MAX
    }
}

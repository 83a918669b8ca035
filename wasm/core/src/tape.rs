//! What the parser leaves for JavaScript: one word a node, in the order in which values are built. A node's kind is in
//! its low four bits, the payload above.

use alloc::vec::Vec;

pub const KIND_BITS: u32 = 4;

/// Payload: the integer itself, signed.
pub const SMALL: u32 = 0;
/// The number is the next of `numbers`.
pub const NUMBER: u32 = 1;
/// Payload: UTF-16 units, the next ones of the chunk of text.
pub const TEXT: u32 = 2;
/// Payload: bytes. The next word is where they start in the input.
pub const LONG_TEXT: u32 = 3;
/// Payload: how many nodes follow as items.
pub const ARRAY: u32 = 4;
/// Payload: the shape, whose values follow.
pub const OBJECT: u32 = 5;
/// Payload: the shape, whose values follow after the next word, which says how many pairs of key and value follow them.
pub const PARTIAL: u32 = 6;
/// Payload: false, true, null or undefined.
pub const SIMPLE: u32 = 7;
/// Payload: bytes. The next word is where they start in the input.
pub const BYTES: u32 = 8;
/// Payload: 1 if negative. The next two words are the high and the low half of the argument.
pub const BIG: u32 = 9;
/// Payload: the tag, of the node that follows.
pub const TAG: u32 = 10;
/// Payload: how many items of an array are the next of `numbers`.
pub const FLOATS: u32 = 11;
/// Payload: bytes in the next chunk of text, which is for the TEXT nodes that follow.
pub const CHUNK: u32 = 12;
/// Payload: pairs of key and value that follow, of a Map.
pub const MAP: u32 = 13;
/// Payload: how many items of an array the next words are.
pub const INTEGERS: u32 = 14;

/// A payload has 28 bits, one of them for the sign.
pub const MAX_PAYLOAD: u64 = (1 << 27) - 1;

#[derive(Default)]
pub struct Tape {
    pub words: Vec<u32>,
    pub numbers: Vec<f64>,
    /// The bytes of short texts, one after the other.
    pub texts: Vec<u8>,
}

impl Tape {
    pub fn clear(&mut self) {
        self.words.clear();
        self.numbers.clear();
        self.texts.clear();
    }

    #[inline(always)]
    pub fn node(&mut self, kind: u32, payload: u32) {
        self.words.push(kind | payload << KIND_BITS);
    }
}

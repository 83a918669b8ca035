//! Frames whose value is compressed, or whose parts are sealed.

use alloc::vec::Vec;
use konserve_core::frame::{self, HEADER};

use crate::lz4;
use crate::seal::{self, Binding, NONCE, TAG};

pub const LZ4: u8 = 1;
pub const XCHACHA20_POLY1305: u8 = 16;

/// What a value is bound to that is still to be opened.
pub struct Opened {
    /// Where the value starts in the frame, and what is done to it.
    pub value: usize,
    pub compressor: u8,
    pub encryptor: u8,
    meta_tag: [u8; TAG],
}

impl Opened {
    pub const fn new() -> Self {
        Opened { value: 0, compressor: 0, encryptor: 0, meta_tag: [0; TAG] }
    }
}

pub struct Sealing<'a> {
    pub binding: &'a Binding,
    /// For the metadata and for the value.
    pub nonces: [&'a [u8; NONCE]; 2],
}

/// A frame in the place of what is in `out`. The value is compressed if it has at least `threshold` bytes and gets shorter.
pub fn finish(
    [meta, value]: [&[u8]; 2],
    name: &[u8],
    serializer: u8,
    threshold: usize,
    sealing: Option<Sealing>,
    packed: &mut Vec<u8>,
    out: &mut Vec<u8>,
) {
    let mut value = value;
    let mut kinds = [serializer, 0, 0];
    if value.len() >= threshold {
        packed.clear();
        lz4::compress(value, packed);
        if packed.len() < value.len() {
            value = packed;
            kinds[1] = LZ4;
        }
    }
    out.clear();
    out.resize(HEADER, 0);
    let meta_end = if let Some(Sealing { binding, nonces }) = sealing {
        kinds[2] = XCHACHA20_POLY1305;
        let head = [frame::LAYOUT, kinds[0], kinds[1], kinds[2]];
        seal::seal(binding, nonces[0], &seal::associated(binding, &head, name, b"meta", &[]), meta, out);
        let meta_end = out.len();
        let associated = seal::associated(binding, &head, name, b"value", &out[meta_end - TAG..]);
        seal::seal(binding, nonces[1], &associated, value, out);
        meta_end
    } else {
        out.extend(meta);
        let meta_end = out.len();
        out.extend(value);
        meta_end
    };
    frame::finish(out, meta_end, kinds, name);
}

/// Open the metadata of a verified frame where it is; answers where it is, and what is to be done for the value.
pub fn open_meta(
    frame: &mut [u8],
    meta_end: usize,
    name: &[u8],
    binding: &Binding,
) -> Option<(core::ops::Range<usize>, Opened)> {
    let mut opened = Opened { value: meta_end, compressor: frame[2], encryptor: frame[3], ..Opened::new() };
    if opened.encryptor == 0 {
        return Some((HEADER..meta_end, opened));
    }
    let (head, rest) = frame.split_at_mut(HEADER);
    let meta = &mut rest[..meta_end - HEADER];
    let length = meta.len().checked_sub(seal::OVERHEAD)?;
    opened.meta_tag = *meta.last_chunk()?;
    seal::open(binding, &seal::associated(binding, &head[..4], name, b"meta", &[]), meta)?;
    let start = HEADER + seal::KEY_ID + NONCE;
    Some((start..start + length, opened))
}

/// Open the value and decompress it into `out`, if it is compressed, to `length` bytes; answers where in the frame it is if
/// it is not.
pub fn open_value(
    frame: &mut [u8],
    name: &[u8],
    binding: &Binding,
    opened: &Opened,
    length: usize,
    out: &mut Vec<u8>,
) -> Option<core::ops::Range<usize>> {
    let mut range = opened.value..frame.len();
    if opened.encryptor != 0 {
        let associated = seal::associated(binding, &frame[..4], name, b"value", &opened.meta_tag);
        let sealed = seal::open(binding, &associated, &mut frame[range.clone()])?.len();
        let start = range.start + seal::KEY_ID + NONCE;
        range = start..start + sealed;
    }
    if opened.compressor != 0 {
        lz4::decompress(&frame[range.clone()], length, out)?;
    }
    Some(range)
}

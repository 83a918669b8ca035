//! LZ4 frames (LZ4 Frame Format 1.6.4) around the blocks of lz4_flex.

use alloc::vec::Vec;
use lz4_flex::block::{compress_into, decompress_into, decompress_into_with_dict, get_maximum_output_size};
use xxhash_rust::xxh32::xxh32;

/// A frame of `bytes`, put behind what is in `out`: independent blocks of up to 4 MiB, without checksums of its own.
pub fn compress(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend(HEADER);
    for block in bytes.chunks(MAX_BLOCK) {
        let start = out.len();
        out.resize(start + 4 + get_maximum_output_size(block.len()), 0);
        // There is room for whatever comes.
        let size = compress_into(block, &mut out[start + 4..]).unwrap_or(usize::MAX);
        let (head, length) = if size < block.len() {
            (size as u32, size)
        } else {
            out[start + 4..start + 4 + block.len()].copy_from_slice(block);
            (block.len() as u32 | UNCOMPRESSED, block.len())
        };
        out[start..start + 4].copy_from_slice(&head.to_le_bytes());
        out.truncate(start + 4 + length);
    }
    out.extend([0; 4]);
}

/// What the frame in `bytes` holds, if that is `length` bytes, in the place of what is in `out`.
pub fn decompress(bytes: &[u8], length: usize, out: &mut Vec<u8>) -> Option<()> {
    // A byte of a block stands for at most 255.
    if length / 255 > bytes.len() {
        return None;
    }
    // All of it is written, or nothing is answered.
    out.resize(length, 0);
    let mut rest = bytes;
    let Header { is_linked, has_block_sums, has_sum, size, max_block } = header(&mut rest)?;
    if size.is_some_and(|size| size != length as u64) {
        return None;
    }
    let mut at = 0;
    loop {
        let head = word(&mut rest)?;
        if head == 0 {
            break;
        }
        let block = take(&mut rest, (head & !UNCOMPRESSED) as usize)?;
        if block.len() > max_block || (has_block_sums && word(&mut rest)? != xxh32(block, 0)) {
            return None;
        }
        let (done, free) = out.split_at_mut(at);
        let room = free.len().min(max_block);
        let free = &mut free[..room];
        at += if head & UNCOMPRESSED != 0 {
            free.get_mut(..block.len())?.copy_from_slice(block);
            block.len()
        } else if is_linked {
            decompress_into_with_dict(block, free, &done[at.saturating_sub(WINDOW)..]).ok()?
        } else {
            decompress_into(block, free).ok()?
        };
    }
    let is_whole = at == length && (!has_sum || word(&mut rest)? == xxh32(out, 0)) && rest.is_empty();
    is_whole.then_some(())
}

/// Magic number; version 1 with independent blocks; blocks of up to 4 MiB; the checksum of the two bytes before.
const HEADER: [u8; 7] = [0x04, 0x22, 0x4d, 0x18, 0x60, 0x70, 0x73];
const MAX_BLOCK: usize = 4 << 20;
/// In the size of a block: it is stored as it is.
const UNCOMPRESSED: u32 = 1 << 31;
/// How far back a linked block may look.
const WINDOW: usize = 64 << 10;

struct Header {
    is_linked: bool,
    has_block_sums: bool,
    has_sum: bool,
    size: Option<u64>,
    max_block: usize,
}

fn header(rest: &mut &[u8]) -> Option<Header> {
    let magic = take(rest, 4)?;
    let start = *rest;
    let &[flags, sizes] = take(rest, 2)? else { return None };
    // Of the bits not read below, one says that there is a dictionary, which nobody has here, and the others are reserved.
    let is_known = magic == &HEADER[..4] && flags & 0b1100_0011 == 0b0100_0000 && sizes & 0b1000_1111 == 0;
    let max_block = match sizes >> 4 {
        index @ 4..=7 if is_known => 1 << (8 + 2 * index),
        _ => return None,
    };
    let size = if flags & 8 != 0 { Some(u64::from_le_bytes(*take(rest, 8)?.first_chunk()?)) } else { None };
    let described = &start[..start.len() - rest.len()];
    let &[sum] = take(rest, 1)? else { return None };
    let is_sound = sum == (xxh32(described, 0) >> 8) as u8;
    is_sound.then_some(Header {
        is_linked: flags & 0x20 == 0,
        has_block_sums: flags & 0x10 != 0,
        has_sum: flags & 4 != 0,
        size,
        max_block,
    })
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(count)?;
    *rest = left;
    Some(taken)
}

fn word(rest: &mut &[u8]) -> Option<u32> {
    Some(u32::from_le_bytes(*take(rest, 4)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples() -> Vec<Vec<u8>> {
        let text: Vec<u8> = (0..200_000u32).map(|i| (i * i >> 9) as u8 & 0x3f).collect();
        let mut noise = 0x1234_5678_u32;
        let random = (0..5_000_000).map(|_| {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (noise >> 24) as u8
        });
        vec![vec![], b"a".to_vec(), vec![7; 100_000], vec![0; 9 << 20], text, random.collect()]
    }

    #[test]
    fn what_is_compressed_comes_back() {
        for sample in samples() {
            let (mut packed, mut out) = (vec![1, 2, 3], vec![9; 10]);
            compress(&sample, &mut packed);
            assert!(packed.len() <= sample.len() + 25);
            assert!(decompress(&packed[3..], sample.len(), &mut out).is_some());
            assert!(out == sample);
        }
    }

    #[test]
    fn another_length_and_every_truncation_are_refused() {
        let sample = b"abcabcabcabcabcabcabcabc".repeat(100);
        let (mut packed, mut out) = (vec![], vec![]);
        compress(&sample, &mut packed);
        for length in [0, 1, sample.len() - 1, sample.len() + 1, usize::MAX >> 1] {
            assert!(decompress(&packed, length, &mut out).is_none(), "{length}");
        }
        for end in 0..packed.len() {
            assert!(decompress(&packed[..end], sample.len(), &mut out).is_none(), "{end}");
        }
        packed.push(0);
        assert!(decompress(&packed, sample.len(), &mut out).is_none());
    }
}

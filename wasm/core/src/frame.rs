//! The frame of an entry in layout 2: a header of 20 bytes, the metadata, the value.
//!
//!     0      layout: 2
//!     1 2 3  serializer, compressor, encryptor
//!     4..7   bytes of metadata, big-endian
//!     8..11  low 32 bits of XXH3-64 over bytes 0..7, 12..19 and the metadata, big-endian
//!     12..19 XXH3-64 of the value, big-endian
//!
//! Both sums are seeded with XXH3-64 of the name.

use xxhash_rust::xxh3::xxh3_64_with_seed;

pub const LAYOUT: u8 = 2;
pub const HEADER: usize = 20;
/// CBOR, the one serializer whose values are parsed here.
pub const CBOR: u8 = 3;

/// Write the header of `frame`, of which `meta_end` bytes are header and metadata.
pub fn finish(frame: &mut [u8], meta_end: usize, [serializer, compressor, encryptor]: [u8; 3], name: &[u8]) {
    let seed = sum(name, 0);
    frame[..4].copy_from_slice(&[LAYOUT, serializer, compressor, encryptor]);
    frame[4..8].copy_from_slice(&((meta_end - HEADER) as u32).to_be_bytes());
    let value_sum = sum(&frame[meta_end..], seed).to_be_bytes();
    frame[12..HEADER].copy_from_slice(&value_sum);
    let head_sum = head_sum(&mut frame[..meta_end], seed).to_be_bytes();
    frame[8..12].copy_from_slice(&head_sum);
}

/// Where the metadata of `frame` ends, if its metadata is what was stored under `name`; `frame` may end there.
pub fn verify_head(frame: &mut [u8], name: &[u8]) -> Option<usize> {
    let header = frame.first_chunk::<HEADER>()?;
    let end = HEADER.checked_add(u32::from_be_bytes(*header[4..].first_chunk()?) as usize)?;
    let stored = u32::from_be_bytes(*header[8..].first_chunk()?);
    let is_sound = header[0] == LAYOUT && head_sum(frame.get_mut(..end)?, sum(name, 0)) == stored;
    is_sound.then_some(end)
}

/// The same for the whole frame.
pub fn verify(frame: &mut [u8], name: &[u8]) -> Option<usize> {
    let end = verify_head(frame, name)?;
    let stored = u64::from_be_bytes(*frame[12..].first_chunk()?);
    (sum(&frame[end..], sum(name, 0)) == stored).then_some(end)
}

/// XXH3-64. Not inlined: it is large.
#[inline(never)]
pub fn sum(bytes: &[u8], seed: u64) -> u64 {
    xxh3_64_with_seed(bytes, seed)
}

/// The sum of a frame up to the end of its metadata, which is left as it was.
fn head_sum(head: &mut [u8], seed: u64) -> u32 {
    // What is covered is made one piece: bytes 0..7 take the place of 4..11.
    let kept: [u8; 8] = *head[4..].first_chunk().expect("a header");
    head.copy_within(..8, 4);
    let sum = sum(&head[4..], seed) as u32;
    head[4..12].copy_from_slice(&kept);
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_changed_bit_and_every_other_name_is_found_out() {
        let name = b"suser";
        let mut frame = [vec![0; HEADER], b"metadata".to_vec(), (0..255).collect()].concat();
        finish(&mut frame, HEADER + 8, [CBOR, 0, 0], name);
        let before = frame.clone();
        assert_eq!(verify(&mut frame, name), Some(HEADER + 8));
        assert_eq!(verify_head(&mut frame[..HEADER + 8], name), Some(HEADER + 8));
        assert_eq!(frame, before);
        assert_eq!(verify(&mut frame, b"suses"), None);
        for bit in 0..frame.len() * 8 {
            frame[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(verify(&mut frame, name), None, "bit {bit}");
            frame[bit / 8] ^= 1 << (bit % 8);
        }
        for end in 0..frame.len() {
            assert_eq!(verify(&mut frame[..end], name), None, "{end} bytes");
        }
    }
}

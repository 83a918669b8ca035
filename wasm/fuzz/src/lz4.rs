use konserve_full::lz4::{compress, decompress};
use xxhash_rust::xxh32::xxh32;

/// The input: what is done in one byte, then what it is done to.
pub fn run(data: &[u8]) {
    let Some((mode, rest)) = data.split_first() else { return };
    match mode % 3 {
        0 => decompress_any(rest),
        1 => decompress_blocks(rest),
        _ => round_trip(rest),
    }
}

fn round_trip(bytes: &[u8]) {
    let mut packed = b"before".to_vec();
    compress(bytes, &mut packed);
    let packed = packed.strip_prefix(b"before").expect("what was there");
    // Header, end, and a block that is stored as it is.
    assert!(packed.len() <= bytes.len() + 15);
    assert_eq!(decompressed(packed, bytes.len()).as_deref(), Some(bytes));
    assert_eq!(decompressed(packed, bytes.len() + 1), None);
}

/// The claimed length (four bytes, little-endian), the frame.
fn decompress_any(rest: &[u8]) {
    let Some((&length, frame)) = rest.split_first_chunk() else { return };
    decompressed(frame, u32::from_le_bytes(length) as usize);
}

/// How blocks are (one byte), the claimed length (two bytes, little-endian), then blocks, each behind its size (two bytes,
/// little-endian, the highest bit if it is not compressed).
///
/// Sums that are right change nothing; with any of them wrong there is no answer.
fn decompress_blocks(rest: &[u8]) {
    let &[settings, low, high, ref rest @ ..] = rest else { return };
    let length = u16::from_le_bytes([low, high]).into();
    let plain = frame_of(settings & 0b11_0001, rest, &[]);
    let out = decompressed(&plain.bytes, length);
    let summed = frame_of(settings, rest, out.as_deref().unwrap_or_default());
    assert_eq!(decompressed(&summed.bytes, length), out);
    for at in summed.sums {
        let mut wrong = summed.bytes.clone();
        wrong[at] ^= 1 << (settings >> 5);
        assert_eq!(decompressed(&wrong, length), None);
    }
}

struct Frame {
    bytes: Vec<u8>,
    /// Where sums are: of the header, of the first and the last block, of what comes out.
    sums: Vec<usize>,
}

/// A frame of the blocks in `rest`. The bits of `settings`: independent blocks, sums of blocks, a sum and the length of what
/// comes out, and in two bits how large a block may be.
fn frame_of(settings: u8, mut rest: &[u8], out: &[u8]) -> Frame {
    let [independent, block_sums, sum, size] = [0, 1, 2, 3].map(|bit| settings >> bit & 1);
    let mut bytes = vec![0x04, 0x22, 0x4d, 0x18];
    bytes.push(0x40 | independent << 5 | block_sums << 4 | size << 3 | sum << 2);
    bytes.push((4 + (settings >> 4 & 3)) << 4);
    if size == 1 {
        bytes.extend((out.len() as u64).to_le_bytes());
    }
    let mut sums = vec![bytes.len()];
    bytes.push((xxh32(&bytes[4..], 0) >> 8) as u8);
    while let Some((&head, left)) = rest.split_first_chunk() {
        let head = u16::from_le_bytes(head);
        let (block, left) = left.split_at(left.len().min((head & 0x7fff).into()));
        // No block at all is the end.
        if block.is_empty() && head & 0x8000 == 0 {
            break;
        }
        rest = left;
        bytes.extend((block.len() as u32 | u32::from(head & 0x8000) << 16).to_le_bytes());
        bytes.extend(block);
        if block_sums == 1 {
            sums.truncate(2);
            sums.push(bytes.len());
            bytes.extend(xxh32(block, 0).to_le_bytes());
        }
    }
    bytes.extend([0; 4]);
    if sum == 1 {
        sums.push(bytes.len());
        bytes.extend(xxh32(out, 0).to_le_bytes());
    }
    Frame { bytes, sums }
}

fn decompressed(frame: &[u8], length: usize) -> Option<Vec<u8>> {
    let mut out = vec![7; 3];
    let is_sound = decompress(frame, length, &mut out).is_some();
    assert!(if is_sound { out.len() == length } else { out.len() <= length });
    is_sound.then_some(out)
}

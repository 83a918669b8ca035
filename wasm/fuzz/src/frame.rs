use konserve_core::frame::{self, HEADER};
use konserve_full::lz4;
use konserve_full::seal::{self, Binding, NONCE, TAG};
use konserve_full::sealed_frame::{self, Sealing};

const NAME: &[u8] = b"suser%3a1";
const OTHER_NAME: &[u8] = b"suser%3a2";
/// A key, its id and the id of a store, in the order of their bytes.
const BINDING: Binding = {
    let mut bytes = [0; size_of::<Binding>()];
    let mut i = 0;
    while i < bytes.len() {
        bytes[i] = i as u8;
        i += 1;
    }
    bytes
};
const NONCES: [[u8; NONCE]; 3] = [[1; NONCE], [2; NONCE], [3; NONCE]];

/// The input: what is done in one byte, then what it is done to.
pub fn run(data: &[u8]) {
    let Some((mode, rest)) = data.split_first() else { return };
    match mode % 4 {
        0 => read_any(rest),
        1 => read_parts(rest, Parts::Bare),
        2 => read_parts(rest, Parts::Sealed),
        _ => change(rest),
    }
}

/// A frame that nobody may have written.
fn read_any(bytes: &[u8]) {
    let mut frame = bytes.to_vec();
    let verified = frame::verify(&mut frame, NAME);
    assert_eq!(frame, bytes);
    if let Some(meta_end) = verified {
        assert_eq!(frame::verify_head(&mut frame[..meta_end], NAME), verified);
        assert_eq!(frame::verify(&mut frame, OTHER_NAME), None);
        opened(&frame, NAME, &BINDING, 1000);
    }
}

enum Parts {
    Bare,
    Sealed,
}

/// Serializer, compressor, encryptor, how long the value is said to be (two bytes, big-endian), how long the metadata is, then
/// both. The frame's sums are right, and parts that are sealed are well sealed, whatever is in them.
fn read_parts(rest: &[u8], are: Parts) {
    let &[serializer, compressor, encryptor, high, low, meta_length, ref parts @ ..] = rest else { return };
    let length = u16::from_be_bytes([high, low]).into();
    let (meta, value) = parts.split_at(parts.len().min(meta_length.into()));
    let mut frame = vec![0; HEADER];
    let head = [frame::LAYOUT, serializer, compressor, encryptor];
    let meta_end = match are {
        Parts::Bare => {
            frame.extend(meta);
            frame.extend(value);
            HEADER + meta.len()
        }
        Parts::Sealed => {
            let bound = seal::associated(&BINDING, &head, NAME, b"meta", &[]);
            seal::seal(&BINDING, &NONCES[0], &bound, meta, &mut frame);
            let meta_end = frame.len();
            let bound = seal::associated(&BINDING, &head, NAME, b"value", &frame[meta_end - TAG..]);
            seal::seal(&BINDING, &NONCES[1], &bound, value, &mut frame);
            meta_end
        }
    };
    frame::finish(&mut frame, meta_end, [serializer, compressor, encryptor], NAME);
    assert_eq!(frame::verify(&mut frame, NAME), Some(meta_end));
    let read = opened(&frame, NAME, &BINDING, length);
    let (meta, value) = match are {
        Parts::Bare if encryptor != 0 => return assert_eq!(read, None, "never sealed"),
        Parts::Sealed if encryptor == 0 => (frame[HEADER..meta_end].to_vec(), &frame[meta_end..]),
        _ => (meta.to_vec(), value),
    };
    let mut out = Vec::new();
    let expected = match compressor {
        0 => Some(value.to_vec()),
        _ => lz4::decompress(value, length, &mut out).map(|()| out),
    };
    assert_eq!(read, expected.map(|value| (meta, value)));
}

/// What is changed, where (two bytes, big-endian), which bits, how long the metadata is, then metadata and value. The value is
/// compressed if the highest bit says so, the parts are sealed if the next does.
///
/// A frame comes back as it was written. Once anything is changed in it, it is refused: by its sums, or if they were made right
/// again, by its seals.
fn change(rest: &[u8]) {
    let &[settings, high, low, bits, meta_length, ref parts @ ..] = rest else { return };
    let (meta, value) = parts.split_at(parts.len().min(meta_length.into()));
    let is_sealed = settings & 0x40 != 0;
    let written = |nonces: [usize; 2]| {
        let nonces = nonces.map(|index| &NONCES[index]);
        let sealing = is_sealed.then_some(Sealing { binding: &BINDING, nonces });
        let threshold = if settings & 0x80 != 0 { 0 } else { usize::MAX };
        let (mut packed, mut out) = Default::default();
        sealed_frame::finish([meta, value], NAME, frame::CBOR, threshold, sealing, &mut packed, &mut out);
        out
    };
    let frame = written([0, 1]);
    let meta_end = frame::verify(&mut frame.clone(), NAME).expect("as it was written");
    assert_eq!(opened(&frame, NAME, &BINDING, value.len()), Some((meta.to_vec(), value.to_vec())));

    let at = usize::from(u16::from_be_bytes([high, low])) % frame.len();
    let (mut changed, mut name, mut binding) = (frame.clone(), NAME, BINDING);
    let makes_sums_right = settings & 0x20 != 0;
    match settings % 8 {
        0 => changed.truncate(at),
        1 => changed.push(bits),
        2 => name = OTHER_NAME,
        3 if is_sealed => binding[at % size_of::<Binding>()] ^= bits,
        4 => changed = [&frame[..meta_end], &written([2, 2])[meta_end..]].concat(),
        5 => changed = [&written([2, 1])[..meta_end], &frame[meta_end..]].concat(),
        _ => changed[at] ^= bits,
    }
    if makes_sums_right {
        make_sums_right(&mut changed, name);
    }
    let is_protected = is_sealed || !makes_sums_right;
    if is_protected && (&changed, name, &binding) != (&frame, NAME, &BINDING) {
        let read = opened(&changed, name, &binding, value.len());
        // A frame that is not sealed, where a sealed one is asked for, is refused by JavaScript.
        assert!(read.is_none() || (is_sealed && changed[3] == 0), "change {} at {at}", settings % 8);
    }
}

fn make_sums_right(frame: &mut [u8], name: &[u8]) {
    let Some(&[_, serializer, compressor, encryptor, a, b, c, d]) = frame.first_chunk() else { return };
    let meta_end = HEADER + u32::from_be_bytes([a, b, c, d]) as usize;
    if meta_end <= frame.len() {
        frame::finish(frame, meta_end, [serializer, compressor, encryptor], name);
    }
}

/// Metadata and value of a frame, as `open_sealed` and `open_value` of `memory.rs` read them.
fn opened(frame: &[u8], name: &[u8], binding: &Binding, length: usize) -> Option<(Vec<u8>, Vec<u8>)> {
    let mut frame = frame.to_vec();
    let meta_end = frame::verify(&mut frame, name)?;
    let (range, opened) = sealed_frame::open_meta(&mut frame, meta_end, name, binding)?;
    let meta = frame[range].to_vec();
    let mut out = Vec::new();
    let range = sealed_frame::open_value(&mut frame, name, binding, &opened, length, &mut out)?;
    let value = if opened.compressor == 0 { frame[range].to_vec() } else { out };
    Some((meta, value))
}

//! What JavaScript calls beside the exports of the core.

use alloc::vec::Vec;
use aes_siv::siv::Aes256Siv;
use aes_siv::KeyInit;
use konserve_core::frame;
use konserve_core::memory::{answer, memory, Memory, OneThread};
use konserve_core::padded::PADDING;

use crate::lz4;
use crate::seal::{self, Binding, NONCE};
use crate::sealed_frame::{self, Opened, Sealing, LZ4, XCHACHA20_POLY1305};

const BINDING: usize = size_of::<Binding>();

struct More {
    /// Key, id of the key, id of the store, nonce of the metadata or of what is sealed alone, nonce of the value.
    settings: [u8; BINDING + 2 * NONCE],
    packed: Vec<u8>,
    out: Vec<u8>,
    opened: Opened,
}

static MORE: OneThread<More> = OneThread::new(More {
    settings: [0; BINDING + 2 * NONCE],
    packed: Vec::new(),
    out: Vec::new(),
    opened: Opened::new(),
});

impl More {
    fn binding(&self) -> &Binding {
        self.settings.first_chunk().expect("it is longer")
    }

    fn nonces(&self) -> [&[u8; NONCE]; 2] {
        let nonces = &self.settings[BINDING..];
        [nonces.first_chunk().expect("one of two"), nonces.last_chunk().expect("one of two")]
    }
}

/// Answers how many bytes there are, and where.
fn place(bytes: &[u8]) -> usize {
    answer([bytes.as_ptr() as u32]);
    bytes.len()
}

/// Where the settings go.
#[no_mangle]
pub extern "C" fn settings() -> *mut u8 {
    MORE.get().settings.as_mut_ptr()
}

/// Make a frame of the output: the value up to `value_end`, the metadata up to `end`. The value is compressed from `threshold`
/// bytes on, the parts are sealed if `is_sealed`. Answers how many bytes the frame has, and where it is.
#[no_mangle]
pub extern "C" fn seal_frame(serializer: u8, value_end: usize, end: usize, threshold: usize, is_sealed: u32) -> usize {
    let Memory { output, name, .. } = memory();
    let more = MORE.get();
    let (mut packed, mut out) = (core::mem::take(&mut more.packed), core::mem::take(&mut more.out));
    let sealing = (is_sealed == 1).then(|| Sealing { binding: more.binding(), nonces: more.nonces() });
    let parts = [&output[value_end..end], &output[..value_end]];
    sealed_frame::finish(parts, name, serializer, threshold, sealing, &mut packed, &mut out);
    let length = place(&out);
    (more.packed, more.out) = (packed, out);
    length
}

/// As `open_frame` of the core, but of any frame, and of its metadata alone: `open_value` goes on.
#[no_mangle]
pub extern "C" fn open_sealed(length: usize, depth: u32, head_only: u32) -> u32 {
    let memory = memory();
    let more = MORE.get();
    let frame = &mut memory.input[..length];
    let verify = if head_only == 1 { frame::verify_head } else { frame::verify };
    let Some(meta_end) = verify(frame, &memory.name) else { return 0 };
    let is_known = matches!(frame[2], 0 | LZ4) && matches!(frame[3], 0 | XCHACHA20_POLY1305);
    if !is_known {
        return 0;
    }
    let Some((range, opened)) = sealed_frame::open_meta(frame, meta_end, &memory.name, more.binding()) else { return 0 };
    more.opened = opened;
    memory.parse_input(range.start, &[range.len()], depth)
}

/// Open the value of the frame of which `open_sealed` opened the metadata, decompress it to `raw_length` bytes, if it is
/// compressed, and with `parses` parse it: see `Memory::parse`. Answers 2 and its length, and its place as the last answer, if
/// it is not to be parsed.
#[no_mangle]
pub extern "C" fn open_value(length: usize, raw_length: usize, depth: u32, parses: u32) -> u32 {
    let memory = memory();
    let more = MORE.get();
    let mut packed = core::mem::take(&mut more.packed);
    let frame = &mut memory.input[..length];
    let range = sealed_frame::open_value(frame, &memory.name, more.binding(), &more.opened, raw_length, &mut packed);
    let Some(range) = range else {
        more.packed = packed;
        return 0;
    };
    let is_compressed = more.opened.compressor != 0;
    let answered = if parses == 1 {
        if is_compressed {
            packed.extend([0; PADDING]);
            memory.parse(&packed, &[raw_length], depth)
        } else {
            memory.parse_input(range.start, &[range.len()], depth)
        }
    } else {
        let bytes = if is_compressed { &packed[..] } else { &memory.input[range] };
        answer([bytes.len() as u32, 0, 0, 0, bytes.as_ptr() as u32]);
        2
    };
    more.packed = packed;
    answered
}

/// Compress the first `length` bytes of the input: answers how many bytes that gives, and where they are.
#[no_mangle]
pub extern "C" fn compress(length: usize) -> usize {
    let packed = &mut MORE.get().packed;
    packed.clear();
    lz4::compress(&memory().input[..length], packed);
    place(packed)
}

/// Decompress the first `length` bytes of the input to `raw_length` bytes: answers 1 and where they are, or 0.
#[no_mangle]
pub extern "C" fn decompress(length: usize, raw_length: usize) -> u32 {
    let packed = &mut MORE.get().packed;
    let is_sound = lz4::decompress(&memory().input[..length], raw_length, packed).is_some();
    place(packed);
    is_sound.into()
}

/// Seal a part that stands in the input behind what it is bound to: answers how many bytes that gives, and where they are.
#[no_mangle]
pub extern "C" fn seal(associated: usize, length: usize) -> usize {
    let more = MORE.get();
    let (associated, plain) = memory().input[..associated + length].split_at(associated);
    let mut out = core::mem::take(&mut more.out);
    out.clear();
    seal::seal(more.binding(), more.nonces()[0], associated, plain, &mut out);
    let length = place(&out);
    more.out = out;
    length
}

/// Open a part where it stands in the input, behind what it is bound to: answers 1 and where it is, or 0.
#[no_mangle]
pub extern "C" fn open(associated: usize, length: usize) -> u32 {
    let (associated, part) = memory().input[..associated + length].split_at_mut(associated);
    seal::open(MORE.get().binding(), associated, part).map_or(0, |plain| {
        place(plain);
        1
    })
}

/// AES-SIV (RFC 5297, AEAD_AES_SIV_CMAC_512) without associated data: the input holds the key of 64 bytes and `length` bytes of
/// text, of which the first 16 are for the synthetic initialization vector. They are sealed where they are.
#[no_mangle]
pub extern "C" fn seal_name(length: usize) {
    let (key, text) = memory().input[..SIV_KEY + length].split_at_mut(SIV_KEY);
    let (siv, text) = text.split_at_mut(SIV);
    let mut cipher = Aes256Siv::new((&*key).into());
    // It fails for more headers than there are.
    siv.copy_from_slice(&cipher.encrypt_in_place_detached(NO_HEADERS, text).expect("no headers"));
}

/// The way back: answers 1 if what is there was sealed with this key.
#[no_mangle]
pub extern "C" fn open_name(length: usize) -> u32 {
    let (key, text) = memory().input[..SIV_KEY + length].split_at_mut(SIV_KEY);
    let (siv, text) = text.split_at_mut(SIV);
    let mut cipher = Aes256Siv::new((&*key).into());
    cipher.decrypt_in_place_detached(NO_HEADERS, text, (&*siv).into()).is_ok().into()
}

const SIV_KEY: usize = 64;
const SIV: usize = 16;
const NO_HEADERS: [&[u8]; 0] = [];

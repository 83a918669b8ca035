//! What JavaScript calls. One instance serves one thread, and no call comes in while another runs.

use alloc::vec::Vec;
use core::cell::UnsafeCell;

use sha2::{Digest, Sha512};

use crate::frame::{self, CBOR, HEADER};
use crate::numbers::{write_number, MAX_NUMBER_BYTES};
use crate::padded::{Padded, PADDING};
use crate::parse;
use crate::shapes::Shapes;
use crate::tape::Tape;

#[derive(Default)]
pub struct Memory {
    pub input: Vec<u8>,
    pub output: Vec<u8>,
    /// The name of the entry whose frame is written or read.
    pub name: Vec<u8>,
    /// Room for a run of numbers to be written.
    numbers: Vec<f64>,
    tape: Tape,
    shapes: Shapes,
}

pub struct OneThread<T>(UnsafeCell<T>);
// Sound, because WebAssembly without threads has one.
unsafe impl<T> Sync for OneThread<T> {}

impl<T> OneThread<T> {
    pub const fn new(value: T) -> Self {
        OneThread(UnsafeCell::new(value))
    }

    #[allow(clippy::mut_from_ref)]
    pub fn get(&self) -> &mut T {
        unsafe { &mut *self.0.get() }
    }
}

static MEMORY: OneThread<Option<Memory>> = OneThread::new(None);

/// What calls answer beyond one word, for JavaScript to read.
static RESULT: OneThread<[u32; 5]> = OneThread::new([0; 5]);

pub fn memory() -> &'static mut Memory {
    MEMORY.get().get_or_insert_with(Memory::default)
}

pub fn answer<const N: usize>(words: [u32; N]) {
    RESULT.get()[..N].copy_from_slice(&words)
}

/// Room for `length` items, with whatever is in it: JavaScript fills it before the next call.
fn room<T: Copy>(items: &mut Vec<T>, length: usize) -> *mut T {
    items.reserve(length.saturating_sub(items.len()));
    unsafe { items.set_len(items.capacity()) };
    items.as_mut_ptr()
}

/// Where the answers are that are more than one word.
#[no_mangle]
pub extern "C" fn result() -> *const u32 {
    RESULT.get().as_ptr()
}

/// Where bytes to be read go, `length` of them.
#[no_mangle]
pub extern "C" fn input(length: usize) -> *mut u8 {
    room(&mut memory().input, length + PADDING)
}

/// Where bytes are written, `length` of them at least. What was written before is kept.
#[no_mangle]
pub extern "C" fn output(length: usize) -> *mut u8 {
    room(&mut memory().output, length)
}

/// Where a run of `count` numbers goes.
#[no_mangle]
pub extern "C" fn numbers(count: usize) -> *mut f64 {
    room(&mut memory().numbers, count)
}

/// Write the first `count` numbers as CBOR from `at` of the output on, where there is room for 9 bytes each. Answers where
/// they end.
#[no_mangle]
pub extern "C" fn write_numbers(count: usize, mut at: usize) -> usize {
    let Memory { numbers, output, .. } = memory();
    for &number in &numbers[..count] {
        let Some(out) = output.get_mut(at..).and_then(|rest| rest.first_chunk_mut::<MAX_NUMBER_BYTES>()) else {
            return 0;
        };
        at += write_number(number, out);
    }
    at
}

impl Memory {
    /// Parse `bytes`, the last of which are padding. Answers 1, and the places of the tape's words, numbers and texts, whether
    /// earlier shapes are forgotten, and the place of the bytes; 0 if the twin is to read them.
    pub fn parse(&mut self, bytes: &[u8], ends: &[usize], depth: u32) -> u32 {
        let Memory { tape, shapes, .. } = self;
        let renewed = shapes.renew();
        let parsed = parse::parse(Padded::new(bytes), ends, depth, tape, shapes).is_ok();
        answer([
            tape.words.as_ptr() as u32,
            tape.numbers.as_ptr() as u32,
            tape.texts.as_ptr() as u32,
            renewed.into(),
            bytes.as_ptr() as u32,
        ]);
        parsed.into()
    }

    /// The same for the part of the input from `start` to the last of `ends`.
    pub fn parse_input(&mut self, start: usize, ends: &[usize], depth: u32) -> u32 {
        // The tape holds copies and places, never the input itself.
        let input = core::mem::take(&mut self.input);
        let end = ends.last().map_or(start, |end| start + end);
        let answered = self.parse(&input[start..end + PADDING], ends, depth);
        self.input = input;
        answered
    }
}

/// Parse `length` bytes of the input: see `Memory::parse`.
#[no_mangle]
pub extern "C" fn parse(length: usize, depth: u32) -> u32 {
    memory().parse_input(0, &[length], depth)
}

/// The shape without its last key.
#[no_mangle]
pub extern "C" fn shape_parent(shape: u32) -> u32 {
    memory().shapes.parent(shape)
}

/// Answers how many bytes the shape's last key has, and where they are.
#[no_mangle]
pub extern "C" fn shape_key(shape: u32) -> usize {
    let text = memory().shapes.text(shape);
    answer([text.as_ptr() as u32]);
    text.len()
}

/// Room for a name of `length` bytes.
#[no_mangle]
pub extern "C" fn name(length: usize) -> *mut u8 {
    let name = &mut memory().name;
    name.resize(length, 0);
    name.as_mut_ptr()
}

/// Make a frame of the first `end` bytes of the output: 20 bytes for the header, the metadata up to `meta_end`, the value.
#[no_mangle]
pub extern "C" fn finish_frame(serializer: u8, meta_end: usize, end: usize) {
    let Memory { output, name, .. } = memory();
    frame::finish(&mut output[..end], meta_end, [serializer, 0, 0], name);
}

/// Verify the frame in the first `length` bytes of the input, and parse its metadata and, if it is CBOR, its value, one after
/// the other: see `Memory::parse`. With `head_only` the input ends with the metadata.
#[no_mangle]
pub extern "C" fn open_frame(length: usize, depth: u32, head_only: u32) -> u32 {
    let memory = memory();
    let verify = if head_only == 1 { frame::verify_head } else { frame::verify };
    let Some(meta_end) = verify(&mut memory.input[..length], &memory.name) else { return 0 };
    let both = [meta_end - HEADER, length - HEADER];
    let parses_value = memory.input[1] == CBOR && head_only == 0;
    memory.parse_input(HEADER, &both[..1 + usize::from(parses_value)], depth)
}

/// XXH3-64 of the first `length` bytes of the input.
#[no_mangle]
pub extern "C" fn sum(length: usize, seed: u64) -> u64 {
    frame::sum(&memory().input[..length], seed)
}

/// Put the SHA-512 of the first `length` bytes of the input in their place: 64 bytes, for which there is room.
#[no_mangle]
pub extern "C" fn sha512(length: usize) {
    let input = &mut memory().input;
    let digest = Sha512::digest(&input[..length]);
    input[..64].copy_from_slice(&digest);
}

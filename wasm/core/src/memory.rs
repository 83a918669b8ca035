//! What JavaScript calls. One instance serves one thread, and no call comes in while another runs.

use core::cell::UnsafeCell;

use crate::numbers::{write_number, MAX_NUMBER_BYTES};
use crate::padded::{Padded, PADDING};
use crate::parse;
use crate::shapes::Shapes;
use crate::tape::Tape;

#[derive(Default)]
struct Memory {
    input: Vec<u8>,
    output: Vec<u8>,
    /// Room for a run of numbers to be written.
    numbers: Vec<f64>,
    tape: Tape,
    shapes: Shapes,
}

struct OneThread<T>(UnsafeCell<T>);
// Sound, because WebAssembly without threads has one.
unsafe impl<T> Sync for OneThread<T> {}

static MEMORY: OneThread<Option<Memory>> = OneThread(UnsafeCell::new(None));

/// What calls answer beyond one word, for JavaScript to read.
static RESULT: OneThread<[u32; 4]> = OneThread(UnsafeCell::new([0; 4]));

fn memory() -> &'static mut Memory {
    unsafe { (*MEMORY.0.get()).get_or_insert_with(Memory::default) }
}

fn answer<const N: usize>(words: [u32; N]) {
    unsafe { (&mut *RESULT.0.get())[..N].copy_from_slice(&words) }
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
    RESULT.0.get().cast()
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

/// Parse `length` bytes of the input from `start` on. Answers 1 and the places of the tape's words, numbers and texts, and
/// whether earlier shapes are forgotten; 0 if the twin is to read the bytes.
#[no_mangle]
pub extern "C" fn parse(start: usize, length: usize, depth: u32) -> u32 {
    let Memory { input, tape, shapes, .. } = memory();
    let renewed = shapes.renew();
    let parsed = parse::parse(Padded::new(&input[start..start + length + PADDING]), depth, tape, shapes).is_ok();
    answer([tape.words.as_ptr() as u32, tape.numbers.as_ptr() as u32, tape.texts.as_ptr() as u32, renewed.into()]);
    parsed.into()
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

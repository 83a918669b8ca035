use std::cell::RefCell;

use konserve_core::padded::{Padded, PADDING};
use konserve_core::parse::parse;
use konserve_core::shapes::Shapes;
use konserve_core::tape::Tape;
use konserve_core::walk::walk;

thread_local! {
    /// As in the module, which has one of each for all that it parses.
    static KEPT: RefCell<(Tape, Shapes)> = RefCell::default();
}

/// The input: the depth that is allowed, where in the CBOR a first value ends (two bytes; 0 if there is one value), the CBOR.
///
/// The tape of whatever is accepted adds up. What is accepted, and what is read, is the same whatever was parsed before.
pub fn run(data: &[u8]) {
    let &[depth, high, low, ref cbor @ ..] = data else { return };
    let both = [u16::from_be_bytes([high, low]).into(), cbor.len()];
    let ends = if both[0] == 0 { &both[1..] } else { &both };
    let (mut tape, mut shapes) = Default::default();
    let first = read(cbor, ends, depth.into(), &mut tape, &mut shapes);
    let with_its_shapes = read(cbor, ends, depth.into(), &mut tape, &mut shapes);
    assert_eq!(first, with_its_shapes);
    let with_all_shapes = KEPT.with_borrow_mut(|(tape, shapes)| read(cbor, ends, depth.into(), tape, shapes));
    assert_eq!(first, with_all_shapes);
}

fn read(cbor: &[u8], ends: &[usize], depth: u32, tape: &mut Tape, shapes: &mut Shapes) -> Option<Vec<u64>> {
    // No byte more than the padding, for the sanitizer to see what is read behind it.
    let room = [cbor, &[0x61; PADDING]].concat();
    shapes.renew();
    parse(Padded::new(&room), ends, depth, tape, shapes).ok()?;
    Some(walk(tape, shapes, cbor, ends.len(), depth))
}

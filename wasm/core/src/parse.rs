//! CBOR (RFC 8949) to a tape, in one pass. Whatever is not well-formed, and the few well-formed things that are rare enough
//! to be left to the TypeScript twin (indefinite lengths, tags above 2^27), is refused as a whole: the twin then reads
//! the bytes again, and says what is wrong with them and where.

use crate::numbers::half_to_f64;
use crate::padded::{first_bytes, Padded};
use crate::shapes::{Shapes, EMPTY};
use crate::tape::*;

pub struct Refused;
type Result<T> = core::result::Result<T, Refused>;

/// A text of more bytes is decoded by itself: the platform is faster then, and it keeps nothing else alive.
const SHORT_TEXT: usize = 192;
/// UTF-16 units of a chunk: a text cut out of it may keep the whole chunk alive.
const CHUNK_UNITS: usize = 4096;
/// Items from which on a run of numbers is looked for.
const SHORTEST_RUN: usize = 4;

/// Parse all of `input`, which is at most 2^27 bytes: one value after the other, the first up to the first of `ends` and so
/// on, each nested at most `depth` deep.
pub fn parse(input: Padded, ends: &[usize], depth: u32, tape: &mut Tape, shapes: &mut Shapes) -> Result<()> {
    tape.clear();
    let bytes = input.bytes();
    // Texts are copied eight bytes at a time.
    tape.texts.reserve(bytes.len() + 8);
    let mut parser = Parser { input, bytes, at: 0, depth, tape, shapes, chunk: None, chunk_units: 0 };
    for &end in ends {
        parser.value()?;
        if parser.at != end {
            return Err(Refused);
        }
    }
    parser.end_chunk();
    Ok(())
}

struct Parser<'a> {
    input: Padded<'a>,
    bytes: &'a [u8],
    at: usize,
    /// Levels that are left.
    depth: u32,
    tape: &'a mut Tape,
    shapes: &'a mut Shapes,
    /// The node of the chunk of text that is being filled, and where its bytes start.
    chunk: Option<(usize, usize)>,
    chunk_units: usize,
}

impl<'a> Parser<'a> {
    fn value(&mut self) -> Result<()> {
        let initial = self.byte()?;
        let info = initial & 31;
        match initial >> 5 {
            0 => {
                let argument = self.argument(info)?;
                self.integer(argument, false)
            }
            1 => {
                let argument = self.argument(info)?;
                self.integer(argument, true)
            }
            2 => {
                let length = self.length(info, 1)?;
                self.place(BYTES, length)
            }
            3 => {
                let length = self.length(info, 1)?;
                self.text(length)?
            }
            4 => {
                let length = self.length(info, 1)?;
                self.array(length)?
            }
            5 => {
                let length = self.length(info, 2)?;
                self.map(length)?
            }
            6 => self.tagged(info)?,
            _ => match info {
                20..=23 => self.tape.node(SIMPLE, info as u32 - 20),
                25..=27 => {
                    let number = self.float(info)?;
                    self.number(number)
                }
                _ => return Err(Refused),
            },
        }
        Ok(())
    }

    #[inline(always)]
    fn byte(&mut self) -> Result<u8> {
        let byte = *self.bytes.get(self.at).ok_or(Refused)?;
        self.at += 1;
        Ok(byte)
    }

    #[inline(always)]
    fn take<const N: usize>(&mut self) -> Result<[u8; N]> {
        let part = self.bytes.get(self.at..).and_then(|rest| rest.first_chunk::<N>()).ok_or(Refused)?;
        self.at += N;
        Ok(*part)
    }

    #[inline(always)]
    fn argument(&mut self, info: u8) -> Result<u64> {
        Ok(match info {
            0..=23 => info.into(),
            24 => self.byte()?.into(),
            25 => u16::from_be_bytes(self.take()?).into(),
            26 => u32::from_be_bytes(self.take()?).into(),
            27 => u64::from_be_bytes(self.take()?),
            _ => return Err(Refused),
        })
    }

    #[inline(always)]
    fn float(&mut self, info: u8) -> Result<f64> {
        Ok(match info {
            25 => half_to_f64(u16::from_be_bytes(self.take()?)),
            26 => f32::from_be_bytes(self.take()?).into(),
            _ => f64::from_be_bytes(self.take()?),
        })
    }

    /// A length whose items, of at least `size` bytes each, can be there.
    #[inline(always)]
    fn length(&mut self, info: u8, size: u64) -> Result<usize> {
        let length = self.argument(info)?;
        if length > MAX_PAYLOAD || length * size > (self.bytes.len() - self.at) as u64 {
            return Err(Refused);
        }
        Ok(length as usize)
    }

    #[inline(always)]
    fn number(&mut self, number: f64) {
        self.tape.numbers.push(number);
        self.tape.node(NUMBER, 0);
    }

    #[inline(always)]
    fn integer(&mut self, argument: u64, is_negative: bool) {
        if argument <= MAX_PAYLOAD {
            let word = argument as u32;
            self.tape.node(SMALL, if is_negative { !word } else { word });
        } else if let Some(number) = safe_integer(argument, is_negative) {
            self.number(number);
        } else {
            self.tape.node(BIG, is_negative.into());
            self.tape.words.extend([(argument >> 32) as u32, argument as u32]);
        }
    }

    /// Bytes that stay where they are.
    #[inline(always)]
    fn place(&mut self, kind: u32, length: usize) {
        self.tape.node(kind, length as u32);
        self.tape.words.push(self.at as u32);
        self.at += length;
    }

    #[inline(always)]
    fn text(&mut self, length: usize) -> Result<()> {
        if length > SHORT_TEXT {
            // Its decoder checks it.
            self.place(LONG_TEXT, length);
            return Ok(());
        }
        let mut units = length;
        if !self.copy_text(length) {
            let text = &self.bytes[self.at..self.at + length];
            units = core::str::from_utf8(text).map_err(|_| Refused)?.encode_utf16().count();
        }
        if self.chunk.is_none() || self.chunk_units + units > CHUNK_UNITS {
            self.end_chunk();
            self.chunk = Some((self.tape.words.len(), self.tape.texts.len()));
            self.chunk_units = 0;
            self.tape.node(CHUNK, 0);
        }
        self.chunk_units += units;
        unsafe { self.tape.texts.set_len(self.tape.texts.len() + length) };
        self.tape.node(TEXT, units as u32);
        self.at += length;
        Ok(())
    }

    /// Put the next `length` bytes behind the texts; answers whether all of them are ASCII.
    #[inline(always)]
    fn copy_text(&mut self, length: usize) -> bool {
        let texts = &mut self.tape.texts;
        let mut seen = 0;
        let mut done = 0;
        while done < length {
            let eight = self.input.eight(self.at + done);
            // All texts together are no longer than the input, and there is room for eight bytes more.
            debug_assert!(texts.len() + done + 8 <= texts.capacity());
            unsafe { texts.as_mut_ptr().add(texts.len() + done).cast::<u64>().write_unaligned(eight.to_le()) };
            seen |= eight & first_bytes(length - done);
            done += 8;
        }
        seen & 0x8080_8080_8080_8080 == 0
    }

    fn end_chunk(&mut self) {
        if let Some((node, start)) = self.chunk {
            self.tape.words[node] = CHUNK | ((self.tape.texts.len() - start) as u32) << KIND_BITS;
        }
    }

    #[inline(always)]
    fn enter(&mut self) -> Result<()> {
        self.depth = self.depth.checked_sub(1).ok_or(Refused)?;
        Ok(())
    }

    fn array(&mut self, length: usize) -> Result<()> {
        self.enter()?;
        if length < SHORTEST_RUN || !(self.integers(length) || self.floats(length)) {
            self.tape.node(ARRAY, length as u32);
            for _ in 0..length {
                self.value()?;
            }
        }
        self.depth += 1;
        Ok(())
    }

    /// The items as a run of integers of 32 bits, if they are that.
    fn integers(&mut self, length: usize) -> bool {
        let (at, node) = (self.at, self.tape.words.len());
        self.tape.node(INTEGERS, length as u32);
        for _ in 0..length {
            let Some(&initial @ (0..=0x1a | 0x20..=0x3a)) = self.bytes.get(self.at) else { break };
            self.at += 1;
            let Ok(argument @ 0..=0x7fff_ffff) = self.argument(initial & 31) else { break };
            self.tape.words.push(if initial < 0x20 { argument as u32 } else { !(argument as u32) });
        }
        let whole = self.tape.words.len() - node - 1 == length;
        if !whole {
            self.at = at;
            self.tape.words.truncate(node);
        }
        whole
    }

    /// The items as a run of numbers, if they are that.
    fn floats(&mut self, length: usize) -> bool {
        let (at, start) = (self.at, self.tape.numbers.len());
        // Room for all of them: one that does not come is found out before any number behind it is taken.
        self.tape.numbers.reserve(length);
        for _ in 0..length {
            if self.at + 9 <= self.bytes.len() && self.bytes[self.at] == 0xfb {
                self.tape.numbers.push(self.input.float(self.at + 1));
                self.at += 9;
                continue;
            }
            let Ok(initial) = self.byte() else { break };
            let number = match initial {
                0xf9..=0xfb => self.float(initial & 31).ok(),
                0..=0x3f => self.argument(initial & 31).ok().and_then(|argument| safe_integer(argument, initial >= 0x20)),
                _ => None,
            };
            let Some(number) = number else { break };
            self.tape.numbers.push(number);
        }
        let whole = self.tape.numbers.len() - start == length;
        if whole {
            self.tape.node(FLOATS, length as u32);
        } else {
            self.at = at;
            self.tape.numbers.truncate(start);
        }
        whole
    }

    fn map(&mut self, length: usize) -> Result<()> {
        self.enter()?;
        let header = self.tape.words.len();
        self.tape.node(OBJECT, EMPTY);
        let mut shape = EMPTY;
        let mut rest = length;
        while rest > 0 {
            let Some(next) = self.known_key(shape) else { break };
            shape = next;
            self.value()?;
            rest -= 1;
        }
        let kind = if rest == 0 { OBJECT } else { PARTIAL };
        self.tape.words[header] = kind | shape << KIND_BITS;
        if rest > 0 {
            self.tape.words.push(rest as u32);
            let mut last = Some(shape);
            for _ in 0..rest {
                last = last.and_then(|shape| self.learn_key(shape));
                self.value()?;
                self.value()?;
            }
        }
        self.depth += 1;
        Ok(())
    }

    /// The shape with the key that comes next, which is then behind us.
    #[inline(always)]
    fn known_key(&mut self, shape: u32) -> Option<u32> {
        let (next, length) = match self.shapes.predict(shape, self.input, self.at) {
            Some(found) => found,
            None => self.follow_key(shape)?,
        };
        self.at += length;
        Some(next)
    }

    #[inline(never)]
    fn follow_key(&mut self, shape: u32) -> Option<(u32, usize)> {
        let (key, _) = self.peek_key()?;
        Some((self.shapes.find(shape, key)?, key.len()))
    }

    /// As `known_key`, but the key stays ahead of us, and the shape may be a new one.
    fn learn_key(&mut self, shape: u32) -> Option<u32> {
        let (key, text) = self.peek_key()?;
        self.shapes.find_or_add(shape, key, text)
    }

    /// The key that comes next, if it is a short text in the shortest form, and where its text starts.
    fn peek_key(&self) -> Option<(&'a [u8], usize)> {
        let rest = &self.bytes[self.at..];
        let (text, length) = match *rest.first()? {
            initial @ 0x60..=0x77 => (1, initial & 31),
            0x78 => (2, *rest.get(1)?),
            _ => return None,
        };
        let key = rest.get(..text + length as usize)?;
        core::str::from_utf8(&key[text..]).ok()?;
        Some((key, text))
    }

    fn tagged(&mut self, info: u8) -> Result<()> {
        let tag = self.argument(info)?;
        if tag > MAX_PAYLOAD {
            return Err(Refused);
        }
        let initial = *self.bytes.get(self.at).ok_or(Refused)?;
        let Some(majors) = content_of(tag) else {
            self.enter()?;
            self.tape.node(TAG, tag as u32);
            self.value()?;
            self.depth += 1;
            return Ok(());
        };
        if majors >> (initial >> 5) & 1 == 0 {
            return Err(Refused);
        }
        if tag == MAP_TAG {
            self.at += 1;
            let length = self.length(initial & 31, 2)?;
            self.enter()?;
            self.tape.node(MAP, length as u32);
            for _ in 0..2 * length {
                self.value()?;
            }
            self.depth += 1;
            return Ok(());
        }
        self.tape.node(TAG, tag as u32);
        self.value()
    }
}

const MAP_TAG: u64 = 259;

/// The major types that the content of a tag may have, as a set of bits; `None` for a tag that has no type here.
fn content_of(tag: u64) -> Option<u8> {
    Some(match tag {
        1 => 0b1000_0011,
        2 | 3 | 37 | 64..=87 | 273 => 0b100,
        27 | 258 => 0b1_0000,
        32 | 35 | 39 => 0b100_1000,
        MAP_TAG => 0b10_0000,
        _ => return None,
    })
}

/// The integer of a head, if JavaScript's numbers hold it safely.
#[inline(always)]
fn safe_integer(argument: u64, is_negative: bool) -> Option<f64> {
    const MAX_SAFE: u64 = (1 << 53) - 1;
    if is_negative {
        (argument < MAX_SAFE).then(|| -1.0 - argument as f64)
    } else {
        (argument <= MAX_SAFE).then_some(argument as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::padded::PADDING;
    use crate::walk::walk;

    const DEPTH: u32 = 64;

    fn parsed(bytes: &[u8], tape: &mut Tape, shapes: &mut Shapes) -> bool {
        let mut room = bytes.to_vec();
        // What is behind the bytes must not matter.
        room.extend([0x61; PADDING]);
        shapes.renew();
        parse(Padded::new(&room), &[bytes.len()], DEPTH, tape, shapes).is_ok()
    }

    fn check(bytes: &[u8], tape: &mut Tape, shapes: &mut Shapes) -> bool {
        let is_parsed = parsed(bytes, tape, shapes);
        if is_parsed {
            walk(tape, shapes, bytes, 1, DEPTH);
        }
        is_parsed
    }

    #[test]
    fn any_bytes_end_in_a_tape_that_adds_up_or_are_refused() {
        let seeds: [&[u8]; 5] = [
            b"\x83\xa3\x62id\x01\x64name\x63one\x62on\xf5\xa3\x62id\x02\x64name\x63two\x62on\xf4\xa1\x62id\x18\x64",
            b"\x85\xfb\x3f\xf1\x99\x99\x99\x99\x99\x9a\xf9\x3c\x00\xfa\x47\xc3\x50\x00\x1b\x00\x00\x00\xff\xff\xff\xff\xff\x20",
            b"\xd9\x01\x02\x82\x01\xd9\x01\x03\xa1\xc2\x42\x01\x00\x7f",
            b"\xa3\x61a\x44abcd\x01\x64\xf0\x9f\x98\x80\xf6\x84\x01\x02\x03\x19\x01\x00",
            b"\x84\x01\x02\x03\x82\xd8\x40\x41\x00\x1b\xff\xff\xff\xff\xff\xff\xff\xff",
        ];
        let (mut tape, mut shapes) = (Tape::default(), Shapes::default());
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut random = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        let mut accepted = 0;
        for round in 0..200_000 {
            let mut bytes = seeds[round % seeds.len()].to_vec();
            for _ in 0..random() % 4 {
                let at = random() as usize % bytes.len();
                match random() % 3 {
                    0 => bytes[at] = random() as u8,
                    1 => bytes.truncate(at + 1),
                    _ => bytes.insert(at, random() as u8),
                }
            }
            accepted += u32::from(check(&bytes, &mut tape, &mut shapes));
        }
        assert!(accepted > 20_000, "only {accepted} were accepted");
    }

    #[test]
    fn levels_are_counted_however_they_are_made() {
        let (mut tape, mut shapes) = (Tape::default(), Shapes::default());
        for (levels, accepted) in [(64, true), (65, false)] {
            let arrays = [vec![0x81; levels], vec![0x01]].concat();
            let objects = [b"\xa1\x61a".repeat(levels), vec![0x01]].concat();
            assert_eq!(parsed(&arrays, &mut tape, &mut shapes), accepted);
            assert_eq!(parsed(&objects, &mut tape, &mut shapes), accepted);
        }
    }
}

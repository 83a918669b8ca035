//! The way over a tape that JavaScript goes (`src/codec/wasm/decode.ts`), for tests and for fuzzing.

use alloc::vec::Vec;

use crate::shapes::{Shapes, EMPTY};
use crate::tape::*;

/// What is read where `count` values were parsed out of `input`, as a list of numbers that says the same whatever shapes were
/// known before. Panics where the tape does not add up, or is nested more than `depth` deep.
pub fn walk(tape: &Tape, shapes: &Shapes, input: &[u8], count: usize, depth: u32) -> Vec<u64> {
    let mut walk = Walk { tape, shapes, input, at: 0, number: 0, text: 0, chunk: Vec::new(), cut: 0, read: Vec::new() };
    walk.values(count, depth);
    assert_eq!(walk.cut, walk.chunk.len(), "text that nobody read");
    assert_eq!((walk.at, walk.number, walk.text), (tape.words.len(), tape.numbers.len(), tape.texts.len()));
    walk.read
}

struct Walk<'a> {
    tape: &'a Tape,
    shapes: &'a Shapes,
    input: &'a [u8],
    at: usize,
    number: usize,
    text: usize,
    /// The chunk that short texts are cut out of, and where the next one starts.
    chunk: Vec<u16>,
    cut: usize,
    read: Vec<u64>,
}

impl Walk<'_> {
    fn values(&mut self, count: usize, depth: u32) {
        for _ in 0..count {
            self.value(depth);
        }
    }

    fn value(&mut self, depth: u32) {
        let word = self.word();
        let (kind, payload) = (word & 15, (word >> KIND_BITS) as usize);
        if kind == CHUNK {
            self.next_chunk(payload);
            return self.value(depth);
        }
        // Whether keys were known is all that tells these two apart.
        self.read.push(if kind == PARTIAL { OBJECT } else { kind }.into());
        match kind {
            SMALL => self.read.push(word.into()),
            SIMPLE => self.say(payload, 4),
            NUMBER => self.numbers(1),
            TEXT => {
                let units = &self.chunk[self.cut..self.cut + payload];
                self.read.extend(units.iter().map(|&unit| u64::from(unit)));
                self.read.push(payload as u64);
                self.cut += payload;
            }
            LONG_TEXT | BYTES => {
                let start = self.word() as usize;
                assert!(start + payload <= self.input.len());
                self.read.extend([start as u64, payload as u64]);
            }
            BIG => {
                self.say(payload, 2);
                self.words(2);
            }
            TAG => {
                self.read.push(payload as u64);
                self.value(depth);
            }
            FLOATS => {
                inner(depth);
                self.numbers(payload);
            }
            INTEGERS => {
                inner(depth);
                self.words(payload);
            }
            ARRAY => {
                self.read.push(payload as u64);
                self.values(payload, inner(depth));
            }
            MAP => {
                self.read.push(payload as u64);
                self.values(2 * payload, inner(depth));
            }
            OBJECT => {
                let pairs = self.shaped(payload as u32, inner(depth));
                self.read.push(pairs);
            }
            PARTIAL => {
                let pairs = self.shaped(payload as u32, inner(depth));
                let rest = self.word();
                assert!(rest > 0, "an object after all");
                self.values(2 * rest as usize, inner(depth));
                self.read.push(pairs + u64::from(rest));
            }
            _ => panic!("no such kind: {kind}"),
        }
    }

    fn word(&mut self) -> u32 {
        self.at += 1;
        self.tape.words[self.at - 1]
    }

    fn words(&mut self, count: usize) {
        for _ in 0..count {
            let word = self.word();
            self.read.push(word.into());
        }
    }

    fn say(&mut self, payload: usize, end: usize) {
        assert!(payload < end);
        self.read.push(payload as u64);
    }

    fn numbers(&mut self, count: usize) {
        let numbers = &self.tape.numbers[self.number..self.number + count];
        self.read.extend(numbers.iter().map(|number| number.to_bits()));
        self.read.push(count as u64);
        self.number += count;
    }

    fn next_chunk(&mut self, length: usize) {
        assert_eq!(self.cut, self.chunk.len(), "text that nobody read");
        let bytes = &self.tape.texts[self.text..self.text + length];
        self.chunk = core::str::from_utf8(bytes).expect("UTF-8").encode_utf16().collect();
        self.cut = 0;
        self.text += length;
    }

    /// The values of a shape, with its keys as the texts that they would else be; answers how many there are.
    fn shaped(&mut self, mut shape: u32, depth: u32) -> u64 {
        let mut keys = Vec::new();
        while shape != EMPTY {
            keys.push(core::str::from_utf8(self.shapes.text(shape)).expect("UTF-8"));
            shape = self.shapes.parent(shape);
        }
        keys.reverse();
        for (index, key) in keys.iter().enumerate() {
            assert!(!keys[..index].contains(key), "a key twice");
            let start = self.read.len() as u64 + 1;
            self.read.push(TEXT.into());
            self.read.extend(key.encode_utf16().map(u64::from));
            self.read.push(self.read.len() as u64 - start);
            self.value(depth);
        }
        keys.len() as u64
    }
}

fn inner(depth: u32) -> u32 {
    depth.checked_sub(1).expect("no deeper than asked for")
}

//! The orders of keys that objects were seen with, as a trie: with its help a key is one comparison, and an object one
//! node of the tape. Its size is bounded, whatever the input.

use alloc::vec::Vec;
use alloc::vec;
use crate::padded::{first_bytes, Padded};

pub struct Shapes {
    nodes: Vec<Shape>,
    /// The keys as they are encoded, heads included.
    encoded: Vec<u8>,
}

/// The shape of an object without keys, from which all others are reached.
pub const EMPTY: u32 = 0;

#[derive(Clone, Copy, Default)]
struct Shape {
    parent: u32,
    /// The two shapes with one more key that were last gone to; 0 for none.
    next: u32,
    other: u32,
    first_child: u32,
    sibling: u32,
    keys: u32,
    children: u32,
    /// The first eight bytes of its last key, and which of them are the key's.
    first: u64,
    mask: u64,
    /// Where in `encoded` its last key starts, ends, and its text starts.
    start: u32,
    end: u32,
    text: u32,
}

const MAX_SHAPES: usize = 2048;
const MAX_KEYS: u32 = 64;
const MAX_KEY_BYTES: usize = 64;
const MAX_CHILDREN: u32 = 16;

impl Default for Shapes {
    fn default() -> Self {
        Shapes { nodes: vec![Shape::default()], encoded: Vec::new() }
    }
}

impl Shapes {
    /// Forget all shapes once there are many; answers whether it did.
    pub fn renew(&mut self) -> bool {
        let full = self.nodes.len() >= MAX_SHAPES;
        if full {
            self.nodes.truncate(1);
            self.nodes[0] = Shape::default();
            self.encoded.clear();
        }
        full
    }

    /// The shape with the key at `at`, if it is one of the two that followed last, and the key's length.
    #[inline(always)]
    pub fn predict(&self, shape: u32, input: Padded, at: usize) -> Option<(u32, usize)> {
        let Shape { next, other, .. } = *self.nodes.get(shape as usize)?;
        let first = input.eight(at);
        self.matching(next, first, input, at).or_else(|| self.matching(other, first, input, at))
    }

    #[inline(always)]
    fn matching(&self, shape: u32, first: u64, input: Padded, at: usize) -> Option<(u32, usize)> {
        let node = self.nodes.get(shape as usize)?;
        if shape == EMPTY || (first ^ node.first) & node.mask != 0 {
            return None;
        }
        let length = (node.end - node.start) as usize;
        let rest = input.bytes().get(at..at + length)?;
        // A loop, because a call of memcmp costs more than a key.
        let same = length <= 8 || self.key_of(shape)[8..].iter().zip(&rest[8..]).all(|(a, b)| a == b);
        same.then_some((shape, length))
    }

    #[inline(always)]
    fn key_of(&self, shape: u32) -> &[u8] {
        let Shape { start, end, .. } = self.nodes[shape as usize];
        &self.encoded[start as usize..end as usize]
    }

    /// The shape with one more key, if there is one, to be predicted from now on.
    pub fn find(&mut self, shape: u32, key: &[u8]) -> Option<u32> {
        let mut child = self.nodes[shape as usize].first_child;
        while child != EMPTY && self.key_of(child) != key {
            child = self.nodes[child as usize].sibling;
        }
        let parent = &mut self.nodes[shape as usize];
        (child != EMPTY).then(|| {
            parent.other = parent.next;
            parent.next = child;
            child
        })
    }

    /// The same, made if it is worth keeping. The text of `key` starts at `text`.
    pub fn find_or_add(&mut self, shape: u32, key: &[u8], text: usize) -> Option<u32> {
        if let Some(child) = self.find(shape, key) {
            return Some(child);
        }
        let Shape { first_child, children, keys, .. } = self.nodes[shape as usize];
        let full = keys == MAX_KEYS || children == MAX_CHILDREN || self.nodes.len() == MAX_SHAPES;
        if full || key.len() > MAX_KEY_BYTES || self.has(shape, &key[text..]) {
            return None;
        }
        let child = self.nodes.len() as u32;
        let start = self.encoded.len() as u32;
        self.encoded.extend_from_slice(key);
        let mut first = [0; 8];
        let shown = key.len().min(8);
        first[..shown].copy_from_slice(&key[..shown]);
        self.nodes.push(Shape {
            first: u64::from_le_bytes(first),
            mask: first_bytes(shown),
            parent: shape,
            sibling: first_child,
            keys: keys + 1,
            start,
            end: start + key.len() as u32,
            text: start + text as u32,
            ..Shape::default()
        });
        let parent = &mut self.nodes[shape as usize];
        parent.first_child = child;
        parent.children += 1;
        parent.other = parent.next;
        parent.next = child;
        Some(child)
    }

    /// Whether the shape has a key whose text is `text`, however it was encoded.
    fn has(&self, mut shape: u32, text: &[u8]) -> bool {
        while shape != EMPTY {
            if self.text(shape) == text {
                return true;
            }
            shape = self.nodes[shape as usize].parent;
        }
        false
    }

    /// The shape without its last key.
    pub fn parent(&self, shape: u32) -> u32 {
        self.nodes.get(shape as usize).map_or(EMPTY, |node| node.parent)
    }

    /// The text of the shape's last key.
    pub fn text(&self, shape: u32) -> &[u8] {
        match self.nodes.get(shape as usize) {
            Some(&Shape { text, end, .. }) => &self.encoded[text as usize..end as usize],
            None => &[],
        }
    }
}

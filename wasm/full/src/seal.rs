//! The parts of a frame, encrypted and authenticated by XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03). A sealed part is
//!
//!     0..7    the id of the key
//!     8..31   nonce
//!     32..    ciphertext, as long as what was sealed
//!     last 16 tag
//!
//! What it is bound to, its associated data, is bytes 0..3 of the frame, the id of the key, the id of the store (16 bytes), the
//! length of the name in one byte, the name, "meta" or "value", and for a value the tag of its metadata.

use alloc::vec::Vec;
use chacha20poly1305::aead::AeadInPlace;
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};

pub const KEY: usize = 32;
pub const KEY_ID: usize = 8;
pub const NONCE: usize = 24;
pub const STORE_ID: usize = 16;
pub const TAG: usize = 16;
/// Bytes that a sealed part is longer than what was sealed.
pub const OVERHEAD: usize = KEY_ID + NONCE + TAG;

/// A key with its id, and the id of the store, one after the other.
pub type Binding = [u8; KEY + KEY_ID + STORE_ID];

/// Put the sealed `plain` behind what is in `out`.
pub fn seal(binding: &Binding, nonce: &[u8; NONCE], associated: &[u8], plain: &[u8], out: &mut Vec<u8>) {
    out.extend(&binding[KEY..KEY + KEY_ID]);
    out.extend(nonce);
    let start = out.len();
    out.extend(plain);
    let tag = cipher(binding).encrypt_in_place_detached(nonce.into(), associated, &mut out[start..]);
    // It fails for 256 GiB and more.
    out.extend(tag.expect("less than memory holds"));
}

/// Open a sealed part where it is; answers what was sealed. `None` where anything is not as it was sealed, or it was sealed
/// with another key.
pub fn open<'a>(binding: &Binding, associated: &[u8], part: &'a mut [u8]) -> Option<&'a mut [u8]> {
    let (key_id, rest) = part.split_at_mut_checked(KEY_ID)?;
    let (nonce, rest) = rest.split_at_mut_checked(NONCE)?;
    let (sealed, tag) = rest.split_at_mut_checked(rest.len().checked_sub(TAG)?)?;
    if *key_id != binding[KEY..KEY + KEY_ID] {
        return None;
    }
    let opened = cipher(binding).decrypt_in_place_detached((&*nonce).into(), associated, sealed, (&*tag).into());
    opened.is_ok().then_some(sealed)
}

/// What the part `part` of the frame under `name` is bound to.
pub fn associated(binding: &Binding, kinds: &[u8], name: &[u8], part: &[u8], meta_tag: &[u8]) -> Vec<u8> {
    [kinds, &binding[KEY..], &[name.len() as u8], name, part, meta_tag].concat()
}

fn cipher(binding: &Binding) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(binding[..KEY].into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_changed_bit_is_found_out() {
        let binding: Binding = core::array::from_fn(|i| i as u8);
        let mut sealed = vec![];
        seal(&binding, &[7; NONCE], b"bound to", b"plain", &mut sealed);
        assert_eq!(sealed.len(), 5 + OVERHEAD);
        assert_eq!(open(&binding, b"bound to", &mut sealed.clone()), Some(&mut b"plain".to_vec()[..]));
        assert!(open(&binding, b"bound TO", &mut sealed.clone()).is_none());
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(open(&binding, b"bound to", &mut changed).is_none(), "bit {bit}");
        }
        for end in 0..sealed.len() {
            assert!(open(&binding, b"bound to", &mut sealed[..end].to_vec()).is_none(), "{end} bytes");
        }
    }
}

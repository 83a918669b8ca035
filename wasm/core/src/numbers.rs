//! Numbers as CBOR has them (RFC 8949, sections 3.1 and 3.3), each in the fewest bytes that hold it exactly.

/// The longest number, head included.
pub const MAX_NUMBER_BYTES: usize = 9;

/// Append `number` at `out`, which has room for `MAX_NUMBER_BYTES`; answers how many bytes it took.
#[inline(always)]
pub fn write_number(number: f64, out: &mut [u8; MAX_NUMBER_BYTES]) -> usize {
    let integer = number as i64;
    if integer as f64 == number && integer.unsigned_abs() < 1 << 53 && (integer != 0 || number.to_bits() == 0) {
        return match integer {
            0.. => write_head(0, integer as u64, out),
            _ => write_head(0x20, !integer as u64, out),
        };
    }
    let single = number as f32;
    if f64::from(single) != number && !number.is_nan() {
        out[0] = 0xfb;
        out[1..9].copy_from_slice(&number.to_be_bytes());
        9
    } else if let Some(half) = half_from_f32(single) {
        out[0] = 0xf9;
        out[1..3].copy_from_slice(&half.to_be_bytes());
        3
    } else {
        out[0] = 0xfa;
        out[1..5].copy_from_slice(&single.to_be_bytes());
        5
    }
}

#[inline(always)]
fn write_head(major: u8, argument: u64, out: &mut [u8; MAX_NUMBER_BYTES]) -> usize {
    match argument {
        0..=23 => {
            out[0] = major | argument as u8;
            1
        }
        24..=0xff => {
            out[0] = major | 24;
            out[1] = argument as u8;
            2
        }
        0x100..=0xffff => {
            out[0] = major | 25;
            out[1..3].copy_from_slice(&(argument as u16).to_be_bytes());
            3
        }
        0x1_0000..=0xffff_ffff => {
            out[0] = major | 26;
            out[1..5].copy_from_slice(&(argument as u32).to_be_bytes());
            5
        }
        _ => {
            out[0] = major | 27;
            out[1..9].copy_from_slice(&argument.to_be_bytes());
            9
        }
    }
}

/// The binary16 that is exactly `single`, if there is one; of all NaNs the one that has no payload.
fn half_from_f32(single: f32) -> Option<u16> {
    let bits = single.to_bits();
    let sign = (bits >> 16 & 0x8000) as u16;
    let exponent = (bits >> 23 & 0xff) as i32 - 127;
    let fraction = bits & 0x7f_ffff;
    match exponent {
        _ if single.is_nan() => Some(0x7e00),
        128 => Some(sign | 0x7c00),
        -127 => (fraction == 0).then_some(sign),
        -14..=15 => (fraction & 0x1fff == 0).then(|| sign | ((exponent + 15) as u16) << 10 | (fraction >> 13) as u16),
        -24..=-15 => {
            let significand = fraction | 0x80_0000;
            let shift = -1 - exponent;
            (significand & ((1 << shift) - 1) == 0).then(|| sign | (significand >> shift) as u16)
        }
        _ => None,
    }
}

/// The number that 16 bits of binary16 are.
pub fn half_to_f64(half: u16) -> f64 {
    let exponent = i32::from(half >> 10 & 31);
    let fraction = f64::from(half & 0x3ff);
    let magnitude = match exponent {
        0 => fraction * f64::from_bits(0x3e70_0000_0000_0000),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1024.0 + fraction) * f64::from_bits(((exponent + 998) as u64) << 52),
    };
    if half >> 15 == 1 {
        -magnitude
    } else {
        magnitude
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(number: f64) -> Vec<u8> {
        let mut out = [0; MAX_NUMBER_BYTES];
        let length = write_number(number, &mut out);
        out[..length].to_vec()
    }

    #[test]
    fn every_half_comes_back_and_takes_three_bytes_unless_it_is_an_integer() {
        for half in 0..=u16::MAX {
            let number = half_to_f64(half);
            if number.is_nan() {
                assert_eq!(written(number), [0xf9, 0x7e, 0]);
            } else if number.fract() != 0.0 || number.is_infinite() || half == 0x8000 {
                assert_eq!(written(number), [0xf9, (half >> 8) as u8, half as u8]);
            } else {
                assert!(written(number)[0] < 0x40, "{number}");
            }
        }
    }

    // RFC 8949, appendix A.
    #[test]
    fn numbers_are_as_the_standard_shows_them() {
        for (number, bytes) in [
            (0.0, &[0x00][..]),
            (-0.0, &[0xf9, 0x80, 0]),
            (23.0, &[0x17]),
            (24.0, &[0x18, 24]),
            (1_000_000.0, &[0x1a, 0, 0x0f, 0x42, 0x40]),
            (1e12, &[0x1b, 0, 0, 0, 0xe8, 0xd4, 0xa5, 0x10, 0]),
            (-1.0, &[0x20]),
            (-1000.0, &[0x39, 3, 0xe7]),
            (1.1, &[0xfb, 0x3f, 0xf1, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9a]),
            (1.5, &[0xf9, 0x3e, 0]),
            (100_000.5, &[0xfa, 0x47, 0xc3, 0x50, 0x40]),
            (5.960464477539063e-8, &[0xf9, 0, 1]),
            (1e300, &[0xfb, 0x7e, 0x37, 0xe4, 0x3c, 0x88, 0, 0x75, 0x9c]),
            (9007199254740992.0, &[0xfa, 0x5a, 0, 0, 0]),
        ] {
            assert_eq!(written(number), bytes, "{number}");
        }
    }
}

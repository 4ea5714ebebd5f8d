//! Rounded numbers as text, for the hundreds of thousands of a large table: what can be told from one multiplication is written
//! without the arithmetic of exact decimals, and is the same.

/// Powers of ten that a float holds exactly.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];
/// A float below this is off by less than a thousandth after one operation.
const EXACT: f64 = 1e12;

/// The size of `x` in units of its decimal at place `decimals`, rounded; `None` where that takes more exact arithmetic.
pub(super) fn scaled(x: f64, decimals: usize) -> Option<u64> {
    rounded(x.abs() * POWERS.get(decimals)?)
}

fn rounded(x: f64) -> Option<u64> {
    let below = x.floor();
    // So near to the middle, what the operation lost decides which way it goes.
    let sure = x < EXACT && (x - below - 0.5).abs() > 1e-3;
    sure.then(|| below as u64 + u64::from(x - below > 0.5))
}

/// A decimal number as text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plain {
    bytes: [u8; Self::LONGEST],
    begin: usize,
}

impl Plain {
    /// Twenty digits of an integer, as many zeros before it, a point and a sign.
    const LONGEST: usize = 44;

    /// `number` in units of the decimal at place `decimals`, of which there are at most 22.
    pub(super) fn new(negative: bool, mut number: u64, decimals: usize) -> Self {
        let mut plain = Self { bytes: [0; Self::LONGEST], begin: Self::LONGEST };
        let mut written = 0;
        while number > 0 || written <= decimals {
            if written == decimals && decimals > 0 {
                plain.before(b'.');
            }
            plain.before(b'0' + (number % 10) as u8);
            number /= 10;
            written += 1;
        }
        if negative {
            plain.before(b'-');
        }
        plain
    }

    fn before(&mut self, byte: u8) {
        self.begin -= 1;
        self.bytes[self.begin] = byte;
    }

    /// `x` with so many significant digits, no zeros at the end; `None` for what is written with an exponent or without
    /// decimals, and where it takes more exact arithmetic.
    pub(super) fn significant(x: f64, digits: usize) -> Option<Self> {
        let size = x.abs();
        if !(1e-5..1e10).contains(&size) {
            return None;
        }
        // How many digits stand before the point; less than none for zeros behind it.
        let before = match POWERS.iter().position(|power| size < *power)? {
            0 => [1e-1, 1e-2, 1e-3, 1e-4, 1e-5].iter().position(|power| size >= *power).map(|zeros| -(zeros as i32))?,
            before => before as i32,
        };
        let mut decimals = usize::try_from(digits as i32 - before).ok()?;
        let mut number = scaled(x, decimals)?;
        if number >= 10u64.checked_pow(u32::try_from(digits).ok()?)? && decimals == 0 {
            return None;
        }
        while decimals > 0 && number % 10 == 0 {
            number /= 10;
            decimals -= 1;
        }
        Some(Self::new(x < 0.0, number, decimals))
    }

    pub(super) fn as_str(&self) -> &str {
        // Digits, a point and a sign.
        std::str::from_utf8(&self.bytes[self.begin..]).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::super::numbers::significant;
    use super::*;

    /// Numbers of all sizes, those that lie in the middle between two among them.
    fn numbers() -> impl Iterator<Item = f64> {
        let mut seed = 1u64;
        let random = std::iter::repeat_with(move || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let fraction = (seed >> 11) as f64 / (1u64 << 53) as f64;
            let sign = if seed & 64 == 0 { 1.0 } else { -1.0 };
            sign * fraction * 10f64.powi((seed % 19) as i32 - 7)
        });
        let round =
            (0..40_000).flat_map(|n| [f64::from(n) / 1000.0, f64::from(n) / 4096.0, 9999.0 + f64::from(n) / 32_768.0]);
        random.take(200_000).chain(round).chain([0.0, -0.0, 1e-5, 9.9999e-6, 99_999.5, 9_999_999_999.5, 1e11, 5e-324])
    }

    #[test]
    fn what_is_written_quickly_is_what_exact_arithmetic_writes() {
        let mut quick = 0;
        for x in numbers() {
            for decimals in [0, 1, 2, 4, 7, 11] {
                if let Some(number) = scaled(x, decimals) {
                    let plain = Plain::new(x.is_sign_negative(), number, decimals);
                    assert_eq!(plain.as_str(), format!("{x:.decimals$}"), "{x:e} to {decimals} decimals");
                    quick += 1;
                }
            }
            for digits in [1, 2, 4, 6, 11] {
                if let Some(plain) = Plain::significant(x, digits) {
                    assert_eq!(plain.as_str(), significant(x, digits), "{x:e} to {digits} digits");
                    quick += 1;
                }
            }
        }
        assert!(quick > 2_000_000, "{quick}");
    }
}

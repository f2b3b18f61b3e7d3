//! Where a bucket ends.

use super::CUSTOM_BOUNDS;

/// The number before 2^(1/2): Prometheus's table of bounds, which every implementation shares, is built on
/// it, and not on the nearest one.
const ROOT_OF_TWO: f64 = f64::from_bits(std::f64::consts::SQRT_2.to_bits() - 1);

/// The upper bound of bucket `index`, which is the lower bound of the next. With custom bounds the index after
/// the last listed is infinity and -1 minus infinity; an index beyond them is taken for the nearest.
#[must_use]
pub fn bound(index: i32, schema: i8, custom: &[f64]) -> f64 {
    if schema == CUSTOM_BOUNDS {
        return match usize::try_from(index) {
            Err(_) => f64::NEG_INFINITY,
            Ok(index) => custom.get(index).copied().unwrap_or(f64::INFINITY),
        };
    }
    exponential(index, schema)
}

pub(super) fn exponential(index: i32, schema: i8) -> f64 {
    // 2^1024 would be infinite, but the largest finite observation has a bucket.
    if schema < 0 {
        let exponent = i64::from(index) << i64::from(-schema).min(31);
        return if exponent == 1024 {
            f64::MAX
        } else {
            times_power_of_two(1.0, exponent)
        };
    }
    let schema = schema.min(8);
    let part = index & ((1 << schema) - 1);
    let exponent = i64::from(index >> schema);
    if part == 0 && exponent == 1024 {
        return f64::MAX;
    }
    times_power_of_two(fraction(part, schema), exponent)
}

/// `2^(part / 2^schema)`, multiplied from square roots of two, the largest first, as the table was.
fn fraction(part: i32, schema: i8) -> f64 {
    let mut value = 1.0;
    let mut root = 2.0f64;
    for bit in (0..schema).rev() {
        root = root.sqrt();
        if part >> bit & 1 == 1 {
            value = if bit + 1 == schema {
                ROOT_OF_TWO
            } else {
                value * root
            };
        }
    }
    value
}

fn times_power_of_two(value: f64, exponent: i64) -> f64 {
    // Two steps, so that neither factor leaves the range of floats before the product does.
    let exponent = i32::try_from(exponent.clamp(-2_200, 2_200)).unwrap_or(0);
    let half = exponent / 2;
    value * 2f64.powi(half) * 2f64.powi(exponent - half)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_those_of_the_specification() {
        // Schema 0: powers of two. Schema -1: of four. Schema 1: of the root of two.
        assert_eq!(exponential(0, 0), 1.0);
        assert_eq!(exponential(-3, 0), 0.125);
        assert_eq!(exponential(2, -1), 16.0);
        assert_eq!(exponential(1, 1).to_string(), "1.414213562373095");
        assert_eq!(exponential(2, 1), 2.0);
        assert_eq!(exponential(1024, 0), f64::MAX);
        // 2^(3/8) and 2^(255/256), as Prometheus 3.5.3 writes them in its answers.
        assert_eq!(exponential(3, 3), 2.0 * 0.648_419_777_325_504_8);
    }
}

//! Numbers as Go writes and reads them, which is how Prometheus and its exporters do.

/// A sample's value. There is one NaN for all, so that no target can forge the marker that ends a series.
pub(super) fn value(text: &str) -> Option<f64> {
    let value: f64 = text.parse().ok()?;
    Some(if value.is_nan() { f64::NAN } else { value })
}

/// A bound or quantile as OpenMetrics writes it ("canonical numbers"): `1.0`, `0.005`, `1e+06`, `+Inf`.
pub(crate) fn canonical(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let mut text = shortest(value);
    if !text.contains(['e', '.']) {
        text.push_str(".0");
    }
    text
}

/// The fewest digits that read back as the same number, with an exponent from seven digits before the point or
/// four zeros behind it on: Go's `%g` of `strconv.FormatFloat(x, 'g', -1, 64)`.
fn shortest(value: f64) -> String {
    let scientific = format!("{value:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&exponent) {
        return value.to_string();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// OpenMetrics 1.0, "Considerations: Canonical Numbers", and Go's `strconv.FormatFloat(x, 'g', -1, 64)`.
    #[test]
    fn bounds_are_written_as_openmetrics_does() {
        for (value, text) in [
            (1.0, "1.0"),
            (0.0, "0.0"),
            (-1.0, "-1.0"),
            (0.005, "0.005"),
            (0.000_01, "1e-05"),
            (1e6, "1e+06"),
            (2.5, "2.5"),
            (f64::INFINITY, "+Inf"),
            (1e21, "1e+21"),
            (123_456.0, "123456.0"),
            (1_234_567.0, "1.234567e+06"),
        ] {
            assert_eq!(canonical(value), text);
        }
    }
}

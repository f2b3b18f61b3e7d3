//! Figures as people read them, letter by letter as Prometheus writes them.

use super::printf::general;

const LARGE: [&str; 8] = ["k", "M", "G", "T", "P", "E", "Z", "Y"];
const LARGE_BINARY: [&str; 8] = ["ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"];
const SMALL: [&str; 8] = ["m", "u", "n", "p", "f", "a", "z", "y"];

fn four(value: f64) -> String {
    general(value, Some(4))
}

/// `1.235M`, `12.34m`
pub(super) fn si(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return four(value);
    }
    if value.abs() >= 1.0 {
        scaled(value, 1000.0, &LARGE)
    } else {
        enlarged(value)
    }
}

/// `1.205ki`
pub(super) fn binary(value: f64) -> String {
    if value.abs() <= 1.0 || !value.is_finite() {
        return four(value);
    }
    scaled(value, 1024.0, &LARGE_BINARY)
}

fn scaled(mut value: f64, by: f64, prefixes: &[&'static str]) -> String {
    let mut prefix = "";
    for next in prefixes {
        if value.abs() < by {
            break;
        }
        prefix = next;
        value /= by;
    }
    four(value) + prefix
}

fn enlarged(mut value: f64) -> String {
    let mut prefix = "";
    for next in SMALL {
        if value.abs() >= 1.0 {
            break;
        }
        prefix = next;
        value *= 1000.0;
    }
    four(value) + prefix
}

/// `1d 2h 3m 4s`, `12.5ms`
pub(super) fn duration(value: f64) -> String {
    if !value.is_finite() {
        return four(value);
    }
    if value == 0.0 {
        return four(value) + "s";
    }
    if value.abs() < 1.0 {
        return enlarged(value) + "s";
    }
    let (sign, value) = if value < 0.0 {
        ("-", -value)
    } else {
        ("", value)
    };
    // Seconds beyond what an integer holds are nothing that a person waits for.
    #[allow(clippy::cast_possible_truncation)]
    let total = value as i64;
    let (seconds, minutes) = (total % 60, total / 60 % 60);
    let (hours, days) = (total / 3600 % 24, total / 86_400);
    if days != 0 {
        format!("{sign}{days}d {hours}h {minutes}m {seconds}s")
    } else if hours != 0 {
        format!("{sign}{hours}h {minutes}m {seconds}s")
    } else if minutes != 0 {
        format!("{sign}{minutes}m {seconds}s")
    } else {
        format!("{sign}{}s", four(value))
    }
}

/// `12.34%` of `0.1234`
pub(super) fn percentage(value: f64) -> String {
    four(value * 100.0) + "%"
}

/// Unix seconds as milliseconds. `None` beyond what can be shown.
pub(super) fn millis(seconds: f64) -> Option<i64> {
    // The largest instant in nanoseconds that Go's integers hold.
    const SECONDS_MAX: f64 = 9_223_372_036.0;
    (seconds.abs() <= SECONDS_MAX).then(|| {
        #[allow(clippy::cast_possible_truncation)]
        let nanos = (seconds * 1e9) as i64;
        nanos.div_euclid(1_000_000)
    })
}

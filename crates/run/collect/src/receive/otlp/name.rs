//! Names of OpenTelemetry as names of Prometheus, the way Prometheus 3.5's own OTLP door makes them by default:
//! every sign but letters, digits and colons becomes an underscore, and unit and type become suffixes.

/// What decides which suffix a metric gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Gauge,
    /// A sum that only grows.
    Counter,
    Other,
}

const UNITS: [(&str, &str); 26] = [
    // Time
    ("d", "days"),
    ("h", "hours"),
    ("min", "minutes"),
    ("s", "seconds"),
    ("ms", "milliseconds"),
    ("us", "microseconds"),
    ("ns", "nanoseconds"),
    // Bytes
    ("By", "bytes"),
    ("KiBy", "kibibytes"),
    ("MiBy", "mebibytes"),
    ("GiBy", "gibibytes"),
    ("TiBy", "tibibytes"),
    ("KBy", "kilobytes"),
    ("MBy", "megabytes"),
    ("GBy", "gigabytes"),
    ("TBy", "terabytes"),
    // SI
    ("m", "meters"),
    ("V", "volts"),
    ("A", "amperes"),
    ("J", "joules"),
    ("W", "watts"),
    ("g", "grams"),
    // Misc
    ("Cel", "celsius"),
    ("Hz", "hertz"),
    ("1", ""),
    ("%", "percent"),
];

const PER_UNITS: [(&str, &str); 7] = [
    ("s", "second"),
    ("m", "minute"),
    ("h", "hour"),
    ("d", "day"),
    ("w", "week"),
    ("mo", "month"),
    ("y", "year"),
];

pub(super) fn metric(name: &str, unit: &str, kind: Kind) -> String {
    let is_kept = |c: char| c.is_ascii_alphanumeric() || c == ':';
    let mut tokens: Vec<String> = name
        .split(|c| !is_kept(c))
        .filter(|token| !token.is_empty())
        .map(str::to_owned)
        .collect();
    let (main, per) = unit.split_once('/').unwrap_or((unit, ""));
    let main = clean(&known(main, &UNITS));
    let per = clean(&known(per, &PER_UNITS));
    let is_new = |token: &str, tokens: &[String]| {
        !token.is_empty() && !tokens.iter().any(|other| other == token)
    };
    let (has_main, has_per) = (is_new(&main, &tokens), is_new(&per, &tokens));
    if has_main {
        let main = if has_per {
            main.trim_end_matches('_')
        } else {
            &main
        };
        tokens.push(main.to_owned());
    }
    if has_per {
        tokens.extend(["per".to_owned(), per]);
    }
    let last = match kind {
        Kind::Counter => Some("total"),
        Kind::Gauge if unit == "1" => Some("ratio"),
        _ => None,
    };
    if let Some(last) = last {
        tokens.retain(|token| token != last);
        tokens.push(last.to_owned());
    }
    let name = tokens.join("_");
    match name.starts_with(|c: char| c.is_ascii_digit()) {
        true => format!("_{name}"),
        false => name,
    }
}

/// Braces hold what a person should know, not a unit.
fn known(unit: &str, table: &[(&str, &str)]) -> String {
    let unit = unit.trim();
    if unit.contains(['{', '}']) {
        return String::new();
    }
    let found = table.iter().find(|(short, _)| *short == unit);
    found.map_or(unit, |(_, long)| long).to_owned()
}

fn clean(unit: &str) -> String {
    let mut out = String::new();
    for c in unit.chars() {
        let c = if c.is_ascii_alphanumeric() || c == ':' {
            c
        } else {
            '_'
        };
        if c != '_' || !out.ends_with('_') {
            out.push(c);
        }
    }
    out.trim_start_matches('_').to_owned()
}

/// An attribute's name as a label's.
pub(super) fn label(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    if plain.starts_with(|c: char| c.is_ascii_digit()) {
        format!("key_{plain}")
    } else if plain.starts_with('_') && !plain.starts_with("__") {
        format!("key{plain}")
    } else {
        plain
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By the rules of OpenTelemetry's "Prometheus and OpenMetrics compatibility" and its table of units.
    #[test]
    fn names_are_made_as_prometheus_makes_them() {
        for (name, unit, kind, made) in [
            (
                "http.server.duration",
                "ms",
                Kind::Other,
                "http_server_duration_milliseconds",
            ),
            (
                "http.server.requests",
                "{request}",
                Kind::Counter,
                "http_server_requests_total",
            ),
            ("cpu.utilization", "1", Kind::Gauge, "cpu_utilization_ratio"),
            ("cpu.count", "1", Kind::Counter, "cpu_count_total"),
            (
                "net.speed",
                "MiBy/s",
                Kind::Gauge,
                "net_speed_mebibytes_per_second",
            ),
            ("seconds.spent", "s", Kind::Counter, "seconds_spent_total"),
            ("2xx", "", Kind::Counter, "_2xx_total"),
            ("a..b__c", "", Kind::Gauge, "a_b_c"),
            ("total.things", "", Kind::Counter, "things_total"),
            ("heat", "Cel", Kind::Gauge, "heat_celsius"),
            ("odd", "foo bar", Kind::Gauge, "odd_foo_bar"),
            ("rule:x", "", Kind::Gauge, "rule:x"),
        ] {
            assert_eq!(metric(name, unit, kind), made);
        }
        for (name, made) in [
            ("http.route", "http_route"),
            ("2nd", "key_2nd"),
            ("_x", "key_x"),
            ("__x", "__x"),
            ("é", "key_"),
        ] {
            assert_eq!(label(name), made);
        }
    }
}

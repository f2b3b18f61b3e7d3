//! Specs of a given size for the benches.

use std::fmt::Write;

/// All but the promises: one source, which nobody answers for, and somebody who is told.
const HEAD: &str = r#"service: { name: Bench, owner: bench, time_zone: UTC }
sources:
  scrape:
    shop: { targets: ["127.0.0.1:9"], interval: 15s, timeout: 10s }
severities:
  sev1: { level: 1, page_within: 1m }
routes: [{ receivers: [inbox] }]
receivers: { inbox: { kind: inbox } }
promises:
"#;

/// A spec with so many promises over one scraped source.
pub fn with_promises(count: usize) -> String {
    let mut spec = HEAD.to_owned();
    (0..count).for_each(|n| promise(&mut spec, n));
    spec
}

/// A spec of at least so many lines.
pub fn with_lines(lines: usize) -> String {
    let one = with_promises(1).lines().count();
    let per_promise = with_promises(2).lines().count() - one;
    with_promises(1 + lines.saturating_sub(one).div_ceil(per_promise))
}

fn promise(spec: &mut String, n: usize) {
    // Writing to a string does not fail.
    let _ = write!(
        spec,
        "  promise_{n}:\n    name: {{ en: Promise {n}, ja: 約束 {n} }}\n    kind: ratio\n    \
         total: requests_total{{route=\"{n}\"}}\n    bad: requests_total{{route=\"{n}\",code=\"500\"}}\n    \
         at_least: 99.5 %\n    window: 30d\n    severity: sev1\n"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spec_is_as_long_as_was_asked() {
        let lines = with_lines(3_000).lines().count();
        assert!((3_000..3_010).contains(&lines), "{lines}");
        assert_eq!(with_promises(200).matches("kind: ratio").count(), 200);
    }
}

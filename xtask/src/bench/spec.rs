//! Specs of a given size for the benches.

use std::{fmt::Write, net::SocketAddr};

/// All but the promises: one source, and somebody who is told.
fn head(target: SocketAddr) -> String {
    format!(
        r#"service: {{ name: Bench, owner: bench, time_zone: UTC }}
sources:
  scrape:
    shop: {{ targets: ["{target}"], interval: 15s, timeout: 10s }}
severities:
  sev1: {{ level: 1, page_within: 1m }}
routes: [{{ receivers: [inbox] }}]
receivers: {{ inbox: {{ kind: inbox }} }}
promises:
"#
    )
}

/// A spec with so many promises over one scraped source.
pub fn with_promises(count: usize, target: SocketAddr) -> String {
    let mut spec = head(target);
    (0..count).for_each(|n| promise(&mut spec, n));
    spec
}

/// The name of one of them.
pub fn id(n: usize) -> String {
    format!("promise_{n}")
}

/// A spec of at least so many lines.
pub fn with_lines(lines: usize) -> String {
    // Nobody is asked when a spec is only checked.
    let spec = |promises| with_promises(promises, ([127, 0, 0, 1], 9).into());
    let one = spec(1).lines().count();
    let per_promise = spec(2).lines().count() - one;
    spec(1 + lines.saturating_sub(one).div_ceil(per_promise))
}

fn promise(spec: &mut String, n: usize) {
    // Writing to a string does not fail.
    let _ = write!(
        spec,
        "  {}:\n    name: {{ en: Promise {n}, ja: 約束 {n} }}\n    kind: ratio\n    \
         total: requests_total{{route=\"{n}\"}}\n    bad: requests_total{{route=\"{n}\",code=\"500\"}}\n    \
         at_least: 99.5 %\n    window: 30d\n    severity: sev1\n",
        id(n)
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spec_is_as_long_as_was_asked() {
        let lines = with_lines(3_000).lines().count();
        assert!((3_000..3_010).contains(&lines), "{lines}");
        let spec = with_promises(200, ([127, 0, 0, 1], 9).into());
        assert_eq!(spec.matches("kind: ratio").count(), 200);
    }
}

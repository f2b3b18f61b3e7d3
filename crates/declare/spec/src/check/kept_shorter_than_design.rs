//! Logs of which the spec keeps less than the design says.

use promise::{say, unit::Span};

use super::{Found, Sight, lookup};

rule! {
    /// # Finds
    /// A stream of the design that `sources.logs` really collects, and that `retention` keeps for less.
    /// ja: `sources.logs` が実際に集めるのに、`retention` が設計より短く保存するストリーム。
    /// # Why
    /// The design is what the auditor reads; the retention is what happens.
    /// ja: 監査人が読むのは設計、実際に起きるのは `retention` です。
    /// # Source
    /// No number of ours: both figures are in the spec.
    /// ja: 独自の数値はありません。両方とも仕様の値です。
    /// # Example
    /// design `365d`, `retention: { logs: 90d }`
    /// ja: design `365d`, `retention: { logs: 90d }`
    /// # Fix
    /// Raise the retention, or correct the design.
    /// ja: `retention` を延ばすか、設計を直します。
    "kept-shorter-than-design": Error, needs ["log_analysis", "retention", "sources"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, design) in &sight.spec.design.log_analysis {
        let (Some(pattern), Some(wanted)) = (&design.pattern, design.retention) else { continue };
        let collected = sight.spec.sources.logs.values().find(|it| lookup::matches_glob(pattern, &it.stream));
        let Some(keep) = collected.map(|it| Span(sight.spec.retention.for_stream(&it.stream))).filter(|keep| *keep < wanted) else { continue };
        found
            .note(sight.places.at(&["log_analysis", name, "retention"]), say!("{wanted} here, and {keep} is what is kept", "ここでは {wanted} ですが、実際の保存期間は {keep} です"))
            .also(sight.places.at(&["retention"]), say!("what is kept", "実際の保存期間"));
    }
}

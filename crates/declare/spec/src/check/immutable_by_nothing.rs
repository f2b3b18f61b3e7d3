//! Logs that are called immutable and that nothing guards.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A stream with `immutable: true` whose `immutable_by` is missing, or names a bucket without `locked_for`, or one that is locked for less than its retention.
    /// ja: `immutable_by` がない、ロックのない保管先を指す、または保存期間よりロックが短い `immutable: true` のストリーム。
    /// # Why
    /// Whoever gets in deletes the log first.
    /// ja: 侵入者はまずログを消します。
    /// # Source
    /// PCI DSS 10.3.2 and 10.3.4: audit logs are protected from change, and change is noticed.
    /// ja: PCI DSS 10.3.2、10.3.4: 監査ログは改変から守り、改変を検知します。
    /// # Example
    /// `{ immutable: true }`
    /// ja: `{ immutable: true }`
    /// # Fix
    /// Name the locked bucket, or `ledger`.
    /// ja: ロックのある保管先か `ledger` を書きます。
    "immutable-by-nothing": Warning, needs ["log_analysis", "infrastructure"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, stream) in sight.spec.design.log_analysis.iter().filter(|(_, it)| it.immutable == Some(true)) {
        let at = |field| sight.places.at(&["log_analysis", name, field]);
        let Some(by) = &stream.immutable_by else {
            found
                .note(at("immutable"), say!("nothing is named that keeps `{name}` from being changed", "`{name}` の改変を防ぐ仕組みが書かれていません"))
                .hint(say!("write `immutable_by:` with a locked bucket, or `ledger`", "`immutable_by:` にロックのある保管先か `ledger` を書きます"));
            continue;
        };
        let Some(bucket) = sight.spec.design.infrastructure.buckets.get(by) else { continue };
        if bucket.locked_for.is_none() || stream.retention.is_some_and(|keep| bucket.locked_for < Some(keep)) {
            found
                .note(at("immutable_by"), say!("`{by}` is not locked for as long as `{name}` is kept", "`{by}` のロックが `{name}` の保存期間に足りません"))
                .also(sight.places.at(&["infrastructure", "buckets", by, "locked_for"]), say!("the lock", "ロック"));
        }
    }
}

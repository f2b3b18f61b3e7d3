//! Logs of which nobody says where their time comes from.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// Log streams without `time_source`, none of which is `audit: false`; one finding.
    /// ja: `time_source` のない、`audit: false` でないログ(まとめて 1 件)。
    /// # Why
    /// When clocks differ, nobody can say what came first.
    /// ja: 時計がずれていると、何が先に起きたか言えません。
    /// # Source
    /// PCI DSS 10.6.1 to 10.6.3.
    /// ja: PCI DSS 10.6.1〜10.6.3。
    /// # Example
    /// `log_analysis: { pay: { fields: [user_id] } }`
    /// ja: `log_analysis: { pay: { fields: [user_id] } }`
    /// # Fix
    /// Write `time_source: ntp`, or the name of the service.
    /// ja: `time_source: ntp` など、同期元を書きます。
    "logs-without-clock": Advice, for [Pci, Hipaa, JpMedical], needs ["log_analysis"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let streams = sight.spec.design.log_analysis.iter().filter(|(_, it)| it.audit != Some(false) && it.time_source.is_none());
    let names: Vec<&str> = streams.map(|(name, _)| name.as_str()).collect();
    if let Some(first) = names.first() {
        let all = names.join(", ");
        found
            .note(sight.places.key(&["log_analysis", first]), say!("where the clocks come from is not said: {all}", "時刻の同期元が書かれていません: {all}"))
            .hint(say!("add `time_source`", "`time_source` を加えます"));
    }
}

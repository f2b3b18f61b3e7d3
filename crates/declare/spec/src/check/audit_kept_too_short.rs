//! Logs that are gone before the auditor asks.

use promise::{say, document::Span as Place, unit::Span};

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A log stream that is not `audit: false`, or, where none is described, the provider's log groups, or the ledger, kept for less than a standard under `profiles` asks; or `at_hand` less than it asks.
    /// ja: `profiles` の基準が求めるより短い、`audit: false` でないログ(記述がなければ監視サービスのログ)と台帳の保存期間、または `at_hand`。
    /// # Why
    /// What happened ten months ago can no longer be shown, which is what the standard is about.
    /// ja: 10 か月前の出来事を示せなくなります。基準が求めるのはまさにそれです。
    /// # Source
    /// The clause, in the table `retention`; PCI DSS 10.5.1 asks for 12 months, of which 3 are at hand.
    /// ja: 条項は `retention` の表。PCI DSS 10.5.1 は 12 か月、うち 3 か月は即時に利用可能。
    /// # Example
    /// `profiles: [pci]`, `retention: 90d`
    /// ja: `profiles: [pci]`, `retention: 90d`
    /// # Fix
    /// Keep it longer, or say `audit: false` where it tells of no access.
    /// ja: 延ばすか、アクセスの記録でなければ `audit: false` と書きます。
    "audit-kept-too-short": Error, for [Pci, Hipaa, JpMedical], needs ["log_analysis", "monitoring", "ledger"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let design = &sight.spec.design;
    for (item, profile) in sight.spec.profiles.iter().enumerate() {
        let Some(fact) = sight.facts().one("retention", &[profile.as_str(), "audit"]) else { continue };
        let mut short = |at: Place, keep: Span, column: &str| {
            let Some(least) = fact.figure::<Span>(column).filter(|least| keep < *least) else { return };
            let clause = fact.get("clause");
            found
                .note(at, say!("kept {keep}, and {clause} asks for {least}", "保存期間は {keep} ですが、{clause} は {least} を求めています"))
                .also(sight.places.at(&["profiles", &item.to_string()]), say!("held to this", "準拠する基準"))
                .source(fact.source());
        };
        for (name, stream) in design.log_analysis.iter().filter(|(_, it)| it.audit != Some(false)) {
            if let Some(keep) = stream.retention {
                short(sight.places.at(&["log_analysis", name, "retention"]), keep, "keep");
            }
            if let Some(keep) = stream.at_hand {
                short(sight.places.at(&["log_analysis", name, "at_hand"]), keep, "at_hand");
            }
        }
        if let Some(keep) = sight.spec.ledger.keep {
            short(sight.places.at(&["ledger", "keep"]), keep, "keep");
        }
        // Where streams are described, the provider's log groups are a second copy of them.
        if let Some(keep) = design.monitoring.log_retention.filter(|_| design.log_analysis.is_empty()) {
            short(sight.places.at(&["monitoring", "log_retention"]), keep, "keep");
        }
    }
}

//! Requirements of PCI DSS of which the spec says nothing.

use std::collections::BTreeSet;

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// With the profile `pci` and duties for at least half of its twelve main requirements, named whole (`pci_dss:3`): those of which neither a duty nor `not_applicable` speaks. Fewer are no plan of the whole.
    /// ja: `pci` の基準で主要要件(1〜12)の半分以上に義務があるとき(`pci_dss:3` のように要件全体を挙げたもの)、どの義務にも `not_applicable` にも現れない要件。それより少なければ全体の計画とはみなしません。
    /// # Why
    /// An assessor asks for all twelve; what is left out needs a reason.
    /// ja: 審査では 12 要件すべてが問われ、対象外には理由が必要です。
    /// # Source
    /// PCI DSS 4.0.1 has twelve principal requirements.
    /// ja: PCI DSS 4.0.1 の主要要件は 12 個です。
    /// # Example
    /// duties for 1, 2, 3, 4, 6, 10 and 11 only
    /// ja: duties for 1, 2, 3, 4, 6, 10 and 11 only
    /// # Fix
    /// Add duties, or say under `not_applicable` why a requirement does not apply.
    /// ja: 義務を加えるか、`not_applicable` に理由を書きます。
    "requirement-missing": Advice, for [Pci], needs ["compliance"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let compliance = &sight.spec.design.compliance;
    let clauses = || compliance.duties.values().flat_map(|duty| &duty.clauses).chain(compliance.not_applicable.keys());
    // Whoever plans by requirements writes them whole; a clause alone is one duty.
    let whole = clauses().filter_map(|clause| clause.strip_prefix("pci_dss:")?.parse::<u32>().ok());
    let spoken: Vec<u32> = clauses().filter_map(|clause| clause.strip_prefix("pci_dss:")?.split('.').next()?.parse().ok()).collect();
    let distinct: BTreeSet<u32> = whole.filter(|it| (1..=12).contains(it)).collect();
    if distinct.len() >= 6 {
        let missing: Vec<String> = (1..=12).filter(|number| !spoken.contains(number)).map(|number| number.to_string()).collect();
        if !missing.is_empty() {
            let all = missing.join(", ");
            found.note(sight.places.key(&["compliance", "duties"]), say!("nothing is said of the requirements {all}", "要件 {all} についての記述がありません"));
        }
    }
}

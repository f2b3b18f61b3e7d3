//! Duties that are done later than their clause asks.

use promise::say;

use super::{Found, Sight, duty_too_seldom::asked};

rule! {
    /// # Finds
    /// A duty whose `within` is longer than one of its `clauses` allows.
    /// ja: `clauses` が許すより長い `within` の義務。
    /// # Why
    /// Whoever keeps to the plan breaks the law or the standard, in the days in which everybody is looking.
    /// ja: 計画どおりに動いても、注目の集まる時期に法令や基準に違反します。
    /// # Source
    /// The clause, in the table `duties`: reports to the commission under Article 26 of the Japanese act on personal information, 45 CFR 164.404 and 164.524, Article 33 GDPR, PCI DSS 6.3.3 and 8.2.6, the days in which a prescription can be used.
    /// ja: 条項は `duties` の表(個人情報保護法 26 条の報告、45 CFR 164.404 と 164.524、GDPR 33 条、PCI DSS 6.3.3 と 8.2.6、処方箋の使用期間)。
    /// # Example
    /// `clauses: ["appi:26_preliminary"]`, `within: 10d`
    /// ja: `clauses: ["appi:26_preliminary"]`, `within: 10d`
    /// # Fix
    /// Write the time that the clause allows, and a procedure that keeps it.
    /// ja: 条項の期限に改め、守れる手順にします。
    "duty-too-late": Error, needs ["compliance"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, duty) in &sight.spec.design.compliance.duties {
        let Some(within) = duty.within else { continue };
        for (item, clause) in duty.clauses.iter().enumerate() {
            let Some((fact, most)) = asked(sight, clause, "within").filter(|(_, most)| within > *most) else { continue };
            let (what, what_ja) = (fact.get("what"), fact.get("what_ja"));
            found
                .note(sight.places.at(&["compliance", "duties", name, "within"]), say!("within {within}, and {clause} ({what}) asks for {most} at most", "{within} 以内ですが、{clause}({what_ja})が許すのは {most} までです"))
                .also(sight.places.at(&["compliance", "duties", name, "clauses", &item.to_string()]), say!("the clause", "条項"))
                .hint(say!("write `within: {most}` or less", "`within: {most}` 以下にします"))
                .source(fact.source());
        }
    }
}

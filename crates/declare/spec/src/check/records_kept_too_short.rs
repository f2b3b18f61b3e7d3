//! Records that are kept shorter than the law asks.

use promise::say;

use super::{Found, Sight, duty_too_seldom::asked};

rule! {
    /// # Finds
    /// A duty whose `kept` is shorter than one of its `clauses` asks.
    /// ja: `clauses` が求めるより短い `kept` の義務。
    /// # Why
    /// What was deleted cannot be shown any more, and nobody notices before somebody asks.
    /// ja: 消した記録は示せず、求められるまで誰も気づきません。
    /// # Source
    /// The clause, in the table `duties`: Article 24 of the Japanese physicians' act, Articles 27 and 28 of the pharmacists' act, the books of corporate tax, 45 CFR 164.316(b)(2)(i).
    /// ja: 条項は `duties` の表(医師法 24 条、薬剤師法 27・28 条、法人税の帳簿書類、45 CFR 164.316(b)(2)(i))。
    /// # Example
    /// `clauses: ["jp_medical:physicians_24"]`, `kept: 1095d`
    /// ja: `clauses: ["jp_medical:physicians_24"]`, `kept: 1095d`
    /// # Fix
    /// Keep them as long as the clause asks.
    /// ja: 条項の期間まで保存します。
    "records-kept-too-short": Error, needs ["compliance"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, duty) in &sight.spec.design.compliance.duties {
        let Some(kept) = duty.kept else { continue };
        for (item, clause) in duty.clauses.iter().enumerate() {
            let Some((fact, least)) = asked(sight, clause, "kept").filter(|(_, least)| kept < *least) else { continue };
            let (what, what_ja) = (fact.get("what"), fact.get("what_ja"));
            found
                .note(sight.places.at(&["compliance", "duties", name, "kept"]), say!("kept for {kept}, and {clause} ({what}) asks for {least}", "保存は {kept} ですが、{clause}({what_ja})は {least} を求めています"))
                .also(sight.places.at(&["compliance", "duties", name, "clauses", &item.to_string()]), say!("the clause", "条項"))
                .hint(say!("write `kept: {least}` or more", "`kept: {least}` 以上にします"))
                .source(fact.source());
        }
    }
}

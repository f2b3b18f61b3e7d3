//! Duties that are done less often than their clause asks.

use promise::{say, unit::Span};

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A duty whose `every` is longer than one of its `clauses` allows.
    /// ja: `clauses` が許すより長い `every` の義務。
    /// # Why
    /// Between two times the standard is not met.
    /// ja: 次の実施までの間、基準を満たしません。
    /// # Source
    /// The clause, in the table `cadence`.
    /// ja: 条項は `cadence` の表。
    /// # Example
    /// `clauses: ["pci_dss:11.3.1"]`, `every: 180d`
    /// ja: `clauses: ["pci_dss:11.3.1"]`, `every: 180d`
    /// # Fix
    /// Do it more often.
    /// ja: 間隔を短くします。
    "duty-too-seldom": Error, needs ["compliance"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, duty) in &sight.spec.design.compliance.duties {
        let Some(every) = duty.every else { continue };
        for (item, clause) in duty.clauses.iter().enumerate() {
            let known = sight.facts().of("cadence", &[]).find(|fact| fact.get("clause") == clause);
            let Some((fact, most)) = known.and_then(|fact| Some((fact, fact.figure::<Span>("at_most")?))).filter(|(_, most)| every > *most) else { continue };
            let (what, what_ja) = (fact.get("what"), fact.get("what_ja"));
            found
                .note(sight.places.at(&["compliance", "duties", name, "every"]), say!("each {every}, and {clause} ({what}) asks for each {most}", "{every} ごとですが、{clause}({what_ja})は {most} ごとを求めています"))
                .also(sight.places.at(&["compliance", "duties", name, "clauses", &item.to_string()]), say!("the clause", "条項"))
                .source(fact.source());
        }
    }
}

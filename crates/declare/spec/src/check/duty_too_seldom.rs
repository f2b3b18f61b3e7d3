//! Duties that are done less often than their clause asks.

use promise::{
    quantity::{Bound, Quantity},
    say,
    unit::Span,
};

use super::{Found, Sight};
use crate::facts::Fact;

rule! {
    /// # Finds
    /// A duty whose `every` is longer than one of its `clauses` allows.
    /// ja: `clauses` が許すより長い `every` の義務。
    /// # Why
    /// Between two times the standard is not met.
    /// ja: 次の実施までの間、基準を満たしません。
    /// # Source
    /// The clause, in the table `duties`.
    /// ja: 条項は `duties` の表。
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
            let Some((fact, most)) = asked(sight, clause, "every").filter(|(_, most)| every > *most) else { continue };
            let mut others = sight.spec.design.compliance.duties.values().filter(|it| it.clauses.contains(clause));
            // Another duty that serves the clause often enough keeps it.
            if others.any(|it| it.every.is_some_and(|every| every <= most)) {
                continue;
            }
            let (what, what_ja) = (fact.get("what"), fact.get("what_ja"));
            found
                .note(sight.places.at(&["compliance", "duties", name, "every"]), say!("each {every}, and {clause} ({what}) asks for each {most}", "{every} ごとですが、{clause}({what_ja})は {most} ごとを求めています"))
                .also(sight.places.at(&["compliance", "duties", name, "clauses", &item.to_string()]), say!("the clause", "条項"))
                .source(fact.source());
        }
    }
}

/// What a clause asks of a field of a duty: the span that bounds it, from above or from below.
pub(super) fn asked<'s>(sight: &'s Sight<'_>, clause: &str, field: &str) -> Option<(Fact<'s>, Span)> {
    let fact = sight.facts().one("duties", &[clause, field])?;
    match fact.figure::<Bound>("bound")?.value {
        Quantity::Time(span) => Some((fact, span)),
        _ => None,
    }
}

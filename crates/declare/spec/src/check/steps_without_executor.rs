//! Procedures that nobody and nothing carries out.

use promise::say;

use super::{Found, Sight};
use crate::{diagnostic::Level, section::continuity::Step};

rule! {
    /// # Finds
    /// A failover with steps of which no one says who or what does them, or how long they take; one finding for each failover.
    /// ja: 実行者や所要時間の書かれていない手順を持つ切り替え(切り替えごとに 1 件)。
    /// # Why
    /// A step without an executor is done by whoever thinks of it; one without a time cannot be added up against the recovery time.
    /// ja: 実行者のない手順は気づいた人任せになり、時間のない手順は復旧時間と比べられません。
    /// # Source
    /// No number of ours. ISO 22301 8.4.4 asks for roles in the plan.
    /// ja: 独自の数値はありません。ISO 22301 8.4.4 は計画に役割を求めています。
    /// # Example
    /// `steps: [{ text: promote the replica }]`
    /// ja: `steps: [{ text: promote the replica }]`
    /// # Fix
    /// Add `by` and `takes` to each.
    /// ja: 各手順に `by` と `takes` を加えます。
    "steps-without-executor": Warning, needs ["continuity"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, failover) in &sight.spec.design.continuity.failover {
        let all = failover.steps.len();
        let nobody = failover.steps.iter().filter(|it| it.by.is_none()).count();
        let timeless = failover.steps.iter().filter(|it| it.takes.is_none()).count();
        if nobody + timeless > 0 {
            let diagnostic = found.note(
                    sight.places.key(&["continuity", "failover", name, "steps"]),
                    say!("of {all} steps, {nobody} have no executor and {timeless} no time", "{all} 件の手順のうち、実行者なしが {nobody} 件、所要時間なしが {timeless} 件です"),
                );
            diagnostic.hint(say!("add `by` and `takes` to each", "各手順に `by` と `takes` を加えます"));
            // A runbook for people names nobody at all, but for the service that answers with the other address; where some steps have somebody, the others were forgotten.
            let is_person = |it: &&Step| it.by.is_some() && it.r#do.as_deref() != Some("redirect");
            if !failover.steps.iter().any(|it| is_person(&it)) {
                diagnostic.level(Level::Advice);
            }
        }
    }
}

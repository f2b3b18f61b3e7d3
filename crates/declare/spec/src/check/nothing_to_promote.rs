//! Promotions of a copy that is declared nowhere.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A failover with a step `promote` to a place in which no database has a replica and to which nothing is replicated.
    /// ja: 複製が宣言されていない場所への `promote` の手順。
    /// # Why
    /// The procedure stops at that step.
    /// ja: 手順がそこで止まります。
    /// # Source
    /// No number of ours.
    /// ja: 独自の数値はありません。
    /// # Example
    /// `do: promote`, `to: us-west-2`, no replica there
    /// ja: `do: promote`, `to: us-west-2`, no replica there
    /// # Fix
    /// Declare the replica with its mode and lag.
    /// ja: 複製を方式と遅れとともに宣言します。
    "nothing-to-promote": Error, needs ["continuity", "infrastructure"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let design = &sight.spec.design;
    for (name, failover) in &design.continuity.failover {
        let Some(step) = failover.steps.iter().position(|step| step.r#do.as_deref() == Some("promote")) else { continue };
        let is_there = |region: Option<&String>| region.is_none() || failover.to.is_none() || region == failover.to.as_ref();
        let replica = design.infrastructure.databases.values().flat_map(|it| it.replicas.values()).any(|it| is_there(it.region.as_ref()));
        let copy = design.continuity.replication.values().any(|it| is_there(it.to.as_ref()) && it.of.as_ref().is_none_or(|of| design.infrastructure.databases.contains_key(of)));
        // Where no database is described, a replica of it cannot be missed.
        if replica || copy || failover.to.is_none() || design.infrastructure.databases.is_empty() {
            continue;
        }
        let to = failover.to.as_deref().unwrap_or("-");
        let diagnostic = found.note(sight.places.at(&["continuity", "failover", name, "steps", &step.to_string(), "text"]), say!("what is promoted? No database has a replica in {to}", "何を昇格しますか? {to} に複製を持つデータベースがありません"));
        if let Some(database) = design.infrastructure.databases.keys().next() {
            diagnostic.also(sight.places.key(&["infrastructure", "databases", database]), say!("no `replicas` here", "`replicas` がありません"));
        }
    }
}

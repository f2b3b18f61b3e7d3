//! Workloads of which none may ever be taken away.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A group of machines whose `available_min` is as many as there are (`instances_min`, else `instances`), or whose `unavailable_max` is 0.
    /// ja: `available_min` が台数(`instances_min`、なければ `instances`)以上、または `unavailable_max` が 0 の群。
    /// # Why
    /// Nobody can empty a machine on which one of them runs: upgrades and replacements wait for ever, or are forced at night.
    /// ja: 動いているサーバーを空けられず、更新や入れ替えが終わらないか、夜間に強制することになります。
    /// # Source
    /// Kubernetes, "Specifying a Disruption Budget for your Application": with `maxUnavailable` 0 or `minAvailable` equal to the number of replicas a node cannot be drained.
    /// ja: Kubernetes「Specifying a Disruption Budget for your Application」。`maxUnavailable` が 0、または `minAvailable` が台数と同じなら、ノードを空けられません。
    /// # Example
    /// `{ instances: 3, available_min: 3 }`
    /// ja: `{ instances: 3, available_min: 3 }`
    /// # Fix
    /// Let one be missing, or run one more.
    /// ja: 1 台の停止を許すか、1 台増やします。
    "drain-never-ends": Warning, needs ["infrastructure"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, it) in &sight.spec.design.infrastructure.compute {
        let at = |field| sight.places.at(&["infrastructure", "compute", name, field]);
        if it.unavailable_max == Some(0) {
            found
                .note(at("unavailable_max"), say!("none of `{name}` may ever be taken away", "`{name}` は 1 台も止められません"))
                .hint(say!("write `unavailable_max: 1`", "`unavailable_max: 1` にします"));
        }
        let own = it.instances_min.map(|count| ("instances_min", count));
        let (Some(least), Some((field, count))) = (it.available_min, own.or(it.instances.map(|count| ("instances", count)))) else { continue };
        if least < count || count == 0 {
            continue;
        }
        let may = count.saturating_sub(1);
        let diagnostic = found.note(at("available_min"), say!("{least} of {count} must stay: none may ever be taken away", "{count} 台のうち {least} 台を残すため、1 台も止められません"));
        diagnostic.also(at(field), say!("there are so many at least", "最小の台数"));
        if may > 0 {
            diagnostic.hint(say!("write `available_min: {may}`, or run one more", "`available_min: {may}` にするか、1 台増やします"));
        } else {
            diagnostic.hint(say!("run one more", "1 台増やします"));
        }
    }
}

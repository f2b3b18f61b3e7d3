//! Failovers that cannot end within the recovery time that they are for.

use std::time::Duration;

use promise::{Say, say, unit::Span};

use super::{Found, Sight, design};
use crate::section::continuity::Step;

rule! {
    /// # Finds
    /// A failover whose trigger, approval, steps and DNS together last longer than the `rto` of its tier, or whose trigger alone lasts as long.
    /// ja: 条件の継続時間・承認・手順・DNS の合計が層の `rto` を超える切り替え、または条件だけで `rto` に達する切り替え。
    /// # Why
    /// The promise is broken each time that the procedure works exactly as it is written.
    /// ja: 手順どおりに成功しても、そのたびに約束が破れます。
    /// # Source
    /// No number of ours: the sum of what the spec itself says, in seconds.
    /// ja: 独自の数値はありません。仕様に書かれた秒数の合計です。
    /// # Example
    /// `60 s trigger + 240 s promote + 60 s DNS = 360 s > RTO 300 s`
    /// ja: `60 s trigger + 240 s promote + 60 s DNS = 360 s > RTO 300 s`
    /// # Fix
    /// Start sooner, make steps shorter or parallel, or promise a longer recovery time.
    /// ja: 早く始めるか、手順を短くするか、長い目標復旧時間を約束します。
    "recovery-exceeds-rto": Error, needs ["service", "continuity", "infrastructure"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, failover) in &sight.spec.design.continuity.failover {
        let path = ["continuity", "failover", name];
        let mut tiers = design::rtos(sight, &failover.tiers);
        tiers.sort_by_key(|(_, rto)| rto.0);
        // A failover that a person starts has no trigger with a time; its steps alone may last too long.
        let waiting = failover.triggers.iter().filter_map(|(name, it)| Some((Some(name), it.waits()?)));
        let mut starts: Vec<(Option<&String>, Span)> = waiting.collect();
        if starts.is_empty() {
            starts.push((None, Span::default()));
        }
        for (trigger, waits) in starts {
            let mut parts: Vec<(Say, Span)> = trigger.iter().map(|_| (say!("trigger", "条件"), waits)).collect();
            parts.extend(failover.approved_within.map(|it| (say!("approval", "承認"), it)));
            parts.extend(failover.steps.iter().filter_map(|step| Some((called(step), step.takes?))));
            let ttl = sight.spec.design.infrastructure.dns.values().filter(|it| it.failover == Some(true)).filter_map(|it| it.ttl).max();
            parts.extend(ttl.map(|ttl| (say!("DNS TTL", "DNS の TTL"), ttl)));
            let sum = Span(parts.iter().map(|(_, it)| it.0).sum::<Duration>());
            let unsaid = failover.steps.iter().filter(|it| it.takes.is_none()).count();
            let mut late = tiers.iter().filter(|(_, rto)| !parts.is_empty() && (sum > *rto || sum == *rto && unsaid > 0));
            let Some((tier, rto)) = late.next() else { continue };
            let shown = design::sum(&parts, sum);
            let (en, ja) = (&shown.en, &shown.ja);
            let sign = if sum == *rto { "=" } else { ">" };
            let at = match trigger {
                Some(trigger) => sight.places.at(&[path[0], path[1], path[2], "triggers", trigger]),
                None => sight.places.key(&[path[0], path[1], path[2], "steps"]),
            };
            let mut diagnostic = found.note(
                at,
                say!("{en} {sign} RTO {rto} of `{tier}`", "{ja} {sign} `{tier}` の RTO {rto}"),
            );
            diagnostic = diagnostic.also(sight.places.at(&["service", "tiers", tier, "rto"]), say!("the recovery time that is promised", "約束した復旧時間"));
            // Those that are promised more time, and still too little.
            for (tier, rto) in late {
                diagnostic = diagnostic.also(sight.places.at(&["service", "tiers", tier, "rto"]), say!("longer than {rto} of `{tier}` too", "`{tier}` の {rto} も超えます"));
            }
            if unsaid > 0 {
                diagnostic.also(sight.places.key(&[path[0], path[1], path[2], "steps"]), say!("{unsaid} steps come on top, without a time", "このほかに時間の書かれていない手順が {unsaid} 件あります"));
            }
            diagnostic.hint(say!("what is left for detection must be less than {rto} minus the steps", "検知に使えるのは、{rto} から手順の時間を引いた残りだけです"));
        }
    }
}

/// What a step is called in a sum: its kind, or its words up to its own figure.
fn called(step: &Step) -> Say {
    match step.r#do.as_deref() {
        Some("promote") => say!("promotion", "昇格"),
        Some("scale") => say!("scaling", "増強"),
        Some("restore") => say!("restore", "復元"),
        Some("redirect") => say!("redirection", "切り替え"),
        Some("notify") => say!("notice", "連絡"),
        Some("approve") => say!("approval", "承認"),
        Some(other) => Say::same(other),
        None => {
            let until = step.text.find(|c: char| c.is_ascii_digit() || "(（".contains(c)).filter(|at| *at > 0);
            let name = &step.text[..until.unwrap_or(step.text.len())];
            Say::same(name.trim_end_matches(|c: char| c.is_whitespace() || ":：<>≤~約-–—".contains(c)).trim_start())
        }
    }
}

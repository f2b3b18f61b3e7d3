//! Evidence that is stale before the next can come.

use promise::{say, unit};

use super::{Found, Sight, lookup};

rule! {
    /// # Finds
    /// A promise over metrics whose `fresh_for` is shorter than the shortest interval at which anything is collected.
    /// ja: メトリクスによる約束の `fresh_for` が、最も短い収集間隔よりも短い。
    /// # Why
    /// Between two samples it would be unproven every time, although nothing is wrong.
    /// ja: 何も問題がなくても、収集のたびに「証拠なし」になります。
    /// # Source
    /// Compared with the shortest interval in the spec, so what is found is certain. Twice the interval or more survives one lost sample.
    /// ja: 仕様の中で最も短い間隔と比べるので、見つかったものは確実です。間隔の 2 倍以上にすると、一度の欠落に耐えられます。
    /// # Example
    /// `fresh_for: 10s` while everything is scraped each `15s`
    /// ja: すべての収集間隔が `15s` なのに `fresh_for: 10s`
    /// # Fix
    /// Write at least twice the interval.
    /// ja: 間隔の 2 倍以上にします。
    "stale-before-next": Warning, needs ["sources"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let asked = lookup::asked(sight);
    let Some(fastest) = asked.iter().min_by_key(|asked| asked.interval) else { return };
    for promise in &sight.spec.promises {
        let fresh_for = promise.kind.as_judge().fresh_for();
        if !lookup::reads_metrics(promise) || fresh_for >= fastest.interval {
            continue;
        }
        let (fresh, interval, twice) =
            (unit::Span(fresh_for), unit::Span(fastest.interval), unit::Span(fastest.interval * 2));
        let path = ["promises", promise.id.as_str(), "fresh_for"];
        let diagnostic = found.note(
            sight.places.at(&path),
            say!(
                "evidence is stale after {fresh}, but new evidence comes each {interval} at best",
                "証拠は {fresh} で古くなりますが、新しい証拠は早くても {interval} ごとにしか来ません"
            ),
        );
        let interval_at = fastest.at("interval");
        if sight.places.is_written(&interval_at) {
            diagnostic.also(sight.places.at(&interval_at), say!("the shortest interval", "最も短い間隔"));
        }
        diagnostic.hint(say!("write `fresh_for: {twice}` or more", "`fresh_for: {twice}` 以上にします"));
    }
}

//! Windows longer than their evidence is kept.

use std::time::Duration;

use promise::{LogQuery, Promise, Signal, say, unit};

use super::{Found, Sight, lookup};

rule! {
    /// # Finds
    /// A promise whose window is longer than its metrics or logs are kept.
    /// ja: 対象の期間が、メトリクスやログの保存期間より長い約束。
    /// # Why
    /// The older part of the window would have no evidence: the promise could never be proven for all of it.
    /// ja: 期間の古い部分に証拠がなくなり、全体を証明できません。
    /// # Source
    /// The longest form of the window: a calendar month has 31 days, and an hour more where clocks change.
    /// ja: 期間が最も長くなる場合で比べます(暦の月は 31 日、夏時間のある地域ではさらに 1 時間)。
    /// # Example
    /// `window: 90d` with `retention: { metrics: 30d }`
    /// ja: `retention: { metrics: 30d }` のもとでの `window: 90d`
    /// # Fix
    /// Keep the evidence longer, or promise over a shorter window.
    /// ja: 保存期間を延ばすか、対象の期間を短くします。
    "window-exceeds-retention": Error, needs ["retention"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for promise in &sight.spec.promises {
        let Some(need) = need(promise) else { continue };
        if let Some((field, kept)) = shortest_kept(sight, promise).filter(|(_, kept)| *kept < need) {
            note(sight, found, promise, need, &field, kept);
        }
    }
}

/// How far back the promise looks, in the longest case.
fn need(promise: &Promise) -> Option<Duration> {
    let judge = promise.kind.as_judge();
    let until = judge.signals().into_iter().filter_map(|signal| match signal {
        Signal::Pairs { within, .. } => Some(within),
        _ => None,
    });
    let window = judge.window().map(promise::Window::longest);
    until.chain(window).chain([judge.fresh_for()]).max()
}

/// Which retention ends first for this promise's evidence, as a path within `retention`, and when.
fn shortest_kept(sight: &Sight<'_>, promise: &Promise) -> Option<(Vec<String>, Duration)> {
    let retention = &sight.spec.retention;
    let metrics = lookup::reads_metrics(promise).then(|| (vec!["metrics".to_owned()], retention.metrics.0));
    let logs = lookup::log_queries(promise).into_iter().flat_map(|query| streams(sight, &query)).map(
        |stream| match retention.streams.iter().find(|(pattern, _)| lookup::matches_glob(pattern, &stream)) {
            Some((pattern, kept)) => (vec!["streams".to_owned(), pattern.clone()], kept.0),
            None => (vec!["logs".to_owned()], retention.logs.0),
        },
    );
    metrics.into_iter().chain(logs).min_by_key(|(_, kept)| *kept)
}

/// The declared streams whose records a query may accept, and the one that it names, declared or not.
fn streams(sight: &Sight<'_>, query: &LogQuery) -> Vec<String> {
    let sources = &sight.spec.sources;
    let received = sources.receive.streams().into_iter().map(|(_, stream)| stream);
    let declared = sources.logs.values().map(|logs| logs.stream.as_str()).chain(received);
    let named = query.required_values().into_iter().filter(|(field, _)| *field == "stream").map(|(_, name)| name);
    let mut streams: Vec<String> =
        declared.filter(|stream| query.streams_maybe(stream)).chain(named).map(str::to_owned).collect();
    streams.dedup();
    streams
}

fn note(
    sight: &Sight<'_>,
    found: &mut Found<'_>,
    promise: &Promise,
    need: Duration,
    field: &[String],
    kept: Duration,
) {
    let places = &sight.places;
    let id = promise.id.as_str();
    let span = ["window", "within"].iter().map(|field| ["promises", id, field]).find(|path| places.is_written(path));
    let span = span.map_or_else(|| places.key(&["promises", id]), |path| places.at(&path));
    let (need, kept, name) = (unit::Span(need), unit::Span(kept), field.join("."));
    let diagnostic = found.note(
        span,
        say!(
            "this looks back {need}, but its evidence is kept for {kept}",
            "ここでは {need} さかのぼりますが、証拠は {kept} しか保存されません"
        ),
    );
    let mut path = vec!["retention"];
    path.extend(field.iter().map(String::as_str));
    if places.is_written(&path) {
        diagnostic.also(places.at(&path), say!("kept for {kept}", "保存期間は {kept}"));
    }
    diagnostic.hint(say!(
        "write `retention.{name}: {need}` or more, or a shorter window",
        "`retention.{name}` を {need} 以上にするか、期間を短くします"
    ));
}

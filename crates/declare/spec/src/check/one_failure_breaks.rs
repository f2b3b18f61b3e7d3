//! Windows in which a single failure is more than may fail.

use promise::{quantity::Quantity, say, unit::Span};

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A success metric whose `period` × `periods` holds, at the usual rate of `load`, so few requests that one failure alone is beyond its bound.
    /// ja: `load` の通常の頻度では、`period` × `periods` の間の要求が少なく、1 件の失敗だけで基準を外れる成功率のメトリクス。
    /// # Why
    /// It says more of chance than of the service: people are woken for one declined request and learn to ignore it.
    /// ja: サービスの状態ではなく偶然を測ることになり、1 件の失敗で人が起こされ、やがて無視されます。
    /// # Source
    /// Google, The Site Reliability Workbook, chapter 5, low-traffic services. Requests × (1 − share) must be 1 or more.
    /// ja: Google『The Site Reliability Workbook』第 5 章(トラフィックの少ないサービス)。要求数 ×(1 − 割合)が 1 以上であること。
    /// # Example
    /// `>= 99.5 %` over `1m` at 20 requests a minute
    /// ja: `>= 99.5 %` over `1m` at 20 requests a minute
    /// # Fix
    /// Measure over a longer time: as long as it takes until one failure fits.
    /// ja: 1 件の失敗が収まる長さまで、対象の期間を延ばします。
    "one-failure-breaks": Warning, needs ["monitoring", "load"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let scenarios = sight.spec.design.load.scenarios.iter();
    let usual = scenarios.filter(|(_, it)| it.kind.as_deref() == Some("normal"));
    let Some((scenario, rate)) = usual
        .filter_map(|(name, it)| Some((name, it.rate?)))
        .min_by(|a, b| a.1.0.total_cmp(&b.1.0))
    else {
        return;
    };
    for (name, it) in &sight.spec.design.monitoring.metrics {
        let bound = it
            .bound
            .filter(|bound| !bound.is_upper() && it.measures.as_deref() == Some("success"));
        let (Some(Quantity::Share(share)), Some(period)) =
            (bound.map(|bound| bound.value), it.period)
        else {
            continue;
        };
        let periods = u32::try_from(it.periods.unwrap_or(1)).unwrap_or(u32::MAX);
        let over = Span(period.0.saturating_mul(periods));
        let events = rate.0 * over.0.as_secs_f64();
        let may_fail = events * (1.0 - share.0);
        // Half of a hundredth is far below what a person means by a figure such as 99.5 %.
        if may_fail >= 1.0 - 5e-5 || share.0 >= 1.0 || events <= 0.0 {
            continue;
        }
        let (events, needed) = (
            events.floor(),
            Span::secs((1.0 / (1.0 - share.0) / rate.0).ceil() as u64),
        );
        found
            .note(
                sight.places.at(&["monitoring", "metrics", name, "period"]),
                say!(
                    "{events} requests in {over} at {rate}: one failure breaks {share}",
                    "{rate} では {over} に {events} 件で、1 件の失敗で {share} を割ります"
                ),
            )
            .also(
                sight.places.at(&["load", "scenarios", scenario, "rate"]),
                say!("the usual rate", "通常の頻度"),
            )
            .hint(say!(
                "one failure fits into {needed} or more",
                "1 件の失敗が収まるのは {needed} 以上です"
            ));
    }
}

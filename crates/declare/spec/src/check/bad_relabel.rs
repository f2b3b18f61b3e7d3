//! Relabel steps that make no sense.

use super::{Found, Sight};
use crate::section::relabel::compile;

rule! {
    /// # Finds
    /// A step of `relabel_configs` or `metric_relabel_configs` that lacks what its action needs, says what its
    /// action does not take, or holds no regular expression.
    /// ja: `relabel_configs`・`metric_relabel_configs` の段に、動作に必要な項目がない、使えない項目がある、または正規表現が正しくない。
    /// # Why
    /// The job could not begin, and its targets would not be asked.
    /// ja: ジョブを始められず、対象に問い合わせができません。
    /// # Source
    /// Prometheus refuses the same. Regular expressions are Go's RE2, and match the whole value.
    /// ja: Prometheus も同じ設定を拒みます。正規表現は Go の RE2 で、値の全体に一致します。
    /// # Example
    /// `relabel_configs: [{ action: hashmod, target_label: shard }]`
    /// ja: `relabel_configs: [{ action: hashmod, target_label: shard }]`
    /// # Fix
    /// Write what the message asks for.
    /// ja: メッセージのとおりに書き足すか、消します。
    "bad-relabel": Error, needs [], check, always
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (job, scrape) in &sight.spec.sources.scrape {
        let lists = [
            ("relabel_configs", &scrape.relabel_configs),
            ("metric_relabel_configs", &scrape.metric_relabel_configs),
        ];
        for (list, steps) in lists {
            for (index, step) in steps.iter().enumerate() {
                if let Some(why) = step.mistake().or_else(|| compile(&step.regex).err()) {
                    let index = index.to_string();
                    let path = ["sources", "scrape", job, list, &index];
                    found.note(sight.places.at(&path), why);
                }
            }
        }
    }
}

//! Suppressions that may not be.

use promise::{document::did_you_mean, say};

use super::{Found, RULES, Sight, rule};

rule! {
    /// # Finds
    /// A suppression whose time is up, of a rule that does not exist or cannot be suppressed, or at a place that is not written.
    /// ja: 期限が過ぎた抑制、存在しない規則や抑制できない規則の抑制、仕様に書かれていない場所の抑制。
    /// # Why
    /// A suppression is a debt that somebody has agreed to pay by a day. Without an end it would outlive the reason for it.
    /// ja: 抑制は、期日までに返すと決めた借りです。終わりがないと、理由がなくなった後も残り続けます。
    /// # Source
    /// No number: the day is the one that the suppression itself names.
    /// ja: 数値はありません。期日は抑制に書かれた日です。
    /// # Example
    /// `suppressions: { late: { rule: page-too-late, reason: new probe is ordered, until: 2020-01-31 } }`
    /// ja: `suppressions: { late: { rule: page-too-late, reason: 監視を発注済み, until: 2020-01-31 } }`
    /// # Fix
    /// Mend what it covered and remove it, or agree on a new day and write why.
    /// ja: 元の問題を直して抑制を消すか、新しい期日を決めて理由を書き直します。
    "bad-suppression": Error, needs ["suppressions"], check, always
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, suppression) in &sight.spec.suppressions {
        let at = |field| ["suppressions", name, field];
        let code = &suppression.rule;
        match rule(code) {
            None => {
                let span = sight.places.at(&at("rule"));
                let diagnostic = found.note(span, say!("there is no rule `{code}`", "`{code}` という規則はありません"));
                match did_you_mean(code, RULES.iter().map(|rule| rule.code)) {
                    Some(meant) => diagnostic.hint(say!("did you mean `{meant}`?", "`{meant}` のことですか?")),
                    None => diagnostic.hint(say!("`tegata check --rules` lists them", "`tegata check --rules` で一覧できます")),
                };
            }
            Some(rule) if rule.is_always => {
                found
                    .note(sight.places.at(&at("rule")), say!("`{code}` cannot be suppressed", "`{code}` は抑制できません"))
                    .hint(say!("without it the spec could not run: mend what it finds", "仕様が動かなくなるため、見つかった問題を直してください"));
            }
            Some(_) => {}
        }
        if suppression.is_over(sight.world.now) {
            let until = suppression.until;
            found
                .note(sight.places.at(&at("until")), say!("`{name}` ended on {until}", "`{name}` の期限 {until} が過ぎています"))
                .also(sight.places.at(&at("reason")), say!("the reason that was given", "そのときの理由"))
                .hint(say!("mend what it covered, or agree on a new day", "問題を直すか、新しい期日を決めます"));
        }
        if suppression.reason.trim().is_empty() {
            found.note(sight.places.at(&at("reason")), say!("`{name}` gives no reason", "`{name}` に理由がありません"));
        }
        if let Some(path) = &suppression.at
            && !sight.places.is_written(&path.split('.').collect::<Vec<_>>())
        {
            found
                .note(sight.places.at(&at("at")), say!("nothing is written at `{path}`", "`{path}` には何も書かれていません"))
                .hint(say!("a path like `promises.paid`", "`promises.paid` のように書きます"));
        }
    }
}

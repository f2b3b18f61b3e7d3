//! What a load test runs and what it must show, in sentences: `300 requests a second for half an hour, then 700`,
//! `p95 が 800 ミリ秒以下、失敗が 1 % 以下なら合格`.

use promise::say;
use serde_json::json;

use super::{
    Reader,
    bounds::share_within,
    figures::{Figure, Kind, figures},
    stating::blank,
    words,
};

/// A figure of a clause, where it stands in the sentence.
fn moved(figure: &Figure, by: usize) -> Figure {
    Figure {
        start: figure.start + by,
        end: figure.end + by,
        ..figure.clone()
    }
}

/// Words for passing a test.
const ACCEPTED: [&str; 8] = [
    "accept",
    "pass when",
    "passes when",
    "pass if",
    "passes if",
    "合格",
    "合否",
    "受け入れ基準",
];
/// Words for a test of load, in its heading or sentence.
const LOADED: [&str; 8] = [
    "load test",
    "load-test",
    "stress test",
    "performance test",
    "before launch",
    "負荷試験",
    "負荷テスト",
    "性能試験",
];
/// What one of several loads in a row is called.
const STAGED: [&str; 6] = ["stage", "step", "phase", "段階", "ステップ", "段"];

impl Reader<'_> {
    /// Reads what a load test is and must show; blanks stand in the place of the figures that were read.
    pub(super) fn load_tested(&mut self, left: &mut String, line: usize) {
        let lower = left.to_lowercase();
        let speaks = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        let is_here = self.is_under(&LOADED)
            || speaks(&LOADED)
            || LOADED.iter().any(|word| self.before.contains(word));
        if is_here
            && [
                "mock",
                "モック",
                "stub",
                "スタブ",
                "simulator",
                "replaced by",
            ]
            .iter()
            .any(|word| lower.contains(word))
        {
            self.mocked.push((lower.clone(), line));
        }
        let is_said = speaks(&["合格", "合否"]) || words::quantile(left).is_some();
        let is_under = self.is_under(&ACCEPTED) && self.is_under(&LOADED);
        if is_under || speaks(&ACCEPTED) && (is_here || is_said) {
            self.accepted(left, line);
        } else if is_here && speaks(&STAGED) {
            self.stages(left, line);
        }
    }

    fn accepted(&mut self, left: &mut String, line: usize) {
        let text = left.clone();
        let mut start = 0;
        for clause in text.split_inclusive(['、', ',', ';', '；']) {
            if let Some((time, quantile)) = share_within(clause) {
                let bound = format!("<= {}", time.text);
                self.once(&["load", "acceptance", "response", &quantile], bound, line);
                for figure in figures(clause) {
                    blank(left, &moved(&figure, start));
                }
            } else {
                self.accepted_figures(clause, start, left, line);
            }
            start += clause.len();
        }
    }

    fn accepted_figures(&mut self, clause: &str, start: usize, left: &mut String, line: usize) {
        let mut from = 0;
        for figure in figures(clause) {
            let own = clause[from..figure.start].to_lowercase();
            from = figure.end;
            let says = |words: &[&str]| words.iter().any(|word| own.contains(word));
            let (group, field, value) = match (figure.kind, words::quantile(&own)) {
                (Kind::Time, Some(quantile)) => {
                    ("response", quantile, json!(format!("<= {}", figure.text)))
                }
                (Kind::Share, _) if says(&["error", "fail", "失敗", "エラー"]) => {
                    let of_payments = says(&["payment", "決済"]);
                    let what = if of_payments { "payments" } else { "all" };
                    ("errors", what.to_owned(), json!(figure.text))
                }
                (Kind::Share, _) if says(&["cpu"]) => {
                    ("utilization", "cpu".to_owned(), json!(figure.text))
                }
                (Kind::Share, _) if says(&["memory", "メモリ"]) => {
                    ("utilization", "memory".to_owned(), json!(figure.text))
                }
                _ => continue,
            };
            self.once(&["load", "acceptance", group, &field], value, line);
            blank(left, &moved(&figure, start));
        }
    }

    /// Loads one after the other; of the later ones often only the number is said.
    fn stages(&mut self, left: &mut String, line: usize) {
        let text = left.clone();
        let all = figures(&text);
        let Some(per) = all
            .iter()
            .find(|it| it.kind == Kind::Rate)
            .and_then(|it| it.text.split_once('/'))
            .map(|(_, per)| per.to_owned())
        else {
            return;
        };
        let mut stages: Vec<(Figure, Option<Figure>)> = Vec::new();
        for figure in all {
            match (figure.kind, stages.last_mut()) {
                (Kind::Rate | Kind::Count, _) => stages.push((figure, None)),
                (Kind::Time, Some((_, lasts @ None))) => *lasts = Some(figure),
                _ => {}
            }
        }
        // A bare number that lasts for no time counts something else.
        stages.retain(|(load, lasts)| load.kind == Kind::Rate || lasts.is_some());
        for (load, lasts) in stages {
            let id = self.draft.id("scenarios", "stage");
            let at = |field| ["load", "scenarios", id.as_str(), field];
            let rate = if load.kind == Kind::Rate {
                load.text.clone()
            } else {
                format!("{}/{per}", load.text)
            };
            let why = || say!("one of several loads in a row", "段階的な負荷の一つ");
            self.draft.guess(&at("rate"), rate, line, why());
            blank(left, &load);
            if let Some(lasts) = lasts {
                self.draft
                    .guess(&at("duration"), lasts.text.as_str(), line, why());
                blank(left, &lasts);
            }
        }
    }
}

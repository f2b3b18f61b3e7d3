//! How far back objectives look, and how long the metrics are kept that they look at.

use promise::{record::Scalar as _, unit::Span};

use super::{
    Reader,
    blocks::{bare, sentences_of},
    by_the_words,
    figures::{Kind, figures},
    stated::KEPT,
    table::Table,
};

const METRICS: [&str; 8] = [
    "metric",
    "prometheus",
    "メトリクス",
    "メトリック",
    "time series",
    "時系列",
    "victoriametrics",
    "samples",
];
const LOGS: [&str; 3] = ["log", "ログ", "trace"];
/// Words beside the time over which objectives are measured.
const WINDOW: [&str; 15] = [
    "slo window",
    "window:",
    "window of the objectives",
    "rolling window",
    "measured over",
    "evaluated over",
    "over a rolling",
    "over rolling",
    "測定期間",
    "計測期間",
    "評価期間",
    "測定の期間",
    "移動窓",
    "ローリング",
    "slo は直近",
];
const WINDOWS: [&str; 8] = [
    "window",
    "slo_window",
    "測定期間",
    "計測期間",
    "評価期間",
    "集計期間",
    "期間",
    "period",
];
/// Objectives look back so far; what is shorter is a rate's window, and what is longer a contract's year.
const DAYS: std::ops::RangeInclusive<u64> = 7..=92;
const DAY: u64 = 86_400;

impl Reader<'_> {
    /// A table of objectives with a column for the time over which each is measured, or of what is kept for how long.
    pub(super) fn looks_back(&mut self, table: &Table<'_>) {
        const STAYS: [&str; 6] = [
            "保持期間",
            "保存期間",
            "保管期間",
            "保持",
            "retention",
            "kept",
        ];
        if let Some(column) = table.column(&STAYS).filter(|at| *at != table.name) {
            for (line, row) in table.rows {
                let name = table.cell(row, table.name);
                self.keeps_metrics(&name, &table.cell(row, column), *line);
            }
        }
        let objectives = [
            "slo",
            "objective",
            "目標",
            "availability",
            "可用性",
            "service level",
        ];
        let Some(column) = table
            .column(&WINDOWS)
            .filter(|_| self.is_under(&objectives))
        else {
            return;
        };
        for (line, row) in table.rows {
            self.windows
                .extend(days(&table.cell(row, column)).map(|span| (span, *line)));
        }
    }

    /// A row that says how long metrics are kept; `false` where it is of something else.
    pub(super) fn keeps_metrics(&mut self, name: &str, cell: &str, line: usize) -> bool {
        let lower = name.to_lowercase();
        let is_theirs = METRICS.iter().any(|word| lower.contains(word))
            && !LOGS.iter().any(|word| lower.contains(word));
        let kept = spans(cell).max_by_key(|span| span.0);
        let Some(kept) = kept.filter(|_| is_theirs) else {
            return false;
        };
        self.metrics_kept.push((kept, line));
        true
    }

    /// Reads both from all that was said. Of several stores the one that keeps metrics longest counts.
    pub(super) fn looked_back(&mut self) {
        for (line, text) in self.said.clone() {
            for sentence in sentences_of(&bare(&text)) {
                let lower = sentence.to_lowercase();
                if WINDOW.iter().any(|word| lower.contains(word)) {
                    self.windows.extend(days(sentence).map(|span| (span, line)));
                }
                if !KEPT.iter().any(|word| lower.contains(word)) {
                    continue;
                }
                for clause in sentence.split(['、', ';', '；', ',']) {
                    self.keeps_metrics(clause, clause, line);
                }
            }
        }
        const FLAG: &str = "storage.tsdb.retention.time";
        if let Some((_, rest)) = self.whole.split_once(FLAG) {
            let kept = rest
                .trim_start_matches(['=', ':', ' ', '"'])
                .split(|c: char| !c.is_ascii_alphanumeric())
                .next()
                .and_then(|kept| Span::parse(kept).ok());
            self.metrics_kept.extend(kept.map(|kept| (kept, 0)));
        }
        let longest = |all: &[(Span, usize)]| all.iter().copied().max_by_key(|(span, _)| span.0);
        let (window, kept) = (longest(&self.windows), longest(&self.metrics_kept));
        let why = by_the_words;
        for (field, found) in [("objective_window", window), ("metric_retention", kept)] {
            let path = ["monitoring", field];
            if let Some((span, line)) = found.filter(|_| !self.draft.has(&path)) {
                self.draft.guess(&path, span.to_string(), line, why());
            }
        }
    }
}

fn spans(text: &str) -> impl Iterator<Item = Span> {
    let times = figures(text).into_iter().filter(|it| it.kind == Kind::Time);
    let spans = times.filter_map(|it| Span::parse(&it.text).ok());
    spans.filter(|span| span.0.as_secs() >= DAY)
}

fn days(text: &str) -> impl Iterator<Item = Span> {
    spans(text).filter(|span| DAYS.contains(&(span.0.as_secs() / DAY)))
}

//! How long data is kept: tables of retention, sentences that name the rule behind it, and messages that nobody could
//! handle.

use promise::{record::Scalar as _, say, unit::Span};
use serde_json::Value;

use super::{
    Reader,
    figures::{Kind, figures},
    place,
    table::Table,
    words::Form,
};

const DAY: u64 = 86_400;
const DUTIES: [&str; 2] = ["compliance", "duties"];
const QUEUES: [&str; 2] = ["infrastructure", "queues"];

impl Reader<'_> {
    /// A table of what is kept, and for how long; `false` where it is none.
    pub(super) fn retention_table(&mut self, table: &Table<'_>) -> bool {
        const KEPT: [&str; 9] = [
            "kept",
            "kept_for",
            "retention",
            "retained_for",
            "保存期間",
            "保持期間",
            "保管期間",
            "保存年限",
            "retention_period",
        ];
        const WHAT: [&str; 12] = [
            "data",
            "record",
            "what",
            "kind",
            "データ",
            "対象",
            "種類",
            "種別",
            "記録",
            "文書",
            "情報",
            "item",
        ];
        const ELSEWHERE: [&str; 8] = [
            "backup",
            "バックアップ",
            "snapshot",
            "log",
            "ログ",
            "trace",
            "トレース",
            "queue",
        ];
        let Some(column) = table.column(&KEPT).filter(|at| *at != table.name) else {
            return false;
        };
        let head = table.keys[table.name].as_str();
        if !WHAT.iter().any(|word| head.contains(word)) {
            return false;
        }
        let mut is_read = false;
        for (line, row) in table.rows {
            let (name, cell) = (table.cell(row, table.name), table.cell(row, column));
            let lower = name.to_lowercase();
            let is_elsewhere = ELSEWHERE.iter().any(|word| lower.contains(word));
            // `GDPR erasure | within 72 hours of request`: until when it is gone, and not how long it stays.
            let is_deadline = ["within", "以内"].iter().any(|word| cell.contains(word));
            let kept = place::value(Form::Seconds, &cell).filter(|_| !is_elsewhere && !is_deadline);
            let said = format!("{name}: {cell}");
            is_read = true;
            if self.keeps_metrics(&name, &cell, *line) {
                continue;
            }
            match kept {
                Some(_) if self.duty(&name, &said, *line) => {}
                Some(kept) => self.kept_duty(&name, &said, kept, *line),
                None => self.prose(&format!("{name} {}: {cell}", table.keys[column]), *line),
            }
        }
        is_read
    }

    /// `当社規程では最終記入日から 5 年間保存する`: a rule that keeps something; what, the paragraph says.
    pub(super) fn kept_by_rule(&mut self, text: &str, line: usize) -> bool {
        const RULES: [&str; 9] = [
            "規程",
            "規定",
            "法令",
            "法の保存",
            "保存義務",
            "our policy",
            "by law",
            "by statute",
            "required by",
        ];
        const KEPT: [&str; 6] = [
            "保存する",
            "保存し",
            "保管する",
            "保管し",
            "are kept for",
            "is kept for",
        ];
        const ELSEWHERE: [&str; 5] = ["backup", "バックアップ", "ログ", " log", "スナップショット"];
        let lower = text.to_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        if !has(&RULES) || !has(&KEPT) || has(&ELSEWHERE) {
            return false;
        }
        let mut times = figures(text).into_iter().filter(|it| it.kind == Kind::Time);
        let (Some(kept), None) = (times.next(), times.next()) else {
            return false;
        };
        // What is kept was named in a sentence before.
        let paragraph = self.said.iter().find(|(at, _)| *at == line);
        let whole = paragraph.map_or_else(|| text.to_owned(), |(_, text)| text.clone());
        self.kept_duty(&whole, &whole, kept.text.into(), line);
        true
    }

    fn kept_duty(&mut self, name: &str, text: &str, kept: Value, line: usize) {
        const TEXT_MAX: usize = 80;
        let id = self
            .draft
            .id("duties", &format!("{} kept", super::short(name, "records")));
        let at = |field| [DUTIES[0], DUTIES[1], id.as_str(), field];
        let text: String = text.chars().take(TEXT_MAX).collect();
        self.draft.set(&at("text"), text.trim(), line);
        let why = say!("how long it is kept", "保存期間の記述による");
        self.draft.guess(&at("kept"), kept, line, why);
    }

    /// `DLQ のメッセージは 30 日間残す`: how long what nobody could handle waits for somebody.
    pub(super) fn dead_letters(&mut self, text: &str, line: usize) {
        const DEAD: [&str; 5] = [
            "dlq",
            "dead letter",
            "dead-letter",
            "デッドレター",
            "配信不能",
        ];
        const KEPT: [&str; 8] = [
            "残",
            "保持",
            "保管",
            "保存",
            "keep",
            "kept",
            "retain",
            "retention",
        ];
        let lower = text.to_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        let mut times = figures(text).into_iter().filter(|it| it.kind == Kind::Time);
        if !has(&DEAD) || !has(&KEPT) {
            return;
        }
        if let (Some(kept), None) = (times.next(), times.next())
            && Span::parse(&kept.text).is_ok_and(|span| span.0.as_secs() >= DAY)
        {
            self.dead_kept.get_or_insert((kept.text, line));
        }
    }

    /// The queue of such messages keeps them as long as the text says, or one of the two is wrong.
    pub(super) fn dead_letters_of_queues(&mut self) {
        let Some((kept, line)) = self.dead_kept.take() else {
            return;
        };
        let is_dead = |name: &String| ["dlq", "dead"].iter().any(|word| name.contains(word));
        let mut queues = self.draft.names(&QUEUES).into_iter().filter(is_dead);
        let (Some(queue), None) = (queues.next(), queues.next()) else {
            return;
        };
        let path = [QUEUES[0], QUEUES[1], queue.as_str(), "retention"];
        let said = self.draft.says(&path).and_then(Value::as_str);
        match (said.map(Span::parse), Span::parse(&kept)) {
            (Some(Ok(said)), Ok(kept)) if said != kept => {
                self.draft.contest(&path, &kept.to_string(), line);
            }
            (None, Ok(_)) => self.once(&path, kept, line),
            _ => {}
        }
    }
}

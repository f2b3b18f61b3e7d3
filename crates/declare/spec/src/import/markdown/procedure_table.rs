//! Tables of steps that bring a service back.

use promise::say;

use super::{
    Reader,
    figures::{Kind, figures},
    prose::RECOVERY,
    table::Table,
};

impl Reader<'_> {
    /// A table of the steps by which a service is brought back, and how long each of them takes.
    pub(super) fn step_table(&mut self, table: &Table<'_>) -> bool {
        const TIME: [&str; 15] = [
            "time",
            "takes",
            "duration",
            "minutes",
            "estimate",
            "expected",
            "所要",
            "所要時間",
            "時間",
            "目安",
            "目標時間",
            "予定時間",
            "想定時間",
            "目安時間",
            "経過",
        ];
        const STEP: [&str; 10] = [
            "step",
            "action",
            "task",
            "what",
            "作業",
            "手順",
            "内容",
            "操作",
            "ステップ",
            "activity",
        ];
        const BY: [&str; 8] = [
            "who",
            "by",
            "owner",
            "担当",
            "実施者",
            "role",
            "executor",
            "実施",
        ];
        // A column that numbers the steps may be called so, too.
        let name = table.column(&STEP).unwrap_or(table.name).max(table.name);
        let Some(time) = table.column(&TIME).filter(|at| *at != name) else {
            return false;
        };
        let is_timed = |row: &Vec<&str>| {
            let cell = table.cell(row, time);
            figures(&cell).iter().any(|it| it.kind == Kind::Time)
        };
        let timed = table.rows.iter().filter(|(_, row)| is_timed(row)).count();
        let is_step = table.column(&STEP).is_some()
            || self.is_under(&["手順", "runbook", "steps", "procedure"]);
        let is_dr = self.headings.iter().any(|(_, text)| {
            let mut words = text.split(|c: char| !c.is_ascii_alphabetic());
            words.any(|word| ["DR", "BCP"].contains(&word))
        });
        // What is rehearsed, and how often, is no runbook.
        let is_rehearsed = self.is_under(&[
            "訓練",
            "演習",
            "drill",
            "exercise",
            "test",
            "テスト",
            "試験",
        ]) || table
            .column(&["頻度", "frequency", "cadence", "周期"])
            .is_some();
        if !is_step
            || is_rehearsed
            || !(is_dr || self.is_under(&RECOVERY))
            || timed < 2
            || timed * 2 < table.rows.len()
        {
            return false;
        }
        for (line, row) in table.rows {
            let text = table.cell(row, name);
            let by = table
                .column(&BY)
                .map_or(String::new(), |at| table.cell(row, at));
            // The sum of all steps is none of them.
            if ["合計", "total", "計"].contains(&text.to_lowercase().as_str()) {
                self.draft.noted(
                    *line,
                    &row.join(" / "),
                    say!("the sum of the steps", "手順の合計"),
                );
                continue;
            }
            self.timed_step(&text, &table.cell(row, time), &by, *line);
        }
        true
    }
}

//! How often a restore is tried and a failover rehearsed: documents say so in bullets, in tables of tests, in boxes to
//! tick and in the comments of a crontab, so every line is looked at, with what it stands under.

use promise::say;

use super::{Reader, blocks::bare, words};

/// What a line speaks of, and what is done with it.
const RESTORED: [&str; 4] = ["restor", "リストア", "復元", "recovery test"];
const RECOVERED: [&str; 11] = [
    "failover",
    "fail-over",
    "fail over",
    "disaster",
    "dr test",
    "dr drill",
    "dr activation",
    "switchover",
    "切替",
    "切り替え",
    "フェイルオーバー",
];
const TRIED: [&str; 13] = [
    "test",
    "drill",
    "exercise",
    "rehears",
    "game day",
    "tried",
    "practis",
    "verif",
    "試験",
    "訓練",
    "演習",
    "テスト",
    "確認",
];
/// Headings of what is rehearsed of the whole service.
const EXERCISES: [&str; 9] = [
    "exercise",
    "exercises",
    "drill",
    "drills",
    "game day",
    "game days",
    "訓練",
    "演習",
    "障害訓練",
];

/// A line, the heading or lead that it stands under, and what is read of both.
struct Told<'t> {
    line: usize,
    text: &'t str,
    above: &'t str,
}

impl Told<'_> {
    fn speaks(&self, what: &[&str]) -> bool {
        let (text, above) = (self.text.to_lowercase(), self.above.to_lowercase());
        let has = |words: &[&str], text: &str| words.iter().any(|word| text.contains(word));
        has(what, &text) && (has(&TRIED, &text) || has(&TRIED, &above))
    }

    fn is_tried(&self, words: &[&str]) -> bool {
        let text = self.text.to_lowercase();
        words.iter().any(|word| text.contains(word))
    }

    fn is_of_exercises(&self) -> bool {
        let heading = self.above.to_lowercase();
        let is_sign = |c: char| !c.is_alphabetic();
        EXERCISES.contains(&heading.trim_matches(is_sign))
    }

    fn rhythm(&self) -> Option<&'static str> {
        words::rhythm(self.text).or_else(|| words::rhythm(self.above))
    }
}

impl Reader<'_> {
    /// What no sentence has said of restores and drills, some other line may.
    pub(super) fn rehearsals(&mut self, text: &str) {
        let (mut heading, mut lead) = ("", "");
        for (line, written) in (1..).zip(text.lines()) {
            let written = written.trim();
            let begins = written.starts_with(['-', '*', '|', '+', '・'])
                && !written.starts_with("**")
                || written.starts_with(|c: char| c.is_ascii_digit());
            if written.starts_with('#') {
                (heading, lead) = (written, "");
            } else if written.is_empty() {
                // A list may stand after an empty line.
            } else if !begins {
                lead = if bare(written).ends_with([':', '：']) {
                    written
                } else {
                    ""
                };
            }
            let above = if lead.is_empty() { heading } else { lead };
            for text in written.split(['。']).flat_map(|text| text.split(". ")) {
                self.rehearsal(&Told { line, text, above });
            }
        }
    }

    fn rehearsal(&mut self, told: &Told<'_>) {
        let Some(every) = told.rhythm() else {
            return self.tried_regularly(told);
        };
        let said = (every.to_owned(), told.line);
        // `contingency plans, including backups, are tested at least annually`
        let of_backups = told.speaks(&["backup", "バックアップ"]) && told.is_tried(&TRIED[..6]);
        if told.speaks(&RESTORED) || of_backups {
            self.restore_tried.get_or_insert(said);
        } else if told.speaks(&RECOVERED) || told.is_of_exercises() {
            self.drilled.get_or_insert(said);
        }
    }

    /// Backups that are tried regularly, and nobody says how often: `backups must be regularly tested`.
    fn tried_regularly(&mut self, told: &Told<'_>) {
        const REGULARLY: [&str; 3] = ["regular", "periodic", "定期"];
        const DENIED: [&str; 4] = ["not ", "never", "no ", "ない"];
        let lower = told.text.to_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        let is_tried = told.speaks(&RESTORED) || told.speaks(&["backup", "バックアップ"]);
        if is_tried && has(&REGULARLY) && !has(&DENIED) {
            self.tried_regularly.get_or_insert(told.line);
        }
    }

    /// A drill of which nothing else is said is one of the failover.
    pub(super) fn drills(&mut self) {
        const DRILL: [&str; 3] = ["continuity", "drills", "failover"];
        let at = |field| [&DRILL[..], &[field]].concat();
        let failovers = self.draft.names(&["continuity", "failover"]);
        if let Some((every, line)) = self.drilled.take()
            && !failovers.is_empty()
            && self.draft.names(&DRILL[..2]).is_empty()
        {
            self.once(&at("every"), every, line);
        }
        // Without `of` it is a drill of all of them.
        if let [only] = failovers.as_slice()
            && self.draft.has(&DRILL)
        {
            let why = say!("there is one failover", "切り替えは一つ");
            self.draft.guess(&at("of"), only.as_str(), 0, why);
        }
    }
}

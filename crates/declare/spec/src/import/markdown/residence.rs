//! Where data may rest, and to which regions backups are copied.

use promise::say;

use super::{Reader, place};

/// Countries as documents name them.
const COUNTRIES: [(&str, &str); 18] = [
    ("国外", "JP"),
    ("東京", "JP"),
    ("大阪", "JP"),
    ("european union", "EU"),
    ("eu member state", "EU"),
    ("日本国内", "JP"),
    ("国内", "JP"),
    ("japan", "JP"),
    ("germany", "DE"),
    ("france", "FR"),
    ("united states", "US"),
    ("united kingdom", "GB"),
    ("canada", "CA"),
    ("australia", "AU"),
    ("singapore", "SG"),
    ("switzerland", "CH"),
    ("india", "IN"),
    ("ireland", "IE"),
];

impl Reader<'_> {
    /// `患者情報は国内のリージョン以外に置かない`, `Patient data never leaves Germany`.
    pub(super) fn resides(&mut self, text: &str, line: usize) {
        const DATA: [&str; 12] = [
            "患者",
            "氏名",
            "個人",
            "情報",
            "データ",
            "記録",
            "data",
            "record",
            "phi",
            "backup",
            "バックアップ",
            "pii",
        ];
        const ONLY: [&str; 33] = [
            "国外では",
            "国外に保",
            "国外で保",
            "国外に置かない",
            "exclusively in",
            "exclusively within",
            "only within",
            "solely within",
            "内にのみ",
            "内のみ",
            "内だけ",
            "だけに置",
            "だけで扱",
            "のみに置",
            "のみに保",
            "のみで保",
            "だけに保",
            "以外に置かない",
            "以外には置かない",
            "外に置かない",
            "外に出さない",
            "外へ出さない",
            "から出さない",
            "に限る",
            "に限定",
            "never leave",
            "must not leave",
            "does not leave",
            "do not leave",
            "must stay in",
            "stays in",
            "must remain in",
            "only in ",
        ];
        let lower = text.to_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        if !has(&DATA) || !has(&ONLY) || self.draft.has(&["compliance", "data_in"]) {
            return;
        }
        let named = COUNTRIES.iter().filter(|(word, _)| lower.contains(word));
        let mut countries: Vec<&str> = named.map(|(_, code)| *code).collect();
        countries.dedup();
        for code in countries {
            let why = say!(
                "the sentence says so of its data",
                "データの置き場所の記述による"
            );
            self.draft
                .push_guess(&["compliance", "data_in"], code, line, why);
        }
    }

    /// The copies stand with the backup that is known first.
    pub(super) fn backups_copied(&mut self) {
        let known = self.draft.names(&["continuity", "backups"]);
        let id = known.first().map_or("copies", String::as_str);
        for (region, line) in std::mem::take(&mut self.copies_in) {
            let path = ["continuity", "backups", id, "copied_to"];
            let why = say!(
                "of which backup is not said",
                "どのバックアップかの記述がない"
            );
            self.draft.push_guess(&path, region, line, why);
        }
    }

    /// The regions that a backup is copied to; `false` where nothing says so.
    pub(super) fn copied_to(&mut self, path: &str, text: &str, line: usize) -> bool {
        const BACKUP: [&str; 8] = [
            "backup",
            "バックアップ",
            "snapshot",
            "スナップショット",
            "vault",
            "ボールト",
            "控え",
            "dump",
        ];
        const COPY: [&str; 7] = [
            "copy",
            "copies",
            "copied",
            "コピー",
            "複製",
            "replicat",
            "転送",
        ];
        let own = format!("{path} {text}").to_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| own.contains(word));
        if !has(&COPY) || !(has(&BACKUP) || self.is_under(&BACKUP)) {
            return false;
        }
        let lower = text.to_lowercase();
        let regions = lower
            .split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))
            .filter(|word| place::is_region(word));
        let mut is_read = false;
        for region in regions {
            self.copies_in.push((region.to_owned(), line));
            is_read = true;
        }
        is_read
    }
}

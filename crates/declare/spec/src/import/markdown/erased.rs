//! When a person's data is gone, in backups too, and which backups nobody can delete before.

use promise::say;

use super::{
    Reader, by_the_words,
    figures::{Kind, figures},
};

impl Reader<'_> {
    /// A sentence about erasure, or about the lock of backups.
    pub(super) fn erased(&mut self, text: &str, line: usize) {
        const ERASED: [&str; 6] = ["消去", "削除", "erase", "erasure", "deleted", "delete"];
        const BACKUPS: [&str; 6] = [
            "バックアップ",
            "復旧ポイント",
            "スナップショット",
            "backup",
            "snapshot",
            "recovery point",
        ];
        const WHOSE: [&str; 12] = [
            "会員",
            "利用者",
            "個人",
            "患者",
            "氏名",
            "本人",
            "personal",
            "customer",
            "member",
            "patient",
            "data subject",
            "user",
        ];
        const WITHIN: [&str; 4] = ["以内", "within", "no later than", "までに"];
        const LOCK: [&str; 7] = [
            "vault lock",
            "object lock",
            "最短保持",
            "削除や書き換え",
            "変更・削除",
            "worm",
            "immutable",
        ];
        const KEYS: [&str; 9] = [
            "会員ごとの鍵",
            "利用者ごとの鍵",
            "患者ごとの鍵",
            "per-user key",
            "per-member key",
            "per-patient key",
            "per-customer key",
            "crypto-shred",
            "暗号化消去",
        ];
        const DENIED: [&str; 6] = ["使っていない", "使わない", "ない", " no ", "not ", "n't"];
        let lower = text.to_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        let mut times = figures(text).into_iter().filter(|it| it.kind == Kind::Time);
        let only = times.next().filter(|_| times.next().is_none());
        let why = by_the_words;
        if has(&KEYS) && !has(&DENIED) && has(&ERASED) {
            let path = ["compliance", "erased_by_key"];
            self.draft.guess(&path, true, line, why());
        }
        let Some(time) = only else { return };
        let path = ["compliance", "erased_within"];
        if has(&ERASED) && has(&BACKUPS) && has(&WHOSE) && has(&WITHIN) && !self.draft.has(&path) {
            self.draft.guess(&path, time.text, line, why());
        } else if has(&LOCK) && (has(&BACKUPS) || BACKUPS.iter().any(|it| self.before.contains(it)))
        {
            self.locked.get_or_insert((time.text, line));
        }
    }

    /// The lock is that of the backups that are kept as long, or of the only one.
    pub(super) fn locked_backups(&mut self) {
        const PATH: [&str; 2] = ["continuity", "backups"];
        let Some((time, line)) = self.locked.take() else {
            return;
        };
        let names = self.draft.names(&PATH);
        let kept = |name: &&String| {
            let said = self.draft.says(&[PATH[0], PATH[1], name, "retention"]);
            said.and_then(serde_json::Value::as_str) == Some(time.as_str())
        };
        let mut locked: Vec<String> = names.iter().filter(kept).cloned().collect();
        if let ([only], true) = (names.as_slice(), locked.is_empty()) {
            locked.push(only.clone());
        }
        for name in locked {
            let path = [PATH[0], PATH[1], name.as_str(), "locked_for"];
            let why = say!("so long is what is locked kept", "ロックの期間の記述による");
            self.draft.guess(&path, time.as_str(), line, why);
        }
    }
}

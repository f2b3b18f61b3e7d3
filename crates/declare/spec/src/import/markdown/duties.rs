//! What is to be done again and again, the clause that asks for it, how people sign in, and which data of cards is kept.

use promise::say;
use serde_json::json;

use super::{
    Reader,
    figures::{Kind, figures},
    place,
    stated::KEPT,
    words::{self, Form},
};

/// The clause of a duty, and the groups of words of which each must be there.
const CLAUSES: [(&str, &[&[&str]]); 9] = [
    ("pci_dss:11.3.2", &[&["asv"]]),
    (
        "pci_dss:11.3.2",
        &[
            &["external", "外部"],
            &["vulnerability scan", "脆弱性スキャン"],
        ],
    ),
    (
        "pci_dss:11.3.1",
        &[
            &["internal", "内部"],
            &["vulnerability scan", "脆弱性スキャン"],
        ],
    ),
    ("pci_dss:11.4.6", &[&["segmentation", "セグメンテーション"]]),
    (
        "pci_dss:11.4.3",
        &[&["penetration", "ペネトレーション", "侵入テスト"]],
    ),
    (
        "pci_dss:1.2.7",
        &[
            &[
                "firewall",
                "network rule",
                "network_rule",
                "nsg",
                "ファイアウォール",
                "ネットワークセキュリティコントロール",
            ],
            &["review", "見直し", "レビュー"],
        ],
    ),
    (
        "pci_dss:10.4.1",
        &[&[
            "log_review",
            "log review",
            "ログレビュー",
            "ログの確認",
            "review of audit logs",
        ]],
    ),
    (
        "pci_dss:12.10.2",
        &[
            &["incident", "インシデント"],
            &["exercise", "drill", "訓練", "演習", "test"],
        ],
    ),
    (
        "pci_dss:6.3.3",
        &[&["critical", "重大"], &["patch", "パッチ"]],
    ),
];

/// Data that is gone once a payment is authorised, and what it is called.
const SENSITIVE: [(&str, &[&str]); 3] = [
    (
        "cvv",
        &[
            "cvv",
            "cvc",
            "cav2",
            "security code",
            "verification code",
            "セキュリティコード",
        ],
    ),
    (
        "track",
        &[
            "track data",
            "track 2",
            "track2",
            "track_2",
            "磁気ストライプ",
            "磁気データ",
        ],
    ),
    ("pin", &["pin block", "pinblock", "pin_block"]),
];

impl Reader<'_> {
    /// A duty with a clause, and how often it is done; `false` where a line names none.
    pub(super) fn duty(&mut self, what: &str, text: &str, line: usize) -> bool {
        const NAME_MAX: usize = 60;
        let lower = format!("{what} {text}").to_lowercase();
        if !self.whole.contains("pci") {
            return false;
        }
        let has = |words: &&[&str]| words.iter().any(|word| lower.contains(word));
        let Some((clause, _)) = CLAUSES.iter().find(|(_, groups)| groups.iter().all(has)) else {
            return false;
        };
        // Only service providers test it twice a year.
        let is_provider = ["service provider", "サービスプロバイダ"]
            .iter()
            .any(|word| self.whole.contains(word));
        if *clause == "pci_dss:11.4.6" && !is_provider {
            return false;
        }
        let Some(every) = rhythm(text) else {
            return false;
        };
        let name: String = what.chars().take(NAME_MAX).collect();
        let id = self.draft.id("duties", &clause.replace([':', '.'], "_"));
        let at = |field| ["compliance", "duties", id.as_str(), field];
        self.draft.set(&at("text"), name.trim(), line);
        let why = say!("told by what is done", "作業の内容による");
        self.draft.guess(&at("clauses"), json!([clause]), line, why);
        self.draft.set(&at("every"), every, line);
        true
    }

    /// How people sign in: `password_length: 14`, `無操作ログアウト: 15分`, `lockout: 6 failed attempts, 30 min`.
    pub(super) fn signed_in(&mut self, path: &str, text: &str, line: usize) -> bool {
        const WHERE: [&str; 14] = [
            "access",
            "session",
            "sign_in",
            "login",
            "log_in",
            "portal",
            "admin",
            "console",
            "account",
            "password",
            "auth",
            "アクセス",
            "認証",
            "パスワード",
        ];
        let name = path.rsplit('.').next().unwrap_or(path);
        let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
        if !WHERE.iter().any(|word| path.contains(word)) {
            return false;
        }
        let figure = |kind: Kind| figures(text).into_iter().find(|it| it.kind == kind);
        let count = || figure(Kind::Count).and_then(|it| it.text.parse::<u64>().ok());
        let at = |field| ["security", "sign_in", "people", field];
        let is_of_passwords = path.contains("password") || path.contains("パスワード");
        let mut said = Vec::new();
        // How long a session lives in all is another thing.
        const IDLE: [&str; 5] = ["idle", "無操作", "inactiv", "自動ログアウト", "アイドル"];
        let says_idle = IDLE.iter().any(|word| text.to_lowercase().contains(word));
        if has(&IDLE) || (has(&["session_timeout"]) && says_idle) {
            said.extend(figure(Kind::Time).map(|it| ("idle_timeout", json!(it.text))));
        } else if is_of_passwords
            && has(&[
                "length",
                "最小長",
                "min_len",
                "minimum",
                "桁数",
                "文字数",
                "min_chars",
            ])
        {
            said.extend(count().map(|it| ("password_length", json!(it))));
        } else if has(&["lockout", "lock_out", "ロックアウト", "ロック"]) {
            said.extend(count().map(|it| ("lockout_after", json!(it))));
            said.extend(figure(Kind::Time).map(|it| ("lockout_for", json!(it.text))));
        }
        said.retain(|(field, _)| !self.draft.has(&at(field)));
        let is_read = !said.is_empty();
        for (field, value) in said {
            self.draft.set(&at(field), value, line);
        }
        is_read
    }

    /// A sentence that says that data of cards is kept: `keeps the CVV2 … for 7 days at most`.
    pub(super) fn card_data(&mut self, text: &str, line: usize) {
        const DENIED: [&str; 11] = [
            "not ",
            "never",
            "no ",
            "n't",
            "without",
            "しない",
            "せず",
            "残さない",
            "ない。",
            "禁止",
            "通過しない",
        ];
        const AFTER: [&str; 7] = [
            "after auth",
            "after the auth",
            "until the capture",
            "承認後",
            "オーソリ後",
            "after the response",
            "authorisation until",
        ];
        let lower = text.to_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        let is_kept = has(&KEPT) || has(&["stores ", "stored", "saves ", "残す"]);
        let named = SENSITIVE.iter().find(|(_, words)| has(words));
        let Some((name, _)) = named.filter(|_| is_kept && !has(&DENIED)) else {
            return;
        };
        let at = |field| ["security", "card_data", *name, field];
        if let Some(kept) = figures(text).into_iter().find(|it| it.kind == Kind::Time) {
            self.once(&at("kept_for"), kept.text, line);
        }
        if has(&AFTER) {
            self.once(&at("after_authorization"), true, line);
        }
        if has(&["encrypt", "暗号化"]) {
            self.once(&at("encrypted"), true, line);
        }
    }

    /// A table of a database with columns for such data keeps it.
    pub(super) fn card_columns(&mut self, text: &str, first: usize) {
        for (line, written) in (first..).zip(text.lines()) {
            let lower = written.to_lowercase();
            for (name, words) in &SENSITIVE {
                let column = words.iter().any(|word| {
                    let word = word.replace(' ', "_");
                    lower
                        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
                        .any(|own| own.contains('_') && own.contains(&word))
                });
                let path = ["security", "card_data", *name, "after_authorization"];
                if column && !self.draft.has(&path) {
                    let why = say!("a column of a table holds it", "表の列にある");
                    self.draft.guess(&path, true, line, why);
                }
            }
        }
    }
}

/// How often, as a span: `every 6 months`, `四半期ごと`.
fn rhythm(text: &str) -> Option<serde_json::Value> {
    const OFTEN: [&str; 5] = ["every", "each", "ごと", "毎", "に 1 回"];
    let lower = text.to_lowercase();
    let is_often = OFTEN.iter().any(|word| lower.contains(word));
    let said = words::rhythm(text).map(|it| json!(it));
    said.or_else(|| {
        let figure = figures(text).into_iter().find(|it| it.kind == Kind::Time)?;
        is_often.then(|| place::value(Form::Seconds, &figure.text))?
    })
}

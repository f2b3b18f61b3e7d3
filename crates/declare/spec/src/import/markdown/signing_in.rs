//! How people sign in, and how the holder of a card is asked, in values and in sentences.

use serde_json::json;

use super::{
    Reader,
    figures::{Kind, figures},
    noticed::DENIED,
    stating::blank,
};

/// What is said of somebody who does nothing.
const IDLE: [&str; 6] = [
    "idle",
    "無操作",
    "inactiv",
    "自動ログアウト",
    "アイドル",
    "操作がない",
];

impl Reader<'_> {
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

    /// `パスワードは 12文字以上、無操作 15分 で再認証`: how people sign in, in a sentence.
    pub(super) fn signs_in(&mut self, left: &mut String, line: usize) {
        const PASSWORD: [&str; 3] = ["パスワード", "password", "passphrase"];
        const AGAIN: [&str; 8] = [
            "再認証",
            "ログアウト",
            "再ログイン",
            "sign in",
            "log out",
            "signed out",
            "logged out",
            "re-authent",
        ];
        let lower = left.to_ascii_lowercase();
        let speaks = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        for figure in figures(left) {
            let before = lower[..figure.start].rsplit(['、', '。', ',', ';']).next();
            let clause = before.unwrap_or_default();
            let near = |words: &[&str]| words.iter().any(|word| clause.contains(word));
            let after = left[figure.end..].trim_start();
            let counts = ["文字", "桁", "character"]
                .iter()
                .any(|it| after.starts_with(it));
            let field = match figure.kind {
                Kind::Count if counts && near(&PASSWORD) => "password_length",
                Kind::Time if near(&IDLE) && speaks(&AGAIN) => "idle_timeout",
                _ => continue,
            };
            let path = ["security", "sign_in", "people", field];
            let count = figure.text.parse::<u64>().map(serde_json::Value::from);
            let value = count.unwrap_or_else(|_| figure.text.clone().into());
            self.once(&path, value, line);
            blank(left, &figure);
        }
    }

    /// `3DS 認証(EMV 3DS 2.2)`, `fall back to 3-D Secure 1.0.2`: of payments, how the holder of a card is asked.
    pub(super) fn authenticates(&mut self, text: &str, line: usize) {
        const NAMES: [&str; 5] = [
            "3ds",
            "3-d secure",
            "3d secure",
            "3dセキュア",
            "3-dセキュア",
        ];
        let lower = text.to_lowercase();
        if DENIED.iter().any(|word| lower.contains(word)) {
            return;
        }
        for (at, name) in NAMES.iter().flat_map(|name| lower.match_indices(name)) {
            let rest = lower[at + name.len()..].trim_start_matches([' ', 'v']);
            let end = rest
                .find(|c: char| !(c.is_ascii_digit() || c == '.'))
                .unwrap_or(rest.len());
            let version = rest[..end].trim_matches('.');
            if version.contains('.') {
                let said = format!("three_d_secure {version}");
                self.draft.push(&["security", "protocols"], said, line);
            }
        }
    }
}

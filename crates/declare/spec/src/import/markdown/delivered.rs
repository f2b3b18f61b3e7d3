//! What a CDN does with paths, and which of them answer with what belongs to one person.

use promise::{document::Node, say};

use super::{Reader, tree::Data, words::plain};
use crate::import::taking::{entries, text as scalar};

/// A path and the behaviour that it belongs to.
pub(super) struct Delivered {
    path: String,
    behavior: [String; 2],
    /// Whether each person has a copy of one's own.
    is_parted: bool,
}

/// What tells one person from another in the key of a cache.
const PERSON: [&str; 5] = ["authorization", "cookie", "session", "user", "セッション"];
/// Parts of a path that belong to whoever is signed in.
const OWN: [&str; 8] = [
    "/me/",
    "/my/",
    "/mypage",
    "/account",
    "/profile",
    "/patients/",
    "/users/",
    "/records",
];
/// What is of a person.
const PERSONAL: [&str; 22] = [
    "氏名",
    "住所",
    "届け先",
    "購入明細",
    "下4桁",
    "個人情報",
    "会員の",
    "患者",
    "診療",
    "検査結果",
    "予約内容",
    "personal",
    "patient",
    "phi",
    "pii",
    "per user",
    "per-user",
    "address",
    "own data",
    "order history",
    "lab result",
    "medical",
];
/// What says that nothing is left out.
const LEFT_OUT: [&str; 8] = [
    "含めない",
    "含まない",
    "除外",
    "なし",
    "not ",
    "exclud",
    "without",
    "no ",
];

impl Reader<'_> {
    pub(super) fn behavior(&mut self, cdn: &[&str], name: &str, node: &Node, data: &Data<'_>) {
        let id = self.draft.id("behaviors", name);
        let path = [cdn[0], cdn[1], cdn[2], "behaviors", id.as_str()];
        if name.contains('/') || name.contains('*') {
            let at = [&path[..], &["path"]].concat();
            self.draft.set(&at, name, data.line_at(node.span.start));
        }
        self.fields("behaviors", &path, node, data);
        let keys = entries(node)
            .iter()
            .filter(|(key, _)| plain(&key.name).contains("key"));
        let keys = keys
            .filter_map(|(_, it)| scalar(it))
            .collect::<Vec<_>>()
            .join(" ")
            .to_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| keys.contains(word));
        self.delivered.push(Delivered {
            path: name.trim_end_matches('*').to_lowercase(),
            behavior: [cdn[2].to_owned(), id.clone()],
            is_parted: has(&PERSON) && !has(&LEFT_OUT),
        });
    }

    /// Marks the paths whose answers differ by person: by their names, or by what a line says of them.
    pub(super) fn personal_paths(&mut self) {
        for it in std::mem::take(&mut self.delivered) {
            let bare = it.path.trim_end_matches('/');
            if it.is_parted || bare.len() < 2 {
                continue;
            }
            let says = |(_, text): &&(usize, String)| {
                let lower = text.to_lowercase();
                lower.contains(bare)
                    && PERSONAL.iter().any(|word| lower.contains(word))
                    && !LEFT_OUT.iter().any(|word| lower.contains(word))
            };
            let line = self.said.iter().find(says).map(|(line, _)| *line);
            let is_own = OWN
                .iter()
                .any(|word| format!("{}/", it.path).contains(word));
            let Some(line) = line.or(is_own.then_some(0)) else {
                continue;
            };
            let [cdn, behavior] = &it.behavior;
            let at = [
                "infrastructure",
                "cdn",
                cdn,
                "behaviors",
                behavior,
                "personal",
            ];
            let why = say!(
                "it answers with what belongs to one person",
                "利用者本人の情報を返すため"
            );
            self.draft.guess(&at, true, line, why);
        }
    }
}

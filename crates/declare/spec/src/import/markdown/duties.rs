//! What is to be done again and again, the clause that asks for it, how people sign in, and which data of cards is kept.

use std::sync::LazyLock;

use promise::{record::Scalar, say, unit::Span};
use serde_json::json;

use super::{
    Reader,
    figures::{Kind, figures},
    place,
    stated::KEPT,
    words::{self, Form},
};

/// A line of `clauses.tsv`.
struct Clause {
    clause: &'static str,
    field: &'static str,
    /// Words of which one stands in the whole document.
    whole: Vec<&'static str>,
    /// Groups of words, of each of which one stands in the line.
    asked: Vec<Vec<&'static str>>,
    barred: Vec<&'static str>,
}

static CLAUSES: LazyLock<Vec<Clause>> = LazyLock::new(|| {
    let lines = include_str!("clauses.tsv")
        .lines()
        .filter(|line| !line.starts_with('#'));
    lines.filter_map(Clause::read).collect()
});

impl Clause {
    fn read(line: &'static str) -> Option<Self> {
        let mut cells = line.split('\t');
        let (clause, field) = (cells.next()?, cells.next()?);
        let words = |text: &'static str| text.split(", ").filter(|it| !it.is_empty()).collect();
        let whole = words(cells.next()?);
        let (barred, asked): (Vec<&str>, Vec<&str>) = cells
            .next()?
            .split(" & ")
            .partition(|it| it.starts_with('!'));
        Some(Self {
            clause,
            field,
            whole,
            asked: asked.into_iter().map(words).collect(),
            barred: barred
                .into_iter()
                .flat_map(|it| words(it.trim_start_matches('!')))
                .collect(),
        })
    }

    /// Whether a line speaks of it: one group of its words at least stands in the line, the others there or above it.
    fn is_in(&self, line: &str, above: &str) -> bool {
        let has = |text: &str, words: &[&str]| words.iter().any(|word| text.contains(word));
        let mut asked = self.asked.iter();
        asked.all(|words| has(line, words) || has(above, words))
            && self.asked.iter().any(|words| has(line, words))
            && !has(line, &self.barred)
    }
}

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
    /// A duty that a clause asks for: how often it is done, how soon, or how long something is kept; `false` where a
    /// line names none.
    pub(super) fn duty(&mut self, what: &str, text: &str, line: usize) -> bool {
        const NAME_MAX: usize = 60;
        // `ASV scan every three months, penetration test once a year`: each piece has a duty and a rhythm of its own.
        let pieces: Vec<&str> = text
            .split(['、', ';', '；'])
            .flat_map(|it| it.split(", "))
            .collect();
        let timed = |piece: &&str| rhythm(piece).is_some() && self.is_duty(piece);
        if what == text
            && pieces.len() > 1
            && pieces.iter().filter(|piece| timed(piece)).count() > 1
        {
            let mut is_read = false;
            for piece in pieces {
                is_read |= self.duty(piece, piece, line);
            }
            return is_read;
        }
        let lower = format!("{what} {text}").to_lowercase();
        let headings = self.headings.iter().map(|(_, text)| text.to_lowercase());
        let above = headings.collect::<Vec<_>>().join("\n");
        let is_bound = |it: &&Clause| {
            it.whole.is_empty() || it.whole.iter().any(|word| self.whole.contains(word))
        };
        let speaks = |it: &&Clause| it.is_in(&lower, &above);
        let said = |it: &'static Clause| {
            let value = match it.field {
                "every" => rhythm(text),
                "within" => soon(text),
                _ => kept(text, &format!("{lower} {above}")),
            };
            Some((it, value?))
        };
        let clauses = CLAUSES.iter().filter(is_bound).filter(speaks);
        let Some((clause, value)) = clauses.filter_map(said).next() else {
            return false;
        };
        let name: String = what.chars().take(NAME_MAX).collect();
        let id = clause.clause.replace([':', '.'], "_");
        let id = self.draft.id("duties", &id);
        let at = |field| ["compliance", "duties", id.as_str(), field];
        self.draft.set(&at("text"), name.trim(), line);
        let why = say!("told by what is done", "作業の内容による");
        self.draft
            .guess(&at("clauses"), json!([clause.clause]), line, why);
        self.draft.set(&at(clause.field), value, line);
        true
    }

    /// Whether a piece of a sentence names by itself what a clause asks for.
    fn is_duty(&self, piece: &str) -> bool {
        let lower = piece.to_lowercase();
        CLAUSES.iter().any(|clause| clause.is_in(&lower, ""))
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
        let is_kept = has(&KEPT) || has(&["store ", "stores ", "stored", "saves ", "残す"]);
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

    /// `SAQ A-EP`, `カード番号は自社の API で受ける`: which questionnaire is filled in, and where card numbers are taken.
    pub(super) fn cards_taken(&mut self, text: &str, line: usize) {
        const DENIED: [&str; 10] = [
            "not ",
            "never",
            "no ",
            "n't",
            "without",
            "ない",
            "せず",
            "なし",
            "非保持",
            "通過しない",
        ];
        const ENTERED: [&str; 8] = [
            "card form",
            "card number",
            "card data",
            "pan ",
            "カード番号",
            "カード情報",
            "カード入力",
            "入力フォーム",
        ];
        const TAKEN: [&str; 12] = [
            "to our api",
            "to our server",
            "to our backend",
            "through our server",
            "our api receives",
            "our servers receive",
            "自社の api",
            "自社api",
            "自社サーバ",
            "自社の サーバ",
            "当社のサーバ",
            "弊社サーバ",
        ];
        // Who takes an order by telephone types what is read out.
        const STAFF: [&str; 11] = [
            "agent",
            "operator",
            "staff",
            "clerk",
            "call center",
            "call centre",
            "オペレータ",
            "担当者",
            "受付",
            "職員",
            "コールセンター",
        ];
        const TYPED: [&str; 10] = [
            "打ち込",
            "読み上げた",
            "types the card",
            "type the card",
            "keys the card",
            "keys in the card",
            "enters the card",
            "enter the card",
            "カード番号を入力",
            "カード番号を代行入力",
        ];
        let lower = text.to_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        for (at, word) in text.match_indices("SAQ") {
            let rest = text[at + word.len()..].trim_start_matches([' ', '-', '_', ':']);
            let end = rest
                .find(|c: char| !(c.is_ascii_uppercase() || c == '-'))
                .unwrap_or(rest.len());
            let saq = rest[..end].trim_end_matches('-');
            let is_one =
                ["A", "A-EP", "B", "B-IP", "C", "C-VT", "D", "P2PE", "SPOC"].contains(&saq);
            if is_one && !self.draft.has(&["compliance", "saq"]) {
                self.draft.set(&["compliance", "saq"], saq, line);
            }
        }
        let is_typed = has(&STAFF) && has(&ENTERED) && has(&TYPED);
        if (is_typed || has(&ENTERED) && has(&TAKEN)) && !has(&DENIED) {
            self.once(&["security", "card_entry"], "direct", line);
        }
    }

    /// An example of what rests in a store, with such data in it: the words before say that it rests.
    pub(super) fn card_record(&mut self, text: &str, line: usize) {
        const NEAR: usize = 4;
        const RESTS: [&str; 18] = [
            "キュー",
            "queue",
            "sqs",
            "積",
            "保存",
            "保管",
            "record",
            "テーブル",
            "レコード",
            "store",
            "kept",
            "persist",
            "row ",
            "document",
            "cache",
            "キャッシュ",
            "table",
            "message",
        ];
        let before = self
            .said
            .iter()
            .rev()
            .take_while(|(at, _)| at + NEAR > line);
        let rests = before.into_iter().any(|(_, said)| {
            let said = said.to_lowercase();
            RESTS.iter().any(|word| said.contains(word))
        });
        if rests {
            self.card_columns(text, line + 1);
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

/// How soon, as a span: `within 30 days`, `14日以内`, `72 時間`; what happens again and again is no time limit.
fn soon(text: &str) -> Option<serde_json::Value> {
    const LATER: [&str; 3] = ["following", "翌", "after the calendar year"];
    let figure = figures(text).into_iter().find(|it| it.kind == Kind::Time)?;
    let before = text[..figure.start].to_lowercase();
    let is_later = LATER.iter().any(|word| text[figure.end..].contains(word));
    let is_often = ["every", "each", "毎"]
        .iter()
        .any(|word| before.trim_end().ends_with(word));
    (!is_later && !is_often && words::rhythm(text).is_none()).then(|| json!(figure.text))
}

/// How long something is kept, where the line or its headings speak of keeping; of several times the longest.
fn kept(text: &str, around: &str) -> Option<serde_json::Value> {
    let is_kept = KEPT.iter().any(|word| around.contains(word));
    let times = figures(text).into_iter().filter(|it| it.kind == Kind::Time);
    let spans = times.filter_map(|it| Some((Span::parse(&it.text).ok()?, it.text)));
    let longest = spans.max_by_key(|(span, _)| *span)?;
    is_kept.then(|| json!(longest.1))
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

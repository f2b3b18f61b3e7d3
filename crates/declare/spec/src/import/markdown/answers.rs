//! Answers that are promised whatever those do whom they wait for: `PSP がどのような状態でも 10 秒以内に返す`.

use promise::say;
use serde_json::Value;

use super::{
    Reader,
    figures::{Figure, Kind, figures},
    waiting::OTHERS,
};

/// An answer that waits for somebody.
pub(super) struct Answer {
    metric: String,
    words: String,
    line: usize,
}

impl Reader<'_> {
    /// Reads such a sentence; `false` where it is none.
    pub(super) fn answers(&mut self, text: &str, figure: &Figure, line: usize) -> bool {
        const ANSWERED: [&str; 11] = [
            "返す",
            "返し",
            "返却",
            "応答する",
            "応答を返",
            "結果を",
            "is answered",
            "answers",
            "returns",
            "gets an answer",
            "respond",
        ];
        const WITHIN: [&str; 6] = [
            "以内",
            "within",
            "no later than",
            "at most",
            "in under",
            "までに",
        ];
        const BEYOND: [&str; 2] = ["webhook", "通知"];
        let lower = text.to_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        let waits = has(&OTHERS) || has(&["psp", "代行会社", "加盟店管理"]);
        let is_one = figure.kind == Kind::Time
            && figures(text)
                .iter()
                .filter(|it| it.kind == Kind::Time)
                .count()
                == 1;
        let is_short = ["ms", "s"].iter().any(|unit| {
            figure
                .text
                .trim_start_matches(|c: char| c.is_ascii_digit() || c == '.')
                == *unit
        });
        if !is_one || !is_short || !waits || !has(&ANSWERED) || !has(&WITHIN) || has(&BEYOND) {
            return false;
        }
        let metric = self.draft.id("metrics", "answer time");
        let at = |field| ["monitoring", "metrics", metric.as_str(), field];
        let why = || {
            say!(
                "an answer that is promised, however slow others are",
                "相手の状態によらない応答の約束"
            )
        };
        self.draft
            .guess(&at("bound"), format!("<= {}", figure.text), line, why());
        self.draft.guess(&at("statistic"), "p100", line, why());
        self.draft.guess(&at("measures"), "latency", line, why());
        self.answers.push(Answer {
            metric,
            words: lower,
            line,
        });
        true
    }

    /// Those whom such an answer waits for: who is named in the sentence, or carries out payments, or is the only one.
    pub(super) fn waited_for_by_answers(&mut self) {
        const DEPENDENCIES: [&str; 1] = ["dependencies"];
        let tried = |reader: &Self, name: &String| {
            reader
                .draft
                .says(&["dependencies", name, "timeout"])
                .and_then(Value::as_str)
                .is_some()
        };
        for Answer {
            metric,
            words,
            line,
        } in std::mem::take(&mut self.answers)
        {
            let known: Vec<String> = self
                .draft
                .names(&DEPENDENCIES)
                .into_iter()
                .filter(|name| tried(self, name))
                .collect();
            let named = known
                .iter()
                .find(|name| words.contains(name.as_str()))
                .cloned();
            let payer = self.payer.clone().filter(|payer| known.contains(payer));
            let only = known.first().filter(|_| known.len() == 1).cloned();
            if let Some(name) = named.or(payer).or(only) {
                let why = say!("the answer waits for it", "応答がこれを待つ");
                self.draft
                    .push_guess(&["dependencies", &name, "needed_by"], metric, line, why);
            }
        }
    }
}

//! How a service is brought back: what starts it, its steps, who takes them and how long they last.

use promise::{document::Node, say};
use serde_json::json;

use super::{
    Reader,
    bounds::condition,
    figures::{Figure, Kind, figures},
    tree::Data,
    words::plain,
};
use crate::import::taking::{entries, text as scalar};

impl Reader<'_> {
    pub(super) fn failover(&mut self, node: &Node, data: &Data<'_>) {
        let at = |field| ["continuity", "failover", "region", field];
        for (key, below) in entries(node) {
            let line = data.line(below);
            let text = scalar(below).unwrap_or_default();
            match plain(&key.name).as_str() {
                "primary_region" | "primary" | "primary_site" => {
                    self.draft.set(
                        &["infrastructure", "regions", text, "role"],
                        "primary",
                        line,
                    );
                    self.draft.set(&at("from"), text, line);
                }
                "secondary_region" | "secondary" | "dr_region" | "standby_region"
                | "standby_site" => {
                    self.draft.set(
                        &["infrastructure", "regions", text, "role"],
                        "standby",
                        line,
                    );
                    self.draft.set(&at("to"), text, line);
                }
                "failover_type" | "failover_mode" | "mode" => {
                    self.draft.set(&at("mode"), text, line)
                }
                "failover_trigger" | "failover_triggers" | "triggers" | "trigger" => {
                    for (text, line) in self.said(below, data) {
                        self.trigger(&text, line);
                    }
                }
                "recovery_procedures" | "recovery_procedure" | "procedure" | "steps" | "手順" => {
                    for (text, line) in self.said(below, data) {
                        self.step(&text, line);
                    }
                }
                other => self.leaves(below, data, other),
            }
        }
    }

    pub(super) fn trigger(&mut self, text: &str, line: usize) {
        let said = condition(text);
        let about = said.as_ref().map_or(text, |said| said.about.as_str());
        let id = self.draft.id("triggers", &super::short(about, "trigger"));
        let at = |field| {
            [
                "continuity",
                "failover",
                "region",
                "triggers",
                id.as_str(),
                field,
            ]
        };
        self.draft.set(&at("text"), text, line);
        match said {
            Some(said) if said.figure.kind == Kind::Time => {
                self.draft.set(&at("after"), said.figure.text, line)
            }
            Some(said) => self.draft.set(&at("when"), said.bound(), line),
            None => {}
        }
    }

    pub(super) fn step(&mut self, text: &str, line: usize) {
        let lower = text.to_lowercase();
        let kinds: [(&str, &[&str]); 7] = [
            ("dns", &["dns"]),
            ("promote", &["promot", "昇格"]),
            ("scale", &["scal", "スケール", "増強"]),
            ("restore", &["restor", "復元", "リストア"]),
            ("approve", &["approv", "承認", "判断", "decid"]),
            ("redirect", &["redirect", "切り替え", "切替", "switch"]),
            ("notify", &["notify", "連絡", "通知"]),
        ];
        let kind = kinds
            .into_iter()
            .find(|(_, words)| words.iter().any(|word| lower.contains(word)));
        let mut step = json!({ "text": text });
        if let Some((kind, _)) = kind {
            step["do"] = json!(kind);
        }
        const ACTORS: [(&str, &str); 9] = [
            ("cto", "CTO"),
            ("on call", "on_call"),
            ("on-call", "on_call"),
            ("当番", "on_call"),
            ("担当", "operator"),
            ("operator", "operator"),
            ("script", "script"),
            ("スクリプト", "script"),
            ("route 53", "route53"),
        ];
        if let Some((_, by)) = ACTORS.iter().find(|(word, _)| lower.contains(word)) {
            step["by"] = json!(by);
        }
        let after_ttl = lower.split_once("ttl").map_or("", |(_, after)| after);
        let bare_ttl = figures(after_ttl)
            .into_iter()
            .find(|it| it.kind == Kind::Count);
        let bare_ttl = bare_ttl.map(|it| Figure {
            kind: Kind::Time,
            text: format!("{}s", it.text),
            ..it
        });
        match figures(text)
            .into_iter()
            .find(|it| it.kind == Kind::Time)
            .or(bare_ttl)
        {
            // The step is done at once; it is the resolvers that take so long.
            Some(ttl) if lower.contains("ttl") => {
                let at = |field| ["infrastructure", "dns", "main", field];
                self.draft.set(&at("ttl"), ttl.text, line);
                let why = say!("the recovery switches it", "復旧の手順で切り替える");
                self.draft.guess(&at("failover"), true, line, why);
            }
            Some(takes) => {
                let times = looked_times(text).filter(|_| {
                    lower.contains("every") || text.contains("おき") || text.contains("ごと")
                });
                let seconds = times.and_then(|times| {
                    Some(times * takes.text.strip_suffix('s')?.parse::<u64>().ok()?)
                });
                step["takes"] = seconds
                    .map_or_else(|| json!(takes.text), |seconds| json!(format!("{seconds}s")));
            }
            None => {}
        }
        self.draft
            .push(&["continuity", "failover", "region", "steps"], step, line);
    }
}

/// How many looks in a row it takes until something counts as down: `3回続けて失敗`, `three times in a row`.
fn looked_times(text: &str) -> Option<u64> {
    let lower = text.to_lowercase();
    let counts = figures(text).into_iter().find(|it| {
        let after = lower.get(it.end..).unwrap_or_default().trim_start();
        it.kind == Kind::Count
            && ["回", "times", "failures", "consecutive"]
                .iter()
                .any(|word| after.starts_with(word))
    });
    counts.and_then(|it| it.text.parse().ok())
}

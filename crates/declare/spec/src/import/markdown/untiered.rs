//! Objectives of recovery and availability that no tier is named with: whose they are, the whole document tells.

use std::collections::BTreeSet;

use promise::say;
use serde_json::Value;

use super::{Objective, Reader, by_the_words};

impl Reader<'_> {
    fn is_any_available(&self) -> bool {
        let tiers = self.draft.names(&["service", "tiers"]);
        let has = |tier: &String| self.draft.has(&["service", "tiers", tier, "availability"]);
        tiers.iter().any(has)
    }

    /// An objective is that of the tier which its words name, of the only one, or of the service.
    pub(super) fn objectives_without_a_tier(&mut self) {
        self.objectives_of_several();
        for Objective {
            field,
            value,
            about,
            heading,
            line,
        } in std::mem::take(&mut self.objectives)
        {
            let only = self.draft.only_in(&["service", "tiers"]);
            let why = by_the_words;
            let path = |tier: &str| ["service", "tiers", tier, field].map(str::to_owned);
            let named = self.tier_named(&about);
            if let Some(tier) = &named
                && let Some(said) = self.draft.says(&path(tier).each_ref().map(String::as_str))
                && *said != value
                && self
                    .draft
                    .line_of(&path(tier).each_ref().map(String::as_str))
                    != line
            {
                let path = path(tier);
                let path = path.each_ref().map(String::as_str);
                self.draft.contest(&path, &value, line);
            } else if let Some(tier) = named.or_else(|| self.tier_in(&about)).or(only) {
                self.draft
                    .guess(&["service", "tiers", &tier, field], value, line, why());
            } else if self.tiers.iter().any(|(tier, _)| {
                self.draft
                    .says(&["service", "tiers", tier, field])
                    .is_some_and(|said| *said == value)
            }) {
                let what = format!("{field} {value}");
                let why = say!("a tier promises the same", "同じ値を約束する層があります");
                self.draft.noted(line, &what, why);
            } else if let Some(tier) = self.tier_of_row(&about).filter(|_| value != "0s") {
                let path = path(&tier);
                let path = path.each_ref().map(String::as_str);
                self.draft.guess(&path, value, line, why());
            } else if gives(&about) {
                let what = format!("{field} {value}: {about}");
                let why = say!(
                    "what something achieves, and not what is owed",
                    "仕組みで得られる値の説明です"
                );
                self.draft.lost(line, &what, why);
            } else if self.tiers.is_empty()
                || speaks_of_all(&about)
                || is_label(&about, &heading)
                // Tiers of recovery are kinds of faults in some documents: what is promised then is of the service.
                || field == "availability" && !self.is_any_available()
            {
                let why = say!("no tier is named with it", "層の名前がない");
                self.draft
                    .guess(&["service", "tiers", "service", field], value, line, why);
            } else {
                let what = format!("{field} {value}: {about}");
                let why = say!(
                    "none of the tiers is named with it",
                    "どの層のものか書かれていません"
                );
                self.draft.lost(line, &what, why);
            }
        }
    }

    /// The tier whose whole name stands in a text.
    fn tier_named(&self, text: &str) -> Option<String> {
        const GENERIC: [&str; 12] = [
            "service", "system", "recovery", "backup", "data", "platform", "critical", "high",
            "standard", "low", "tier", "overall",
        ];
        let lower = text.to_lowercase();
        let words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).collect();
        let is_named = |tier: &&(String, Option<String>)| {
            let name = self
                .draft
                .says(&["service", "tiers", &tier.0, "name"])
                .and_then(Value::as_str);
            match name {
                // `予約・受付` is said again as `予約・受付系`.
                Some(name) => name.chars().count() > 2 && lower.contains(&name.to_lowercase()),
                None => {
                    let own: Vec<&str> = tier
                        .0
                        .split(['_', '-'])
                        .filter(|word| !GENERIC.contains(word))
                        .collect();
                    own.iter().any(|word| word.len() > 3)
                        && own.iter().all(|word| words.contains(word))
                }
            }
        };
        self.tiers
            .iter()
            .filter(is_named)
            .map(|(tier, _)| tier.clone())
            .max_by_key(String::len)
    }

    /// The tier in whose row two words of a text stand, or more.
    fn tier_of_row(&self, about: &str) -> Option<String> {
        let lower = about.to_lowercase();
        let words: Vec<&str> = lower
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| word.len() > 2)
            .collect();
        let shared = |row: &str| {
            let row = row.to_lowercase();
            words
                .iter()
                .filter(|word| {
                    row.split(|c: char| !c.is_alphanumeric())
                        .any(|own| own == **word)
                })
                .count()
        };
        let found = self.tier_rows.iter().map(|(tier, row)| (shared(row), tier));
        found
            .filter(|(shared, _)| *shared > 1)
            .max_by_key(|(shared, _)| *shared)
            .map(|(_, tier)| tier.clone())
    }

    /// Where no tier is named and several values are, as one for each kind of disaster, only that which stands for the
    /// whole is the service's.
    fn objectives_of_several(&mut self) {
        if !self.tiers.is_empty() {
            return;
        }
        let all = std::mem::take(&mut self.objectives);
        // A sentence says of what it speaks; a bare name only its heading.
        let is_bare = |it: &Objective| is_only_named(&it.about);
        let is_general = |it: &Objective| is_bare(it) && is_label(&it.about, &it.heading);
        let values = |field: &str, among: &dyn Fn(&Objective) -> bool| {
            let of_field = all.iter().filter(|it| it.field == field && among(it));
            of_field
                .map(|it| it.value.as_str())
                .collect::<BTreeSet<_>>()
                .len()
        };
        let is_kept = |it: &Objective| {
            !is_bare(it)
                || values(it.field, &is_bare) < 2
                || (is_general(it) && values(it.field, &is_general) == 1)
        };
        let kept: Vec<bool> = all.iter().map(is_kept).collect();
        for (objective, is_kept) in all.into_iter().zip(kept) {
            if is_kept {
                self.objectives.push(objective);
                continue;
            }
            let what = format!(
                "{} {}: {}",
                objective.field, objective.value, objective.about
            );
            let why = say!(
                "several are named, and of what each is, no tier says",
                "値がいくつもあり、どの層のものか書かれていません"
            );
            self.draft.lost(objective.line, &what, why);
        }
    }
}

/// Whether an objective stands alone where objectives stand, `RTO: < 4 hours`: it is of the whole.
fn is_label(text: &str, heading: &str) -> bool {
    const WORDS_MAX: usize = 4;
    const OBJECTIVES: [&str; 9] = [
        "rto",
        "rpo",
        "objective",
        "summary",
        "overview",
        "target",
        "目標",
        "概要",
        "要件",
    ];
    OBJECTIVES.iter().any(|word| heading.contains(word))
        && text
            .split_once([':', '：'])
            .is_some_and(|(name, _)| name.split_whitespace().count() <= WORDS_MAX)
}

/// Whether what stands before the value is the objective's own name, and nothing else.
fn is_only_named(text: &str) -> bool {
    const NAMES: [&str; 12] = [
        "rto",
        "rpo",
        "recovery",
        "time",
        "point",
        "objective",
        "target",
        "availability",
        "uptime",
        "service",
        "sla",
        "slo",
    ];
    let name = text
        .split([':', '：'])
        .next()
        .unwrap_or_default()
        .to_lowercase();
    let mut words = name
        .split(|c: char| !c.is_alphanumeric())
        .filter(|it| !it.is_empty());
    words.all(|word| {
        NAMES.contains(&word)
            || ["目標", "稼働率", "可用性"]
                .iter()
                .any(|it| word.contains(it))
    })
}

/// Whether a text speaks of the whole service.
fn speaks_of_all(text: &str) -> bool {
    let lower = text.to_lowercase();
    [
        "本サービス",
        "サービス全体",
        "システム全体",
        "the platform",
        "the service",
        "the system",
        "overall",
    ]
    .iter()
    .any(|word| lower.contains(word))
}

/// `Turn on the standby, which achieves zero RPO`: what a feature brings, as guides to it say.
fn gives(about: &str) -> bool {
    const GIVES: [&str; 6] = [
        "account for",
        "which achieves",
        "which provides",
        "which gives",
        "to achieve zero",
        "can achieve",
    ];
    let lower = about.to_lowercase();
    GIVES.iter().any(|words| lower.contains(words))
}

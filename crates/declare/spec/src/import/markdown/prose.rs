//! What is said in words: bullets, paragraphs, boxes, and the few figures of scripts and diagrams.

use promise::say;
use serde_json::json;

use super::{
    Reader,
    blocks::sentences_of,
    bounds::condition,
    figures::{Figure, Kind, figures},
    no_home,
    objectives::recovered,
    place,
    procedure::on_clock,
    words::{self, plain},
};

impl Reader<'_> {
    /// A bullet or paragraph: a name and a value below a heading that says of what, or prose.
    pub(super) fn bullet(&mut self, text: &str, is_numbered: bool, line: usize) {
        if !is_numbered
            && (self.labelled(text, line) || self.versioned(text, line) || self.pooled(text, line))
        {
            return;
        }
        if let Some((name, value)) = text.split_once([':', '：'])
            && name.chars().count() <= LABEL_MAX
        {
            let above = self.headings.last().map_or("", |(_, text)| text.as_str());
            let path = format!("{}.{}", plain(above), plain(name));
            if self.signed_in(&path, value, line) || self.sla_said(name, value, line) {
                return;
            }
        }
        if let Some((name, value)) = text.split_once([':', '：']) {
            let (key, value) = (plain(name), value.trim());
            if super::rows::is_range(value) {
                return self.range(name, name, value, None, line);
            }
            if let Some(severity) = self.severity
                && let Some((field, form)) = words::field("severities", &key)
            {
                match place::value(form, value) {
                    Some(value) => self
                        .draft
                        .set(&["severities", severity, field], value, line),
                    None => self.draft.lost(line, text, no_home()),
                }
                return;
            }
            if let Some((section, id)) = self.part.clone()
                && let Some((field, form)) = words::field(section, &key)
                && let Some(value) = place::value(form, bare_value(value))
            {
                // `MySQL 8.0.35`: documents name the engine and its version together.
                let (value, version) = match value.as_str().and_then(|text| text.split_once(' ')) {
                    Some((engine, version))
                        if field == "engine"
                            && version.starts_with(|c: char| c.is_ascii_digit()) =>
                    {
                        (json!(engine.to_lowercase()), Some(version.to_owned()))
                    }
                    _ => (value, None),
                };
                let named = self.parts.last().and_then(|part| part.product);
                let path = ["infrastructure", section, id.as_str(), "product"];
                if let Some(product) = named.filter(|_| !self.draft.has(&path)) {
                    self.draft.guess(
                        &path,
                        product,
                        line,
                        say!("the heading names it", "見出しに名前がある"),
                    );
                }
                if let Some(version) = version {
                    self.draft
                        .set(&["infrastructure", section, &id, "version"], version, line);
                }
                return self
                    .draft
                    .set(&["infrastructure", section, &id, field], value, line);
            }
        }
        if self.year(text, line) {
            return;
        }
        if let Some((name, value)) = self.paid(text) {
            return self.budget(&name, &value, line);
        }
        if let Some(severity) = self.severity.filter(|_| is_numbered) {
            return self
                .draft
                .push(&["severities", severity, "response"], text, line);
        }
        let is_step = self.in_steps || recovers(text) || on_clock(text).is_some();
        if is_numbered && !is_objective(text) && (is_step || self.is_recovered_here()) {
            self.in_steps = true;
            return self.step(text, line);
        }
        if self.is_under(&["alert", "アラート", "警報", "監視", "monitoring"])
            && raises(text).is_some()
        {
            let above = self.headings.iter().rev().map(|(_, text)| text.as_str());
            let severity = std::iter::once(text).chain(above).find_map(words::severity);
            let lists_alerts = self.lead.to_lowercase();
            let lists_alerts = ["alert", "アラート", "警報"]
                .iter()
                .any(|word| lists_alerts.contains(word));
            if severity.is_some() || lists_alerts {
                self.alert(text, severity.map(|(severity, _)| severity), line, "");
                return;
            }
        }
        if let Some((name, said)) = text.split_once([':', '：']) {
            self.copied(name, said, line, false);
        }
        for sentence in sentences_of(text) {
            self.prose(sentence, line);
            self.before = sentence.to_lowercase();
        }
    }

    /// Whether what is numbered here brings a service back: plans for that have lists of much else.
    fn is_recovered_here(&self) -> bool {
        const ELSE: [&str; 26] = [
            "review",
            "meeting",
            "agenda",
            "postmortem",
            "post-mortem",
            "retrospective",
            "lesson",
            "communicat",
            "contact",
            "training",
            "role",
            "principle",
            "objective",
            "validation",
            "verification",
            "prevent",
            "rollback",
            "切り戻し",
            "切戻し",
            "ロールバック",
            "振り返り",
            "体制",
            "連絡",
            "予防",
            "原則",
            "再発防止",
        ];
        const STEPS: [&str; 13] = [
            "step",
            "procedure",
            "process",
            "runbook",
            "scenario",
            "if ",
            "手順",
            "流れ",
            "フロー",
            "対応",
            "実施",
            "シナリオ",
            "障害",
        ];
        let last = self.headings.last().map(|(_, text)| text.to_lowercase());
        let says = |words: &[&str]| {
            let last = last.as_deref().unwrap_or_default();
            words.iter().any(|word| last.contains(word))
        };
        // A whole plan is called so in its title; of what stands in it, only what is called steps is.
        let below = self.headings.iter().filter(|(level, _)| *level > 1);
        let mut below = below.map(|(_, text)| text.to_lowercase());
        let is_chapter = below.any(|text| RECOVERY.iter().any(|word| text.contains(word)));
        let tells_how_it_works = ["behavio", "動作", "仕組み"];
        let lead = self.lead.to_lowercase();
        let explains = tells_how_it_works.iter().any(|word| lead.contains(word));
        !explains
            && !says(&ELSE)
            && self.is_under(&RECOVERY)
            && (is_chapter || says(&STEPS) || self.headings.len() < 2)
    }

    /// An item with a box: a question of a hearing, or something to look at.
    pub(super) fn item(&mut self, text: &str, done: bool, line: usize) {
        if text.contains(['?', '？']) {
            let id = self.draft.id("hearing", "q");
            if let Some((_, heading)) = self.headings.last() {
                self.draft
                    .set(&["hearing", &id, "section"], heading.clone(), line);
            }
            return self.draft.set(&["hearing", &id, "text"], text, line);
        }
        let id = self.checklist(line);
        let mut item = json!({ "text": text });
        if let Some(said) = condition(text) {
            item["of"] = json!(said.about);
            item["bound"] = json!(said.bound());
            if let Some(quantile) = words::quantile(text) {
                item["quantile"] = json!(quantile);
            }
        } else {
            self.prose(text, line);
        }
        if done {
            item["done"] = json!(true);
        }
        self.draft.push(&["checklists", &id, "items"], item, line);
    }

    /// The list that an item belongs to: the outermost heading with a rhythm, or else the nearest heading.
    fn checklist(&mut self, line: usize) -> String {
        let rhythmic = self
            .headings
            .iter()
            .find(|(_, text)| words::rhythm(text).is_some());
        let name = rhythmic
            .or(self.headings.last())
            .map_or("checklist", |(_, text)| text.as_str())
            .to_owned();
        if let Some((_, id)) = self.checklists.iter().find(|(known, _)| *known == name) {
            return id.clone();
        }
        let every = words::rhythm(&name);
        let id = self.draft.id(
            "checklists",
            if every == Some("1d") { "daily" } else { &name },
        );
        self.draft
            .set(&["checklists", &id, "name"], name.as_str(), line);
        if let Some(every) = every {
            self.draft.set(&["checklists", &id, "every"], every, line);
        }
        self.checklists.push((name, id.clone()));
        id
    }

    /// The figures of a script that say how a recovery runs.
    pub(super) fn script(&mut self, text: &str, first: usize) {
        let recovers = self.is_under(&RECOVERY);
        for (at, line) in text.lines().enumerate() {
            let number = first + at;
            if line.contains('→') {
                let mut left = line.to_owned();
                self.recovery(&mut left, number);
                if left != line {
                    continue;
                }
            }
            let words: Vec<&str> = line
                .split(|c: char| c.is_whitespace() || c == '=')
                .filter(|word| !word.is_empty())
                .collect();
            for pair in words.windows(2) {
                let Ok(count) = pair[1].parse::<u64>() else {
                    continue;
                };
                match pair[0] {
                    _ if !recovers => self.draft.lost(number, line.trim(), no_home()),
                    "--desired-capacity" | "--desired-count" | "--replicas" | "replicas" => self
                        .once(
                            &["continuity", "failover", "region", "instances"],
                            count,
                            number,
                        ),
                    "sleep" => self.once(
                        &["continuity", "failover", "region", "checked_every"],
                        format!("{count}s"),
                        number,
                    ),
                    _ => self.draft.lost(number, line.trim(), no_home()),
                }
            }
        }
    }

    /// What a diagram shows that a request passes.
    pub(super) fn diagram(&mut self, text: &str, first: usize) {
        for (at, line) in text.lines().enumerate() {
            let Some((_, label)) = line.split_once(['[', '"']) else {
                continue;
            };
            let label = label.trim_end_matches([']', '"', ' ']);
            if let Some(part) = place::product_in(label)
                && !self.shown.contains(&part)
            {
                self.shown.push(part);
                self.shown_at = first + at;
            }
        }
    }
}

/// A label is no longer than this.
const LABEL_MAX: usize = 40;

/// What is said below stands in a plan to bring a service back.
pub(super) const RECOVERY: [&str; 7] = [
    "failover",
    "fail over",
    "切り替え",
    "切替",
    "復旧",
    "recovery",
    "フェイルオーバー",
];

/// Whether an item names what is owed, and no step: `RTO: 4 hours`.
fn is_objective(text: &str) -> bool {
    const NAMES: [&str; 4] = ["frequency", "頻度", "retention", "保持"];
    let Some((name, _)) = text.split_once([':', '：']) else {
        return false;
    };
    let lower = name.to_lowercase();
    recovered(name).is_some() || NAMES.iter().any(|word| lower.contains(word))
}

/// Whether a step of a list takes time and brings a service back.
fn recovers(text: &str) -> bool {
    const RECOVERS: [&str; 8] = [
        "promot",
        "fail over",
        "failover",
        "昇格",
        "切り替え",
        "切替",
        "declared by",
        "agrees",
    ];
    let lower = text.to_lowercase();
    // `over the last hour`: what is looked at, and not how long it takes.
    let looks_back = |it: &Figure| {
        let before = text[..it.start].trim_end().to_lowercase();
        ["last", "past", "過去"]
            .iter()
            .any(|word| before.ends_with(word))
    };
    let takes_time = figures(text)
        .iter()
        .any(|it| it.kind == Kind::Time && !looks_back(it));
    takes_time && RECOVERS.iter().any(|word| lower.contains(word))
}

/// The condition on which somebody is told; "told within 3 minutes" is a promise about the telling.
fn raises(text: &str) -> Option<()> {
    let said = condition(text)?;
    (said.figure.kind != Kind::Time || said.sign.starts_with('>')).then_some(())
}

/// A value without what is said beside it: `db.r6g.large（2 vCPU / 16 GB RAM）`.
fn bare_value(value: &str) -> &str {
    value.split(['（', '(']).next().map_or(value, str::trim)
}

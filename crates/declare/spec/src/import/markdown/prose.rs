//! What is said in words: bullets, paragraphs, boxes, and the few figures of scripts and diagrams.

use promise::say;
use serde_json::json;

use super::{
    Objective, PAYMENTS, Reader,
    figures::{Kind, condition, figures},
    no_home, place,
    words::{self, plain},
};

impl Reader<'_> {
    /// A bullet or paragraph: a name and a value below a heading that says of what, or prose.
    pub(super) fn bullet(&mut self, text: &str, is_numbered: bool, line: usize) {
        if !is_numbered && self.labelled(text, line) {
            return;
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
        if let Some(severity) = self.severity.filter(|_| is_numbered) {
            return self
                .draft
                .push(&["severities", severity, "response"], text, line);
        }
        if self.is_under(&["failover", "切り替え", "切替", "復旧", "recovery"]) && is_numbered
        {
            return self.step(text, line);
        }
        if self.is_under(&["alert", "アラート", "警報", "監視", "monitoring"])
            && let Some((severity, _)) = raises(text).and(words::severity(text).or_else(|| {
                self.headings
                    .last()
                    .and_then(|(_, text)| words::severity(text))
            }))
        {
            return self.alert(text, Some(severity), line, "");
        }
        self.prose(text, line);
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

    /// Every figure of a sentence, by the words around it.
    pub(super) fn prose(&mut self, text: &str, line: usize) {
        self.regions(text, line);
        let left = self.part_sentence(text, line);
        let text = left.as_deref().unwrap_or(text);
        let mut from = 0;
        for figure in figures(text) {
            let clause_start = text[from..figure.start]
                .rfind(['、', '。', '；', ';', '（', '('])
                .map_or(from, |at| from + at);
            let before = text[clause_start..figure.start]
                .trim_start_matches(['、', '。', '；', ';', '（', '(', ' ', ',']);
            let after: String = text[figure.end..].chars().take(16).collect();
            from = figure.end;
            if figure.kind == Kind::Count && !self.counts(before, &after, text) {
                continue;
            }
            self.figure(before, &after, text, &figure, line);
        }
    }

    /// Whether a bare number is one that a design owes: dates, versions and headings have numbers too.
    fn counts(&self, before: &str, after: &str, _text: &str) -> bool {
        after.starts_with('回')
            || before.to_lowercase().contains("retr")
            || before.contains("リトライ")
            || before.contains("再試行")
    }

    fn figure(
        &mut self,
        before: &str,
        after: &str,
        text: &str,
        figure: &super::figures::Figure,
        line: usize,
    ) {
        let near = format!("{before} {after}").to_lowercase();
        let whole = text.to_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| near.contains(word));
        let value = figure.text.as_str();
        let why = || say!("told by the words around it", "前後の語による");
        match figure.kind {
            Kind::Time if has(&["rto", "目標復旧時間"]) => self.objective("rto", value, line),
            Kind::Time if has(&["rpo", "目標復旧時点"]) => self.objective("rpo", value, line),
            Kind::Share if has(&OFFERED) && !self.draft.has(&["service", "tiers"]) => {
                self.objective("availability", value, line);
            }
            Kind::Time if is_of_logs(&whole) && has(&KEPT) => {
                self.once(&["monitoring", "log_retention"], value, line);
            }
            Kind::Time
                if near.contains("ttl")
                    && (whole.contains("dns") || whole.contains("route 53")) =>
            {
                self.once(&["infrastructure", "dns", "main", "ttl"], value, line);
            }
            Kind::Time if has(&["タイムアウト", "timeout"]) => {
                let id = self.depends_on(text, line);
                self.once(&["dependencies", &id, "timeout"], value, line);
            }
            Kind::Count if has(&["リトライ", "再試行", "retr"]) => {
                let id = self.depends_on(text, line);
                let count = value.parse::<u64>().unwrap_or_default();
                self.once(&["dependencies", &id, "retries"], count, line);
            }
            Kind::Time
                if has(&["間隔", "interval", "every"])
                    && ["メトリクス", "監視", "収集", "metric", "scrape", "collect"]
                        .iter()
                        .any(|word| whole.contains(word)) =>
            {
                self.once(&["monitoring", "interval"], value, line);
            }
            Kind::Time
                if ["通知", "アラート", "alert", "notif", "page"]
                    .iter()
                    .any(|word| whole.contains(word))
                    && words::severity(before).is_some() =>
            {
                if let Some((severity, _)) = words::severity(before) {
                    self.severity(severity, line);
                    self.draft
                        .guess(&["severities", severity, "page_within"], value, line, why());
                }
            }
            Kind::Time
                if has(&["証明書", "certificate", "ssl"])
                    || (whole.contains("証明書") && after.starts_with('前')) =>
            {
                self.once(
                    &["security", "certificates", "site", "told_before"],
                    value,
                    line,
                );
            }
            Kind::Share | Kind::Time | Kind::Rate => {
                self.declare(before, after, text, figure, line)
            }
            _ => self.draft.lost(
                line,
                text,
                say!(
                    "a figure that nothing in a spec says: {value}",
                    "仕様に書くところのない数値です: {value}"
                ),
            ),
        }
    }

    /// Sets what several sentences may say alike.
    fn once(&mut self, path: &[&str], value: impl Into<serde_json::Value>, line: usize) {
        self.draft.guess(
            path,
            value,
            line,
            say!("told by the words around it", "前後の語による"),
        );
    }

    /// A recovery objective that no tier is named with.
    pub(super) fn objective(&mut self, field: &'static str, value: &str, line: usize) {
        let value = value.to_owned();
        self.objectives.push(Objective { field, value, line });
    }

    /// The regions that a sentence names, and which of them stands by: the words for it stand before the name, or right
    /// behind it in brackets.
    fn regions(&mut self, text: &str, line: usize) {
        const STANDBY: [&str; 6] = [
            "災対",
            "待機",
            "standby",
            "secondary",
            "セカンダリ",
            "disaster",
        ];
        let stands_by = |part: &str| STANDBY.iter().any(|word| part.contains(word));
        let lower = text.to_lowercase();
        let words = lower.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
        let mut rest = lower.as_str();
        for region in words.filter(|word| place::is_region(word)) {
            let Some((before, after)) = rest.split_once(region) else {
                continue;
            };
            rest = after;
            let bracket = after.strip_prefix(['(', '（']);
            let bracket = bracket.and_then(|it| it.split([')', '）']).next());
            let path = ["infrastructure", "regions", region, "role"];
            if !self.draft.has(&path) {
                let is_second = stands_by(before) || bracket.is_some_and(stands_by);
                let role = if is_second { "standby" } else { "primary" };
                self.once(&path, role, line);
            }
        }
    }

    /// A promise in words: owed, and without a source of evidence.
    fn declare(
        &mut self,
        before: &str,
        after: &str,
        text: &str,
        figure: &super::figures::Figure,
        line: usize,
    ) {
        const WANTED: [&str; 8] = [
            "成功",
            "success",
            "availability",
            "可用性",
            "稼働",
            "処理",
            "uptime",
            "webhook",
        ];
        let said = condition(text).filter(|said| said.figure == *figure);
        let near = format!("{before} {after}").to_lowercase();
        let is_kept = figure.kind == Kind::Time && KEPT.iter().any(|word| near.contains(word));
        let is_lower =
            is_kept || figure.kind == Kind::Share && WANTED.iter().any(|word| near.contains(word));
        let sign = said
            .as_ref()
            .map_or(if is_lower { ">=" } else { "<=" }, |said| said.sign);
        let bound = format!("{sign} {}", figure.text);
        let about = if before.trim().is_empty() {
            text
        } else {
            before.trim()
        };
        let about = about.rsplit([':', '：']).next().unwrap_or(about);
        let about =
            about.trim_matches(|c: char| c.is_whitespace() || "<>=≤≥\"'“”「」(".contains(c));
        let about = about.trim_end_matches(['は', 'が', 'を', 'も']);
        // Between two figures often stands nothing but a sign.
        let about = if about.chars().any(char::is_alphabetic) {
            about
        } else {
            text
        };
        let kind = words::measures(about).unwrap_or("promise");
        let key = format!("{kind} {bound}");
        if self.stated.contains(&key) {
            return self
                .draft
                .noted(line, text, say!("it was said before", "前に書かれています"));
        }
        self.stated.push(key);
        let id = self
            .draft
            .id("promises", &format!("{} {kind}", few_words(about)));
        let why = || say!("nothing says how it is measured", "測り方が書かれていない");
        self.draft
            .guess(&["promises", &id, "kind"], "declared", line, why());
        self.draft.guess(
            &["promises", &id, "text"],
            if about.is_empty() { text } else { about },
            line,
            why(),
        );
        self.draft
            .guess(&["promises", &id, "bound"], bound, line, why());
    }

    /// The dependency that a text speaks of: a product, or what it does for us.
    pub(super) fn depends_on(&mut self, text: &str, line: usize) -> String {
        let lower = text.to_lowercase();
        const PRODUCTS: [&str; 8] = [
            "stripe",
            "paypal",
            "adyen",
            "braintree",
            "square",
            "gmo",
            "sendgrid",
            "twilio",
        ];
        let named = PRODUCTS.into_iter().find(|product| lower.contains(product));
        let is_payment = PAYMENTS.iter().any(|word| lower.contains(word));
        let implied = PRODUCTS
            .into_iter()
            .find(|product| is_payment && self.whole.contains(product));
        let id = match named.or(implied) {
            Some(product) => product.to_owned(),
            None if is_payment => "payment_provider".to_owned(),
            // The next figure of the same sentence speaks of the same one.
            None => match self
                .dependency
                .clone()
                .filter(|_| !lower.is_ascii() || lower.len() > 24)
            {
                Some(id) => id,
                None => plain(super::short(text, "provider")),
            },
        };
        if let Some(product) = named
            .or(implied)
            .filter(|_| !self.draft.has(&["dependencies", &id, "product"]))
        {
            self.draft.guess(
                &["dependencies", &id, "product"],
                product,
                line,
                say!("the document names it", "文書で挙げられている"),
            );
        }
        self.dependency = Some(id.clone());
        if is_payment {
            self.payer = Some(id.clone());
        }
        id
    }

    /// The figures of a script that say how a recovery runs.
    pub(super) fn script(&mut self, text: &str, first: usize) {
        for (at, line) in text.lines().enumerate() {
            let number = first + at;
            let words: Vec<&str> = line
                .split(|c: char| c.is_whitespace() || c == '=')
                .filter(|word| !word.is_empty())
                .collect();
            for pair in words.windows(2) {
                let Ok(count) = pair[1].parse::<u64>() else {
                    continue;
                };
                match pair[0] {
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

/// Words for how long something is kept.
const KEPT: [&str; 8] = [
    "保存",
    "保持",
    "保管",
    "retain",
    "retention",
    "kept",
    "keep",
    "stored for",
];
/// Words for the share of time in which a service answers.
const OFFERED: [&str; 4] = ["稼働率", "可用性", "availability", "uptime"];

fn is_of_logs(text: &str) -> bool {
    ["ログ", "log ", "logs", "証跡"]
        .iter()
        .any(|word| text.contains(word))
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

/// The first words of a sentence, for an id.
fn few_words(text: &str) -> String {
    const WORDS_MAX: usize = 3;
    let words = text
        .split(|c: char| !c.is_ascii_alphabetic())
        .filter(|word| word.len() > 1);
    words.take(WORDS_MAX).collect::<Vec<_>>().join(" ")
}

//! The sections of a design that are told by their names: security, duties, recovery, load, costs.

use promise::{
    document::{Node, Value},
    say,
};

use super::{
    Reader,
    bounds::condition,
    fields::is_call,
    figures::{Kind, figures},
    no_home, objectives, place,
    tree::Data,
    words::{self, plain},
};
use crate::import::taking::{entries, text as scalar};

impl Reader<'_> {
    /// Reads what stands under `name`; `false` where the name is that of no section.
    pub(super) fn section(
        &mut self,
        name: &str,
        written: &str,
        node: &Node,
        data: &Data<'_>,
        path: &str,
    ) -> bool {
        let is_map = matches!(node.value, Value::Map(_));
        let is_list = matches!(node.value, Value::List(_));
        let has = |field: &str| {
            entries(node)
                .iter()
                .any(|(key, _)| plain(&key.name) == field)
        };
        match name {
            "metrics" | "メトリクス" if is_list || is_map => self.metrics(node, data, path),
            "alerts" | "アラート" => self.alerts(node, data, path),
            "dashboards" | "ダッシュボード" => self.dashboards(node, data),
            "cloudwatch" | "cloud_monitoring" | "azure_monitor" => {
                self.fields("monitoring", &["monitoring"], node, data)
            }
            "waf" => self.waf(node, data),
            "secrets" | "secrets_manager" | "secret_manager" | "vault" => self.secrets(node, data),
            "objectives" | "tiers" if is_map => self.tiers_of(node, data),
            "backup" | "backups" | "backup_strategy" | "バックアップ" if is_map => {
                self.backups(node, data)
            }
            "disaster_recovery" | "failover" | "dr" | "災害復旧" if is_map => {
                self.failover(node, data)
            }
            "scenarios" | "シナリオ" | "負荷シナリオ" | "load_scenarios" if is_map => {
                for (key, it) in entries(node) {
                    let id = self.scenario(&key.name, data.line_at(key.span.start));
                    self.fields("scenarios", &["load", "scenarios", &id], it, data);
                }
            }
            _ if ACCEPTED.contains(&name) && (is_map || is_list) => self.acceptance(node, data),
            "dependencies" | "external_services" | "providers" | "外部サービス" if is_map => {
                for (key, it) in entries(node) {
                    let id = self.depends_on(&key.name, &key.name, data.line_at(key.span.start));
                    self.fields("dependencies", &["dependencies", &id], it, data);
                }
            }
            "rules" | "rule" | "lifecycle" if is_list && self.lifecycle(node, data) => {}
            _ if is_list && name.starts_with("layer_") => self.layer(written, node, data),
            _ if is_map && (name.contains("compliance") || name.contains("準拠")) => {
                self.compliance(name, node, data)
            }
            _ if name.contains("cost")
                && entries(node).iter().any(|(_, it)| {
                    scalar(it)
                        .and_then(|text| place::value(words::Form::Money, text))
                        .is_some()
                }) =>
            {
                for (key, it) in entries(node) {
                    self.budget(&key.name, scalar(it).unwrap_or_default(), data.line(it));
                }
            }
            _ if is_list && path.contains("cost") => {
                for (text, line) in self.said(node, data) {
                    let id = self.draft.id("savings", &text);
                    self.draft.set(&["costs", "savings", &id], text, line);
                }
            }
            _ if is_map
                && words::part(name).is_none()
                && is_call(node)
                && !["health", "circuit", "breaker"]
                    .iter()
                    .any(|word| name.contains(word)) =>
            {
                let line = data.line(node);
                let provider = node.get("provider").and_then(scalar).unwrap_or(written);
                let id = self.depends_on(provider, provider, line);
                self.fields("dependencies", &["dependencies", &id], node, data);
            }
            _ if is_map
                && ((has("fields") && self.is_of_logs(path))
                    || (has("pattern") && has("retention_days"))) =>
            {
                self.stream(written, node, data)
            }
            _ if is_map
                && (has("rto")
                    || has("rpo")
                    || (has("availability")
                        && (has("error_budget") || has("allowed_downtime")))) =>
            {
                let id = self.tier(written, data.line(node));
                self.fields("tiers", &["service", "tiers", &id], node, data);
            }
            _ if is_list && self.is_inventory(path) => {
                for (text, line) in self.said(node, data) {
                    let (tool, purpose) = text
                        .split_once(['(', '（'])
                        .map_or((text.as_str(), written), |(tool, rest)| {
                            (tool.trim(), rest.trim_end_matches([')', '）']))
                        });
                    let id = self.draft.id("tools", tool);
                    self.draft
                        .set(&["infrastructure", "tools", &id], purpose, line);
                    if let Some(tls) = tls(&text) {
                        self.draft.guess(
                            &["security", "tls_min"],
                            tls,
                            line,
                            say!("said of all traffic", "通信全体についての記述"),
                        );
                    }
                }
            }
            _ if is_map && objectives::is_objectives(name) => {
                self.owed_values(node, data, "", path);
            }
            _ => match words::part(name) {
                Some(part) if is_map => self.part(part, written, node, data),
                _ => return false,
            },
        }
        true
    }

    /// Whether a map stands where logs are spoken of: a class of data has fields too.
    pub(super) fn is_of_logs(&self, path: &str) -> bool {
        const LOGS: [&str; 6] = ["log", "ログ", "audit", "監査", "stream", "証跡"];
        LOGS.iter().any(|word| path.contains(word)) || self.is_under(&LOGS)
    }

    /// Whether lists here name what is in use, as under "技術スタック選定".
    fn is_inventory(&self, path: &str) -> bool {
        !path.contains('.')
            && self.is_under(&["stack", "スタック", "技術", "tools", "開発記録", "構成要素"])
    }

    /// One list of rules, or several by name.
    fn waf(&mut self, node: &Node, data: &Data<'_>) {
        let lists = entries(node);
        if !lists.is_empty()
            && lists
                .iter()
                .all(|(_, it)| matches!(it.value, Value::Map(_)))
        {
            for (key, it) in lists {
                self.one_waf(&key.name, it, data);
            }
            return;
        }
        let name = node.get("name").and_then(scalar).unwrap_or("front");
        self.one_waf(name, node, data);
    }

    fn one_waf(&mut self, name: &str, node: &Node, data: &Data<'_>) {
        let id = self.draft.id("waf", name);
        for (key, below) in entries(node) {
            match plain(&key.name).as_str() {
                "name" => self.draft.noted(
                    data.line(below),
                    name,
                    say!("its name in the spec", "仕様での名前"),
                ),
                "rules" | "ルール" | "managed" | "managed_rules" | "マネージドルール" => {
                    for (text, line) in self.said(below, data) {
                        self.draft
                            .push(&["security", "waf", &id, "rules"], text, line);
                    }
                }
                other => match words::field("waf", other)
                    .and_then(|(field, form)| Some((field, place::value(form, scalar(below)?)?)))
                {
                    Some((field, value)) => {
                        self.draft
                            .set(&["security", "waf", &id, field], value, data.line(below))
                    }
                    None => self.leaves(below, data, other),
                },
            }
        }
    }

    fn secrets(&mut self, node: &Node, data: &Data<'_>) {
        for (key, below) in entries(node) {
            let id = self.draft.id("secrets", &key.name);
            match scalar(below) {
                // A path tells where a secret is kept; anything else may be the secret itself.
                Some(text) if text.contains('/') || text.starts_with("${") => self.draft.set(
                    &["security", "secrets", &id, "kept_in"],
                    text,
                    data.line(below),
                ),
                _ => self.draft.lost(
                    data.line(below),
                    &key.name,
                    say!(
                        "what stands there may be the secret itself",
                        "秘密情報そのものかもしれません"
                    ),
                ),
            }
        }
    }

    fn layer(&mut self, written: &str, node: &Node, data: &Data<'_>) {
        let name = plain(written);
        let mut words = name.split('_').skip(1);
        let level = words.next().and_then(|level| level.parse::<u64>().ok());
        let rest: Vec<&str> = words.collect();
        let id = self.draft.id(
            "layers",
            if rest.is_empty() {
                &name
            } else {
                rest.last().copied().unwrap_or(&name)
            },
        );
        if let Some(level) = level {
            self.draft.set(
                &["security", "layers", &id, "level"],
                level,
                data.line(node),
            );
        }
        for (text, line) in self.said(node, data) {
            let control = self.draft.id(&format!("layers.{id}"), &text);
            self.draft.set(
                &["security", "layers", &id, "controls", &control, "text"],
                text.as_str(),
                line,
            );
            self.control(&text, line);
        }
    }

    /// What a statement about security says of other sections.
    fn control(&mut self, text: &str, line: usize) {
        let lower = text.to_lowercase();
        if let Some(("cdn", product)) = place::product_in(text) {
            let id = self.draft.id("cdn", product);
            self.draft.guess(
                &["infrastructure", "cdn", &id, "product"],
                product,
                line,
                say!("it is named as a defence", "対策として挙げられている"),
            );
        }
        if lower.contains("shield advanced") {
            self.draft.guess(
                &["costs", "subscriptions", "shield_advanced", "product"],
                "shield_advanced",
                line,
                say!("it is paid by the month", "月額の製品"),
            );
        }
        if (lower.contains("immutable") || text.contains("改ざん"))
            && (lower.contains("log") || text.contains("ログ"))
            && !self.draft.has(&["log_analysis", "audit"])
        {
            self.draft.guess(
                &["log_analysis", "audit", "immutable"],
                true,
                line,
                say!(
                    "audit logs are called immutable",
                    "監査ログは改変不可とされている"
                ),
            );
        }
        if let Some(tls) = tls(text).filter(|_| !self.draft.has(&["security", "tls_min"])) {
            self.draft.guess(
                &["security", "tls_min"],
                tls,
                line,
                say!("said of all traffic", "通信全体についての記述"),
            );
        }
        if lower.contains("aes-256") {
            self.draft.guess(
                &["security", "keys", "at_rest", "algorithm"],
                "AES-256",
                line,
                say!("said of all data at rest", "保存データ全体についての記述"),
            );
        }
    }

    fn compliance(&mut self, name: &str, node: &Node, data: &Data<'_>) {
        let framework = ["pci", "hipaa", "medical", "医療"]
            .into_iter()
            .find(|word| name.contains(word))
            .unwrap_or_default();
        let (profile, prefix) = match framework {
            "pci" => ("pci", "pci_dss"),
            "hipaa" => ("hipaa", "hipaa"),
            "medical" | "医療" => ("jp-medical", "jp_medical"),
            _ => ("", ""),
        };
        if !profile.is_empty() {
            self.draft.push(&["profiles"], profile, data.line(node));
        }
        for (key, below) in entries(node) {
            let key = plain(&key.name);
            let number = key
                .split('_')
                .find(|word| word.chars().all(|c| c.is_ascii_digit()))
                .unwrap_or_default()
                .to_owned();
            for (text, line) in self.said(below, data) {
                let id = self.draft.id("duties", &super::short(&text, "duty"));
                let at = |field| ["compliance", "duties", id.as_str(), field];
                self.draft.set(&at("text"), text.as_str(), line);
                if !number.is_empty() && !prefix.is_empty() {
                    self.draft
                        .push(&at("clauses"), format!("{prefix}:{number}"), line);
                }
                if let Some(every) = words::rhythm(&text) {
                    self.draft.set(&at("every"), every, line);
                }
                self.control(&text, line);
            }
        }
    }

    fn tiers_of(&mut self, node: &Node, data: &Data<'_>) {
        for (key, it) in entries(node) {
            let id = self.tier(&key.name, data.line_at(key.span.start));
            self.fields("tiers", &["service", "tiers", &id], it, data);
        }
    }

    fn backups(&mut self, node: &Node, data: &Data<'_>) {
        for (key, it) in entries(node) {
            let name = plain(&key.name);
            if !matches!(it.value, Value::Map(_)) {
                self.leaves(it, data, &name);
                continue;
            }
            let is_store = entries(it)
                .iter()
                .any(|(key, _)| words::field("buckets", &plain(&key.name)).is_some());
            let is_backup = entries(it)
                .iter()
                .any(|(key, _)| words::field("backups", &plain(&key.name)).is_some());
            if is_backup {
                let id = self.draft.id("backups", &key.name);
                self.fields("backups", &["continuity", "backups", &id], it, data);
                if words::part(&name) == Some("databases") {
                    self.stated.push(format!("backup {id}"));
                }
            } else if is_store {
                let id = self.draft.id("buckets", &key.name);
                if entries(it).iter().any(|(key, _)| {
                    plain(&key.name).contains("s3") || plain(&key.name).contains("glacier")
                }) {
                    self.draft.guess(
                        &["infrastructure", "buckets", &id, "product"],
                        "s3",
                        data.line(it),
                        say!("its fields are those of S3", "項目が S3 のもの"),
                    );
                }
                self.fields("buckets", &["infrastructure", "buckets", &id], it, data);
            } else {
                for (field, below) in entries(it) {
                    match scalar(below) {
                        Some(text) => self.draft.set(
                            &["continuity", "releases", &plain(&field.name)],
                            text,
                            data.line(below),
                        ),
                        None => self.leaves(below, data, &field.name),
                    }
                }
            }
        }
    }

    fn acceptance(&mut self, node: &Node, data: &Data<'_>) {
        let listed = match &node.value {
            Value::List(listed) => listed.as_slice(),
            _ => &[],
        };
        for item in listed {
            match scalar(item) {
                Some(text) => self.bullet(text, false, data.line(item)),
                None => self.acceptance(item, data),
            }
        }
        for (key, below) in entries(node) {
            let group = plain(&key.name);
            let own = [(key.clone(), below.clone())];
            let lines = if scalar(below).is_some() {
                &own
            } else {
                entries(below)
            };
            for (name, it) in lines {
                let (name, line) = (plain(&name.name), data.line(it));
                let Some(text) = scalar(it) else {
                    self.leaves(it, data, &name);
                    continue;
                };
                let figure = figures(text).into_iter().next();
                let at = |rest: &[&'static str]| [&["load", "acceptance"], rest].concat();
                match (figure, group.as_str()) {
                    (Some(it), _) if it.kind == Kind::Time && words::quantile(&name).is_some() => {
                        let bound = condition(text)
                            .map_or_else(|| format!("<= {}", it.text), |said| said.bound());
                        let id = self.draft.id("response", &name);
                        self.draft
                            .set(&["load", "acceptance", "response", &id], bound, line);
                    }
                    (Some(it), _) if it.kind == Kind::Rate => {
                        let field = match name.as_str() {
                            "minimum" | "min" | "最小" => "rate_min",
                            "maximum" | "max" | "最大" => "rate_max",
                            _ => "rate_target",
                        };
                        self.draft.set(&at(&[field]), it.text, line);
                    }
                    (Some(it), group)
                        if it.kind == Kind::Share
                            && (group.contains("error") || name.contains("error")) =>
                    {
                        let what = if ["maximum", "max", "total"].contains(&name.as_str()) {
                            "all"
                        } else {
                            name.as_str()
                        };
                        self.draft
                            .set(&["load", "acceptance", "errors", what], it.text, line);
                    }
                    // Of all that is tried, what does not succeed fails: 99.5 % leaves 0.5 %.
                    (Some(it), _)
                        if it.kind == Kind::Share && words::measures(&name) == Some("success") =>
                    {
                        if let Some(failing) = left_of(&it.text) {
                            let path = at(&["errors", "all"]);
                            let why = say!("what is left of {}", "{} の残り", it.text);
                            self.draft.guess(&path, failing, line, why);
                        }
                    }
                    (Some(it), _)
                        if it.kind == Kind::Share
                            && USED.iter().any(|used| name.ends_with(used)) =>
                    {
                        let used = USED.iter().find(|used| name.ends_with(*used));
                        let path = ["load", "acceptance", "utilization", used.unwrap_or(&"cpu")];
                        self.once(&path, it.text, line);
                    }
                    _ => self
                        .draft
                        .lost(line, &format!("{group}.{name}: {text}"), no_home()),
                }
            }
        }
    }
}

/// What people call the conditions of a load test.
const ACCEPTED: [&str; 13] = [
    "acceptance_criteria",
    "acceptance",
    "pass_when",
    "pass_if",
    "passes_when",
    "pass_criteria",
    "pass_conditions",
    "success_criteria",
    "合格基準",
    "合格条件",
    "合否基準",
    "合否判定",
    "受け入れ基準",
];

/// What a share leaves of the whole: 0.5 % of 99.5 %.
fn left_of(share: &str) -> Option<String> {
    let share: f64 = share.trim_end_matches([' ', '%']).parse().ok()?;
    let left = ((100.0 - share) * 1e6).round() / 1e6;
    (left > 0.0).then(|| format!("{left} %"))
}

/// What a machine is used up by.
const USED: [&str; 5] = ["cpu", "memory", "disk_io", "disk", "network"];

/// The version of TLS that a text names.
fn tls(text: &str) -> Option<&'static str> {
    let lower = text.to_lowercase();
    let at = lower.find("tls")?;
    ["1.3", "1.2", "1.1", "1.0"]
        .into_iter()
        .find(|version| lower[at..].contains(version))
}

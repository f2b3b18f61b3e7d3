//! What one sentence, bullet or value says in passing: managed rules of a web firewall, the parts that a request passes,
//! the TLS that is spoken, versions in an inventory, how many people are on call, how fast a restore runs.

use promise::say;
use serde_json::json;

use super::{
    Reader, by_the_words,
    clock::ON_CALL,
    figures::{Kind, figures},
    place,
    stating::blank,
    words,
};

/// How the names of managed groups of rules begin.
const MANAGED: &str = "AWSManagedRules";
/// Words that deny what stands with them.
pub(super) const DENIED: [&str; 14] = [
    "not ",
    "n't",
    "no longer",
    "without",
    "considered",
    "planned",
    "検討",
    "しない",
    "見送",
    "未導入",
    "不要",
    "対象外",
    "使わない",
    "予定",
];

impl Reader<'_> {
    /// Everything that a sentence may say in passing.
    pub(super) fn noticed(&mut self, left: &mut String, line: usize) {
        let text = left.clone();
        self.managed_rules(&text, line);
        self.passes(&text, line);
        self.tls_said(&text, line);
        self.subscribed(&text, line);
        self.manned(&text, line);
        self.restored_at(left, line);
        self.looked_up(left, line);
        self.firewall_made_in(&text, line);
        self.authenticates(&text, line);
        self.signs_in(left, line);
    }

    /// The managed groups of rules that a text names.
    pub(super) fn managed_rules(&mut self, text: &str, line: usize) -> bool {
        let is_word = |c: char| c.is_ascii_alphanumeric();
        let names = text
            .split(|c: char| !is_word(c))
            .filter(|word| word.len() > MANAGED.len() && word.starts_with(MANAGED));
        let lower = text.to_lowercase();
        if DENIED.iter().any(|word| lower.contains(word)) {
            return false;
        }
        let mut is_read = false;
        for name in names {
            let id = self
                .draft
                .only_in(&["security", "waf"])
                .unwrap_or_else(|| "front".to_owned());
            let path = ["security", "waf", &id, "rules"];
            self.draft.push(&path, name, line);
            is_read = true;
        }
        is_read
    }

    /// `CloudFront → ALB → ECS → Aurora`: the parts that a request passes, one after the other.
    fn passes(&mut self, text: &str, line: usize) {
        const LEAST: usize = 3;
        let pieces: Vec<&str> = text
            .split(['→', '⇒'])
            .flat_map(|it| it.split("->"))
            .collect();
        if pieces.len() < LEAST || !self.shown.is_empty() {
            return;
        }
        let parts: Vec<(&'static str, &'static str)> = pieces
            .iter()
            .filter_map(|piece| place::product_in(piece))
            .collect();
        if parts.len() < LEAST {
            return;
        }
        self.shown_at = line;
        for part in parts {
            if !self.shown.contains(&part) {
                self.shown.push(part);
            }
        }
    }

    /// `TLS 1.3 everywhere`, `CloudFront minimum protocol version TLSv1.2_2021`.
    fn tls_said(&mut self, text: &str, line: usize) {
        const EVERYWHERE: [&str; 12] = [
            "everywhere",
            "all connections",
            "all traffic",
            "in transit",
            "every hop",
            "end to end",
            "すべての通信",
            "全ての通信",
            "全通信",
            "全区間",
            "通信はすべて",
            "通信は全て",
        ];
        const LEAST: [&str; 8] = [
            "minimum",
            "min ",
            "at least",
            "or higher",
            "or newer",
            "最低",
            "最小",
            "以上",
        ];
        const OFF: [&str; 9] = [
            "disabled",
            "are off",
            "is off",
            "refused",
            "rejected",
            "無効",
            "拒否",
            "受け付けない",
            "使わない",
        ];
        let lower = text.to_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        let Some(version) = version(&lower).filter(|_| !has(&OFF)) else {
            return;
        };
        let why = by_the_words;
        let of = place::product_in(text)
            .filter(|(section, _)| ["cdn", "load_balancers"].contains(section));
        if let Some((section, product)) = of.filter(|_| has(&LEAST)) {
            let id = self.spoken_part(section, &lower);
            let id = if id == "main" { product.to_owned() } else { id };
            let path = ["infrastructure", section, &id, "tls_min"];
            if !self.draft.has(&path) {
                self.draft.guess(&path, version, line, why());
            }
            return;
        }
        let path = ["security", "tls_min"];
        if has(&EVERYWHERE) && of.is_none() && !self.draft.has(&path) {
            self.draft.guess(&path, version, line, why());
        }
    }

    /// A subscription that is paid by the month whatever happens.
    fn subscribed(&mut self, text: &str, line: usize) {
        let lower = text.to_lowercase();
        let path = ["costs", "subscriptions", "shield_advanced", "product"];
        if lower.contains("shield advanced")
            && !DENIED.iter().any(|word| lower.contains(word))
            && !self.draft.has(&path)
        {
            let why = say!("it is paid by the month", "月額の製品");
            self.draft.guess(&path, "shield_advanced", line, why);
        }
    }

    /// `24/7 on-call by a team of 3 engineers`, `当番は4名で交代`.
    pub(super) fn manned(&mut self, text: &str, line: usize) {
        const PEOPLE: [&str; 8] = [
            "engineer", "people", "person", "member", "of us", "名", "人", "sre",
        ];
        let lower = text.to_lowercase();
        let path = ["on_call", "team"];
        if !ON_CALL.iter().any(|word| lower.contains(word)) || self.draft.has(&path) {
            return;
        }
        let counts = figures(text)
            .into_iter()
            .filter(|it| it.kind == Kind::Count);
        let people = |end: usize| {
            let after = lower[end..].trim_start();
            PEOPLE.iter().any(|word| after.starts_with(word))
        };
        let mut of_people = counts.filter(|it| people(it.end));
        // Of several the first may be those of one turn.
        if let (Some(it), None) = (of_people.next(), of_people.next())
            && let Ok(team) = it.text.parse::<u64>()
        {
            let why = by_the_words();
            self.draft.guess(&path, team, line, why);
        }
    }

    /// How much a restore moves in an hour or minute, as what it moves in a second.
    fn restored_at(&mut self, left: &mut String, line: usize) {
        const RESTORED: [&str; 4] = ["restor", "リストア", "復元", "復旧"];
        const PER: [(&str, u64); 12] = [
            ("per hour", 3600),
            ("an hour", 3600),
            ("/hour", 3600),
            ("/h", 3600),
            ("/時", 3600),
            ("毎時", 3600),
            ("1時間", 3600),
            ("per minute", 60),
            ("a minute", 60),
            ("/min", 60),
            ("/分", 60),
            ("毎分", 60),
        ];
        let lower = left.to_lowercase();
        if !RESTORED.iter().any(|word| lower.contains(word)) {
            return;
        }
        let found = figures(left)
            .into_iter()
            .filter(|it| it.kind == Kind::Size)
            .find_map(|it| {
                let after = lower[it.end..].trim_start();
                let before = lower[..it.start].trim_end();
                let per = PER.iter().find(|(word, _)| {
                    after.starts_with(word)
                        || before.ends_with(word)
                        || before.ends_with(&format!("{word}に"))
                })?;
                Some((it, per.1))
            });
        let path = ["continuity", "backups", "database", "restored_per_second"];
        if let Some((figure, per)) = found
            && let Some(value) = divided(&figure.text, per)
            && !self.draft.has(&path)
        {
            self.once(&path, value, line);
            blank(left, &figure);
        }
    }

    /// What is asked before names are switched: `Route 53 health check every 30 s, 3 failures`.
    fn looked_up(&mut self, left: &mut String, line: usize) {
        let lower = left.to_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        if !has(&["route 53", "route53", "dns"]) || !has(&["health check", "ヘルスチェック"])
        {
            return;
        }
        let clause = lower
            .split([';', '。', '；'])
            .find(|it| it.contains("health check") || it.contains("ヘルスチェック"));
        let Some(clause) = clause else { return };
        let at = lower.find(clause).unwrap_or_default();
        let path = |field| ["infrastructure", "dns", "main", "health_check", field];
        let mut is_read = false;
        for figure in figures(clause) {
            let (field, value) = match figure.kind {
                Kind::Time => ("interval", json!(figure.text)),
                Kind::Count => match figure.text.parse::<u64>() {
                    Ok(count) if count < 20 => ("failures", json!(count)),
                    _ => continue,
                },
                _ => continue,
            };
            if self.draft.has(&path(field)) || clause[..figure.start].contains("ttl") {
                continue;
            }
            self.once(&path(field), value, line);
            let own = super::figures::Figure {
                start: figure.start + at,
                end: figure.end + at,
                ..figure
            };
            blank(left, &own);
            is_read = true;
        }
        if is_read {
            self.once(&["infrastructure", "dns", "main", "failover"], true, line);
        }
    }

    /// The tables and lists of a web firewall: in which region that of a CDN is made.
    fn firewall_made_in(&mut self, text: &str, line: usize) {
        const MADE: [&str; 6] = [
            "作成",
            "created in",
            "deployed in",
            "lives in",
            "置く",
            "made in",
        ];
        let lower = text.to_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        if !has(&["waf", "web acl"]) || !has(&["cloudfront", "cdn"]) || !has(&MADE) || has(&DENIED)
        {
            return;
        }
        let region = lower
            .split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))
            .find(|word| place::is_region(word));
        let id = self
            .draft
            .only_in(&["security", "waf"])
            .unwrap_or_else(|| "front".to_owned());
        let at = |field| ["security", "waf", id.as_str(), field];
        if let Some(region) = region.filter(|_| !self.draft.has(&at("region"))) {
            let why = by_the_words;
            self.draft.guess(&at("region"), region, line, why());
            if !self.draft.has(&at("scope")) {
                self.draft.guess(&at("scope"), "CLOUDFRONT", line, why());
            }
        }
    }

    /// The compute that a sentence about a time limit speaks of: `照合 Lambda のタイムアウトは 20 分`.
    pub(super) fn timed_compute(&mut self, text: &str) -> Option<String> {
        let (section, product) = place::product_in(text)?;
        if section != "compute" || !["lambda", "cloud_run", "cloud_functions"].contains(&product) {
            return None;
        }
        let lower = text.to_lowercase();
        let id = self.spoken_part("compute", &lower);
        let id = if id == "main" { product.to_owned() } else { id };
        let path = ["infrastructure", "compute", &id, "product"];
        if !self.draft.has(&path) {
            let why = say!("the text names it", "文中に名前がある");
            self.draft.guess(&path, product, 0, why);
        }
        Some(id)
    }
}

/// The version of TLS that a text names, in lower case.
fn version(lower: &str) -> Option<&'static str> {
    let at = lower.find("tls")?;
    let after: String = lower[at..].chars().take(12).collect();
    ["1.3", "1.2", "1.1", "1.0"]
        .into_iter()
        .find(|version| after.contains(version))
}

/// A size that comes in so many seconds, as that of one.
#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)] // Sizes of databases.
fn divided(size: &str, seconds: u64) -> Option<String> {
    let (number, unit) = size.split_once(' ')?;
    let number: f64 = number.parse().ok()?;
    let bytes = number
        * match unit {
            "TB" => 1e12,
            "GB" => 1e9,
            "MB" => 1e6,
            "TiB" => 1_099_511_627_776.0,
            "GiB" => 1_073_741_824.0,
            "MiB" => 1_048_576.0,
            _ => return None,
        };
    let each = (bytes / seconds as f64 / 1e5).round() / 10.0;
    (each > 0.0).then(|| format!("{each} MB"))
}

/// Whether a word is one of a severity.
pub(super) fn escalates(key: &str) -> bool {
    ["escalat", "エスカレ", "引き上げ", "引上げ"]
        .iter()
        .any(|word| key.contains(word))
        && words::field("severities", key).is_none_or(|(field, _)| field == "escalate_to")
}

//! A value of a fenced block that no name found a place for: what its path and its words say together.

use promise::{record::Scalar as _, say, unit::Span};
use serde_json::Value;

use super::{
    Reader, fields,
    figures::{Kind, figures},
    place,
    stated::LOGS,
    words,
};

/// Where logs are kept.
pub(super) const STORES: [&str; 16] = [
    "cloudwatch",
    "cloud_watch",
    "s3",
    "gcs",
    "opensearch",
    "elasticsearch",
    "glacier",
    "bigquery",
    "cloud_logging",
    "log_analytics",
    "loki",
    "datadog",
    "splunk",
    "blob",
    "coldline",
    "hot",
];

impl Reader<'_> {
    /// Reads a value by the words of its path and its own; `false` where they say nothing that a spec holds.
    pub(super) fn leaf(&mut self, path: &str, text: &str, line: usize) -> bool {
        let name = path.rsplit('.').next().unwrap_or(path);
        let clock = self.clock;
        self.clocks(&format!("{} {text}", name.replace('_', " ")), line);
        if clock.is_none() && self.clock.is_some() {
            return true;
        }
        let said = format!("{} {text}", path.replace(['.', '_'], " ")).to_lowercase();
        self.logged(&said.replace("point in time", "point-in-time"), line);
        self.managed_rules(text, line)
            || self.acknowledged(path, text, line)
            || self.called(path, text, line)
            || self.stopped(path, text, line)
            || self.copied_to(path, text, line)
            || self.took_turns(name, path, text, line)
            || self.signed_in(path, text, line)
            || self.duty(path, text, line)
            || self.copied_abroad(path, name, text, line)
            || self.copied_for(path, name, text, line)
            || self.copied(name, text, line, true)
            || self.sla_said(path, text, line)
            || self.log_kept(path, name, text, line)
            || self.leaf_region(path, name, text, line)
            || self.leaf_given_up(path, name, text, line)
            || self.leaf_stated(path, text, line)
    }

    /// `region: us-west-2` of whatever the block declares.
    fn leaf_region(&mut self, path: &str, name: &str, text: &str, line: usize) -> bool {
        // What serves the whole world lies in one region by name only.
        const WORLDWIDE: [&str; 8] = [
            "waf",
            "acm",
            "cert",
            "cloudfront",
            "cdn",
            "iam",
            "billing",
            "route53",
        ];
        let region = text.trim().to_lowercase();
        if !["region", "location", "リージョン"].contains(&name)
            || !place::is_region(&region)
            || region == "us-east-1"
            || WORLDWIDE.iter().any(|word| path.contains(word))
        {
            return false;
        }
        let path = ["infrastructure", "regions", region.as_str(), "role"];
        if !self.draft.has(&path) {
            let why = say!("something runs there", "ここで動くものがある");
            self.draft.guess(&path, "other", line, why);
        }
        true
    }

    /// `edge.backend_timeout_s: 20`: whoever stands in front gives up then.
    fn leaf_given_up(&mut self, path: &str, name: &str, text: &str, line: usize) -> bool {
        const FRONT: [&str; 7] = [
            "edge",
            "alb",
            "load_balancer",
            "ingress",
            "gateway",
            "lb",
            "frontend",
        ];
        const CHECKED: [&str; 5] = ["health", "liveness", "readiness", "probe", "websocket"];
        let is_checked = CHECKED.iter().any(|word| path.contains(word));
        let is_front = !is_checked
            && (path.split(['.', '_']).any(|word| FRONT.contains(&word))
                || path.contains("load_balancer"));
        let Some(("idle_timeout", form, unit)) =
            fields::named("load_balancers", name).filter(|_| is_front)
        else {
            return false;
        };
        let text = if text.parse::<f64>().is_ok() {
            format!("{text}{unit}")
        } else {
            text.to_owned()
        };
        let Some(value) = place::value(form, &text) else {
            return false;
        };
        let id = self.balancer("", line);
        let path = ["infrastructure", "load_balancers", &id, "idle_timeout"];
        if !self.draft.has(&path) {
            self.draft.guess(
                &path,
                value,
                line,
                say!("who stands in front gives up then", "手前の装置の待ち時間"),
            );
        }
        true
    }

    /// `data_replication: asynchronous (< 5 min lag)` of a tier: its own copy, and no other's.
    fn copied_for(&mut self, path: &str, name: &str, text: &str, line: usize) -> bool {
        const COPIED: [&str; 4] = ["replication", "レプリケーション", "複製", "replica_mode"];
        const MODES: [(&str, &[&str]); 2] =
            [("async", &["async", "非同期"]), ("sync", &["sync", "同期"])];
        let tiers = self.draft.names(&["service", "tiers"]);
        let Some(tier) = path
            .split('.')
            .find(|part| tiers.iter().any(|id| id == part))
        else {
            return false;
        };
        let lower = text.to_lowercase();
        let mode = MODES
            .iter()
            .find(|(_, words)| words.iter().any(|word| lower.contains(word)));
        let Some((mode, _)) = mode.filter(|_| COPIED.iter().any(|word| name.contains(word))) else {
            return false;
        };
        let at = |field| ["continuity", "replication", tier, field];
        self.draft.set(&at("mode"), *mode, line);
        let why = || say!("it stands with the tier", "業務区分の中に書かれている");
        self.draft.guess(&at("tier"), tier, line, why());
        let mut lags = figures(text).into_iter().filter(|it| it.kind == Kind::Time);
        if let (Some(lag), None) = (lags.next(), lags.next()) {
            self.draft.set(&at("lag_max"), lag.text, line);
        }
        true
    }

    /// `Global Database: 東京 → 大阪` of a database: a copy in another region, which no provider waits for.
    fn copied_abroad(&mut self, path: &str, name: &str, text: &str, line: usize) -> bool {
        const ABROAD: [&str; 8] = [
            "global_database",
            "global_cluster",
            "geo_repli",
            "failover_group",
            "cross_region_replica",
            "cross_region_read_replica",
            "グローバルデータベース",
            "リージョン間レプリカ",
        ];
        let Some(("databases", of)) = self.part_of(path) else {
            return false;
        };
        if !ABROAD.iter().any(|word| name.contains(word)) || place::flag(text) == Some(false) {
            return false;
        }
        let at = |field| ["continuity", "replication", of.as_str(), field];
        if self.draft.has(&at("mode")) {
            return false;
        }
        let why = || {
            say!(
                "a copy in another region, which the provider does not wait for",
                "別リージョンへの複製(非同期)"
            )
        };
        self.draft.guess(&at("of"), of.as_str(), line, why());
        self.draft.guess(&at("mode"), "async", line, why());
        true
    }

    /// `app_stdout: { retention: 30 days }`, `監査ログ: 1年` where logs are spoken of.
    fn log_kept(&mut self, path: &str, name: &str, text: &str, line: usize) -> bool {
        const ABOUT: [&str; 6] = ["log", "stream", "ログ", "監査", "audit", "証跡"];
        let says_logs = |text: &str| ABOUT.iter().any(|word| text.to_lowercase().contains(word));
        let (above, of) = match path.rsplit_once('.') {
            Some((above, _))
                if words::field("streams", name).is_some_and(|(field, _)| field == "retention") =>
            {
                (above, above.rsplit('.').next().unwrap_or(above))
            }
            _ if ["retention", "保存", "保持", "保管"]
                .iter()
                .any(|word| path[..path.len() - name.len()].contains(word)) =>
            {
                (path, name)
            }
            _ => return false,
        };
        // `アプリログ: { CloudWatch Logs: 90日, S3: 400日 }`: of one log, how long each place keeps it.
        let is_place = STORES.iter().any(|store| of.starts_with(store));
        let of = match above.rsplit_once('.') {
            Some((above, _)) if is_place => above.rsplit('.').next().unwrap_or(above),
            _ => of,
        };
        let heading = self
            .headings
            .last()
            .is_some_and(|(_, text)| says_logs(text));
        if !(says_logs(above) || heading) {
            return false;
        }
        let Some(kept) = super::place::value(words::Form::Days, text) else {
            return false;
        };
        let kind = LOGS
            .iter()
            .find(|(.., words)| words.iter().any(|word| of.contains(word)));
        let name = super::short(of, kind.map_or("logs", |(kind, ..)| *kind));
        if is_place {
            self.kept_in_place(&name, &kept, line);
        } else {
            let id = self.draft.id("log_analysis", &name);
            self.draft
                .set(&["log_analysis", &id, "retention"], kept, line);
        }
        true
    }

    /// Of several places that keep one log, the one that keeps it longest says for how long it is kept, and the other how
    /// long it is at hand.
    fn kept_in_place(&mut self, name: &str, kept: &Value, line: usize) {
        let name = crate::import::draft::id(name);
        let at = |field| ["log_analysis", name.as_str(), field];
        let span = |said: Option<&Value>| Span::parse(said?.as_str()?).ok();
        let before = self.draft.says(&at("retention")).cloned();
        match (span(before.as_ref()), span(Some(kept))) {
            (Some(known), Some(now)) if now > known => {
                let first = self.draft.line_of(&at("retention"));
                let why = say!(
                    "another place keeps it longer",
                    "より長く保存する場所があります"
                );
                self.draft.withdraw(&at("retention"), &why);
                self.draft.set(&at("retention"), kept.clone(), line);
                self.draft
                    .set(&at("at_hand"), before.unwrap_or_default(), first);
            }
            (Some(known), Some(now)) if now < known => {
                self.draft.set(&at("at_hand"), kept.clone(), line);
            }
            _ => self.draft.set(&at("retention"), kept.clone(), line),
        }
    }

    /// What the path and the value say as if they were a sentence.
    fn leaf_stated(&mut self, path: &str, text: &str, line: usize) -> bool {
        let said = path.replace(['.', '_'], " ");
        let mut left = format!("{said} {text}");
        if figures(&left).is_empty() {
            return false;
        }
        let before = left.clone();
        let above = self.subject.take();
        self.subject = self.part_of(path);
        self.stated(&mut left, line);
        self.subject = above;
        left != before
    }

    /// The part that a name of a path is the id of.
    fn part_of(&self, path: &str) -> Option<(&'static str, String)> {
        let names: Vec<&str> = path.split('.').collect();
        let parts = [
            "compute",
            "databases",
            "queues",
            "caches",
            "load_balancers",
            "buckets",
        ];
        let known = |name: &str| {
            parts.iter().find_map(|section| {
                let ids = self.draft.names(&["infrastructure", section]);
                let id = ids
                    .into_iter()
                    .find(|id| id.replace('-', "_") == name.replace('-', "_"))?;
                Some((*section, id))
            })
        };
        names.iter().rev().find_map(|name| known(name))
    }
}

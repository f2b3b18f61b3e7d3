//! What can be said only when the whole document has been read: which tier something watches, what a path is made
//! of, which backup is of which database.

use std::collections::BTreeSet;

use promise::{Say, quantity::Money, record::Scalar as _, say};
use serde_json::{Value, json};

use super::{
    Reader,
    blocks::bare,
    no_home, numbers,
    stating::{self, NAMELESS},
};
use crate::check::cidr::Cidr;

impl Reader<'_> {
    pub(super) fn finish(mut self) {
        self.parts_named_later();
        self.parts_without_a_name();
        self.networks_told_twice();
        self.subnets_of_networks();
        self.tiers_of_what_is_watched();
        self.objectives_without_a_tier();
        self.path();
        self.backups_copied();
        self.replicas_of_databases();
        self.dead_letters_of_queues();
        self.deleted_too_soon();
        self.waited_for_by_answers();
        self.bursts();
        self.looked_back();
        self.taken_over();
        self.alarms_of_metrics();
        self.paged_by_name();
        self.backups_of_databases();
        self.tiers_of_procedures();
        self.drills();
        self.queues();
        self.tiers_of_copies();
        self.restores();
        self.locked_backups();
        self.injected_and_limited();
        self.logs_beside_backups();
        self.clocks_of_logs();
        self.personal_paths();
        self.runbooks_of_alerts();
        self.parts_of_the_total();
        self.tiers_of_what_is_lost();
        self.tiers_of_backups();
        self.mocks();
        self.time_zone_of_the_language();
        self.figures_without_a_reader();
    }

    /// A sentence that names a part which was described only further below spoke of that one.
    fn parts_named_later(&mut self) {
        for (section, id, field, sentence) in std::mem::take(&mut self.spoken) {
            let path = ["infrastructure", section.as_str()];
            let named = stating::named_in(&self.draft.names(&path), &sentence);
            let Some(named) = named.filter(|named| *named != id) else {
                continue;
            };
            let (from, to) = (
                [path[0], path[1], id.as_str()],
                [path[0], path[1], named.as_str()],
            );
            if !self.draft.has(&[to[0], to[1], to[2], &field]) {
                self.draft.shift((&from, &field), (&to, &field));
            }
        }
    }

    /// What was said of the database before it had a name is said of the only one that there is.
    fn parts_without_a_name(&mut self) {
        const SECTIONS: [&str; 5] = ["databases", "caches", "queues", "load_balancers", "compute"];
        for section in SECTIONS {
            let path = ["infrastructure", section];
            let names = self.draft.names(&path);
            if let [first, second] = names.as_slice()
                && [first, second].iter().any(|name| *name == NAMELESS)
            {
                let named = if first == NAMELESS { second } else { first };
                self.draft.shift((&path, NAMELESS), (&path, named));
            }
        }
    }

    /// Which queue starts a function, and what all queues are where the document speaks of one kind only.
    fn queues(&mut self) {
        const QUEUES: [&str; 2] = ["infrastructure", "queues"];
        const COMPUTE: [&str; 2] = ["infrastructure", "compute"];
        const KINDS: [(&str, &str); 4] = [
            ("sqs", "sqs"),
            ("pubsub", "pub/sub"),
            ("service_bus", "service bus"),
            ("rabbitmq", "rabbitmq"),
        ];
        let queues = self.draft.names(&QUEUES);
        for function in self.draft.names(&COMPUTE) {
            let path = [COMPUTE[0], COMPUTE[1], function.as_str(), "triggered_by"];
            let said = self.draft.says(&path).and_then(Value::as_str);
            let Some(said) = said.map(str::to_lowercase) else {
                continue;
            };
            let line = self.draft.line_of(&path);
            let mut of = queues.iter().filter(|queue| said.contains(queue.as_str()));
            if let (Some(queue), None) = (of.next(), of.next()) {
                let why = say!(
                    "it names the queue `{queue}`",
                    "キュー `{queue}` のことです"
                );
                self.draft.withdraw(&path, &why);
                self.draft.set(&path, queue.as_str(), line);
            } else {
                let why = say!("it is no queue", "キューではありません");
                self.draft.withdraw(&path, &why);
            }
        }
        let mut kinds = KINDS.iter().filter(|(_, word)| self.whole.contains(word));
        if let (Some((product, _)), None) = (kinds.next(), kinds.next()) {
            let why = say!("the document names no other kind", "ほかの種類は出てこない");
            self.each((&QUEUES, "product"), product, 0, &why);
        }
    }

    /// A network of which the text tells the range, and a file the name, is one.
    fn networks_told_twice(&mut self) {
        let path = ["infrastructure", "networks"];
        let cidr = |draft: &crate::import::Draft, name: &str| {
            let said = draft.says(&[path[0], path[1], name, "cidr"]);
            said.and_then(Value::as_str).map(str::to_owned)
        };
        let Some(own) = cidr(self.draft, NAMELESS) else {
            return;
        };
        let names = self.draft.names(&path);
        let mut same = names
            .iter()
            .filter(|name| *name != NAMELESS && cidr(self.draft, name).as_ref() == Some(&own));
        if let Some(named) = same.next().cloned() {
            self.draft.shift((&path, NAMELESS), (&path, &named));
        }
    }

    /// A subnet that lies in the range of another network than the one it was read for is that one's.
    fn subnets_of_networks(&mut self) {
        const PATH: [&str; 2] = ["infrastructure", "networks"];
        let networks = self.draft.names(&PATH);
        let range = |draft: &crate::import::Draft, path: &[&str]| {
            let said = draft.says(path).and_then(Value::as_str)?;
            Cidr::parse(said).ok()
        };
        let mut wholes: Vec<(String, Cidr)> = Vec::new();
        for name in &networks {
            let whole = range(self.draft, &[PATH[0], PATH[1], name, "cidr"]);
            let further = self.draft.says(&[PATH[0], PATH[1], name, "further"]);
            let further = further.and_then(Value::as_array).into_iter().flatten();
            let further = further.filter_map(|it| Cidr::parse(it.as_str()?).ok());
            wholes.extend(
                whole
                    .into_iter()
                    .chain(further)
                    .map(|it| (name.clone(), it)),
            );
        }
        for network in &networks {
            for subnet in self.draft.names(&[PATH[0], PATH[1], network, "subnets"]) {
                let own = [
                    PATH[0],
                    PATH[1],
                    network.as_str(),
                    "subnets",
                    subnet.as_str(),
                    "cidr",
                ];
                let Some(cidr) = range(self.draft, &own) else {
                    continue;
                };
                let mut within = wholes.iter().filter(|(_, whole)| whole.holds(cidr));
                // Nobody mistypes the first number of an address: what has another one lies beside the network.
                let first = |text: &str| text.split('.').next().map(str::to_owned);
                let said = |path: &[&str]| {
                    self.draft
                        .says(path)
                        .and_then(Value::as_str)
                        .and_then(first)
                };
                let whole = said(&[PATH[0], PATH[1], network, "cidr"]);
                let is_beside = whole.is_some() && said(&own) != whole;
                if is_beside
                    && !wholes.iter().any(|(_, whole)| whole.holds(cidr))
                    && !networks.contains(&subnet)
                {
                    let why = say!(
                        "it lies beside the network",
                        "このネットワークの外にあります"
                    );
                    for field in ["kind", "zone"] {
                        let path = [PATH[0], PATH[1], network, "subnets", &subnet, field];
                        if self.draft.has(&path) {
                            self.draft.withdraw(&path, &why);
                        }
                    }
                    self.draft.shift(
                        (&[PATH[0], PATH[1], network, "subnets"], &subnet),
                        (&PATH, &subnet),
                    );
                    continue;
                }
                if let Some((other, _)) = within.next().filter(|(other, _)| other != network) {
                    let (from, to) = (
                        [PATH[0], PATH[1], network, "subnets"],
                        [PATH[0], PATH[1], other, "subnets"],
                    );
                    let is_free = !self.draft.names(&to).contains(&subnet);
                    if is_free {
                        self.draft.shift((&from, &subnet), (&to, &subnet));
                    }
                }
            }
        }
    }

    /// A metric is as bad as the alarm that it raises, where a table of alerts says how bad that is.
    fn alarms_of_metrics(&mut self) {
        const METRICS: [&str; 2] = ["monitoring", "metrics"];
        const ALERTS: [&str; 2] = ["monitoring", "alerts"];
        for metric in self.draft.names(&METRICS) {
            let at = |field| [METRICS[0], METRICS[1], metric.as_str(), field];
            let alarm = self.draft.says(&at("alarm")).and_then(Value::as_str);
            let Some(alarm) = alarm
                .map(str::to_owned)
                .filter(|_| !self.draft.has(&at("severity")))
            else {
                continue;
            };
            let alerts = self.draft.names(&ALERTS);
            let severity = alerts.iter().find_map(|alert| {
                let said = |field| {
                    self.draft
                        .says(&[ALERTS[0], ALERTS[1], alert, field])
                        .and_then(Value::as_str)
                };
                let is_same =
                    said("name").is_some_and(|name| name.split_whitespace().next() == Some(&alarm));
                is_same
                    .then(|| said("severity").map(str::to_owned))
                    .flatten()
            });
            if let Some(severity) = severity {
                let why = say!("the alert of the same name says it", "同名のアラートによる");
                self.draft.guess(
                    &at("severity"),
                    severity,
                    self.draft.line_of(&at("alarm")),
                    why,
                );
            }
        }
    }

    /// Whoever is called for the worst is called by the severity that is named so, where the rules have one.
    fn paged_by_name(&mut self) {
        const WORST: [&str; 2] = ["severities", "sev1"];
        const PAGE: [&str; 2] = ["severities", "page"];
        let has = |of: [&str; 2]| self.draft.has(&[of[0], of[1], "page_within"]);
        if self.draft.has(&PAGE) && has(WORST) && !has(PAGE) {
            self.draft
                .shift((&WORST, "page_within"), (&PAGE, "page_within"));
        }
    }

    /// What has a figure and found no reader is told too.
    fn figures_without_a_reader(&mut self) {
        for (line, text) in self.said.clone() {
            if !text.contains(['?', '？']) {
                self.profiles(&text, line);
            }
        }
        let told = self.draft.lines_told();
        for (line, text) in std::mem::take(&mut self.said) {
            if !told.contains(&line) && numbers::says_one(&text) {
                self.draft.lost(line, &bare(&text), no_home());
            }
        }
    }

    fn path(&mut self) {
        let mut names = Vec::new();
        for (section, product) in self.shown.clone() {
            let path = ["infrastructure", section];
            let known = self
                .draft
                .first_in(&path, product)
                .or_else(|| self.draft.only_in(&path));
            let name = match known {
                Some(name) => name,
                None => {
                    let name = self.draft.id(section, product);
                    self.draft.guess(
                        &["infrastructure", section, &name, "product"],
                        product,
                        self.shown_at,
                        say!("the diagram shows it", "図にある"),
                    );
                    name
                }
            };
            if !names.contains(&name) {
                names.push(name);
            }
        }
        if names.len() > 1 {
            self.draft.guess(
                &["service", "path"],
                json!(names),
                self.shown_at,
                say!("what the diagram shows", "図による"),
            );
        }
    }

    /// A restore that is tried is one of every backup, where no more is said of it.
    fn restores(&mut self) {
        let to = (&["continuity", "backups"][..], "restore_tested_every");
        let Some((every, line)) = self.restore_tried.take() else {
            if let Some(line) = self.tried_regularly {
                let why = say!(
                    "tried regularly; how often is not said, once a year at least",
                    "定期的に試すとだけある(少なくとも年に一度とみなした)"
                );
                self.each(to, "365d", line, &why);
            }
            return;
        };
        let why = say!(
            "of which backup is not said",
            "どのバックアップかは書かれていない"
        );
        self.each(to, &every, line, &why);
    }

    /// A log beside the backups is one of the database's, whose backups alone would lose more.
    fn logs_beside_backups(&mut self) {
        let path = ["continuity", "backups", "database", "point_in_time"];
        if let Some(line) = self.logged
            && self.draft.has(&path[..3])
            && !self.draft.has(&path)
        {
            let why = say!(
                "a log beside the backups leads there",
                "バックアップのほかにログがある"
            );
            self.draft.guess(&path, true, line, why);
        }
    }

    /// What is said of all things of a section is said of each that says nothing else itself.
    pub(super) fn each(
        &mut self,
        (section, field): (&[&str], &str),
        value: &str,
        line: usize,
        why: &Say,
    ) {
        for name in self.draft.names(section) {
            let path: Vec<&str> = section
                .iter()
                .copied()
                .chain([name.as_str(), field])
                .collect();
            if !self.draft.has(&path) {
                self.draft.guess(&path, value, line, why.clone());
            }
        }
    }

    /// Whoever is replaced in the load test is not called in it.
    fn mocks(&mut self) {
        for (sentence, line) in std::mem::take(&mut self.mocked) {
            let providers = self.draft.names(&["dependencies"]);
            let named = providers
                .iter()
                .filter(|name| sentence.contains(&name.replace('_', " ")));
            for (provider, scenario) in named
                .flat_map(|provider| {
                    let scenarios = self.draft.names(&["load", "scenarios"]);
                    scenarios
                        .into_iter()
                        .map(move |scenario| (provider, scenario))
                })
                .collect::<Vec<_>>()
            {
                let path = ["load", "scenarios", &scenario, "mocks"];
                let why = say!("said of the load test", "負荷試験についての記述");
                self.draft.push_guess(&path, provider.as_str(), line, why);
            }
        }
    }

    fn runbooks_of_alerts(&mut self) {
        let Some((runbook, line)) = self.runbook.take() else {
            return;
        };
        let why = say!("said of all alerts", "全アラートについての記述");
        self.each((&["monitoring", "alerts"], "runbook"), &runbook, line, &why);
    }

    /// A total is that of the list it stands in: what other lists say is no part of it, and where it stands in none of
    /// several, nobody knows of which it is one.
    fn parts_of_the_total(&mut self) {
        const LIST: usize = 2;
        let Some(total) = self.totalled else { return };
        let here = |(chapter, _): &&(usize, String)| *chapter == total;
        let paid = std::mem::take(&mut self.paid_for);
        let (own, other): (Vec<_>, Vec<_>) = paid.iter().partition(here);
        let mut others: Vec<usize> = other.iter().map(|(chapter, _)| *chapter).collect();
        others.dedup();
        // What is said twice under one name is one part.
        let of: BTreeSet<&str> = other.iter().map(|(_, name)| name.as_str()).collect();
        if own.len() >= LIST && !self.adds_up() {
            let why = say!(
                "it is not in the list of the total",
                "合計の内訳とは別の表にあります"
            );
            for (_, name) in other {
                self.draft.withdraw(&["costs", "budgets", name], &why);
            }
        } else if own.len() < LIST
            && (others.len() != 1 || of.len() < LIST || self.is_less_than_a_part())
            && !self.adds_up()
        {
            let why = say!(
                "of which costs it is the total is not said",
                "何の合計か書かれていません"
            );
            self.draft.withdraw(&["costs", "total"], &why);
        }
    }

    /// Whether all that is paid for comes to the total.
    fn adds_up(&self) -> bool {
        let sum = self.costs_said().and_then(|all| Money::sum(all.iter()));
        sum.is_some() && sum == self.money(&["costs", "total"])
    }

    /// Whether one part alone costs more than the total: then it is one of something else.
    fn is_less_than_a_part(&self) -> bool {
        let exceeds = |total: Money| {
            let all = self.costs_said().unwrap_or_default();
            all.iter()
                .any(|it| it.currency == total.currency && it.hundredths > total.hundredths)
        };
        self.money(&["costs", "total"]).is_some_and(exceeds)
    }

    fn money(&self, path: &[&str]) -> Option<Money> {
        Money::parse(self.draft.says(path).and_then(Value::as_str)?).ok()
    }

    fn costs_said(&self) -> Option<Vec<Money>> {
        let budgets = self.draft.names(&["costs", "budgets"]);
        let all = budgets
            .iter()
            .map(|name| self.money(&["costs", "budgets", name]));
        all.collect()
    }

    /// The clock of all machines is that of whoever writes a log.
    fn clocks_of_logs(&mut self) {
        let Some((clock, line)) = self.clock else {
            return;
        };
        let why = say!("said of all machines", "全サーバーについての記述");
        self.each((&["log_analysis"], "time_source"), clock, line, &why);
    }

    /// Japanese has one time zone.
    fn time_zone_of_the_language(&mut self) {
        let is_japanese = self.whole.chars().any(|c| ('ぁ'..='ん').contains(&c));
        if is_japanese && !self.draft.has(&["service", "time_zone"]) {
            let why = say!("the document is in Japanese", "日本語の文書");
            self.draft
                .guess(&["service", "time_zone"], "Asia/Tokyo", 0, why);
        }
    }

    /// The document says of what in a word beside the replica, and there is one of the kind.
    fn replicas_of_databases(&mut self) {
        const DATABASE: [&str; 8] = [
            "database",
            "データベース",
            "postgres",
            "mysql",
            "aurora",
            "rds",
            "read replica",
            "リードレプリカ",
        ];
        let mode = ["continuity", "replication", "replica", "mode"];
        let of = ["continuity", "replication", "replica", "of"];
        let Some(database) = self.draft.only_in(&["infrastructure", "databases"]) else {
            return;
        };
        if !self.draft.has(&mode) || self.draft.has(&of) {
            return;
        }
        let line = self.draft.line_of(&mode);
        let around = self.whole.lines().skip(line.saturating_sub(1)).take(1);
        let is_of_it = around
            .map(str::to_lowercase)
            .any(|text| DATABASE.iter().any(|word| text.contains(word)));
        if is_of_it {
            let why = say!("there is one database", "データベースは一つ");
            self.draft.guess(&of, database, line, why);
        }
    }

    fn backups_of_databases(&mut self) {
        if let Some(database) = self.draft.only_in(&["infrastructure", "databases"])
            && self.draft.has(&["continuity", "backups", "database"])
        {
            self.draft.guess(
                &["continuity", "backups", "database", "of"],
                database,
                0,
                say!("there is one database", "データベースは一つ"),
            );
        }
    }
}

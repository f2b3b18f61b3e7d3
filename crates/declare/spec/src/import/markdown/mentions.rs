//! What a sentence mentions beside its figures: amounts of money, addresses, regions, a time zone, a standard.

use std::borrow::Cow;

use promise::say;
use serde_json::{Value, json};

use super::{
    Reader,
    figures::{Figure, Kind, figures},
    place,
    rows::is_range,
    stating::blank,
    table::Table,
    words::plain,
};

impl Reader<'_> {
    /// What each thing costs, where a sentence lists several, and their sum.
    pub(super) fn amounts(&mut self, left: &mut String, line: usize) {
        const TOTAL: [&str; 6] = ["total", "comes to", "in all", "合計", "総額", "総計"];
        const CEILING: [&str; 8] = [
            "ceiling",
            "cap of",
            "approved",
            "upper limit",
            "上限",
            "枠",
            "承認",
            "予算額",
        ];
        const SPENT: [&str; 14] = [
            "budget",
            "cost",
            "month",
            "spend",
            "bill",
            "ceiling",
            "予算",
            "費用",
            "月額",
            "毎月",
            "年額",
            "コスト",
            "運用費",
            "見積",
        ];
        // Money that changes hands at another's, and money that comes in, is nobody's cost.
        const EXCHANGED: [&str; 16] = [
            "時価総額",
            "調達額",
            "換算",
            "為替",
            "exchange rate",
            "converted at",
            "gmv",
            "流通",
            "取扱高",
            "売上",
            "revenue",
            "ltv",
            "turnover",
            "賞金",
            "出資",
            "prize",
        ];
        // What a click or a customer may cost is no sum.
        const EACH: [&str; 4] = ["cpc", "cpm", "cpa", "cac"];
        let money: Vec<Figure> = figures(left)
            .into_iter()
            .filter(|it| it.kind == Kind::Money)
            .collect();
        let lower = left.to_lowercase();
        let speaks = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        let is_total = speaks(&TOTAL) || is_a_sum(&lower);
        let is_spent = speaks(&SPENT) || is_total || self.is_under(&SPENT);
        if money.is_empty() || !is_spent || speaks(&EXCHANGED) {
            return;
        }
        // `2 × $0.40 = $0.80`: how an amount is reckoned.
        if left.contains(['×', '✕', '=', '＝', '→']) {
            let why = say!("how an amount is reckoned", "金額の計算過程です");
            self.draft.lost(line, left, why);
            money.iter().for_each(|figure| blank(left, figure));
            return;
        }
        // `無料枠`: what is free of charge limits nothing.
        let is_free = speaks(&["無料枠", "free tier"]);
        if let ([figure], true) = (money.as_slice(), speaks(&CEILING) && !is_total && !is_free) {
            if !self.draft.has(&["costs", "ceiling"]) {
                self.once(&["costs", "ceiling"], figure.text.as_str(), line);
                blank(left, figure);
            }
            return;
        }
        // `年額では 8,208 万円となり、承認予算 9,600 万円に収まる`: sums of another length of time, beside what may be spent.
        // So are those below a list that has its total already.
        let is_below = self.totalled == Some(self.chapter);
        if money.len() > 1 && !is_total && (is_below || speaks(&CEILING)) {
            let why = say!(
                "amounts held against each other",
                "互いに比べられている金額です"
            );
            self.draft.lost(line, left, why);
            money.iter().for_each(|figure| blank(left, figure));
            return;
        }
        if money.len() > 1 && !is_total {
            let mut from = 0;
            for figure in &money {
                let own = &left[from..figure.start];
                let name = own
                    .rsplit([';', '、', ',', ':', '：', '；'])
                    .find(|it| it.chars().any(char::is_alphabetic));
                let name = plain(name.unwrap_or_default().trim());
                from = figure.end;
                let is_each = EACH.contains(&name.to_lowercase().as_str());
                if !name.is_empty() && !is_each {
                    self.once(&["costs", "budgets", &name], figure.text.as_str(), line);
                    self.paid_for.push((self.chapter, name));
                }
            }
        } else if let Some(figure) = money
            .first()
            .filter(|_| is_total && !self.draft.has(&["costs", "total"]))
        {
            self.once(&["costs", "total"], figure.text.as_str(), line);
            self.totalled.get_or_insert(self.chapter);
            blank(left, figure);
            return;
        } else {
            return;
        }
        money.iter().for_each(|figure| blank(left, figure));
    }

    /// Who is let in: `accepts SSH (22) from 0.0.0.0/0`; and the range of a whole network.
    pub(super) fn doors_in(&mut self, text: &str, line: usize) {
        let lower = text.to_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        // `No rule may allow 0.0.0.0/0`: what nobody shall do lets nobody in.
        const DENIED: [&str; 12] = [
            "no ",
            "not ",
            "never",
            "without",
            "avoid",
            "restrict",
            "deny",
            "block",
            "しない",
            "ない",
            "禁止",
            "拒否",
        ];
        if says(&DENIED) && !says(&SUBNETS) && !says(&NETWORKS) {
            return;
        }
        let mut words = text.split(|c: char| !(c.is_ascii_alphanumeric() || "./".contains(c)));
        let Some(range) = words.find(|word| is_range(word.trim_end_matches('.'))) else {
            return;
        };
        let range = range.trim_end_matches('.');
        if says(&SUBNETS) || says(&NETWORKS) || says(&ADDRESSES) && says(&OTHERS) {
            return self.networks_in(text, line);
        }
        if !says(&["accept", "allow", "open to", "許可", "開放"]) {
            return;
        }
        let port = [
            ("ssh", "22"),
            ("rdp", "3389"),
            ("postgres", "5432"),
            ("mysql", "3306"),
        ];
        let named = port
            .iter()
            .find(|(word, _)| lower.contains(word))
            .map(|(_, port)| *port);
        let mut door = json!({ "from": range });
        if let Some(port) = named {
            door["port"] = json!(port);
        }
        let group = ["bastion", "踏み台", "database", "データベース"];
        let group = group
            .iter()
            .find(|word| lower.contains(**word))
            .map_or(Cow::from("main"), |word| super::short(word, "bastion"));
        self.draft.push(
            &["infrastructure", "security_groups", &group, "inbound"],
            door,
            line,
        );
    }

    /// The ranges of whole networks: `主系の VPC には 10.0.0.0/16、待機系の VPC には 10.1.0.0/16`. Each is told by the words
    /// between the range before it and its own.
    fn networks_in(&mut self, text: &str, line: usize) {
        const ELSEWHERE: [&str; 6] = [
            "検証",
            "開発",
            "staging",
            "non-production",
            "development",
            "test ",
        ];
        const SECOND: [&str; 8] = [
            "待機",
            "大阪",
            "災対",
            "standby",
            "secondary",
            "dr ",
            "disaster",
            "replica",
        ];
        let lower = text.to_lowercase();
        let is_of_subnets = SUBNETS.iter().any(|word| lower.contains(word));
        let is_theirs = !is_of_subnets && !NETWORKS.iter().any(|word| lower.contains(word));
        let mut from = 0;
        let ends = |c: char| !(c.is_ascii_digit() || c == '.' || c == '/');
        for word in text
            .split(ends)
            .filter(|word| is_range(word.trim_end_matches('.')))
        {
            let range = word.trim_end_matches('.');
            let at = from + text[from..].find(range).unwrap_or(0);
            let before = &text[from..at];
            let own = before.to_lowercase();
            from = at + range.len();
            let says = |words: &[&str]| words.iter().any(|word| own.contains(word));
            if says(&ELSEWHERE) {
                let why = say!(
                    "it is of another environment than production",
                    "本番ではない環境の記述です"
                );
                self.draft.lost(line, range, why);
                continue;
            }
            let network = if is_theirs || says(&OTHERS) {
                self.draft.id("networks", "peer")
            } else if says(&SECOND) {
                "standby".to_owned()
            } else {
                let known = self.draft.only_in(&["infrastructure", "networks"]);
                known.unwrap_or_else(|| "main".to_owned())
            };
            let is_whole = says(&NETWORKS) && !says(&SUBNETS);
            if is_of_subnets && !is_whole && network != "peer" {
                let name = subnet_name(before);
                if name.split_whitespace().count() > SUBNET_WORDS_MAX {
                    let why = say!(
                        "which subnet it is, nothing says",
                        "どのサブネットか書かれていません"
                    );
                    self.draft.lost(line, text, why);
                    continue;
                }
                self.range(&name, &format!("{own} subnet"), range, None, line);
            } else {
                self.once(
                    &["infrastructure", "networks", &network, "cidr"],
                    range,
                    line,
                );
            }
        }
    }

    pub(super) fn time_zone(&mut self, text: &str, line: usize) {
        const AREAS: [&str; 6] = [
            "Europe/",
            "Asia/",
            "America/",
            "Australia/",
            "Africa/",
            "Pacific/",
        ];
        let mut words = text.split(|c: char| !(c.is_ascii_alphanumeric() || "/_-".contains(c)));
        let zone = words.find(|word| {
            AREAS.iter().any(|area| {
                word.strip_prefix(area)
                    .is_some_and(|city| city.starts_with(|c: char| c.is_ascii_uppercase()))
            })
        });
        if let Some(zone) = zone.filter(|_| !self.draft.has(&["service", "time_zone"])) {
            self.draft.guess(
                &["service", "time_zone"],
                zone,
                line,
                say!("the text names it", "文中に名前がある"),
            );
        }
    }

    /// The regions that a sentence names, and which of them stands by: the words for it stand before the name, or right
    /// behind it in brackets.
    pub(super) fn regions(&mut self, text: &str, line: usize) {
        const STANDBY: [&str; 12] = [
            "recovery region",
            "recovery site",
            "復旧先",
            "予備系",
            "災対",
            "災害対策",
            "replica",
            "待機",
            "standby",
            "secondary",
            "セカンダリ",
            "disaster",
        ];
        let stands_by = |part: &str| STANDBY.iter().any(|word| part.contains(word));
        let lower = place::with_regions(&text.to_lowercase());
        let words = lower.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
        let mut rest = lower.as_str();
        for region in words.filter(|word| place::is_region(word)) {
            let Some((before, after)) = rest.split_once(region) else {
                continue;
            };
            rest = after;
            // What stands behind it is said of it in Japanese, and in English only within brackets.
            let behind = after
                .split(['、', '。', ',', ';'])
                .next()
                .unwrap_or_default();
            let of_it = behind
                .split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))
                .find(|word| place::is_region(word));
            let behind = of_it
                .and_then(|next| behind.split(next).next())
                .unwrap_or(behind);
            let bracket = behind
                .trim_start()
                .strip_prefix(['(', '（'])
                .and_then(|it| it.split([')', '）']).next());
            let is_said = [" is ", " as "].iter().any(|word| behind.starts_with(word));
            let behind = if behind.contains('を') || is_said {
                Some(behind)
            } else {
                bracket
            };
            let path = ["infrastructure", "regions", region, "role"];
            if !self.draft.has(&path) {
                let is_second = stands_by(before) || behind.is_some_and(stands_by);
                let role = if is_second { "standby" } else { "primary" };
                self.once(&path, role, line);
            }
        }
    }

    /// A table of regions: what each row says of its own is not what was supposed of one that was only named before.
    pub(super) fn region_table(&mut self, table: &Table<'_>) {
        const ROLES: [(&str, &[&str]); 2] = [
            (
                "standby",
                &[
                    "standby",
                    "failover",
                    "disaster",
                    "recovery",
                    " dr",
                    "secondary",
                    "待機",
                    "災対",
                    "災害対策",
                    "副系",
                ],
            ),
            (
                "primary",
                &["primary", "production", "main", "主系", "本番"],
            ),
        ];
        const NAMED: [&str; 4] = ["region", "regions", "リージョン", "aws_region"];
        let head = table.keys.first().map_or("", String::as_str);
        if !NAMED.contains(&head) {
            return;
        }
        for (line, row) in table.rows {
            let said = format!(" {}", row.join(" ").to_lowercase());
            let mut words = said.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
            let mut regions = words.by_ref().filter(|word| place::is_region(word));
            let (Some(region), None) = (regions.next(), regions.next()) else {
                continue;
            };
            let named = ROLES
                .iter()
                .find(|(_, words)| words.iter().any(|word| said.contains(word)));
            let Some((role, _)) = named else { continue };
            let path = ["infrastructure", "regions", region, "role"];
            if self.draft.says(&path).and_then(Value::as_str) != Some(role) {
                let why = say!("a row of its own says so", "表の行による");
                self.draft.withdraw(&path, &why);
                self.draft.guess(&path, *role, *line, why);
            }
        }
    }

    /// The standards that a document says it follows.
    pub(super) fn profiles(&mut self, text: &str, line: usize) {
        const PROFILES: [(&str, &[&str]); 3] = [
            ("pci", &["pci dss", "pci-dss", "pcidss"]),
            ("hipaa", &["hipaa"]),
            (
                "jp-medical",
                &[
                    "医療情報システムの安全管理",
                    "3省2ガイドライン",
                    "3省ガイドライン",
                ],
            ),
        ];
        let lower = text.to_lowercase();
        for (profile, words) in PROFILES {
            if words.iter().any(|word| lower.contains(word)) && !self.named.contains(&profile) {
                self.named.push(profile);
                let why = say!("the document names the standard", "文書が挙げる基準");
                self.draft.push_guess(&["profiles"], profile, line, why);
            }
        }
    }
}

const SUBNETS: [&str; 4] = ["セグメント", "segment", "サブネット", "subnet"];
const NETWORKS: [&str; 7] = [
    "アドレス空間",
    "address space",
    "vpc",
    "vnet",
    "virtual network",
    "仮想ネットワーク",
    "private services access",
];

/// Words for the addresses of somebody else.
const ADDRESSES: [&str; 9] = [
    "アドレスは",
    "アドレス帯",
    "アドレス範囲",
    "側のアドレス",
    "を広報",
    "addresses are",
    "address range",
    "announces",
    "advertis",
];
/// Those who have networks of their own.
const OTHERS: [&str; 19] = [
    "閉域",
    "接続先",
    "センター",
    "事業者",
    "先方",
    "相手",
    "拠点",
    "提携",
    "病院",
    "医療機関",
    "オンプレ",
    "partner",
    "peer",
    "private services access",
    "on-premises",
    "data centre",
    "data center",
    "carrier",
    "office",
];

/// What has more words is a sentence, and no name.
const SUBNET_WORDS_MAX: usize = 5;

/// What a subnet is called before its range: `the workload subnet is`, `DB セグメント`.
fn subnet_name(before: &str) -> String {
    let words = before.split(|c: char| !(c.is_alphanumeric() || c == '-'));
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let named = ["subnet", "subnetwork", "segment"];
    let at = words
        .iter()
        .rposition(|word| named.contains(&word.to_lowercase().as_str()));
    match at.and_then(|at| at.checked_sub(1)) {
        Some(at) => words[at].to_owned(),
        None => before.trim().to_owned(),
    }
}

/// What a text says of the version of TLS that is still let in.
pub(super) fn tls_accepted(text: &str) -> Option<&'static str> {
    let lower = text.to_lowercase();
    let lets_in = ["accept", "許可", "allowed", "still"]
        .iter()
        .any(|word| lower.contains(word));
    let old = [
        ("1.0", ["tls 1.0", "tls1.0"]),
        ("1.1", ["tls 1.1", "tls1.1"]),
    ];
    let found = old
        .iter()
        .find(|(_, words)| words.iter().any(|word| lower.contains(word)));
    found.filter(|_| lets_in).map(|(version, _)| *version)
}

/// `計` alone, and not in `累計`, `会計` or `計画`.
fn is_a_sum(text: &str) -> bool {
    let is_letter = |c: char| c.is_alphabetic();
    text.match_indices('計').any(|(at, sign)| {
        let after = &text[at + sign.len()..];
        !text[..at].ends_with(is_letter) && !after.starts_with(is_letter)
    })
}

//! Tables of a network: who has which addresses, and who lets whom in. They are told by what stands in their cells,
//! because their heads are called something else in every document.

use promise::say;
use serde_json::json;

use super::{
    Reader,
    neighbours::{are_networks, are_theirs, is_by_use},
    no_home,
    numbers::says_one,
    place,
    shapes::WHOLE,
    words::plain,
};

/// Heads of the column that says from where a connection is let in.
const FROM: [&str; 11] = [
    "source",
    "from",
    "cidr",
    "allow",
    "allowed_from",
    "送信元",
    "接続元",
    "許可元",
    "ソース",
    "アクセス元",
    "送信元_先",
];
/// A table with so many columns says more of its rows than their ranges.
const WIDE: usize = 5;
const PORT: [&str; 4] = ["port", "ports", "ポート", "ポート番号"];
const DIRECTION: [&str; 4] = ["direction", "type", "方向", "種別"];
const GROUP: [&str; 14] = [
    "to",
    "destination",
    "target",
    "宛先",
    "接続先",
    "sg",
    "group",
    "security_group",
    "name",
    "セキュリティグループ",
    "グループ",
    "名前",
    "名称",
    "対象",
];
/// Of these, what goes in is let in by whoever is reached.
const REACHED: [&str; 5] = ["to", "destination", "target", "宛先", "接続先"];
const WHY: [&str; 8] = [
    "why",
    "purpose",
    "description",
    "reason",
    "用途",
    "説明",
    "備考",
    "目的",
];
/// Words for what may go out, which a spec does not say.
const OUTBOUND: [&str; 5] = ["out", "outbound", "egress", "アウトバウンド", "送信"];
/// What stands in a cell for the whole world, or for every port.
const EVERYONE: [&str; 7] = [
    "any",
    "all",
    "internet",
    "*",
    "インターネット",
    "全て",
    "すべて",
];

impl Reader<'_> {
    /// Reads a table of a network; `false` where it is none.
    pub(super) fn network_table(&mut self, keys: &[String], rows: &[(usize, Vec<&str>)]) -> bool {
        self.doors(keys, rows) || self.routes(keys, rows) || self.subnets(keys, rows)
    }

    /// Which way packets go: ranges that are those of whoever is reached, and of nothing that is here.
    fn routes(&mut self, keys: &[String], rows: &[(usize, Vec<&str>)]) -> bool {
        const WHERE: [&str; 4] = ["destination", "送信先", "宛先", "宛先cidr"];
        const BY: [&str; 8] = [
            "target",
            "ターゲット",
            "next_hop",
            "ネクストホップ",
            "gateway",
            "ゲートウェイ",
            "経由",
            "via",
        ];
        let column = |names: &[&str]| keys.iter().any(|key| names.contains(&key.as_str()));
        let heading = self.headings.last().map(|(_, text)| text.to_lowercase());
        let is_named =
            heading.is_some_and(|text| text.contains("route") || text.contains("ルート"));
        if !column(&BY) || !(column(&WHERE) || is_named) {
            return false;
        }
        let why = say!("a spec says no routes", "経路は仕様に書きません");
        for (line, row) in rows {
            self.draft.lost(*line, &row.join(" / "), why.clone());
        }
        true
    }

    /// Who lets whom in: a column of ports beside one of sources.
    fn doors(&mut self, keys: &[String], rows: &[(usize, Vec<&str>)]) -> bool {
        let column = |names: &[&str]| keys.iter().position(|key| names.contains(&key.as_str()));
        let (Some(port), Some(from)) = (column(&PORT), column(&FROM)) else {
            return false;
        };
        let group = column(&GROUP).filter(|at| *at != from);
        let mut last = String::new();
        for (line, row) in rows {
            let cell =
                |at: Option<usize>| at.and_then(|at| row.get(at).copied()).unwrap_or_default();
            let direction = plain(cell(column(&DIRECTION)));
            if OUTBOUND.iter().any(|word| direction.starts_with(word)) {
                let why = say!(
                    "a spec says who is let in, not what may go out",
                    "仕様に書くのは許す接続だけです(外向きは書きません)"
                );
                self.draft.lost(*line, &row.join(" / "), why);
                continue;
            }
            // The rule that ends a list lets nobody in.
            const DENIED: [&str; 6] = ["deny", "drop", "reject", "block", "拒否", "遮断"];
            let is_denied = |cell: &str| DENIED.contains(&cell.trim().to_lowercase().as_str());
            if row.iter().any(|cell| is_denied(cell)) {
                let why = say!("nobody is let in", "許可しない規則です");
                self.draft.noted(*line, &row.join(" / "), why);
                continue;
            }
            // A merged cell is written once, for the rows below it too.
            let named = cell(group);
            if !named.is_empty() {
                named.clone_into(&mut last);
            }
            let above = self.headings.last().map_or("", |(_, text)| text.as_str());
            let name = if last.is_empty() { above } else { &last };
            // A row may name several that are reached.
            let names = match spread(&last) {
                several
                    if several.len() > 1
                        && group.is_some_and(|at| REACHED.contains(&keys[at].as_str())) =>
                {
                    several
                }
                _ => vec![name],
            };
            let ids: Vec<String> = names
                .into_iter()
                .map(|name| group_id(&super::short(name, "main")))
                .collect();
            let mut ports = spread(cell(Some(port)));
            // `8443 (mTLS)`, `443, fixed addresses`
            if ports.iter().any(|port| says_one(port)) {
                ports.retain(|port| port.starts_with(|c: char| c.is_ascii_digit()));
            }
            if ports.is_empty() || EVERYONE.contains(&ports[0].to_lowercase().as_str()) {
                ports = vec!["any"];
            }
            for source in spread(cell(Some(from))) {
                let is_everyone = EVERYONE.contains(&source.to_lowercase().as_str());
                let source = if is_everyone {
                    "0.0.0.0/0".to_owned()
                } else {
                    named_source(source)
                };
                for port in &ports {
                    let mut door = json!({ "from": source });
                    if *port != "any" {
                        door["port"] = json!(port.replace(['〜', '～'], "-"));
                    }
                    if !cell(column(&WHY)).is_empty() {
                        door["why"] = json!(cell(column(&WHY)));
                    }
                    for id in &ids {
                        let path = ["infrastructure", "security_groups", id, "inbound"];
                        self.draft.push(&path, door.clone(), *line);
                    }
                }
            }
        }
        // Where each row says from whom to whom, the columns name all that there are.
        if group.is_some_and(|at| REACHED.contains(&keys[at].as_str())) {
            self.doors_named(rows, from);
        }
        true
    }

    /// Whoever goes in somewhere, and lets nobody in, is a group too.
    fn doors_named(&mut self, rows: &[(usize, Vec<&str>)], from: usize) {
        let cells = rows.iter().filter_map(|(_, row)| row.get(from));
        for source in cells.flat_map(|cell| spread(cell)) {
            let named = named_source(source);
            let is_name = named
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
            if is_name && !EVERYONE.contains(&source.to_lowercase().as_str()) {
                self.draft
                    .name(&["infrastructure", "security_groups"], &named);
            }
        }
    }

    /// Who has which addresses: a column in which nearly every row has a range.
    fn subnets(&mut self, keys: &[String], rows: &[(usize, Vec<&str>)]) -> bool {
        let is_in = |row: &Vec<&str>, column: usize| row.get(column).is_some_and(|it| is_range(it));
        // A sum has no range, and what is kept free may have but the begin of one.
        let is_of_ranges = |column: usize| {
            let ranges = rows.iter().filter(|(_, row)| is_in(row, column)).count();
            let is_told = |row: &Vec<&str>| row.get(column).is_some_and(|cell| says_one(cell));
            let untold = || {
                !rows
                    .iter()
                    .any(|(_, row)| !is_in(row, column) && is_told(row))
            };
            ranges > 0
                && (are_theirs(&keys[column]) && untold()
                    || ranges == rows.len()
                    || ranges > 2 && (rows.len() - ranges) * 3 <= rows.len())
        };
        let columns: Vec<usize> = (0..keys.len())
            .filter(|column| is_of_ranges(*column))
            .collect();
        let Some(column) = columns.first().copied() else {
            return false;
        };
        if columns.len() > 1 && is_by_use(keys, &columns) {
            self.networks_by_use(keys, rows, &columns);
            return true;
        }
        if columns.len() > 1 {
            self.subnets_by_zone(keys, rows, &columns);
            return true;
        }
        let heading = self.headings.last().map_or("", |(_, text)| text.as_str());
        let are_networks = are_networks(heading, keys, rows, column);
        for (line, row) in rows {
            let others = || row.iter().enumerate().filter(|(at, _)| *at != column);
            if !is_in(row, column) {
                if row.get(column).is_some_and(|cell| says_one(cell)) {
                    self.draft.lost(*line, &row.join(" / "), no_home());
                }
                continue;
            }
            if are_networks {
                self.neighbour(row, column, *line);
                continue;
            }
            let name = others()
                .map(|(_, cell)| *cell)
                .find(|cell| cell.chars().any(char::is_alphabetic));
            let zone = others()
                .find(|(_, cell)| is_zone(cell))
                .map(|(_, cell)| *cell);
            let cells = others().map(|(_, cell)| *cell);
            // `VPC CIDR`: the column says of what all of them are.
            let said: Vec<&str> = cells.chain([keys[column].as_str()]).collect();
            self.range(
                name.unwrap_or_default(),
                &said.join(" "),
                row[column],
                zone,
                *line,
            );
        }
        // What else a wide table says of each is read too.
        keys.len() < WIDE
    }

    /// A row for each use of addresses, and a column for each zone: a subnet in each cell.
    fn subnets_by_zone(&mut self, keys: &[String], rows: &[(usize, Vec<&str>)], columns: &[usize]) {
        for (line, row) in rows {
            let others = row
                .iter()
                .enumerate()
                .filter(|(at, _)| !columns.contains(at));
            let name = others.map(|(_, cell)| *cell).next().unwrap_or_default();
            for column in columns {
                let Some(range) = row.get(*column).filter(|cell| is_range(cell)) else {
                    if row.get(*column).is_some_and(|cell| says_one(cell)) {
                        self.draft.lost(*line, &row.join(" / "), no_home());
                    }
                    continue;
                };
                let head = keys[*column].replace('_', "-");
                let zone = is_zone(&head).then_some(head.as_str());
                let own = super::short(name, "subnet");
                let letter = head.rsplit('-').next().unwrap_or_default();
                self.range(
                    &format!("{own} {letter}"),
                    &format!("{name} {head} subnet"),
                    range,
                    zone,
                    *line,
                );
            }
        }
    }

    /// One range of addresses: that of a network, or of a subnet.
    pub(super) fn range(
        &mut self,
        name: &str,
        said: &str,
        cidr: &str,
        zone: Option<&str>,
        line: usize,
    ) {
        if cidr.trim().ends_with("/0") {
            let why = say!(
                "it is every address, and no range of a network",
                "全アドレスを指し、ネットワークの範囲ではありません"
            );
            return self.draft.lost(line, &format!("{name} {cidr}"), why);
        }
        let said = said.to_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| said.contains(word));
        let network = self.network();
        // `CIDR: 10.0.0.0/16` below the heading of a network is that of the network.
        let is_bare = WHOLE.contains(&plain(name).as_str());
        let heading = self.headings.last().map(|(_, text)| text.to_lowercase());
        let heading = heading.unwrap_or_default();
        let is_of_subnet = ["subnet", "サブネット"]
            .iter()
            .any(|it| heading.contains(it));
        if is_bare && zone.is_none() && !is_of_subnet {
            let path = ["infrastructure", "networks", network.as_str(), "cidr"];
            return self.draft.set(&path, cidr, line);
        }
        let name = if is_bare { heading.as_str() } else { name };
        let is_subnet = has(&["subnet", "サブネット", "セグメント", "segment"]);
        if !is_subnet && zone.is_none() && has(&["vpc", "vnet", "ネットワーク全体"]) {
            let path = |id| ["infrastructure", "networks", id, "cidr"];
            let known = self.draft.says(&path(&network));
            // A second one in the same table is a network of its own.
            let is_second = known.is_some_and(|known| known != cidr);
            let id = match is_second {
                true => self.draft.id("networks", &super::short(name, "network")),
                false => network.clone(),
            };
            return self.draft.set(&path(&id), cidr, line);
        }
        // What is peered lies outside of our own network.
        if has(&["peering", "private services access", "ピアリング"]) {
            let id = self.draft.id("networks", &super::short(name, "peering"));
            return self
                .draft
                .set(&["infrastructure", "networks", &id, "cidr"], cidr, line);
        }
        let subnet = self
            .draft
            .id(&format!("{network}.subnets"), &super::short(name, "subnet"));
        let at = |field| {
            [
                "infrastructure",
                "networks",
                network.as_str(),
                "subnets",
                subnet.as_str(),
                field,
            ]
        };
        self.draft.set(&at("cidr"), cidr, line);
        let kinds = [
            ("public", &["public", "パブリック", "公開"][..]),
            ("database", &["database", "db", "rds", "データベース"]),
            ("private", &["private", "プライベート", "内部"]),
        ];
        if let Some((kind, _)) = kinds.into_iter().find(|(_, words)| has(words)) {
            self.draft.guess(
                &at("kind"),
                kind,
                line,
                say!("told by the words beside it", "同じ行の語による"),
            );
        }
        if let Some(zone) = zone {
            self.draft.set(&at("zone"), zone, line);
        }
    }

    /// The network that is spoken of: that of the heading, the only one, or a new one.
    fn network(&mut self) -> String {
        let named = self
            .part
            .clone()
            .filter(|(section, _)| *section == "networks");
        let known = named.map(|(_, id)| id);
        // `Subnets in us-east-1:`
        let lead = plain(&self.lead);
        let all = self
            .draft
            .names(&["infrastructure", "networks"])
            .into_iter();
        let led = all.filter(|id| lead.contains(&plain(id)));
        led.max_by_key(String::len)
            .or(known)
            .or_else(|| self.draft.only_in(&["infrastructure", "networks"]))
            .unwrap_or_else(|| "main".to_owned())
    }
}

/// Several in one cell: `80, 443`, `80/443`, one below the other. A range of addresses keeps its `/`.
fn spread(cell: &str) -> Vec<&str> {
    let parts = cell
        .split([',', '、', ' ', '・'])
        .flat_map(|part| part.split("<br>"));
    let parts = parts.flat_map(|part| match is_range(part) {
        true => vec![part],
        false => part.split('/').collect(),
    });
    parts
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect()
}

/// An address range as it is written, or the group that it names.
fn named_source(source: &str) -> String {
    if is_range(source) || !source.is_ascii() {
        source.to_owned()
    } else if place::is_address(source) {
        format!("{source}/32")
    } else {
        group_id(source)
    }
}

/// The id of a group is made from its name alone, so that whoever refers to it finds it.
fn group_id(name: &str) -> String {
    plain(name)
}

/// `10.0.1.0/24`, also where its parts are out of bounds: a rule says so.
pub(super) fn is_range(text: &str) -> bool {
    let Some((address, length)) = text.trim().split_once('/') else {
        return false;
    };
    place::is_address(address) && !length.is_empty() && length.chars().all(|c| c.is_ascii_digit())
}

/// `ap-northeast-1a`, `us-east1-b`.
pub(super) fn is_zone(text: &str) -> bool {
    let text = text.trim();
    let region = text.strip_suffix(|c: char| c.is_ascii_lowercase());
    region.is_some_and(|region| place::is_region(region.trim_end_matches('-')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_told_by_what_they_hold() {
        assert!(
            is_range("10.0.300.0/24")
                && is_range("0.0.0.0/0")
                && !is_range("10.0.0.1")
                && !is_range("TCP/UDP")
        );
        assert!(
            is_zone("ap-northeast-1a")
                && is_zone("asia-northeast1-b")
                && !is_zone("public-a")
                && !is_zone("a-b-c")
        );
        assert_eq!(spread("80/443, 8080"), ["80", "443", "8080"]);
        assert_eq!(spread("10.0.0.0/8、sg-app"), ["10.0.0.0/8", "sg-app"]);
        assert_eq!(named_source("192.0.2.7"), "192.0.2.7/32");
    }
}

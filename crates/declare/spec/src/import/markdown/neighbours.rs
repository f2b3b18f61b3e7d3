//! Tables in which each row is a network of its own: an address plan, or the ranges of those that are joined with ours.

use promise::say;

use super::{Reader, rows::is_range};
use crate::check::cidr::Cidr;

/// Whether a column has the addresses of those on the other side.
pub(super) fn are_theirs(key: &str) -> bool {
    const THEIRS: [&str; 13] = [
        "先方",
        "their",
        "peer",
        "partner",
        "remote",
        "customer",
        "hospital",
        "on_prem",
        "拠点",
        "接続先",
        "相手",
        "対向",
        "病院",
    ];
    THEIRS.iter().any(|word| key.contains(word))
}

/// Whether the ranges of this column are networks side by side, and none a part of another.
pub(super) fn are_networks(
    heading: &str,
    keys: &[String],
    rows: &[(usize, Vec<&str>)],
    column: usize,
) -> bool {
    // These words name networks and nothing else.
    const WHOLE: [&str; 3] = ["vpc", "vnet", "virtual_network"];
    const NETWORKS: [&str; 2] = ["network", "ネットワーク"];
    if are_theirs(&keys[column]) {
        return true;
    }
    let ranges: Vec<Cidr> = rows
        .iter()
        .filter_map(|(_, row)| row.get(column).filter(|cell| is_range(cell)))
        .filter_map(|cell| Cidr::parse(cell).ok())
        .collect();
    let holds_another = |(at, one): (usize, &Cidr)| {
        let others = ranges.iter().enumerate().filter(|(other, _)| *other != at);
        others.into_iter().any(|(_, other)| one.holds(*other))
    };
    let first = keys.first().map(String::as_str).unwrap_or_default();
    let are_apart = || ranges.len() > 1 && !ranges.iter().enumerate().any(holds_another);
    let heading = heading.to_lowercase();
    let headed = |words: &[&str]| words.iter().any(|word| heading.contains(word));
    WHOLE.contains(&first)
        || NETWORKS.contains(&first) && !ranges.iter().enumerate().any(holds_another)
        || headed(&["vpc", "vnet"]) && !headed(&["subnet", "サブネット"]) && are_apart()
}

/// Whether the columns are the uses of addresses, and each row a network: `Region | VPC | Pods | Services`.
pub(super) fn is_by_use(keys: &[String], columns: &[usize]) -> bool {
    let is_whole = |at: &usize| ["vpc", "vnet"].iter().any(|word| keys[*at].contains(word));
    columns.iter().filter(|at| is_whole(at)).count() == 1
}

impl Reader<'_> {
    /// A table of networks, with a column for each use of addresses.
    pub(super) fn networks_by_use(
        &mut self,
        keys: &[String],
        rows: &[(usize, Vec<&str>)],
        columns: &[usize],
    ) {
        const OF_A_CLUSTER: [&str; 3] = ["service", "サービス", "cluster_ip"];
        for (line, row) in rows {
            let names = row
                .iter()
                .enumerate()
                .filter(|(at, _)| !columns.contains(at));
            let name = names.map(|(_, cell)| *cell).next().unwrap_or_default();
            let id = self.draft.id("networks", &super::short(name, "network"));
            let path = |field| ["infrastructure", "networks", id.as_str(), field];
            let mut further = Vec::new();
            for at in columns {
                let Some(cell) = row.get(*at).filter(|cell| is_range(cell)) else {
                    continue;
                };
                let has = |words: &[&str]| words.iter().any(|word| keys[*at].contains(word));
                if has(&["vpc", "vnet"]) {
                    self.draft.set(&path("cidr"), *cell, *line);
                } else if has(&OF_A_CLUSTER) {
                    let why = say!(
                        "addresses that only a cluster knows: another may have the same",
                        "クラスター内だけのアドレスです(重なってもかまいません)"
                    );
                    self.draft.noted(*line, &format!("{name} {cell}"), why);
                } else {
                    further.push(*cell);
                }
            }
            if !further.is_empty() {
                self.draft.set(&path("further"), further, *line);
            }
        }
    }

    /// A row of such a table.
    pub(super) fn neighbour(&mut self, row: &[&str], column: usize, line: usize) {
        let cells = row.iter().enumerate().filter(|(at, _)| *at != column);
        let names = cells
            .map(|(_, cell)| *cell)
            .filter(|cell| cell.chars().any(char::is_alphabetic));
        // A code before the name says less than the name.
        let name = names.take(2).max_by_key(|cell| cell.len());
        let name = super::short(name.unwrap_or_default(), "network");
        let id = self.draft.id("networks", &name);
        let path = ["infrastructure", "networks", id.as_str(), "cidr"];
        self.draft.set(&path, row[column], line);
    }
}

//! Tables in which each row is a network of its own: an address plan, or the ranges of those that are joined with ours.

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
pub(super) fn are_networks(keys: &[String], rows: &[(usize, Vec<&str>)], column: usize) -> bool {
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
    WHOLE.contains(&first)
        || NETWORKS.contains(&first) && !ranges.iter().enumerate().any(holds_another)
}

impl Reader<'_> {
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

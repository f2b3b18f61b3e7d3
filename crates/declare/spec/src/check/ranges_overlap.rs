//! Address ranges that overlap although traffic must tell them apart.

use promise::{document::Span, say};

use super::{Found, Sight, cidr::Cidr};
use crate::section::infrastructure::network::Network;

rule! {
    /// # Finds
    /// Two subnets of one network, two networks, or a network and a peer, whose ranges overlap.
    /// ja: 範囲が重なる、同じネットワークの二つのサブネット、二つのネットワーク、またはネットワークと接続先。
    /// # Why
    /// Subnets are refused; networks can never be joined, which a failover between regions needs.
    /// ja: サブネットは拒まれ、ネットワークは互いに接続できません。リージョン間の切り替えには接続が必要です。
    /// # Source
    /// RFC 4632.
    /// ja: RFC 4632。
    /// # Example
    /// `10.0.1.0/24` and `10.0.1.128/25`
    /// ja: `10.0.1.0/24` and `10.0.1.128/25`
    /// # Fix
    /// Move one of them.
    /// ja: どちらかをずらします。
    "ranges-overlap": Error, needs ["infrastructure"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let networks = &sight.spec.design.infrastructure.networks;
    for (name, network) in networks {
        let subnets: Vec<_> = network.subnets.iter().filter_map(|(subnet, it)| Some((subnet, Cidr::parse(&it.cidr).ok()?))).collect();
        for (at, (subnet, range)) in subnets.iter().enumerate() {
            let Some((other, _)) = subnets[..at].iter().find(|(_, other)| other.overlaps(*range)) else { continue };
            let place = |subnet: &str| sight.places.at(&["infrastructure", "networks", name, "subnets", subnet, "cidr"]);
            found.note(place(subnet), say!("`{subnet}` overlaps `{other}`", "`{subnet}` と `{other}` が重なっています")).also(place(other), say!("the other", "もう一方"));
        }
    }
    between_parts(sight, found);
    further(sight, found);
    let wholes: Vec<_> = networks.iter().filter_map(|(name, it)| Some((name, Cidr::parse(it.cidr.as_deref()?).ok()?))).collect();
    for (at, (name, range)) in wholes.iter().enumerate() {
        let place = |name: &str| sight.places.at(&["infrastructure", "networks", name, "cidr"]);
        if let Some((other, _)) = wholes[..at].iter().find(|(_, other)| other.overlaps(*range)) {
            found.note(place(name), say!("`{name}` overlaps `{other}`: the two cannot be joined", "`{name}` と `{other}` が重なっていて、接続できません")).also(place(other), say!("the other", "もう一方"));
        }
        for (item, peer) in networks[*name].peers.iter().enumerate() {
            if Cidr::parse(peer).is_ok_and(|peer| peer.overlaps(*range)) {
                found
                    .note(sight.places.at(&["infrastructure", "networks", name, "peers", &item.to_string()]), say!("{peer} overlaps `{name}`: the two cannot be joined", "{peer} と `{name}` が重なっていて、接続できません"))
                    .also(place(name), say!("the network", "ネットワーク"));
            }
        }
    }
}

/// Ranges that were added to a network lie beside what it, and every other network, has already.
fn further(sight: &Sight<'_>, found: &mut Found<'_>) {
    let mut before: Vec<(Span, &str, Cidr)> = Vec::new();
    for (name, network) in &sight.spec.design.infrastructure.networks {
        let path = ["infrastructure", "networks", name, "cidr"];
        let whole = network.cidr.iter().map(|cidr| (sight.places.at(&path), cidr));
        let more = network.further.iter().enumerate().map(|(item, cidr)| {
            let item = item.to_string();
            (sight.places.at(&["infrastructure", "networks", name, "further", &item]), cidr)
        });
        for (at, (place, cidr)) in whole.chain(more).enumerate() {
            let Ok(range) = Cidr::parse(cidr) else { continue };
            let is_further = at > 0 || network.cidr.is_none();
            let other = before.iter().find(|(.., it)| it.overlaps(range)).filter(|_| is_further);
            if let Some((also, of, _)) = other {
                found.note(place.clone(), say!("{cidr} overlaps a range of `{of}`", "{cidr} は `{of}` の範囲と重なっています")).also(also.clone(), say!("the other", "もう一方"));
            }
            before.push((place, name.as_str(), range));
        }
    }
}

/// Networks of which one does not say its whole range are held against each other by what is known of it, its subnets.
fn between_parts(sight: &Sight<'_>, found: &mut Found<'_>) {
    let networks = &sight.spec.design.infrastructure.networks;
    let part = |name: &str, network: &Network| -> Vec<(Span, String, Cidr)> {
        let whole = network.cidr.iter().map(|cidr| (vec!["infrastructure", "networks", name, "cidr"], name.to_owned(), cidr));
        let subnets = network.subnets.iter().map(|(subnet, it)| (vec!["infrastructure", "networks", name, "subnets", subnet.as_str(), "cidr"], subnet.clone(), &it.cidr));
        let parts = whole.chain(subnets.filter(|_| network.cidr.is_none()));
        parts.filter_map(|(path, called, cidr)| Some((sight.places.at(&path), called, Cidr::parse(cidr).ok()?))).collect()
    };
    for (at, (name, network)) in networks.iter().enumerate() {
        for (other, before) in networks.iter().take(at).filter(|(_, before)| network.cidr.is_none() || before.cidr.is_none()) {
            for (place, called, range) in part(name, network) {
                if let Some((also, known, _)) = part(other, before).into_iter().find(|(.., it)| it.overlaps(range)) {
                    found.note(place, say!("`{called}` overlaps `{known}`: the two cannot be joined", "`{called}` と `{known}` が重なっていて、接続できません")).also(also, say!("the other", "もう一方"));
                }
            }
        }
    }
}

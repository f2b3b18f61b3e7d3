//! Address ranges that are none.

use promise::say;

use super::{Found, Sight, cidr::Cidr};

rule! {
    /// # Finds
    /// A `cidr` of a network or subnet, or a range from which a security group lets in, that is no IPv4 range, or in which bits of a host are set.
    /// ja: IPv4 の範囲になっていない、またはホスト部のビットが立っている `cidr` や許可元の範囲。
    /// # Why
    /// The provider refuses it, or takes another range than the one that was meant.
    /// ja: 提供者に拒まれるか、意図と異なる範囲になります。
    /// # Source
    /// RFC 4632: four parts of 0 to 255 and a prefix length of 0 to 32.
    /// ja: RFC 4632: 0〜255 の 4 つの部分と 0〜32 の長さ。
    /// # Example
    /// `10.0.300.0/24`
    /// ja: `10.0.300.0/24`
    /// # Fix
    /// Correct the range.
    /// ja: 範囲を直します。
    "not-a-cidr": Error, needs ["infrastructure"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let infrastructure = &sight.spec.design.infrastructure;
    let mut ranges: Vec<(Vec<String>, &str)> = Vec::new();
    let path = |parts: &[&str]| parts.iter().map(|&part| part.to_owned()).collect::<Vec<_>>();
    for (name, network) in &infrastructure.networks {
        ranges.extend(network.cidr.as_deref().map(|cidr| (path(&["infrastructure", "networks", name, "cidr"]), cidr)));
        ranges.extend(network.subnets.iter().map(|(subnet, it)| (path(&["infrastructure", "networks", name, "subnets", subnet, "cidr"]), it.cidr.as_str())));
    }
    for (name, group) in &infrastructure.security_groups {
        let inbound = group.inbound.iter().enumerate().filter(|(_, it)| it.from.contains('/'));
        ranges.extend(inbound.map(|(at, it)| (path(&["infrastructure", "security_groups", name, "inbound", &at.to_string(), "from"]), it.from.as_str())));
    }
    for (path, cidr) in ranges.into_iter().filter(|(_, cidr)| !Cidr::is_v6(cidr)) {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        match Cidr::parse(cidr) {
            Err(why) => {
                found.note(sight.places.at(&path), why);
            }
            Ok(range) => {
                let Some(proper) = range.proper() else { continue };
                found
                    .note(sight.places.at(&path), say!("`{cidr}` is an address within {proper}", "`{cidr}` は {proper} の中のアドレスです"))
                    .hint(say!("write `{proper}`", "`{proper}` と書きます"));
            }
        }
    }
}

//! Zones that do not belong to their region.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A zone of a region, or of a subnet in a network with a region, whose name is not that of the region and a letter; or one of a region that AWS does not have.
    /// ja: リージョンやサブネットのゾーン名が「リージョン名+英字」になっていない、または存在しないリージョンのもの。
    /// # Why
    /// The resource cannot be created there, or is created in another country than the design says.
    /// ja: そこには作成できないか、設計と異なる国に作成されます。
    /// # Source
    /// The form of names: AWS `ap-northeast-1a`, Google `asia-northeast1-a`; the regions in the table `regions`.
    /// ja: 名前の形式(AWS は `ap-northeast-1a`、Google は `asia-northeast1-a`)と、`regions` の表。
    /// # Example
    /// `zones: [us-east-1a]` of `ap-northeast-1`
    /// ja: `zones: [us-east-1a]` of `ap-northeast-1`
    /// # Fix
    /// Write a zone of the region.
    /// ja: そのリージョンのゾーンを書きます。
    "zone-of-other-region": Error, needs ["infrastructure"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let it = &sight.spec.design.infrastructure;
    let named = it.regions.iter().flat_map(|(region, of)| {
        of.zones.iter().enumerate().map(move |(item, zone)| {
            let path = vec![
                "infrastructure".to_owned(),
                "regions".to_owned(),
                region.clone(),
                "zones".to_owned(),
                item.to_string(),
            ];
            (path, zone, Some(region))
        })
    });
    let subnets = it.networks.iter().flat_map(|(name, network)| {
        network.subnets.iter().filter_map(move |(subnet, it)| {
            let path = [
                "infrastructure",
                "networks",
                name,
                "subnets",
                subnet,
                "zone",
            ]
            .map(str::to_owned)
            .to_vec();
            Some((path, it.zone.as_ref()?, network.region.as_ref()))
        })
    });
    for (path, zone, region) in named.chain(subnets) {
        let Some(of) = region_of(zone) else { continue };
        let known = |name: &str| {
            sight
                .facts()
                .of("regions", &[])
                .find(|fact| fact.get("region") == name)
        };
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        match (known(of), region.and_then(|region| known(region))) {
            (Some(_), Some(region)) if region.get("region") != of => {
                let region = region.get("region");
                found.note(
                    sight.places.at(&path),
                    say!(
                        "`{zone}` is a zone of `{of}`, not of `{region}`",
                        "`{zone}` は `{of}` のゾーンで、`{region}` のものではありません"
                    ),
                );
            }
            // Without a region beside it, or with one that is only a name, a zone of an unknown form may be anybody's own.
            (None, Some(region)) => {
                let (name, source) = (region.get("region"), region.source());
                found
                    .note(
                        sight.places.at(&path),
                        say!(
                            "`{zone}` is no zone of `{name}`",
                            "`{zone}` は `{name}` のゾーンではありません"
                        ),
                    )
                    .source(source);
            }
            _ => {}
        }
    }
}

/// The region that a zone's name begins with: `ap-northeast-1a`, `asia-northeast1-a`.
fn region_of(zone: &str) -> Option<&str> {
    let region = zone.strip_suffix(|c: char| c.is_ascii_lowercase())?;
    let region = region.strip_suffix('-').unwrap_or(region);
    // A local zone (`us-west-2-lax-1a`) has more parts than a region, and is a zone all the same.
    let parts: Vec<&str> = region.split('-').collect();
    if let [a, b, c, _, _] = parts.as_slice() {
        return region.get(..a.len() + b.len() + c.len() + 2);
    }
    region
        .ends_with(|c: char| c.is_ascii_digit())
        .then_some(region)
}

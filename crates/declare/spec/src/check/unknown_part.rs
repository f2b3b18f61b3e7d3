//! Parts of a design that name what is not there.


use promise::{say, document::{Span, did_you_mean}};

use super::{Found, Sight, design};

rule! {
    /// # Finds
    /// A part of a path, a severity, a tier, a subnet, a security group, a promise or a target of a design that stands nowhere else in the spec.
    /// ja: 設計の中で参照されているが、仕様のどこにもない部品・重大度・層・サブネット・セキュリティグループ・約束・対象。
    /// # Why
    /// Whatever rests on the name is checked against nothing.
    /// ja: その名前に基づく検査が行われません。
    /// # Source
    /// No number of ours.
    /// ja: 独自の数値はありません。
    /// # Example
    /// `path: [front, databse]`
    /// ja: `path: [front, databse]`
    /// # Fix
    /// Correct the name, or describe the part.
    /// ja: 名前を直すか、部品を書きます。
    "unknown-part": Error, needs ["infrastructure", "dependencies", "service", "severities", "continuity"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let spec = sight.spec;
    let it = &spec.design;
    let parts: Vec<&str> = design::parts(sight).into_iter().map(|part| part.name).collect();
    let tiers: Vec<&str> = spec.service.tiers.keys().map(String::as_str).collect();
    let severities: Vec<&str> = spec.severities.keys().map(String::as_str).collect();
    let promises: Vec<&str> = spec.promises.iter().map(|it| it.id.as_str()).collect();
    let subnets: Vec<&str> = it.infrastructure.networks.values().flat_map(|it| it.subnets.keys()).map(String::as_str).collect();
    let mut wanted: Vec<(Vec<&str>, usize, &str, &[&str])> = Vec::new();
    for (at, name) in spec.service.path.iter().enumerate() {
        wanted.push((vec!["service", "path"], at, name, &parts));
    }
    for (tier, of) in &spec.service.tiers {
        wanted.extend(of.path.iter().enumerate().map(|(at, name)| (vec!["service", "tiers", tier, "path"], at, name.as_str(), &parts[..])));
    }
    for (name, of) in &it.monitoring.metrics {
        let at = |field| vec!["monitoring", "metrics", name.as_str(), field];
        wanted.extend(of.severity.iter().map(|it| (at("severity"), 0, it.as_str(), &severities[..])));
        wanted.extend(of.tier.iter().map(|it| (at("tier"), 0, it.as_str(), &tiers[..])));
        wanted.extend(of.promise.iter().map(|it| (at("promise"), 0, it.as_str(), &promises[..])));
    }
    for (name, of) in &it.monitoring.alerts {
        let at = |field| vec!["monitoring", "alerts", name.as_str(), field];
        wanted.extend(of.severity.iter().map(|it| (at("severity"), 0, it.as_str(), &severities[..])));
        wanted.extend(of.tier.iter().map(|it| (at("tier"), 0, it.as_str(), &tiers[..])));
        wanted.extend(of.promise.iter().map(|it| (at("promise"), 0, it.as_str(), &promises[..])));
    }
    for (name, of) in &it.compliance.duties {
        wanted.extend(of.promises.iter().enumerate().map(|(item, it)| (vec!["compliance", "duties", name.as_str(), "promises"], item, it.as_str(), &promises[..])));
    }
    for (name, of) in &it.continuity.failover {
        wanted.extend(of.tiers.iter().enumerate().map(|(item, it)| (vec!["continuity", "failover", name.as_str(), "tiers"], item, it.as_str(), &tiers[..])));
    }
    for (name, of) in &it.continuity.backups {
        wanted.extend(of.tier.iter().map(|it| (vec!["continuity", "backups", name.as_str(), "tier"], 0, it.as_str(), &tiers[..])));
    }
    for (name, of) in &it.infrastructure.compute {
        wanted.extend(of.subnets.iter().enumerate().map(|(item, it)| (vec!["infrastructure", "compute", name.as_str(), "subnets"], item, it.as_str(), &subnets[..])));
    }
    for (name, of) in &it.infrastructure.databases {
        wanted.extend(of.subnets.iter().enumerate().map(|(item, it)| (vec!["infrastructure", "databases", name.as_str(), "subnets"], item, it.as_str(), &subnets[..])));
    }
    let groups: Vec<&str> = it.infrastructure.security_groups.keys().map(String::as_str).collect();
    for (name, of) in &it.infrastructure.security_groups {
        let let_in = of.inbound.iter().enumerate().filter(|(_, it)| is_group(&it.from));
        for (item, it) in let_in.filter(|(_, it)| !groups.iter().any(|group| bare(group) == bare(&it.from))) {
            let path = ["infrastructure", "security_groups", name, "inbound", &item.to_string(), "from"];
            unknown(found, sight.places.at(&path), &it.from, &groups);
        }
    }
    for (mut path, item, name, known) in wanted.into_iter().filter(|(.., name, known)| !known.contains(name)) {
        let item = item.to_string();
        path.push(&item);
        unknown(found, sight.places.at(&path), name, known);
    }
}

/// Whether this is the name of a group of ours: not an address, and not what a provider calls something.
fn is_group(from: &str) -> bool {
    let is_name = from.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
    is_name && !["self", "vpc"].contains(&from) && !["pl-", "sg-0"].iter().any(|start| from.starts_with(start))
}

/// Templates write `AppGroup`, and a spec `app_group`.
fn bare(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn unknown(found: &mut Found<'_>, at: Span, name: &str, known: &[&str]) {
    let diagnostic = found.note(at, say!("nothing is called `{name}`", "`{name}` という名前のものはありません"));
    if let Some(meant) = did_you_mean(name, known.iter().copied()) {
        diagnostic.hint(say!("did you mean `{meant}`?", "`{meant}` のことですか?"));
    }
}

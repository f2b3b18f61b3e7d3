//! What several rules ask of a design: its tightest promises, what waits for what, and what others promise.

use std::{collections::BTreeMap, time::Duration};

use promise::{
    Kind, Say, document,
    quantity::{Quantity, Rate},
    say,
    unit::{Percent, Span},
};

use super::Sight;
use crate::{
    diagnostic::Source,
    section::{dependency::Dependency, infrastructure::HealthCheck, severity::Severity},
};

/// The recovery times of the named tiers, or of all where none is named.
pub(super) fn rtos<'s>(sight: &Sight<'s>, named: &[String]) -> Vec<(&'s str, Span)> {
    let tiers = sight.spec.service.tiers.iter();
    let tiers = tiers.filter(|(name, _)| named.is_empty() || named.contains(name));
    tiers
        .filter_map(|(name, tier)| Some((name.as_str(), tier.rto?)))
        .collect()
}

/// The recovery points of one tier, or of all.
pub(super) fn rpos<'s>(sight: &Sight<'s>, named: Option<&str>) -> Vec<(&'s str, Span)> {
    let tiers = sight.spec.service.tiers.iter();
    let tiers = tiers.filter(|(name, _)| named.is_none_or(|named| named == *name));
    tiers
        .filter_map(|(name, tier)| Some((name.as_str(), tier.rpo?)))
        .collect()
}

/// After which time the escalation of a severity calls somebody besides those who were called at once, and where the spec
/// says so: in the escalation, or in the severity as it used to be written.
pub(super) fn widens_after(
    sight: &Sight<'_>,
    name: &str,
    severity: &Severity,
) -> Option<(Span, document::Span)> {
    let policy = severity.escalation.as_ref()?;
    let escalation = sight.spec.escalations.get(policy)?;
    let after = escalation.widens_after()?;
    let step = escalation.steps.iter().position(|step| step.after == after);
    let step = step.unwrap_or_default().to_string();
    let newer = ["escalations", policy, "steps", &step, "after"];
    let at = match sight.places.is_written(&newer) {
        true => sight.places.at(&newer),
        false => sight.places.at(&["severities", name, "escalate_after"]),
    };
    Some((after, at))
}

/// How long something may be down in 30 days; to the millisecond, so that 99.99 % leaves exactly 259.2 s.
pub(super) fn downtime(availability: Percent) -> Span {
    downtime_in(MONTH, availability)
}

pub(super) const MONTH: Span = Span(Duration::from_secs(30 * 86_400));

/// The same, in any time.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss
)] // A share of it.
pub(super) fn downtime_in(window: Span, availability: Percent) -> Span {
    let down = window.0.as_millis() as f64 * (1.0 - availability.0).clamp(0.0, 1.0);
    Span(Duration::from_millis(down.round() as u64))
}

/// `60s trigger + 240s promote = 5m`, in both languages.
pub(super) fn sum(parts: &[(Say, Span)], whole: Span) -> Say {
    let shown = |pick: fn(&Say) -> &str| {
        let parts: Vec<String> = parts
            .iter()
            .map(|(name, span)| format!("{span} {}", pick(name)))
            .collect();
        if parts.len() == 1 {
            parts.join("")
        } else {
            format!("{} = {whole}", parts.join(" + "))
        }
    };
    Say::new(shown(|say| &say.en), shown(|say| &say.ja))
}

/// A copy of data that follows, wherever it is declared.
pub(super) struct Copy<'s> {
    pub(super) path: Vec<&'s str>,
    pub(super) mode: Option<&'s str>,
    pub(super) lag_max: Option<Span>,
    pub(super) tier: Option<&'s str>,
}

pub(super) fn copies<'s>(sight: &Sight<'s>) -> Vec<Copy<'s>> {
    let design = &sight.spec.design;
    let replicas = design
        .infrastructure
        .databases
        .iter()
        .flat_map(|(database, it)| {
            it.replicas.iter().map(move |(name, replica)| Copy {
                path: vec!["infrastructure", "databases", database, "replicas", name],
                mode: replica.mode.as_deref(),
                lag_max: replica.lag_max,
                tier: None,
            })
        });
    let others = design.continuity.replication.iter().map(|(name, it)| Copy {
        path: vec!["continuity", "replication", name],
        mode: it.mode.as_deref(),
        lag_max: it.lag_max,
        tier: it.tier.as_deref(),
    });
    replicas.chain(others).collect()
}

/// A promise about how long an answer takes, of whatever section.
pub(super) struct Latency<'s> {
    pub(super) name: &'s str,
    pub(super) path: [&'s str; 4],
    /// Such as `p99`.
    pub(super) quantile: String,
    pub(super) at_most: Span,
    pub(super) tier: Option<&'s str>,
}

pub(super) fn latencies<'s>(sight: &Sight<'s>) -> Vec<Latency<'s>> {
    let promises = sight.spec.promises.iter().filter_map(|promise| {
        let Kind::Latency(latency) = &promise.kind else {
            return None;
        };
        Some(Latency {
            name: &promise.id,
            path: ["promises", &promise.id, "at_most", ""],
            quantile: latency.quantile.to_string(),
            at_most: latency.at_most,
            tier: promise.terms.tier.as_deref(),
        })
    });
    let metrics = sight
        .spec
        .design
        .monitoring
        .metrics
        .iter()
        .filter_map(|(name, it)| {
            let bound = it.bound.filter(|it| it.is_upper())?;
            let Quantity::Time(at_most) = bound.value else {
                return None;
            };
            let quantile = it
                .statistic
                .as_deref()
                .filter(|it| it.starts_with('p'))?
                .to_owned();
            Some(Latency {
                name,
                path: ["monitoring", "metrics", name, "bound"],
                quantile,
                at_most,
                tier: it.tier.as_deref(),
            })
        });
    promises.chain(metrics).collect()
}

/// A promise about the share that succeeds, of whatever section.
pub(super) struct Success<'s> {
    pub(super) path: [&'s str; 4],
    pub(super) at_least: Percent,
    pub(super) tier: Option<&'s str>,
}

impl<'s> Success<'s> {
    /// What it is called.
    pub(super) fn name(&self) -> &'s str {
        if self.path[0] == "promises" {
            self.path[1]
        } else {
            self.path[2]
        }
    }
}

pub(super) fn successes<'s>(sight: &Sight<'s>) -> Vec<Success<'s>> {
    let promises = sight.spec.promises.iter().filter_map(|promise| {
        let Kind::Ratio(ratio) = &promise.kind else {
            return None;
        };
        Some(Success {
            path: ["promises", &promise.id, "at_least", ""],
            at_least: ratio.at_least,
            tier: promise.terms.tier.as_deref(),
        })
    });
    let metrics = sight
        .spec
        .design
        .monitoring
        .metrics
        .iter()
        .filter_map(|(name, it)| {
            let bound = it
                .bound
                .filter(|bound| !bound.is_upper() && it.measures.as_deref() == Some("success"))?;
            let Quantity::Share(at_least) = bound.value else {
                return None;
            };
            Some(Success {
                path: ["monitoring", "metrics", name, "bound"],
                at_least,
                tier: it.tier.as_deref(),
            })
        });
    promises.chain(metrics).collect()
}

/// How long all tries of a call last together.
pub(super) struct Waits {
    pub(super) total: Span,
    /// With the arithmetic: `30s × (1 + 3) = 2m`.
    pub(super) shown: Say,
}

/// More repetitions than this last for ever.
const RETRIES_MAX: u64 = 1_000;

/// How long a call of a dependency may last until it is given up: its own tries, and after them those of the one that
/// takes its place.
pub(super) fn waits(sight: &Sight<'_>, name: &str) -> Option<Waits> {
    let all = &sight.spec.design.dependencies;
    let own = all.get(name)?;
    let (total, shown) = tries(own)?;
    let other = own.fallback.as_deref().filter(|other| *other != name);
    let then = other.and_then(|other| Some((other, tries(all.get(other)?)?)));
    let Some((other, (more, then))) = then else {
        let shown = Say::same(shown);
        return Some(Waits { total, shown });
    };
    let total = Span(total.0.saturating_add(more.0));
    let shown = say!(
        "{shown} and {then} for `{other}` after it, {total} together",
        "{shown} と、続く `{other}` の {then} の合計 {total}"
    );
    Some(Waits { total, shown })
}

/// How long all tries of one dependency last together, with the arithmetic.
fn tries(dependency: &Dependency) -> Option<(Span, String)> {
    let timeout = dependency.timeout?;
    let retries = u32::try_from(dependency.retries.unwrap_or(0).min(RETRIES_MAX)).ok()?;
    let mut total = timeout.0.saturating_mul(retries + 1);
    let mut pause = dependency.backoff.unwrap_or_default().0;
    let mut paused = Duration::ZERO;
    for _ in 0..retries {
        paused = paused.saturating_add(pause);
        pause = pause.saturating_mul(2);
    }
    total = total.saturating_add(paused);
    let mut shown = format!("{timeout} × (1 + {retries})");
    if !paused.is_zero() {
        shown.push_str(&format!(" + {}", Span(paused)));
    }
    let mut total = Span(total);
    shown = if retries == 0 {
        timeout.to_string()
    } else {
        format!("{shown} = {total}")
    };
    if let Some(deadline) = dependency.deadline.filter(|deadline| *deadline < total) {
        total = deadline;
        shown = deadline.to_string();
    }
    Some((total, shown))
}

/// Every health check and where it stands.
pub(super) fn health_checks<'s>(sight: &Sight<'s>) -> Vec<(Vec<&'s str>, &'s HealthCheck)> {
    let infrastructure = &sight.spec.design.infrastructure;
    let balancers = infrastructure
        .load_balancers
        .iter()
        .map(|(name, it)| ("load_balancers", name, &it.health_check));
    let records = infrastructure
        .dns
        .iter()
        .map(|(name, it)| ("dns", name, &it.health_check));
    balancers
        .chain(records)
        .filter_map(|(section, name, check)| {
            Some((
                vec!["infrastructure", section, name.as_str()],
                check.as_ref()?,
            ))
        })
        .collect()
}

/// A part of the service, by the name that others use for it.
pub(super) struct Part<'s> {
    pub(super) name: &'s str,
    pub(super) product: Option<&'s str>,
}

/// Every part that a path may name.
pub(super) fn parts<'s>(sight: &Sight<'s>) -> Vec<Part<'s>> {
    let it = &sight.spec.design.infrastructure;
    let mut all = Vec::new();
    macro_rules! add {
        ($($section:ident),*) => {
            $(all.extend(it.$section.iter().map(|(name, it)| Part {
                name,
                product: it.product.as_deref(),
            }));)*
        };
    }
    add!(
        cdn,
        load_balancers,
        compute,
        caches,
        databases,
        queues,
        buckets,
        search
    );
    let others = sight.spec.design.dependencies.iter();
    all.extend(others.map(|(name, it)| Part {
        name,
        product: it.product.as_deref(),
    }));
    all
}

pub(super) fn part<'s>(sight: &Sight<'s>, name: &str) -> Option<Part<'s>> {
    parts(sight).into_iter().find(|part| part.name == name)
}

/// What the provider of a part promises.
pub(super) struct Available<'s> {
    pub(super) name: &'s str,
    pub(super) share: Percent,
    pub(super) source: Option<Source>,
}

pub(super) fn availability<'s>(sight: &Sight<'s>, name: &str) -> Option<Available<'s>> {
    let part = part(sight, name)?;
    if let Some(share) = sight
        .spec
        .design
        .dependencies
        .get(name)
        .and_then(|it| it.availability)
    {
        return Some(Available {
            name: part.name,
            share,
            source: None,
        });
    }
    let fact = sight.facts().one("sla", &[part.product?])?;
    Some(Available {
        name: part.name,
        share: fact.figure("availability")?,
        source: Some(fact.source()),
    })
}

/// The rates of all scenarios.
pub(super) fn rates<'s>(sight: &Sight<'s>) -> Vec<(&'s str, Rate)> {
    let scenarios = sight.spec.design.load.scenarios.iter();
    scenarios
        .filter_map(|(name, it)| Some((name.as_str(), it.rate?)))
        .collect()
}

/// The largest scenario that is meant to be usual: `peak`, or else `normal`.
pub(super) fn peak<'s>(sight: &Sight<'s>) -> Option<(&'s str, Rate)> {
    let scenarios = sight.spec.design.load.scenarios.iter();
    let usual = scenarios.filter(|(_, it)| matches!(it.kind.as_deref(), Some("peak" | "normal")));
    let rates = usual.filter_map(|(name, it)| Some((name.as_str(), it.rate?)));
    rates.max_by(|a, b| a.1.0.total_cmp(&b.1.0))
}

/// The most that is to be carried, and where that is said.
pub(super) fn demand<'s>(sight: &Sight<'s>) -> Option<([&'s str; 4], Rate)> {
    let most = sight
        .spec
        .design
        .load
        .acceptance
        .rate_max
        .map(|rate| (["load", "acceptance", "rate_max", ""], rate));
    let peak = peak(sight).map(|(name, rate)| (["load", "scenarios", name, "rate"], rate));
    most.into_iter()
        .chain(peak)
        .max_by(|a, b| a.1.0.total_cmp(&b.1.0))
}

/// The instances of `aws`-like names: `db.r6g.large` is `r6g.large`, `t3.small.search` is `t3.small`.
pub(super) fn machine(instance: &str) -> &str {
    let bare = ["db.", "cache."]
        .iter()
        .find_map(|start| instance.strip_prefix(start))
        .unwrap_or(instance);
    [".search", ".elasticsearch"]
        .iter()
        .find_map(|end| bare.strip_suffix(end))
        .unwrap_or(bare)
}

/// The name of a managed group: consoles put the vendor before it (`AWS-AWSManagedRules…`, `AWS#AWSManagedRules…`).
pub(super) fn managed_group(rule: &str) -> Option<&str> {
    let bare = rule
        .strip_prefix("AWS")
        .and_then(|rest| rest.strip_prefix(['-', '#', '/']))
        .unwrap_or(rule);
    bare.starts_with("AWSManagedRules").then_some(bare)
}

/// The parts that can have tags, with those that they have: section, name, tags.
pub(super) fn tagged<'s>(
    sight: &Sight<'s>,
) -> Vec<(&'static str, &'s str, &'s BTreeMap<String, String>)> {
    let it = &sight.spec.design.infrastructure;
    let mut all = Vec::new();
    macro_rules! add {
        ($($section:ident),*) => {
            $(all.extend(it.$section.iter().map(|(name, it)| (stringify!($section), name.as_str(), &it.tags)));)*
        };
    }
    add!(
        load_balancers,
        compute,
        databases,
        caches,
        queues,
        buckets,
        search
    );
    all
}

/// What a version of TLS is worth: 0 for none, 10 to 13 for TLS 1.0 to 1.3.
pub(super) fn tls_rank(text: &str) -> u32 {
    let text = text.to_ascii_lowercase();
    if text == "none" || text == "plain" {
        return 0;
    }
    if text.contains("ssl") {
        return 9;
    }
    // The names of policies end with the year that they are of; `ELBSecurityPolicy-2016-08` itself accepts TLS 1.0.
    let policy = text
        .strip_prefix("elbsecuritypolicy-")
        .map(|rest| rest.trim_start_matches("fs-"));
    let text = match (policy, text.strip_prefix("tlsv1_")) {
        (Some(rest), _) if rest.starts_with("20") => return 10,
        (Some(rest), _) => rest
            .strip_prefix("tls13-")
            .or(rest.strip_prefix("tls-"))
            .unwrap_or(rest)
            .to_owned(),
        (None, Some(_)) => return 10,
        (None, None) => text,
    };
    let digits: Vec<u32> = text
        .chars()
        .filter_map(|c| c.to_digit(10))
        .take(2)
        .collect();
    match digits.as_slice() {
        [major, minor] => major * 10 + minor,
        [major] => major * 10,
        // What cannot be read is not blamed.
        _ => u32::MAX,
    }
}

/// Where the spec says which TLS is spoken: the least that is accepted, or the most that can be done.
pub(super) fn tls<'s>(sight: &Sight<'s>) -> Vec<(Vec<&'s str>, &'s str)> {
    let design = &sight.spec.design;
    let mut all = Vec::new();
    for (name, hop) in &design.security.hops {
        let (field, tls) = match (&hop.tls_max, &hop.tls_min) {
            (Some(most), _) => ("tls_max", most),
            (None, Some(least)) => ("tls_min", least),
            (None, None) => continue,
        };
        all.push((vec!["security", "hops", name.as_str(), field], tls.as_str()));
    }
    let balancers = design
        .infrastructure
        .load_balancers
        .iter()
        .map(|(name, it)| ("load_balancers", name, &it.tls_min));
    let cdn = design
        .infrastructure
        .cdn
        .iter()
        .map(|(name, it)| ("cdn", name, &it.tls_min));
    for (section, name, tls) in balancers.chain(cdn) {
        all.extend(tls.as_deref().map(|tls| {
            (
                vec!["infrastructure", section, name.as_str(), "tls_min"],
                tls,
            )
        }));
    }
    all
}

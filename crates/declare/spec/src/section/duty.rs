//! What a design owes and no promise proves: it stands on the board as *unproven*, and is never ignored.
//!
//! A part of a design that names its promise is proven by that promise. Each other part becomes a promise of
//! kind `declared`, under an id made of its path, so that it keeps its history while it waits for evidence.

use promise::{Kind, Name, Promise, Say, Timestamp, kind::Declared, quantity::Bound};

use super::{Design, service::Service};

/// The id of a promise is at most so long, as `bad-id` says.
const ID_MAX: usize = 63;

/// One part of a design that is owed.
struct Owed {
    path: Vec<String>,
    text: String,
    bound: Option<Bound>,
    severity: Option<String>,
    tier: Option<String>,
    clauses: Vec<String>,
    owner: Option<String>,
}

impl Owed {
    fn new(path: &[&str], text: impl Into<String>) -> Self {
        Self {
            path: path.iter().map(|&part| part.to_owned()).collect(),
            text: text.into(),
            bound: None,
            severity: None,
            tier: None,
            clauses: Vec::new(),
            owner: None,
        }
    }

    fn id(&self) -> String {
        let plain = |c: char| {
            if c.is_ascii_alphanumeric() || c == '_' {
                c.to_ascii_lowercase()
            } else {
                '-'
            }
        };
        let whole: String = self.path.join("-").chars().map(plain).collect();
        // The end of a path tells more than its beginning.
        let cut = whole.len().saturating_sub(ID_MAX);
        whole[cut..].trim_start_matches(['-', '_']).to_owned()
    }

    fn promise(self) -> Promise {
        let mut promise = Promise {
            id: self.id(),
            terms: promise::Terms::default(),
            kind: Kind::Declared(Declared {
                text: self.text.clone(),
                bound: self.bound,
                of: Some(self.path.join(".")),
            }),
            since: Timestamp::EPOCH,
            time_zone: "UTC".to_owned(),
            corrections: Vec::new(),
        };
        promise.terms.name = Some(Name(Say::same(self.text)));
        promise.terms.tier = self.tier;
        promise.terms.severity = self.severity;
        promise.terms.clauses = self.clauses;
        promise.terms.owner = self.owner;
        promise
    }
}

/// What `design` owes beyond `promises`.
pub(super) fn unproven(service: &Service, design: &Design, promises: &[Promise]) -> Vec<Promise> {
    let mut owed = Vec::new();
    objectives(service, design, promises, &mut owed);
    watched(design, &mut owed);
    duties(design, &mut owed);
    recovery(design, &mut owed);
    load(design, &mut owed);
    rest(design, &mut owed);
    let mut out: Vec<Promise> = Vec::new();
    for promise in owed.into_iter().map(Owed::promise) {
        let is_known = |it: &Promise| it.id == promise.id;
        if !promises.iter().any(is_known) && !out.iter().any(is_known) {
            out.push(promise);
        }
    }
    out
}

/// The objectives of tiers, once a design says how they are to be met.
fn objectives(service: &Service, design: &Design, promises: &[Promise], out: &mut Vec<Owed>) {
    if design.continuity == super::continuity::Continuity::default() {
        return;
    }
    for (name, tier) in &service.tiers {
        let figures = [
            ("rto", tier.rto.map(|it| format!("<= {it}"))),
            ("rpo", tier.rpo.map(|it| format!("<= {it}"))),
            (
                "availability",
                tier.availability.map(|it| format!(">= {it}")),
            ),
        ];
        for (field, bound) in figures {
            // A promise of the tier says so with the clause `objective:rto`.
            let clause = format!("objective:{field}");
            let of_tier = |it: &&Promise| it.terms.tier.as_ref() == Some(name);
            let is_proven = promises
                .iter()
                .filter(of_tier)
                .any(|it| it.terms.clauses.contains(&clause));
            let Some(bound) = bound.filter(|_| !is_proven) else {
                continue;
            };
            let mut one = Owed::new(
                &["service", "tiers", name, field],
                format!("{name}: {field} {bound}"),
            );
            one.bound = promise::record::Scalar::parse(&bound).ok();
            one.tier = Some(name.clone());
            out.push(one);
        }
    }
}

fn watched(design: &Design, out: &mut Vec<Owed>) {
    for (name, metric) in design
        .monitoring
        .metrics
        .iter()
        .filter(|(_, it)| it.promise.is_none())
    {
        let mut one = Owed::new(&["monitoring", "metrics", name], name.clone());
        (one.bound, one.severity, one.tier) =
            (metric.bound, metric.severity.clone(), metric.tier.clone());
        out.push(one);
    }
    for (name, alert) in design
        .monitoring
        .alerts
        .iter()
        .filter(|(_, it)| it.promise.is_none())
    {
        let text = alert
            .name
            .as_ref()
            .map_or(name.as_str(), |name| name.get(promise::Lang::En));
        let mut one = Owed::new(&["monitoring", "alerts", name], text);
        one.severity.clone_from(&alert.severity);
        out.push(one);
    }
    for (stream, logs) in &design.log_analysis {
        for (name, alert) in logs.alerts.iter().filter(|(_, it)| it.promise.is_none()) {
            let mut one = Owed::new(
                &["log_analysis", stream, "alerts", name],
                format!("{stream}: {}", alert.logs),
            );
            (one.bound, one.severity) = (alert.count, alert.severity.clone());
            out.push(one);
        }
    }
}

fn duties(design: &Design, out: &mut Vec<Owed>) {
    for (name, duty) in design
        .compliance
        .duties
        .iter()
        .filter(|(_, it)| it.promises.is_empty())
    {
        let mut one = Owed::new(&["compliance", "duties", name], duty.text.clone());
        (one.clauses, one.owner) = (duty.clauses.clone(), duty.owner.clone());
        out.push(one);
    }
    for (layer, it) in &design.security.layers {
        for (name, control) in it.controls.iter().filter(|(_, it)| it.promise.is_none()) {
            out.push(Owed::new(
                &["security", "layers", layer, "controls", name],
                control.text.clone(),
            ));
        }
    }
}

fn recovery(design: &Design, out: &mut Vec<Owed>) {
    for (name, backup) in design
        .continuity
        .backups
        .iter()
        .filter(|(_, it)| it.promise.is_none())
    {
        let of = backup.of.as_deref().unwrap_or(name);
        let mut one = Owed::new(&["continuity", "backups", name], format!("backup of {of}"));
        one.tier.clone_from(&backup.tier);
        out.push(one);
    }
    for (name, drill) in design
        .continuity
        .drills
        .iter()
        .filter(|(_, it)| it.promise.is_none())
    {
        let of = drill.of.as_deref().unwrap_or(name);
        out.push(Owed::new(
            &["continuity", "drills", name],
            format!("drill of {of}"),
        ));
    }
}

fn load(design: &Design, out: &mut Vec<Owed>) {
    let acceptance = &design.load.acceptance;
    for (quantile, bound) in &acceptance.response {
        let mut one = Owed::new(
            &["load", "acceptance", "response", quantile],
            format!("{quantile} {bound}"),
        );
        one.bound = Some(*bound);
        out.push(one);
    }
    for (what, share) in &acceptance.errors {
        out.push(Owed::new(
            &["load", "acceptance", "errors", what],
            format!("{what} errors <= {share}"),
        ));
    }
}

fn rest(design: &Design, out: &mut Vec<Owed>) {
    for (name, list) in design
        .checklists
        .iter()
        .filter(|(_, it)| it.every.is_some())
    {
        for (at, item) in list
            .items
            .iter()
            .enumerate()
            .filter(|(_, it)| !it.is_judged())
        {
            let mut one = Owed::new(
                &["checklists", name, "items", &at.to_string()],
                item.text.clone(),
            );
            (one.bound, one.owner) = (item.bound, list.owner.clone());
            out.push(one);
        }
    }
    for (name, money) in &design.costs.budgets {
        out.push(Owed::new(
            &["costs", "budgets", name],
            format!("{name} <= {money}"),
        ));
    }
}

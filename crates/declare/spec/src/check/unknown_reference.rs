//! Names that nothing in the spec has.

use promise::{
    Kind, Promise, Say,
    document::{Fix, did_you_mean},
    say,
};

use super::{Found, Sight, lookup};

rule! {
    /// # Finds
    /// A name that nothing in the spec has: a severity, tier, promise, receiver, interval, person, schedule or escalation.
    /// ja: 仕様のどこにもない名前(重大度、層、約束、宛先、時間帯、人、当番表、エスカレーション)。
    /// # Why
    /// A page sent to a mistyped receiver reaches nobody, and one learns of it during the incident.
    /// ja: 書き間違えた宛先への通知は誰にも届かず、障害のさなかに初めて気づきます。
    /// # Source
    /// No number.
    /// ja: 数値はありません。
    /// # Example
    /// `routes: [{ receivers: [slak] }]` while `receivers` only has `slack`.
    /// ja: `receivers` に `slack` しかないのに `routes: [{ receivers: [slak] }]` と書く。
    /// # Fix
    /// Correct the name, or add what it names.
    /// ja: 名前を直すか、その名前のものを追加します。
    "unknown-reference": Error, needs [], check, always
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let spec = sight.spec;
    for promise in spec.promises.iter().filter(|it| !lookup::is_of_design(it)) {
        let at = |field| ["promises", promise.id.as_str(), field];
        if let Some(severity) = &promise.terms.severity {
            refer(sight, found, &at("severity"), severity, &["severities"]);
        }
        for severity in burns(promise) {
            refer(sight, found, &at("burn"), severity, &["severities"]);
        }
        if let Some(tier) = &promise.terms.tier {
            refer(sight, found, &at("tier"), tier, &["service", "tiers"]);
        }
    }
    if let Some(severity) = &spec.rules.severity {
        refer(
            sight,
            found,
            &["rules", "severity"],
            severity,
            &["severities"],
        );
    }
    for (name, correction) in &spec.corrections {
        for (item, id) in correction.promises.iter().enumerate() {
            let path = ["corrections", name, "promises", &item.to_string()];
            refer(sight, found, &path, id, &["promises"]);
        }
    }
    if let Some(canary) = &spec.canary {
        for (item, name) in canary.receivers.iter().enumerate() {
            refer(
                sight,
                found,
                &["canary", "receivers", &item.to_string()],
                name,
                &["receivers"],
            );
        }
        if let Some(severity) = &canary.severity {
            refer(
                sight,
                found,
                &["canary", "severity"],
                severity,
                &["severities"],
            );
        }
    }
    if let Some(severity) = &spec.ledger.severity {
        refer(sight, found, &["ledger", "severity"], severity, &["severities"]);
    }
    // Where a part of a list could not be read, what is left no longer stands at its number.
    let is_read = |name| !sight.unread.contains(&name);
    for (index, route) in spec.routes.iter().enumerate().filter(|_| is_read("routes")) {
        let index = index.to_string();
        for (field, names, section) in [
            ("severities", &route.severities, "severities"),
            ("promises", &route.promises, "promises"),
            ("receivers", &route.receivers, "receivers"),
        ] {
            for (item, name) in names.iter().enumerate() {
                refer(
                    sight,
                    found,
                    &["routes", &index, field, &item.to_string()],
                    name,
                    &[section],
                );
            }
        }
        for (field, names) in [("mute", &route.mute), ("active", &route.active)] {
            for (item, name) in names.iter().enumerate() {
                let path = ["routes", &index, field, &item.to_string()];
                refer(sight, found, &path, name, &["alerting", "intervals"]);
            }
        }
    }
    for (name, work) in &spec.alerting.maintenances {
        for id in work.promises.keys() {
            let path = ["alerting", "maintenances", name, "promises", id];
            refer(sight, found, &path, id, &["promises"]);
        }
    }
    if is_read("escalations") && is_read("severities") {
        escalations(sight, found);
    }
    let Some(on_call) = spec.on_call.as_ref().filter(|_| is_read("on_call")) else {
        return;
    };
    for (id, person) in &on_call.people {
        for (item, name) in person.receivers.iter().enumerate() {
            let path = ["on_call", "people", id, "receivers", &item.to_string()];
            refer(sight, found, &path, name, &["receivers"]);
        }
    }
    for (schedule_name, schedule) in &on_call.schedules {
        let people = &["on_call", "people"];
        let base = ["on_call", "schedules", schedule_name.as_str()];
        for (index, layer) in schedule.layers.iter().enumerate() {
            for (item, name) in layer.rotation.iter().enumerate() {
                let (index, item) = (index.to_string(), item.to_string());
                let path = [&base[..], &["layers", &index, "rotation", &item]].concat();
                refer(sight, found, &path, name, people);
            }
        }
        for (index, stand_in) in schedule.overrides.iter().enumerate() {
            let index = index.to_string();
            let named = [
                ("who", Some(&stand_in.who)),
                ("instead_of", stand_in.instead_of.as_ref()),
            ];
            for (field, name) in named {
                let Some(name) = name else { continue };
                refer(
                    sight,
                    found,
                    &[&base[..], &["overrides", &index, field]].concat(),
                    name,
                    people,
                );
            }
        }
    }
}

/// What severities and escalations name.
fn escalations(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (id, severity) in &sight.spec.severities {
        // What the older spelling says stands nowhere as a name.
        let is_named = sight.places.is_written(&["severities", id, "escalation"]);
        if let Some(name) = severity.escalation.as_ref().filter(|_| is_named) {
            refer(
                sight,
                found,
                &["severities", id, "escalation"],
                name,
                &["escalations"],
            );
        }
    }
    for (id, escalation) in &sight.spec.escalations {
        for (index, step) in escalation.steps.iter().enumerate() {
            let index = index.to_string();
            let lists: [(&str, &[String], &[&str]); 3] = [
                ("schedules", &step.schedules, &["on_call", "schedules"]),
                ("people", &step.people, &["on_call", "people"]),
                ("receivers", &step.receivers, &["receivers"]),
            ];
            for (field, names, section) in lists {
                for (item, name) in names.iter().enumerate() {
                    let path = ["escalations", id, "steps", &index, field, &item.to_string()];
                    refer(sight, found, &path, name, section);
                }
            }
        }
        for (item, name) in escalation.fallback.iter().enumerate() {
            refer(
                sight,
                found,
                &["escalations", id, "fallback", &item.to_string()],
                name,
                &["receivers"],
            );
        }
    }
}

/// Notes `name`, written at `path`, where `section` has no such name.
fn refer(sight: &Sight<'_>, found: &mut Found<'_>, path: &[&str], name: &str, section: &[&str]) {
    let places = &sight.places;
    if !places.knows_names(section) || places.names(section).any(|known| known == name) {
        return;
    }
    let title = section.join(".");
    let diagnostic = found.note(
        places.at(path),
        say!(
            "there is no `{name}` in `{title}`",
            "`{title}` に `{name}` はありません"
        ),
    );
    if let Some(meant) = did_you_mean(name, places.names(section)) {
        let mut meant_path = section.to_vec();
        meant_path.push(meant);
        diagnostic.also(
            places.key(&meant_path),
            say!("`{meant}` is here", "`{meant}` はここにあります"),
        );
        diagnostic.hint(say!("did you mean `{meant}`?", "`{meant}` のことですか?"));
        // Who is told changes with it, so a person decides.
        diagnostic.fix(
            Fix::risky(say!("write `{meant}`", "`{meant}` と書く")).replace(places.at(path), meant),
        );
    } else if places.is_written(section) {
        let known: Vec<&str> = places.names(section).take(NAMES_SHOWN).collect();
        let known = known.join(", ");
        diagnostic.also(places.key(section), Say::same(""));
        diagnostic.hint(say!("known there: {known}", "使える名前: {known}"));
    } else {
        diagnostic.hint(say!(
            "add a section `{title}`",
            "`{title}` の項目を追加してください"
        ));
    }
}

/// The severities that a promise's burn alerts name.
fn burns(promise: &Promise) -> impl Iterator<Item = &String> {
    let burn = match &promise.kind {
        Kind::Ratio(ratio) => ratio.burn.as_slice(),
        Kind::Latency(latency) => latency.burn.as_slice(),
        _ => &[],
    };
    burn.iter().filter_map(|alert| alert.severity.as_ref())
}

/// A hint is read at a glance.
const NAMES_SHOWN: usize = 12;

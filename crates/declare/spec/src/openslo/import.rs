//! From OpenSLO to a spec: each objective of each SLO becomes a promise.

use std::{collections::BTreeMap, fmt::Write as _};

use promise::say;

use super::{
    Converted, Note,
    objects::{Object, objects},
    quoted,
    slo::Slo,
};

/// The objects of a file.
pub(super) struct Known(BTreeMap<(String, String), Object>);

impl Known {
    pub fn get(&self, kind: &str, name: &str) -> Option<&Object> {
        self.0.get(&(kind.to_owned(), name.to_owned()))
    }
}

/// One promise as it is written: its fields in order.
pub(super) type Fields = Vec<(String, String)>;

/// Reads a file of OpenSLO v1 and writes the sections of a spec.
#[must_use]
pub fn import(file: &str) -> Converted {
    let mut notes = Vec::new();
    let all = objects(file, &mut notes);
    let known = all
        .iter()
        .map(|it| ((it.kind.clone(), it.name.clone()), it.clone()));
    let known = Known(known.collect());
    let mut promises: BTreeMap<String, Fields> = BTreeMap::new();
    let mut severities = Vec::new();
    let mut zone = None;
    for object in &all {
        match object.kind.as_str() {
            "SLO" => {
                let mut slo = Slo {
                    slo: object,
                    known: &known,
                    notes: &mut notes,
                };
                zone = zone.or_else(|| slo.zone());
                for (id, fields) in slo.promises(&mut severities) {
                    if promises.insert(id.clone(), fields).is_some() {
                        let what = say!(
                            "`{id}` stands here a second time; the last is kept",
                            "`{id}` が二度あり、後のものを使います"
                        );
                        notes.push(object.note(&object.node, what));
                    }
                }
            }
            "DataSource" => notes.push(object.note(
                &object.node,
                say!(
                    "where metrics come from is declared in `sources`, by target",
                    "メトリクスの収集元は `sources` に対象ごとに書きます"
                ),
            )),
            "AlertNotificationTarget" => notes.push(object.note(
                &object.node,
                say!(
                    "targets are declared in `receivers`",
                    "通知先は `receivers` に書きます"
                ),
            )),
            "Service" | "SLI" | "AlertPolicy" | "AlertCondition" => {}
            other => notes.push(object.note(
                &object.node,
                say!(
                    "`{other}` is no object of OpenSLO v1",
                    "`{other}` は OpenSLO v1 のオブジェクトではありません"
                ),
            )),
        }
    }
    let text = write(&all, &promises, &severities, zone.as_deref(), &mut notes);
    notes.sort_by_key(|note| note.line);
    // Each objective reads the same indicator.
    notes.dedup();
    Converted { text, notes }
}

fn write(
    all: &[Object],
    promises: &BTreeMap<String, Fields>,
    severities: &[String],
    zone: Option<&str>,
    notes: &mut Vec<Note>,
) -> String {
    let mut out = String::new();
    let mut services = all.iter().filter(|it| it.kind == "Service");
    if let Some(service) = services.next() {
        let name = service
            .text_at(&["metadata", "displayName"])
            .unwrap_or(&service.name);
        let owner = ["owner", "team"]
            .iter()
            .find_map(|label| service.text_at(&["metadata", "labels", label]));
        if owner.is_none() {
            let what = say!(
                "it names no owner; write who answers",
                "責任者が書かれていません。`owner` を書いてください"
            );
            notes.push(service.note(&service.node, what));
        }
        let (name, owner) = (quoted(name), quoted(owner.unwrap_or("nobody-yet")));
        let zone = zone.map_or_else(String::new, |zone| {
            format!("\n  time_zone: {}", quoted(zone))
        });
        // Writing to a text cannot fail.
        let _ = writeln!(out, "service:\n  name: {name}\n  owner: {owner}{zone}\n");
    }
    for more in services {
        let what = say!(
            "a spec is of one service; give this one its own",
            "仕様は一つのサービスについて書きます。これは別の仕様にしてください"
        );
        notes.push(more.note(&more.node, what));
    }
    out.push_str("promises:\n");
    for (id, fields) in promises {
        let _ = writeln!(out, "  {id}:");
        for (name, value) in fields {
            let _ = writeln!(out, "    {name}: {value}");
        }
    }
    if !severities.is_empty() {
        out.push_str("\nseverities:\n");
        for (level, name) in severities.iter().enumerate() {
            let _ = writeln!(out, "  {name}: {{ level: {} }}", level + 1);
        }
    }
    out
}

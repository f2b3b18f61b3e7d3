//! How a service is brought back: from where to where, and what starts it.

use promise::document::Node;

use super::{Reader, bounds::condition, figures::Kind, tree::Data, words::plain};
use crate::import::taking::{entries, text as scalar};

impl Reader<'_> {
    pub(super) fn failover(&mut self, node: &Node, data: &Data<'_>) {
        let at = |field| ["continuity", "failover", "region", field];
        for (key, below) in entries(node) {
            let line = data.line(below);
            let text = scalar(below).unwrap_or_default();
            match plain(&key.name).as_str() {
                "primary_region" | "primary" | "primary_site" => {
                    self.draft.set(
                        &["infrastructure", "regions", text, "role"],
                        "primary",
                        line,
                    );
                    self.draft.set(&at("from"), text, line);
                }
                "secondary_region" | "secondary" | "dr_region" | "standby_region"
                | "standby_site" => {
                    self.draft.set(
                        &["infrastructure", "regions", text, "role"],
                        "standby",
                        line,
                    );
                    self.draft.set(&at("to"), text, line);
                }
                "failover_type" | "failover_mode" | "mode" => {
                    self.draft.set(&at("mode"), text, line)
                }
                "failover_trigger" | "failover_triggers" | "triggers" | "trigger" => {
                    for (text, line) in self.said(below, data) {
                        self.trigger(&text, line);
                    }
                }
                "recovery_procedures" | "recovery_procedure" | "procedure" | "steps" | "手順" => {
                    for (text, line) in self.said(below, data) {
                        self.step(&text, line);
                    }
                }
                other => self.leaves(below, data, other),
            }
        }
    }

    pub(super) fn trigger(&mut self, text: &str, line: usize) {
        let said = condition(text);
        let about = said.as_ref().map_or(text, |said| said.about.as_str());
        let id = self.draft.id("triggers", &super::short(about, "trigger"));
        let at = |field| {
            [
                "continuity",
                "failover",
                "region",
                "triggers",
                id.as_str(),
                field,
            ]
        };
        self.draft.set(&at("text"), text, line);
        match said {
            Some(said) if said.figure.kind == Kind::Time => {
                self.draft.set(&at("after"), said.figure.text, line)
            }
            Some(said) => self.draft.set(&at("when"), said.bound(), line),
            None => {}
        }
    }
}

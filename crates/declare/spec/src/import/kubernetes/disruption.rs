//! Disruption budgets: how many of a workload must run while machines are emptied.

use promise::say;

use super::Object;
use crate::import::{
    Draft, Source, Taking,
    taking::{at, entries, text},
};

impl Object<'_> {
    pub(super) fn disruption(&self, spec: &mut Taking<'_>, source: &Source<'_>, draft: &mut Draft) {
        let labels = spec
            .take("selector")
            .and_then(|it| at(it, &["matchLabels"]));
        let labels = labels.map_or(&[][..], entries);
        let values = labels.iter().filter_map(|(_, node)| text(node));
        let mut named = values.chain([self.name]);
        let id = named.find(|name| draft.has(&["infrastructure", "compute", name]));
        let id = id.unwrap_or(self.name).to_owned();
        for (from, to) in [
            ("minAvailable", "available_min"),
            ("maxUnavailable", "unavailable_max"),
        ] {
            let Some((said, line)) = spec.line_of(from, source) else {
                continue;
            };
            let path = ["infrastructure", "compute", id.as_str(), to];
            match said.parse::<u64>() {
                _ if !draft.has(&path[..3]) => draft.lost(
                    line,
                    &format!("PodDisruptionBudget {}: {from}: {said}", self.name),
                    say!("what it is of is not known", "対象が分かりません"),
                ),
                Ok(count) => draft.set(&path, count, line),
                // A share of all or of none says the same however many there are.
                Err(_)
                    if matches!(
                        (from, said),
                        ("maxUnavailable", "0%") | ("minAvailable", "100%")
                    ) =>
                {
                    draft.set(&[path[0], path[1], path[2], "unavailable_max"], 0, line);
                }
                Err(_) => draft.lost(
                    line,
                    &format!("PodDisruptionBudget {}: {from}: {said}", self.name),
                    say!(
                        "a share of them is not held against their number",
                        "割合は台数と比べません"
                    ),
                ),
            }
        }
    }
}

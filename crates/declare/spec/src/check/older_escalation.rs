//! Escalations that are written the older way, with the severity.

use promise::{document::Fix, say};

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A severity with `escalate_to` or `escalate_after`.
    /// ja: `escalate_to` または `escalate_after` のある重大度。
    /// # Why
    /// They say what an escalation says, and cannot name people, schedules or further steps.
    /// ja: 内容はエスカレーションと同じですが、人・当番表・その先の段階を書けません。
    /// # Source
    /// No number of ours.
    /// ja: 独自の数値はありません。
    /// # Example
    /// `{ level: 1, escalate_to: [lead], escalate_after: 5m }`
    /// ja: `{ level: 1, escalate_to: [lead], escalate_after: 5m }`
    /// # Fix
    /// Name an escalation and write its steps under `escalations`; `tegata check --fix` does it.
    /// ja: `escalation` に名前を書き、段階を `escalations` に書きます(`tegata check --fix` で直せます)。
    "older-escalation": Advice, needs ["severities"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    // What the fixes of several severities would add to one place is one change: the first makes the section.
    let mut has_section = sight.places.is_written(&["escalations"]);
    for (name, severity) in &sight.spec.severities {
        let at = |field| ["severities", name.as_str(), field];
        let older: Vec<[&str; 3]> = ["escalate_to", "escalate_after"]
            .map(at)
            .into_iter()
            .filter(|path| sight.places.is_written(path))
            .collect();
        let Some(first) = older.first() else { continue };
        let is_said_twice = sight.places.is_written(&at("escalation"));
        let diagnostic = found.note(
            sight.places.key(first),
            say!(
                "an escalation of `{name}` in the older spelling",
                "`{name}` のエスカレーションが古い書き方です"
            ),
        );
        if is_said_twice {
            diagnostic.also(
                sight.places.at(&at("escalation")),
                say!("this one counts", "こちらが使われます"),
            );
        }
        let written = |path: &[&str; 3]| {
            let start = sight.places.key(path).start;
            let node = sight.places.node(path)?;
            // What a list spans may reach over the remark behind it.
            let text = sight
                .texts
                .at(start)?
                .get(&(start..node.span.end))?
                .split(" #")
                .next()?;
            let length = text.rfind(']').map_or(text.trim_end().len(), |at| at + 1);
            Some(start..start + length)
        };
        let mut fix = Fix::safe(say!(
            "write the escalation of `{name}` as `escalations`",
            "`{name}` のエスカレーションを `escalations` に書く"
        ));
        let mut older = older.iter();
        if !is_said_twice && let Some(span) = older.next().and_then(written) {
            // In place, so that a remark behind it stays.
            fix = fix.replace(
                span,
                format!(
                    "escalation: {}",
                    severity.escalation.as_deref().unwrap_or(name)
                ),
            );
        }
        let rest: Option<Vec<_>> = older
            .map(|path| sight.places.lines(path, sight.texts))
            .collect();
        let Some(rest) = rest else { continue };
        for lines in rest {
            fix = fix.replace(lines, "");
        }
        if !is_said_twice {
            let Some((policy, escalation)) = severity
                .escalation
                .as_ref()
                .and_then(|it| Some((it, sight.spec.escalations.get(it)?)))
            else {
                continue;
            };
            let mut section = String::new();
            for step in &escalation.steps {
                let roles = step
                    .roles
                    .iter()
                    .map(|role| format!("{role:?}"))
                    .collect::<Vec<_>>()
                    .join(", ");
                let roles = if roles.is_empty() {
                    String::new()
                } else {
                    format!(", roles: [{roles}]")
                };
                section.push_str(&format!("      - {{ after: {}{roles} }}\n", step.after));
            }
            let section = format!("  {policy}:\n    steps:\n{section}");
            let severities = sight.places.lines(&["severities"], sight.texts);
            // A second severity finds the section in the next round.
            let place = if has_section {
                sight
                    .places
                    .lines(&["escalations"], sight.texts)
                    .filter(|_| sight.places.is_written(&["escalations"]))
            } else {
                severities
            };
            let Some(place) = place else { continue };
            fix = if has_section {
                fix.insert(place.end, section)
            } else {
                fix.insert(place.end, format!("\nescalations:\n{section}"))
            };
            has_section = true;
        }
        diagnostic.fix(fix);
    }
}

//! A value of a fenced block that no name found a place for: what its path and its words say together.

use super::{Reader, figures::figures, stated::LOGS, words};

impl Reader<'_> {
    /// Reads a value by the words of its path and its own; `false` where they say nothing that a spec holds.
    pub(super) fn leaf(&mut self, path: &str, text: &str, line: usize) -> bool {
        let name = path.rsplit('.').next().unwrap_or(path);
        self.managed_rules(text, line)
            || self.acknowledged(path, text, line)
            || self.called(path, text, line)
            || self.stopped(path, text, line)
            || self.copied_to(path, text, line)
            || self.took_turns(name, path, text, line)
            || self.signed_in(path, text, line)
            || self.duty(path, text, line)
            || self.copied(name, text, line, true)
            || self.sla_said(path, text, line)
            || self.log_kept(path, name, text, line)
            || self.leaf_stated(path, text, line)
    }

    /// `app_stdout: { retention: 30 days }`, `監査ログ: 1年` where logs are spoken of.
    fn log_kept(&mut self, path: &str, name: &str, text: &str, line: usize) -> bool {
        const ABOUT: [&str; 6] = ["log", "stream", "ログ", "監査", "audit", "証跡"];
        let says_logs = |text: &str| ABOUT.iter().any(|word| text.to_lowercase().contains(word));
        let (above, of) = match path.rsplit_once('.') {
            Some((above, _))
                if words::field("streams", name).is_some_and(|(field, _)| field == "retention") =>
            {
                (above, above.rsplit('.').next().unwrap_or(above))
            }
            _ if ["retention", "保存", "保持", "保管"]
                .iter()
                .any(|word| path[..path.len() - name.len()].contains(word)) =>
            {
                (path, name)
            }
            _ => return false,
        };
        let heading = self
            .headings
            .last()
            .is_some_and(|(_, text)| says_logs(text));
        if !(says_logs(above) || heading) {
            return false;
        }
        let Some(kept) = super::place::value(words::Form::Days, text) else {
            return false;
        };
        let kind = LOGS
            .iter()
            .find(|(.., words)| words.iter().any(|word| of.contains(word)));
        let id = self.draft.id(
            "log_analysis",
            &super::short(of, kind.map_or("logs", |(kind, ..)| *kind)),
        );
        self.draft
            .set(&["log_analysis", &id, "retention"], kept, line);
        true
    }

    /// What the path and the value say as if they were a sentence.
    fn leaf_stated(&mut self, path: &str, text: &str, line: usize) -> bool {
        let said = path.replace(['.', '_'], " ");
        let mut left = format!("{said} {text}");
        if figures(&left).is_empty() {
            return false;
        }
        let before = left.clone();
        let above = self.subject.take();
        self.subject = self.part_of(path);
        self.stated(&mut left, line);
        self.subject = above;
        left != before
    }

    /// The part that a name of a path is the id of.
    fn part_of(&self, path: &str) -> Option<(&'static str, String)> {
        let names: Vec<&str> = path.split('.').collect();
        let parts = [
            "compute",
            "databases",
            "queues",
            "caches",
            "load_balancers",
            "buckets",
        ];
        let known = |name: &str| {
            parts.iter().find_map(|section| {
                let ids = self.draft.names(&["infrastructure", section]);
                let id = ids
                    .into_iter()
                    .find(|id| id.replace('-', "_") == name.replace('-', "_"))?;
                Some((*section, id))
            })
        };
        names.iter().rev().find_map(|name| known(name))
    }
}

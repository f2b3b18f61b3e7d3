//! The log rules of a spec: the conditions of `log_analysis`, and rule files of ElastAlert2 and Sigma among `rules.files`.

use evaluate::log_rule::{LogRule, elastalert, one_line, sigma};
use promise::document::Mistake;
use spec::Spec;

/// The conditions that `log_analysis` names, with the severity of each. One that a promise proves is that promise's; one
/// that cannot be read as a rule is told and left out, as the design may say more than a rule can.
pub(crate) fn of(spec: &Spec) -> Vec<(LogRule, Option<String>)> {
    let mut rules = Vec::new();
    for (stream, design) in &spec.design.log_analysis {
        for (name, alert) in design
            .alerts
            .iter()
            .filter(|(_, alert)| alert.promise.is_none())
        {
            let pattern = design.pattern.as_deref().unwrap_or(stream);
            let mut line = format!("stream:{pattern} AND {}", alert.logs);
            if let Some(count) = alert.count {
                line.push_str(&format!(" AND count {count}"));
            }
            // What counts or compares stretches of time takes its length; `after` is followed by a query.
            let has_stretch = line.contains("count ") || line.contains(" unusual");
            if let (Some(within), true, false) =
                (alert.within, has_stretch, line.contains(" after "))
            {
                line.push_str(&format!(" over {within}"));
            }
            match one_line::read(name, &line) {
                Ok(rule) => rules.push((rule, alert.severity.clone())),
                Err(why) => tracing::warn!(
                    rule = name,
                    why = why.en,
                    "a condition of log_analysis is no rule"
                ),
            }
        }
    }
    rules
}

/// A file that is a rule of ElastAlert2 or of Sigma, and not one of Prometheus: told by the keys at its top.
pub(crate) fn read(text: &str) -> Option<Result<LogRule, Vec<Mistake>>> {
    let has = |key: &str| {
        text.lines().any(|line| {
            line.strip_prefix(key)
                .is_some_and(|rest| rest.starts_with(':'))
        })
    };
    if has("groups") {
        None
    } else if has("detection") {
        Some(sigma::read(text))
    } else if has("type") && has("name") {
        Some(elastalert::read(text))
    } else {
        None
    }
}

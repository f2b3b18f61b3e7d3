//! The steps by which a service is brought back: who takes them and how long they last.

use std::time::Duration;

use promise::{record::Scalar as _, say, unit::Span};
use serde_json::json;

use super::{
    Draft, Reader,
    figures::{Figure, Kind, figures},
    words,
};

/// What the first procedure of a document is called.
const FIRST: &str = "region";

/// Tiers that are the service itself.
const WHOLE: [&str; 8] = [
    "service",
    "system",
    "full_system",
    "entire_system",
    "whole_system",
    "platform",
    "overall",
    "all",
];

/// What moves a service elsewhere; what is but restored or approved may be anything.
const SWITCHES: [&str; 4] = ["dns", "promote", "scale", "redirect"];

/// The steps under one heading.
pub(super) struct Procedure {
    heading: String,
    id: String,
    line: usize,
    /// Where the clock of the steps before stands.
    reached: Option<Duration>,
    is_on_clock: bool,
    /// Whether a step says how long it lasts, and whether one moves something elsewhere.
    is_timed: bool,
    switches: bool,
}

impl Reader<'_> {
    /// A step of the procedure that stands under the present heading.
    pub(super) fn step(&mut self, text: &str, line: usize) {
        self.timed_step(text, "", "", line);
    }

    /// The same, with how long it takes and who takes it where these stand beside it.
    pub(super) fn timed_step(&mut self, text: &str, time: &str, by: &str, line: usize) {
        let (text, reached) = match on_clock(text) {
            Some((at, rest)) => (rest, Some(at)),
            None => (text, None),
        };
        let lower = text.to_lowercase();
        let kinds: [(&str, &[&str]); 7] = [
            ("dns", &["dns"]),
            ("promote", &["promot", "昇格"]),
            ("scale", &["scal", "スケール", "増強"]),
            ("restore", &["restor", "復元", "リストア"]),
            ("approve", &["approv", "承認", "判断", "decid"]),
            ("redirect", &["redirect", "切り替え", "切替", "switch"]),
            ("notify", &["notify", "連絡", "通知"]),
        ];
        let kind = kinds
            .into_iter()
            .find(|(_, words)| words.iter().any(|word| named(&lower, word)));
        let mut step = json!({ "text": text });
        if let Some((kind, _)) = kind {
            step["do"] = json!(kind);
        }
        const ACTORS: [(&str, &str); 9] = [
            ("cto", "CTO"),
            ("on call", "on_call"),
            ("on-call", "on_call"),
            ("当番", "on_call"),
            ("担当", "operator"),
            ("operator", "operator"),
            ("script", "script"),
            ("スクリプト", "script"),
            ("route 53", "route53"),
        ];
        if let Some((_, by)) = ACTORS.iter().find(|(word, _)| lower.contains(word)) {
            step["by"] = json!(by);
        }
        if !by.is_empty() {
            step["by"] = json!(by);
        }
        let beside = figures(time).into_iter().find(|it| it.kind == Kind::Time);
        let procedure = self.procedure(line);
        if let Some(reached) = reached {
            let before = procedure.reached.replace(reached).unwrap_or_default();
            procedure.is_on_clock = true;
            procedure.is_timed = true;
            step["takes"] = json!(Span(reached.saturating_sub(before)).to_string());
            let id = procedure.id.clone();
            return self
                .draft
                .push(&["continuity", "failover", &id, "steps"], step, line);
        }
        let id = procedure.id.clone();
        let after_ttl = lower.split_once("ttl").map_or("", |(_, after)| after);
        let bare_ttl = figures(after_ttl)
            .into_iter()
            .find(|it| it.kind == Kind::Count);
        let bare_ttl = bare_ttl.map(|it| Figure {
            kind: Kind::Time,
            text: format!("{}s", it.text),
            ..it
        });
        // `until p95 is below 1.5 s`: when the step is done, and not how long it takes.
        // `within the last 35 days`: to what it applies.
        const APPLIES: [&str; 8] = [
            "drill duration",
            "訓練時間",
            "過去",
            "以前の",
            "the last ",
            "the past ",
            "older than",
            "retention",
        ];
        let is_measured =
            words::quantile(text).is_some() || APPLIES.iter().any(|word| lower.contains(word));
        match figures(text)
            .into_iter()
            .find(|it| it.kind == Kind::Time && !is_measured && !describes(text, it))
            .or(bare_ttl)
        {
            // The step is done at once; it is the resolvers that take so long.
            Some(ttl) if lower.contains("ttl") => {
                let at = |field| ["infrastructure", "dns", "main", field];
                self.draft.set(&at("ttl"), ttl.text, line);
                let why = say!("the recovery switches it", "復旧の手順で切り替える");
                self.draft.guess(&at("failover"), true, line, why);
            }
            Some(takes) => {
                let times = looked_times(text).filter(|_| {
                    lower.contains("every") || text.contains("おき") || text.contains("ごと")
                });
                let seconds = times.and_then(|times| {
                    Some(times * takes.text.strip_suffix('s')?.parse::<u64>().ok()?)
                });
                step["takes"] = seconds
                    .map_or_else(|| json!(takes.text), |seconds| json!(format!("{seconds}s")));
            }
            None => {}
        }
        if let Some(takes) = beside {
            step["takes"] = json!(takes.text);
        }
        let procedure = self.procedure(line);
        procedure.is_timed |= step.get("takes").is_some();
        procedure.switches |= kind.is_some_and(|(kind, _)| SWITCHES.contains(&kind));
        self.draft
            .push(&["continuity", "failover", &id, "steps"], step, line);
    }

    /// The procedure that stands under the present heading; the first is the one that the triggers start.
    fn procedure(&mut self, line: usize) -> &mut Procedure {
        let heading = self.headings.last().map(|(_, text)| text.clone());
        let heading = heading.unwrap_or_default();
        let known = self.procedures.iter().position(|it| it.heading == heading);
        let at = known.unwrap_or_else(|| {
            let id = match self.procedures.is_empty() {
                true => FIRST.to_owned(),
                false => self
                    .draft
                    .id("failover", &super::short(&heading, "procedure")),
            };
            self.procedures.push(Procedure {
                heading,
                id,
                line,
                reached: None,
                is_on_clock: false,
                is_timed: false,
                switches: false,
            });
            self.procedures.len() - 1
        });
        &mut self.procedures[at]
    }

    /// A procedure that names no tier is of the whole service, where the whole has a recovery time of its own; where it
    /// has none, further procedures are held against the tier that may take longest.
    pub(super) fn tiers_of_procedures(&mut self) {
        let rto = |draft: &Draft, tier: &str| {
            let said = draft.says(&["service", "tiers", tier, "rto"])?.as_str()?;
            Some(Span::parse(said).ok()?.0)
        };
        let tiers = self.draft.names(&["service", "tiers"]);
        let whole = tiers
            .iter()
            .find(|tier| WHOLE.contains(&tier.as_str()) && rto(self.draft, tier).is_some());
        let longest = tiers.iter().max_by_key(|tier| rto(self.draft, tier));
        for procedure in std::mem::take(&mut self.procedures) {
            let at = |field| ["continuity", "failover", procedure.id.as_str(), field];
            // What is written down by the clock begins with what starts it.
            if procedure.is_on_clock {
                let why = say!(
                    "the clock of the steps begins with it",
                    "手順の時計はこれより前から"
                );
                for trigger in self.draft.names(&at("triggers")) {
                    let after = [&at("triggers")[..], &[&trigger, "after"]].concat();
                    if self.draft.has(&after) {
                        self.draft.withdraw(&after, &why);
                    }
                }
            }
            let is_further = procedure.id != FIRST;
            if !procedure.is_timed && (is_further || !procedure.switches) {
                let why = say!(
                    "steps without a time: a runbook",
                    "時間の書かれていない手順(ランブック)"
                );
                match is_further {
                    true => self.draft.withdraw(&at("steps")[..3], &why),
                    false => self.draft.withdraw(&at("steps"), &why),
                }
                continue;
            }
            let of = match whole.or(longest.filter(|_| is_further)) {
                Some(tier) if tiers.len() > 1 && !self.draft.has(&at("tiers")) => tier,
                _ => continue,
            };
            let why = say!("no tier is named with it", "層の名前がない");
            self.draft
                .guess(&at("tiers"), json!([of]), procedure.line, why);
        }
    }
}

/// Whether a text has a word: who escalates scales nothing.
fn named(text: &str, word: &str) -> bool {
    let mut places = text.match_indices(word);
    places.any(|(at, _)| !(word == "scal" && text[..at].ends_with('e')))
}

/// `a 72-hour cache`: what something is like, and not how long the step takes.
fn describes(text: &str, figure: &Figure) -> bool {
    const LASTS: [&str; 7] = [
        "wait", "delay", "restore", "soak", "window", "timeout", "approval",
    ];
    // `validated < 4h RTO`: what is promised, and not what it takes.
    if text[figure.end..]
        .trim_start()
        .to_lowercase()
        .starts_with("rto")
    {
        return true;
    }
    let is_joined = text[figure.start..figure.end].contains('-');
    let mut next = text[figure.end..].split_whitespace().take(2);
    is_joined && !next.any(|word| LASTS.iter().any(|it| word.to_lowercase().starts_with(it)))
}

/// How many looks in a row it takes until something counts as down: `3回続けて失敗`, `three times in a row`.
pub(super) fn looked_times(text: &str) -> Option<u64> {
    let lower = text.to_lowercase();
    let counts = figures(text).into_iter().find(|it| {
        let after = lower.get(it.end..).unwrap_or_default().trim_start();
        it.kind == Kind::Count
            && ["回", "times", "failures", "consecutive"]
                .iter()
                .any(|word| after.starts_with(word))
    });
    counts.and_then(|it| it.text.parse().ok())
}

/// `T+15 min: deploy`: when the step is reached, and what it is.
pub(super) fn on_clock(text: &str) -> Option<(Duration, &str)> {
    let rest = text.trim_start().strip_prefix(['T', 't'])?.trim_start();
    let rest = rest.strip_prefix('+')?;
    let at = figures(rest).into_iter().next()?;
    let is_first = rest.get(..at.start)?.trim().is_empty();
    let span = Span::parse(&at.text).ok()?;
    let step = rest.get(at.end..)?;
    let step = step.trim_start_matches(|c: char| c.is_whitespace() || ":：-–—.)".contains(c));
    (is_first && at.kind == Kind::Time).then_some((span.0, step))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_tells_when_a_step_is_reached() {
        let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
        for (text, wanted) in [
            (
                "T+0 min: outage detected",
                Some((minutes(0), "outage detected")),
            ),
            ("T+90 min: resume", Some((minutes(90), "resume"))),
            (
                "T + 3.5 hours: restarted",
                Some((minutes(210), "restarted")),
            ),
            ("T+15分 待機系を昇格", Some((minutes(15), "待機系を昇格"))),
            ("Tune 5 min", None),
            ("restore (20 min)", None),
        ] {
            assert_eq!(on_clock(text), wanted, "{text}");
        }
    }
}

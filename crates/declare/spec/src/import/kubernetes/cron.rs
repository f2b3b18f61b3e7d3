//! Jobs that run by a schedule: backups and copies, of which it says how old they may be.

use promise::say;

use super::Object;
use crate::import::{Draft, Source, Taking};

impl Object<'_> {
    pub(super) fn cron(&self, spec: &mut Taking<'_>, source: &Source<'_>, draft: &mut Draft) {
        spec.skip(&[
            "concurrencyPolicy",
            "successfulJobsHistoryLimit",
            "failedJobsHistoryLimit",
            "startingDeadlineSeconds",
            "timeZone",
            "suspend",
        ]);
        spec.skip(&["jobTemplate"]);
        let Some((schedule, line)) = spec.line_of("schedule", source) else {
            return;
        };
        let name = self.name.to_lowercase();
        let has = |words: &[&str]| name.split(['-', '_', '.']).any(|it| words.contains(&it));
        match every(schedule) {
            Some(every) if name.contains("backup") || name.contains("dump") => {
                let id = draft.id("continuity.backups", self.name);
                let why = say!(
                    "its name says that it is a backup",
                    "名前からバックアップと判断しました"
                );
                draft.guess(&["continuity", "backups", &id, "every"], every, line, why);
                draft.guess(
                    &["continuity", "backups", &id, "automatic"],
                    true,
                    line,
                    say!("it runs by itself", "自動で実行されます"),
                );
            }
            // Between two runs a copy grows as old as the time between them.
            Some(every) if has(&COPIES) || (has(&["sync"]) && has(&STANDBY)) => {
                let id = draft.id("continuity.replication", self.name);
                let why = say!(
                    "its name says that it copies: what came after the last run is not there yet",
                    "名前から複製の処理と判断しました(前回の実行より後の分はまだありません)"
                );
                draft.guess(
                    &["continuity", "replication", &id, "lag_max"],
                    every,
                    line,
                    why,
                );
            }
            _ => draft.lost(
                line,
                &format!("CronJob {}: {schedule}", self.name),
                say!(
                    "a promise of kind `freshness` would prove that it runs",
                    "`freshness` の約束で、実行されたことを証明できます"
                ),
            ),
        }
    }
}

/// Words of a job's name that say that it copies.
const COPIES: [&str; 6] = [
    "copy",
    "copies",
    "replicate",
    "replication",
    "replica",
    "mirror",
];

/// Words of a job's name that say that it is for another site.
const STANDBY: [&str; 4] = ["dr", "standby", "secondary", "offsite"];

/// How often a schedule of cron comes, where that is plain: every so many minutes, hourly, daily or weekly.
fn every(schedule: &str) -> Option<String> {
    let named = match schedule.trim() {
        "@hourly" => Some("1h"),
        "@daily" | "@midnight" => Some("1d"),
        "@weekly" => Some("7d"),
        _ => None,
    };
    if let Some(named) = named {
        return Some(named.to_owned());
    }
    let fields: Vec<&str> = schedule.split_whitespace().collect();
    let [minute, hour, day, month, weekday] = fields.as_slice() else {
        return None;
    };
    let is_number = |text: &str| text.parse::<u32>().is_ok();
    let step = |text: &str| {
        text.strip_prefix("*/")
            .and_then(|step| step.parse::<u32>().ok())
    };
    match (minute, hour, day, month, weekday) {
        (minute, &"*", &"*", &"*", &"*") if step(minute).is_some() => {
            step(minute).map(|step| format!("{step}m"))
        }
        (minute, &"*", &"*", &"*", &"*") if is_number(minute) => Some("1h".to_owned()),
        (minute, hour, &"*", &"*", &"*") if is_number(minute) && step(hour).is_some() => {
            step(hour).map(|step| format!("{step}h"))
        }
        (minute, hour, &"*", &"*", &"*") if is_number(minute) && is_number(hour) => {
            Some("1d".to_owned())
        }
        (minute, hour, &"*", &"*", weekday)
            if is_number(minute) && is_number(hour) && is_number(weekday) =>
        {
            Some("7d".to_owned())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_schedules_are_known_and_others_are_not() {
        for (schedule, wanted) in [
            ("*/15 * * * *", Some("15m")),
            ("5 * * * *", Some("1h")),
            ("0 */6 * * *", Some("6h")),
            ("30 2 * * *", Some("1d")),
            ("0 3 * * 0", Some("7d")),
            ("@daily", Some("1d")),
            ("0 9 1 * *", None),
            ("0 9 * * 1-5", None),
            ("", None),
        ] {
            assert_eq!(every(schedule).as_deref(), wanted, "{schedule}");
        }
    }
}

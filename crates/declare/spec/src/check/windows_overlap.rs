//! Backups, maintenance and exercises at the same time.

use promise::say;

use super::{Found, Sight, hours::Hours};

rule! {
    /// # Finds
    /// A backup whose `window` overlaps the `maintenance_window` of the same database, or the `window` of an exercise.
    /// ja: バックアップの `window` が、同じデータベースの `maintenance_window` または訓練の `window` と重なるもの。
    /// # Why
    /// Maintenance restarts the machine and ends the backup; an exercise promotes another one meanwhile. The next good backup is a day away.
    /// ja: 保守で再起動するとバックアップが中断し、訓練中は別の機械が主系になります。次に正常なバックアップが取れるのは翌日です。
    /// # Source
    /// Amazon RDS, CreateDBInstance: the backup window must not conflict with the preferred maintenance window.
    /// ja: Amazon RDS の CreateDBInstance: バックアップウィンドウは保守ウィンドウと重なってはいけません。
    /// # Example
    /// `window: 03:00-04:00` with `maintenance_window: sun:03:30-sun:04:30`
    /// ja: `window: 03:00-04:00` with `maintenance_window: sun:03:30-sun:04:30`
    /// # Fix
    /// Move one of them.
    /// ja: どちらかの時間をずらします。
    "windows-overlap": Warning, needs ["infrastructure", "continuity"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let design = &sight.spec.design;
    for (name, backup) in &design.continuity.backups {
        let Some((text, hours)) = read(&backup.window) else {
            continue;
        };
        let maintained = design
            .infrastructure
            .databases
            .iter()
            .filter(|(database, _)| backup.of.as_ref().is_none_or(|of| of == *database));
        let maintained = maintained.map(|(database, it)| {
            (
                vec![
                    "infrastructure",
                    "databases",
                    database.as_str(),
                    "maintenance_window",
                ],
                &it.maintenance_window,
            )
        });
        let drills = design.continuity.drills.iter().map(|(drill, it)| {
            (
                vec!["continuity", "drills", drill.as_str(), "window"],
                &it.window,
            )
        });
        for (path, other) in maintained.chain(drills) {
            let Some((other, _)) = read(other).filter(|(_, other)| other.meets(&hours)) else {
                continue;
            };
            found
                .note(
                    sight.places.at(&["continuity", "backups", name, "window"]),
                    say!(
                        "{text} overlaps {other}",
                        "{text} と {other} が重なっています"
                    ),
                )
                .also(
                    sight.places.at(&path),
                    say!("at the same time", "同じ時間帯"),
                );
        }
    }
}

fn read(window: &Option<String>) -> Option<(&str, Hours)> {
    let text = window.as_deref()?;
    Some((text, Hours::read(text)?))
}

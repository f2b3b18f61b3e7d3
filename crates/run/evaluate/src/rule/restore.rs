//! Alerts from before a restart, read back from `ALERTS_FOR_STATE` and `ALERTS`.

use std::time::Duration;

use promise::{Timestamp, signal::Matcher};
use promql::{Labels, Series, is_stale};
use store::Error;

use super::{
    alert::Restored,
    file::Action,
    group::{ALERTS, FOR_STATE, Live, Standing},
    source::Source,
};

impl Live {
    /// Puts back what was active when the series were last written, no longer than `back` ago.
    pub async fn restore(
        &mut self,
        source: &impl Source,
        now: Timestamp,
        back: Duration,
        tick_aligned: bool,
    ) -> Result<(), Error> {
        for standing in &mut self.rules {
            let Action::Alert { name, .. } = &standing.rule.action else {
                continue;
            };
            let matchers = [
                Matcher::equal("__name__", FOR_STATE),
                Matcher::equal("alertname", name.clone()),
            ];
            for series in source.select(&matchers, now - back, now).await? {
                if standing.may_write(&series.labels) {
                    standing
                        .remember(&series, source, now, tick_aligned)
                        .await?;
                }
            }
        }
        Ok(())
    }
}

impl Standing {
    /// Rules of one name are told apart by the labels that they set, where those are no templates.
    pub(super) fn may_write(&self, labels: &Labels) -> bool {
        self.rule
            .labels
            .iter()
            .filter(|(_, value)| !value.as_str().contains("{{"))
            .all(|(name, value)| labels.get(name) == value.as_str())
    }

    async fn remember(
        &mut self,
        series: &Series,
        source: &impl Source,
        now: Timestamp,
        tick_aligned: bool,
    ) -> Result<(), Error> {
        let Some(last) = series.samples.last().filter(|last| !is_stale(last.value)) else {
            return Ok(());
        };
        #[allow(clippy::cast_possible_truncation)]
        let active_at = Timestamp::from_millis((last.value * 1e3) as i64);
        let labels = series.labels.without_name();
        if tick_aligned {
            self.remembered.insert(labels, (last.at, active_at));
            return Ok(());
        }
        let mut matchers = vec![
            Matcher::equal("__name__", ALERTS),
            Matcher::equal("alertstate", "firing"),
        ];
        matchers.extend(
            labels
                .iter()
                .map(|(name, value)| Matcher::equal(name, value)),
        );
        let fired = source.select(&matchers, last.at, last.at).await?;
        let is_firing = fired.iter().any(|fired| {
            // The same labels and nothing more, but for the state.
            fired.labels.with("alertstate", "").without_name() == labels && !fired.is_empty()
        });
        let restored = Restored {
            labels,
            active_at,
            last: last.at,
            is_firing,
        };
        self.alerts.restore(restored, now);
        Ok(())
    }
}

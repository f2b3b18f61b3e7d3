//! The console's door onto what is scraped.

use std::sync::Arc;

use collect::TargetStatus;
use console::door::{self, Dropped, Target, TargetHealth};

use crate::app::House;

pub(super) struct Door(pub(super) Arc<House>);

impl door::Targets for Door {
    fn active(&self) -> Vec<Target> {
        let collector = self.0.collector.borrow();
        let all = collector.iter().flat_map(|collector| collector.targets());
        all.filter_map(show).collect()
    }

    fn dropped(&self) -> Vec<Dropped> {
        let collector = self.0.collector.borrow();
        let all = collector.iter().flat_map(|collector| collector.dropped());
        all.map(|(job, discovered)| Dropped { job, discovered })
            .collect()
    }
}

/// Nothing for a row that is no target, such as where targets are looked for.
fn show(target: TargetStatus) -> Option<Target> {
    let detail = target.target?;
    Some(Target {
        job: detail.job,
        discovered: detail.discovered,
        labels: detail.labels,
        last: target.last,
        took: target.duration.unwrap_or_default(),
        health: match (target.last, target.error) {
            (_, Some(error)) => TargetHealth::Down(error.en),
            (None, None) => TargetHealth::Unknown,
            (Some(_), None) => TargetHealth::Up,
        },
        interval: detail.interval,
        timeout: detail.timeout,
        url: target.url,
    })
}

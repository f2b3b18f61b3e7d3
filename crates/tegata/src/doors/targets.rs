//! The console's door onto what is scraped.

use std::sync::Arc;

use collect::{TargetKind, TargetStatus};
use console::door::{self, Dropped, Target, TargetHealth};
use store::Labels;

use crate::app::House;

pub(super) struct Door(pub(super) Arc<House>);

impl door::Targets for Door {
    fn active(&self) -> Vec<Target> {
        let collector = self.0.collector.load();
        let all = collector.iter().flat_map(|collector| collector.targets());
        all.filter(|target| target.kind == TargetKind::Scrape)
            .map(show)
            .collect()
    }

    fn dropped(&self) -> Vec<Dropped> {
        Vec::new()
    }
}

fn show(target: TargetStatus) -> Target {
    let (job, instance) = target
        .source
        .split_once('/')
        .unwrap_or((&target.source, ""));
    let interval = match (target.last, target.next) {
        (Some(last), Some(next)) => next.since(last),
        _ => std::time::Duration::ZERO,
    };
    Target {
        job: job.to_owned(),
        discovered: Labels::new([("__address__", instance), ("job", job)]),
        labels: Labels::new([("instance", instance), ("job", job)]),
        last: target.last,
        took: target.duration.unwrap_or_default(),
        health: match (target.last, target.error) {
            (_, Some(error)) => TargetHealth::Down(error.en),
            (None, None) => TargetHealth::Unknown,
            (Some(_), None) => TargetHealth::Up,
        },
        interval,
        timeout: interval,
        url: target.url,
    }
}

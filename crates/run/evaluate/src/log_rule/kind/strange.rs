//! A figure that is new: an average or a sum over each stretch of time, held against all that were seen.

use std::time::Duration;

use promise::{Say, Timestamp, say};
use serde::{Deserialize, Serialize};

use super::{Firing, rates::two_digits, slices::Slices};
use crate::{
    anomaly::{Novelty, Side, Tail},
    log_rule::{Event, Figure, Kind, LogRule, Scalar},
};

/// While the tail of surprises is not known, this is too much: what judges best over the 58 series of the Numenta Anomaly
/// Benchmark.
const SURPRISE: f64 = 4.5;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Strange {
    slices: Slices,
    count: u32,
    sum: f64,
    least: Option<f64>,
    most: Option<f64>,
    seen: Novelty,
    tail: Tail,
}

impl Strange {
    pub fn event(&mut self, rule: &LogRule, event: &Event, fire: &mut dyn FnMut(Firing)) {
        self.tick(rule, event.at, fire);
        let value = event.values.first().and_then(Option::as_ref);
        if let Some(value) = value.and_then(Scalar::number) {
            self.count = self.count.saturating_add(1);
            self.sum += value;
            self.least = Some(self.least.map_or(value, |least| least.min(value)));
            self.most = Some(self.most.map_or(value, |most| most.max(value)));
        }
    }

    /// Judges the stretches that are over. One without a value has no figure and is passed over.
    pub fn tick(&mut self, rule: &LogRule, at: Timestamp, fire: &mut dyn FnMut(Firing)) {
        let Kind::Strange {
            figure,
            every,
            once_in,
            ..
        } = rule.kind
        else {
            return;
        };
        let risk = every.as_secs_f64() / once_in.as_secs_f64().max(every.as_secs_f64());
        for begin in self.slices.pass(every, at) {
            let (count, sum) = (
                std::mem::take(&mut self.count),
                std::mem::take(&mut self.sum),
            );
            let (least, most) = (self.least.take(), self.most.take());
            let value = match figure {
                Figure::Avg => (count > 0).then(|| sum / f64::from(count)),
                Figure::Sum => (count > 0).then_some(sum),
                Figure::Min => least,
                Figure::Max => most,
            };
            let Some(value) = value else {
                continue;
            };
            let found = self.seen.observe(begin, value);
            let bound = self.tail.bound(risk).unwrap_or_default().max(SURPRISE);
            if found.is_news && found.score > bound {
                fire(Firing {
                    at: begin,
                    key: None,
                    event: None,
                    figure: Some(value),
                    why: Some(why(value, every, found.side)),
                });
            } else {
                self.tail.learn(found.score);
            }
        }
    }
}

/// In words: from where it is new.
fn why(value: f64, every: Duration, side: Side) -> Say {
    let minutes = every.as_secs().div_ceil(60);
    let value = two_digits(value);
    match side {
        Side::Value | Side::Size => say!(
            "{value} over {minutes} min: nothing near it was seen before",
            "{minutes} 分間の値 {value} は、これまでのどの値とも離れています"
        ),
        Side::Hour => say!(
            "{value} over {minutes} min: the mean of the last hour is one that was not seen before",
            "{minutes} 分間の値は {value}。直近 1 時間の平均がこれまでにない水準です"
        ),
        Side::Day => say!(
            "{value} over {minutes} min: it was never so far from the mean of the day before it",
            "{minutes} 分間の値は {value}。直前 1 日の平均からこれほど離れたことはありません"
        ),
        Side::Spread => say!(
            "{value} over {minutes} min: in the last 8 h values strayed as they did not before",
            "{minutes} 分間の値は {value}。直近 8 時間のばらつきがこれまでにないものです"
        ),
        Side::Season => say!(
            "{value} over {minutes} min: not what is seen at this time of the day",
            "{minutes} 分間の値 {value} は、この時間帯の普段の値ではありません"
        ),
        Side::LastWeek => say!(
            "{value} over {minutes} min: far from what it was a week ago at this time",
            "{minutes} 分間の値 {value} は、1 週間前の同じ時刻と大きく違います"
        ),
    }
}

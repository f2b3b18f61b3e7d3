//! The console's door onto checklists; here evidence answers what it can.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use console::door::{self, Refused};
use promise::{
    Amount, Lang, Say, State,
    quantity::{Bound, Sign},
    say,
};
use promql::{Query, Value};
use respond::checklist::{Judged, Sheet, Signing, Ticking};
use spec::section::{
    checklist::{Checklist, Item},
    on_call::Day,
};

use super::cases::refused;
use crate::app::House;

pub(super) struct Door(pub(super) Arc<House>);

impl Door {
    /// What evidence says of each judged item now, by its number.
    async fn judged(&self, list: &str) -> BTreeMap<usize, Judged> {
        let lists = self.0.responder.checklists();
        let mut judged = BTreeMap::new();
        let Some(Checklist { items, .. }) = lists.get(list) else {
            return judged;
        };
        for (at, item) in items.iter().enumerate() {
            let answer = match (&item.promise, &item.query) {
                (Some(promise), _) => self.by_promise(promise),
                (None, Some(query)) => self.by_query(item, query).await,
                (None, None) => continue,
            };
            judged.insert(at + 1, answer);
        }
        judged
    }

    fn by_promise(&self, id: &str) -> Judged {
        let board = self.0.board.borrow().clone();
        let Some(row) = board.row(id) else {
            return unproven(say!("no verdict yet", "まだ判定がありません"));
        };
        let verdict = &row.verdict;
        let reason = verdict.reason.say();
        let value = verdict
            .measured
            .as_ref()
            .map_or(reason.clone(), |measured| {
                let show = |lang| (measured.value.show(lang), measured.target.show(lang));
                let ((en, en_target), (ja, ja_target)) = (show(Lang::En), show(Lang::Ja));
                Say::new(
                    format!("{en} (promised: {en_target}); {}", reason.en),
                    format!("{ja}(約束: {ja_target})。{}", reason.ja),
                )
            });
        Judged {
            state: verdict.state,
            value,
        }
    }

    async fn by_query(&self, item: &Item, query: &str) -> Judged {
        let Ok(query) = Query::parse(query) else {
            return unproven(say!(
                "the query is not PromQL",
                "クエリが PromQL として読めません"
            ));
        };
        let now = self.0.clock.now();
        let answer = match self.0.metrics.query(&query, now).await {
            Ok(answer) => answer,
            Err(error) => {
                return unproven(say!(
                    "the query failed: {error}",
                    "クエリが失敗しました: {error}"
                ));
            }
        };
        let values: Vec<f64> = match answer.value {
            Value::Scalar(value) => vec![value],
            Value::Vector(elements) => elements.iter().filter_map(|it| it.value.float()).collect(),
            Value::String(_) | Value::Matrix(_) => vec![],
        };
        judge(&values, item.bound)
    }
}

/// The worst value beside what is wanted.
fn judge(values: &[f64], bound: Option<Bound>) -> Judged {
    let upper = bound.is_none_or(Bound::is_upper);
    let worst = |a: f64, b: f64| if upper { a.max(b) } else { a.min(b) };
    let Some(value) = values
        .iter()
        .copied()
        .filter(|value| !value.is_nan())
        .reduce(worst)
    else {
        return unproven(say!("the query found nothing", "クエリの結果がありません"));
    };
    let shown = Amount::Number(value).show(Lang::En);
    let Some(bound) = bound else {
        return Judged {
            state: State::Kept,
            value: Say::same(shown),
        };
    };
    let wanted = bound.value.number();
    let holds = match bound.sign {
        Sign::Below => value < wanted,
        Sign::AtMost => value <= wanted,
        Sign::Above => value > wanted,
        Sign::AtLeast => value >= wanted,
    };
    Judged {
        state: if holds { State::Kept } else { State::Broken },
        value: say!("{shown} (wanted: {bound})", "{shown}(条件: {bound})"),
    }
}

fn unproven(why: Say) -> Judged {
    Judged {
        state: State::Unproven,
        value: why,
    }
}

#[async_trait]
impl door::Checklists for Door {
    fn names(&self) -> Vec<String> {
        self.0.responder.checklists().into_keys().collect()
    }

    async fn today(&self) -> Result<Vec<Sheet>, Refused> {
        let mut sheets = Vec::new();
        for list in self.0.responder.checklists().keys() {
            sheets.extend(self.sheet(list, None).await?);
        }
        Ok(sheets)
    }

    async fn sheet(&self, list: &str, day: Option<Day>) -> Result<Option<Sheet>, Refused> {
        let judged = self.judged(list).await;
        let sheet = self.0.responder.sheet(list, day, &judged).await;
        sheet.map_err(|error| refused(&error))
    }

    async fn month(&self, list: &str, day: Day) -> Result<Vec<Sheet>, Refused> {
        let sheets = self.0.responder.sheets(list, day.0).await;
        sheets.map_err(|error| refused(&error))
    }

    async fn tick(&self, list: &str, ticking: Ticking) -> Result<(), Refused> {
        let ticked = self.0.responder.tick(list, ticking).await;
        ticked.map_err(|error| refused(&error))
    }

    async fn sign(&self, list: &str, signing: Signing) -> Result<Sheet, Refused> {
        let judged = self.judged(list).await;
        let signed = self.0.responder.sign(list, signing, judged).await;
        signed.map_err(|error| refused(&error))
    }
}

#[cfg(test)]
mod tests {
    use promise::record::Scalar as _;

    use super::*;

    #[test]
    fn the_worst_value_counts_and_nothing_is_no_proof() {
        let bound = |text: &str| Bound::parse(text).ok();
        let state = |values: &[f64], text: &str| judge(values, bound(text)).state;
        assert_eq!(state(&[40.0, 85.0], "< 80"), State::Broken);
        assert_eq!(state(&[40.0, 79.0], "< 80"), State::Kept);
        assert_eq!(state(&[0.999, 0.99], ">= 99.5 %"), State::Broken);
        assert_eq!(state(&[], "< 80"), State::Unproven);
        assert_eq!(state(&[f64::NAN], "< 80"), State::Unproven);
    }
}

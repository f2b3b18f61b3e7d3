//! Ninety days at a glance: one bar a day, its height by how bad the worst hour was, its colour by the state.
//!
//! Height says the same as colour, and the label says it in words. Days of one state share one path whose dashes are
//! the days, so a strip stays a few hundred bytes.

use maud::{Markup, html};
use promise::{Lang, State};

use crate::{board::STRIP_DAYS, lang::Pick, show::mark};

const HEIGHT: usize = 20;
/// A day without a verdict.
const EMPTY: usize = 3;

/// How tall a day stands: a kept one is a low, calm line.
fn tall(state: State) -> usize {
    match state {
        State::Kept => 7,
        State::AtRisk => 13,
        State::Broken => HEIGHT,
        State::Unproven => 10,
    }
}

pub(crate) fn show(days: &[Option<State>], lang: Lang) -> Markup {
    let days = &days[days.len().saturating_sub(STRIP_DAYS)..];
    let first = STRIP_DAYS - days.len();
    html! {
        svg.strip viewBox=(format!("0 0 {STRIP_DAYS} {HEIGHT}")) preserveAspectRatio="none" role="img"
            aria-label=(label(days, lang))
        {
            @if let Some(path) = before(days, first) { path.before stroke-width=(EMPTY) d=(path) {} }
            @for state in State::ALL {
                @let path = runs(days, first, Some(state));
                @if !path.is_empty() {
                    path class=(mark::class(state)) stroke-width=(tall(state)) d=(path) {}
                }
            }
        }
    }
}

/// States at instants that are equally far from each other, in the manner of days.
pub(crate) fn instants(states: &[State], lang: Lang) -> Markup {
    let width = states.len().max(1);
    let all: Vec<Option<State>> = states.iter().copied().map(Some).collect();
    html! {
        svg.strip viewBox=(format!("0 0 {width} {HEIGHT}")) preserveAspectRatio="none" role="img"
            aria-label=(counted(&all, " 回", lang))
        {
            @for state in State::ALL {
                @let path = runs(&all, 0, Some(state));
                @if !path.is_empty() {
                    path class=(mark::class(state)) stroke-width=(tall(state)) d=(path) {}
                }
            }
        }
    }
}

/// Days on which nothing was owed or judged: faint, so that a young promise does not look like a chart that failed.
fn before(days: &[Option<State>], first: usize) -> Option<String> {
    let mut path = runs(days, first, None);
    if first > 0 {
        path.insert_str(0, &line(0, first, EMPTY));
    }
    (!path.is_empty()).then_some(path)
}

fn runs(days: &[Option<State>], first: usize, state: Option<State>) -> String {
    let tall = state.map_or(EMPTY, tall);
    let mut path = String::new();
    let mut day = 0;
    while day < days.len() {
        let run = days[day..]
            .iter()
            .take_while(|seen| **seen == state)
            .count();
        if run > 0 {
            path += &line(first + day, run, tall);
        }
        day += run.max(1);
    }
    path
}

/// A line through the middle of bars of this height; its dashes are the days.
#[allow(clippy::cast_precision_loss)]
fn line(from: usize, days: usize, tall: usize) -> String {
    let middle = HEIGHT as f64 - tall as f64 / 2.0;
    format!("M{from} {middle}h{days}")
}

/// `90 days: 1 broken, 3 at risk, 86 kept`
fn label(days: &[Option<State>], lang: Lang) -> String {
    if days.iter().all(Option::is_none) {
        return lang
            .pick("no day judged yet", "判定した日はまだありません")
            .to_owned();
    }
    let counts = counted(days, " 日", lang);
    match lang {
        Lang::En => format!("last {} days: {counts}", days.len()),
        Lang::Ja => format!("直近 {} 日: {counts}", days.len()),
    }
}

/// `1 broken, 3 at risk`; in Japanese with the unit.
fn counted(all: &[Option<State>], unit: &str, lang: Lang) -> String {
    let counts: Vec<String> = State::ALL
        .into_iter()
        .map(|state| (state, all.iter().filter(|one| **one == Some(state)).count()))
        .filter(|(_, n)| *n > 0)
        .map(|(state, n)| match lang {
            Lang::En => format!("{n} {}", state.say().en),
            Lang::Ja => format!("{} {n}{unit}", state.say().ja),
        })
        .collect();
    counts.join(lang.pick(", ", "、"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_of_one_state_share_a_run() {
        let days = [
            Some(State::Kept),
            Some(State::Kept),
            None,
            Some(State::Broken),
            Some(State::Kept),
        ];
        assert_eq!(runs(&days, 85, Some(State::Kept)), "M85 16.5h2M89 16.5h1");
        assert_eq!(runs(&days, 85, Some(State::Broken)), "M88 10h1");
        // Bars of 7, 20 and 3 stand on 20, so their middles lie at 16.5, 10 and 18.5.
        // 85 days before the first, and the third day of five.
        let empty = before(&days, 85);
        assert_eq!(empty.as_deref(), Some("M0 18.5h85M87 18.5h1"));
        assert_eq!(label(&days, Lang::En), "last 5 days: 1 broken, 3 kept");
        assert_eq!(
            label(&days, Lang::Ja),
            "直近 5 日: 破れた 1 日、守れている 3 日"
        );
    }

    #[test]
    fn a_strip_that_is_too_long_shows_its_newest_days() {
        let mut days = vec![Some(State::Broken); 10];
        days.extend(vec![Some(State::Kept); STRIP_DAYS]);
        let svg = show(&days, Lang::En).into_string();
        assert!(!svg.contains("broken"), "{svg}");
        assert!(svg.contains("M0 16.5h90"), "{svg}");
    }
}

//! Charts as SVG: the burn-down of a budget, and small lines.
//!
//! A chart is one image with a label in words; the figures stand in a table beside it.

use std::fmt::Write as _;

use jiff::tz::TimeZone;
use maud::{Markup, html};
use promise::{Lang, Timestamp};

use crate::{
    desk::Spent,
    lang::Pick,
    show::{figure, time},
};

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 200.0;
/// Room for labels: left of the plot, and below it.
const LEFT: f64 = 56.0;
const BELOW: f64 = 22.0;
const ABOVE: f64 = 8.0;
/// More points than pixels say nothing more.
const POINTS_MAX: usize = 360;
/// How far an overspent budget is drawn below zero; what is worse lies on the floor.
const FLOOR: f64 = -0.5;

/// What is left of the budget over the window, from full to now, against the line of even spending.
pub(crate) fn burn_down(
    points: &[Spent],
    from: Timestamp,
    until: Timestamp,
    zone: &TimeZone,
    lang: Lang,
) -> Option<Markup> {
    let points = thinned(points);
    let (first, last) = (points.first()?, points.last()?);
    let until = until.max(last.at);
    let from = from.min(first.at);
    let span = millis(from, until).max(1.0);
    // An overspent budget goes below zero.
    let floor = points
        .iter()
        .map(|p| 1.0 - p.share)
        .filter(|v| v.is_finite())
        .fold(0.0, f64::min)
        .max(FLOOR);
    let x = |at: Timestamp| LEFT + millis(from, at) / span * (WIDTH - LEFT);
    let y = |left: f64| {
        let plot = HEIGHT - BELOW - ABOVE;
        ABOVE + (1.0 - left.clamp(floor, 1.0)) / (1.0 - floor) * plot
    };
    let mut line = String::new();
    for (i, point) in points.iter().enumerate() {
        let left = if point.share.is_finite() {
            1.0 - point.share
        } else {
            0.0
        };
        // Writing into a String cannot fail.
        let _ = write!(
            line,
            "{}{:.1} {:.1}",
            if i == 0 { 'M' } else { 'L' },
            x(point.at),
            y(left)
        );
    }
    let area = format!(
        "{line}L{:.1} {:.1}L{:.1} {:.1}z",
        x(last.at),
        y(0.0),
        x(first.at),
        y(0.0)
    );
    let ticks: Vec<Timestamp> = (0..=4)
        .map(|i| between(from, until, f64::from(i) / 4.0))
        .collect();
    let now_left = figure::share(1.0 - last.share);
    let label = match lang {
        Lang::En => format!("Error budget over the window: {now_left} is left now."),
        Lang::Ja => format!("期間中のエラーバジェットの推移。現在の残りは {now_left}。"),
    };
    Some(html! {
        svg.chart viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) role="img" aria-label=(label) {
            @for left in [1.0, 0.5, 0.0] {
                @let at = y(left);
                path.grid d=(format!("M{LEFT} {at:.1}H{WIDTH}")) {}
                text x=(LEFT - 6.0) y=(format!("{:.1}", at + 4.0)) text-anchor="end" { (format!("{:.0} %", left * 100.0)) }
            }
            @if floor <= FLOOR {
                text x=(LEFT - 6.0) y=(format!("{:.1}", y(floor) + 4.0)) text-anchor="end" { "≤ −50 %" }
            }
            @for (i, at) in ticks.iter().enumerate() {
                text x=(format!("{:.1}", x(*at))) y=(HEIGHT - 6.0)
                    text-anchor=(match i { 0 => "start", 4 => "end", _ => "middle" })
                { (time::tick(*at, until.since(from), zone, lang)) }
            }
            path.even d=(format!("M{LEFT} {:.1}L{WIDTH} {:.1}", y(1.0), y(0.0))) {}
            path.area d=(area) {}
            path.line d=(line) {}
            circle.dot cx=(format!("{:.1}", x(last.at))) cy=(format!("{:.1}", y(1.0 - last.share))) r="3.5" {}
        }
        p.legend {
            span { svg viewBox="0 0 24 8" aria-hidden="true" { path.line d="M0 4h24" {} } (lang.pick("budget left", "残りの予算")) }
            span { svg viewBox="0 0 24 8" aria-hidden="true" { path.even d="M0 4h24" {} } (lang.pick("spent evenly", "均等に使った場合")) }
        }
    })
}

fn thinned(points: &[Spent]) -> Vec<&Spent> {
    let step = points.len().div_ceil(POINTS_MAX).max(1);
    let mut kept: Vec<&Spent> = points.iter().step_by(step).collect();
    if let (Some(last), Some(kept_last)) = (points.last(), kept.last())
        && last.at != kept_last.at
    {
        kept.push(last);
    }
    kept
}

#[allow(clippy::cast_precision_loss)]
fn millis(from: Timestamp, to: Timestamp) -> f64 {
    to.since(from).as_millis() as f64
}

fn between(from: Timestamp, until: Timestamp, part: f64) -> Timestamp {
    from + until.since(from).mul_f64(part)
}

/// A small line of what a series did; `None` is a gap. The figure beside it is the newest value.
pub(crate) fn spark(values: &[Option<f64>], label: &str) -> Markup {
    let seen = || values.iter().flatten().copied().filter(|v| v.is_finite());
    let (low, high) = seen().fold((f64::MAX, f64::MIN), |(low, high), v| {
        (low.min(v), high.max(v))
    });
    let span = if high > low { high - low } else { 1.0 };
    let mut path = String::new();
    let mut pen_down = false;
    for (i, value) in values.iter().enumerate() {
        let Some(value) = value.filter(|v| v.is_finite()) else {
            pen_down = false;
            continue;
        };
        let y = 2.0 + (high - value) / span * 28.0;
        let _ = write!(path, "{}{i} {y:.1}", if pen_down { 'L' } else { 'M' });
        pen_down = true;
    }
    html! {
        svg.spark viewBox=(format!("0 0 {} 32", values.len().saturating_sub(1).max(1))) preserveAspectRatio="none"
            role="img" aria-label=(label)
        { path.line d=(path) {} }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_lifts_the_pen() {
        let svg = spark(
            &[Some(0.0), Some(1.0), None, Some(f64::NAN), Some(1.0)],
            "x",
        )
        .into_string();
        // 32 high with 2 spare at each end: the highest value at 2, the lowest at 30.
        assert!(svg.contains("M0 30.0L1 2.0M4 2.0"), "{svg}");
    }

    #[test]
    fn nothing_measured_draws_no_chart() {
        assert!(
            burn_down(
                &[],
                Timestamp::EPOCH,
                Timestamp::EPOCH,
                &TimeZone::UTC,
                Lang::En
            )
            .is_none()
        );
    }
}

//! What is asked, from the address and from a form: both at once is how Grafana and promtool ask.

use std::time::Duration;

use ::promise::{Timestamp, record::Scalar, signal::Matcher, unit::Span};
use promql::Query;

use super::{Form, answer::Failure};
use crate::reply::{Visit, read_query};

/// As Prometheus: 11,000 steps are more than the widest screen shows.
pub(super) const STEPS_MAX: u32 = 11_000;
/// Instants are kept in milliseconds; these bounds keep all sums in range. Years 1653 to 2286.
const SECONDS_MAX: f64 = 1e10;

pub(super) struct Asked(Vec<(String, String)>);

impl Asked {
    pub fn read(visit: &Visit, form: Form) -> Result<Self, Failure> {
        let body = form.map_err(|why| Failure::BadData(why.body_text()))?;
        let mut all = visit.query.clone();
        all.extend(read_query(&String::from_utf8_lossy(&body)));
        Ok(Self(all))
    }

    fn one(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(given, _)| given == name)?;
        Some(found.1.as_str()).filter(|value| !value.is_empty())
    }

    pub fn query(&self) -> Result<Query, Failure> {
        let text = self
            .one("query")
            .ok_or_else(|| Failure::BadData("no `query` was given".to_owned()))?;
        Query::parse(text).map_err(|why| bad("query", &why))
    }

    pub fn time(&self, name: &str) -> Result<Option<Timestamp>, Failure> {
        self.one(name)
            .map(|text| instant(text).ok_or_else(|| bad(name, &"neither seconds nor RFC 3339")))
            .transpose()
    }

    pub fn need_time(&self, name: &str) -> Result<Timestamp, Failure> {
        self.time(name)?
            .ok_or_else(|| Failure::BadData(format!("no `{name}` was given")))
    }

    /// Seconds, or a duration such as `15s`.
    pub fn step(&self) -> Result<Duration, Failure> {
        let text = self
            .one("step")
            .ok_or_else(|| Failure::BadData("no `step` was given".to_owned()))?;
        let step = match text.parse::<f64>() {
            Ok(secs) => Duration::try_from_secs_f64(secs).ok(),
            Err(_) => Span::parse(text).ok().map(|span| span.0),
        };
        // The engine counts in milliseconds; a finer step would stand still.
        step.filter(|step| *step >= Duration::from_millis(1) && step.as_secs_f64() < SECONDS_MAX)
            .ok_or_else(|| bad("step", &"not a positive duration"))
    }

    pub fn limit(&self, most: usize) -> Result<usize, Failure> {
        match self.one("limit").map(str::parse::<usize>) {
            None | Some(Ok(0)) => Ok(most),
            Some(Ok(limit)) => Ok(limit.min(most)),
            Some(Err(why)) => Err(bad("limit", &why)),
        }
    }

    /// The matchers of each `match[]`.
    pub fn selectors(&self) -> Result<Vec<Vec<Matcher>>, Failure> {
        let given = self.0.iter().filter(|(name, _)| name == "match[]");
        given
            .map(|(_, text)| {
                let query = Query::parse(text).map_err(|why| bad("match[]", &why))?;
                let mut selectors = query.selectors().map(<[Matcher]>::to_vec);
                match (selectors.next(), selectors.next()) {
                    (Some(one), None) => Ok(one),
                    _ => Err(bad("match[]", &"one series selector is wanted")),
                }
            })
            .collect()
    }
}

fn bad(name: &str, why: &dyn std::fmt::Display) -> Failure {
    Failure::BadData(format!("invalid parameter \"{name}\": {why}"))
}

/// Unix seconds with a fraction, or RFC 3339.
#[allow(clippy::cast_possible_truncation)]
fn instant(text: &str) -> Option<Timestamp> {
    match text.parse::<f64>() {
        Ok(secs) if secs.abs() < SECONDS_MAX => {
            Some(Timestamp::from_millis((secs * 1_000.0).round() as i64))
        }
        Ok(_) => None,
        Err(_) => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_seconds_or_rfc_3339() {
        // `date -u -d 2026-11-22T01:47:05Z +%s` says 1795312025.
        let expected = Some(Timestamp::from_millis(1_795_312_025_250));
        assert_eq!(instant("1795312025.25"), expected);
        assert_eq!(instant("2026-11-22T01:47:05.250Z"), expected);
        for wrong in ["", "x", "NaN", "inf", "1e300", "-1e11"] {
            assert_eq!(instant(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_step_is_positive_and_finite() {
        let step = |text: &str| {
            Asked(vec![("step".to_owned(), text.to_owned())])
                .step()
                .ok()
        };
        assert_eq!(step("15"), Some(Duration::from_secs(15)));
        assert_eq!(step("0.5"), Some(Duration::from_millis(500)));
        assert_eq!(step("1h30m"), Some(Duration::from_secs(5_400)));
        for wrong in ["0", "-1", "NaN", "inf", "1e300", "0.0001", "soon", ""] {
            assert_eq!(step(wrong), None, "{wrong}");
        }
    }
}

//! Schedules against calendars that were worked out by hand.

#![allow(clippy::unwrap_used)]

use promise::{Lang, Timestamp};
use proptest::prelude::*;
use spec::section::on_call::OnCall;

use super::{Rota, Shift, ical, review::review};

/// A spec's `on_call` section as JSON, which is how the state store and the API carry it.
fn on_call(json: serde_json::Value) -> OnCall {
    let mut all = serde_json::json!({
        "people": {
            "aoi": { "name": { "en": "Aoi", "ja": "Aoi" }, "receivers": ["aoi-mail"] },
            "ren": { "name": { "en": "Ren", "ja": "Ren" }, "receivers": [] },
            "yui": { "name": { "en": "Yui", "ja": "Yui" }, "receivers": [] },
        },
        "holidays": "none", "days_off": [], "longest": "14d",
    });
    for (key, value) in json.as_object().unwrap() {
        all[key] = value.clone();
    }
    serde_json::from_value(all).unwrap()
}

fn layer(rotation: &[&str], turn: &str, from: &str) -> serde_json::Value {
    serde_json::json!({ "rotation": rotation, "turn": turn, "from": from, "until": null, "during": [] })
}

fn schedule(
    zone: &str,
    layers: &[serde_json::Value],
    overrides: serde_json::Value,
) -> serde_json::Value {
    serde_json::json!({ "time_zone": zone, "layers": layers, "overrides": overrides })
}

fn one(schedule: serde_json::Value) -> OnCall {
    on_call(serde_json::json!({ "schedules": { "primary": schedule } }))
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn who(on_call: &OnCall, now: &str) -> Option<String> {
    Rota::new(on_call, "UTC")
        .who("primary", at(now))
        .map(|duty| duty.id)
}

fn lines(shifts: &[Shift]) -> Vec<String> {
    let line = |it: &Shift| format!("{} {}", it.from, it.who.as_deref().unwrap_or("-"));
    shifts.iter().map(line).collect()
}

#[test]
fn turns_follow_each_other_from_the_first_instant() {
    let weekly = one(schedule(
        "Asia/Tokyo",
        &[layer(&["aoi", "ren"], "7d", "2026-11-02T09:00:00+09:00")],
        serde_json::json!([]),
    ));
    assert_eq!(
        who(&weekly, "2026-11-01T23:59:59Z"),
        None,
        "before the first turn"
    );
    assert_eq!(who(&weekly, "2026-11-02T00:00:00Z").as_deref(), Some("aoi"));
    assert_eq!(who(&weekly, "2026-11-08T23:59:59Z").as_deref(), Some("aoi"));
    assert_eq!(who(&weekly, "2026-11-09T00:00:00Z").as_deref(), Some("ren"));
    assert_eq!(who(&weekly, "2026-11-16T00:00:00Z").as_deref(), Some("aoi"));
    let duty = Rota::new(&weekly, "UTC")
        .who("primary", at("2026-11-10T00:00:00Z"))
        .unwrap();
    assert_eq!(duty.until, at("2026-11-16T00:00:00Z"));
}

/// In Berlin summer time ends on 25 October 2026 at 03:00, which becomes 02:00, and begins on 28 March 2027 at 02:00,
/// which becomes 03:00. Nine o'clock is 07:00Z in summer and 08:00Z in winter.
#[test]
fn a_hand_over_stays_at_its_hour_when_the_clock_is_put() {
    let daily = one(schedule(
        "Europe/Berlin",
        &[layer(&["aoi", "ren"], "1d", "2026-10-24T09:00:00+02:00")],
        serde_json::json!([]),
    ));
    let rota = Rota::new(&daily, "UTC");
    let autumn = rota.shifts(at("2026-10-24T07:00:00Z"), at("2026-10-27T08:00:00Z"));
    assert_eq!(
        lines(&autumn),
        [
            "2026-10-24T07:00:00.000Z aoi",
            "2026-10-25T08:00:00.000Z ren",
            "2026-10-26T08:00:00.000Z aoi"
        ]
    );
    let spring = rota.shifts(at("2027-03-27T08:00:00Z"), at("2027-03-29T07:00:00Z"));
    let begins: Vec<_> = spring.iter().map(|shift| shift.from.to_string()).collect();
    assert_eq!(
        begins,
        ["2027-03-27T08:00:00.000Z", "2027-03-28T07:00:00.000Z"]
    );
}

/// 02:30 does not exist in Berlin on 28 March 2027 and exists twice on 25 October 2026.
#[test]
fn a_hand_over_in_the_hour_that_is_missing_or_doubled_happens_once() {
    let daily = one(schedule(
        "Europe/Berlin",
        &[layer(&["aoi", "ren"], "1d", "2026-10-24T02:30:00+02:00")],
        serde_json::json!([]),
    ));
    let rota = Rota::new(&daily, "UTC");
    let doubled = rota.shifts(at("2026-10-24T20:00:00Z"), at("2026-10-25T20:00:00Z"));
    assert_eq!(
        lines(&doubled),
        [
            "2026-10-24T20:00:00.000Z aoi",
            "2026-10-25T00:30:00.000Z ren"
        ]
    );
    let missing = rota.shifts(at("2027-03-27T20:00:00Z"), at("2027-03-28T20:00:00Z"));
    assert_eq!(missing.len(), 2);
    // 02:30 by the clock of before, which is 03:30 summer time.
    assert_eq!(missing[1].from, at("2027-03-28T01:30:00Z"));
}

/// Tokyo 09-17, London 09-17, San Francisco 09-17: in November 00-08Z, 09-17Z and 17-01Z.
#[test]
fn the_sun_is_followed_by_layers_with_hours_and_what_is_left_is_a_gap() {
    let during = |days: &[&str], from: &str, to: &str| serde_json::json!([{ "days": days, "from": from, "to": to, "holidays": "include" }]);
    let mut tokyo = layer(&["aoi"], "7d", "2026-11-02T00:00:00Z");
    tokyo["during"] = during(&[], "00:00", "08:00");
    let mut london = layer(&["ren"], "7d", "2026-11-02T00:00:00Z");
    london["during"] = during(&[], "09:00", "17:00");
    let mut west = layer(&["yui"], "7d", "2026-11-02T00:00:00Z");
    west["during"] = during(&["mon", "tue", "wed", "thu"], "17:00", "00:00");
    let plan = one(schedule(
        "UTC",
        &[tokyo, london, west],
        serde_json::json!([]),
    ));
    // 2026-11-05 is a Thursday.
    let shifts =
        Rota::new(&plan, "UTC").shifts(at("2026-11-05T00:00:00Z"), at("2026-11-07T00:00:00Z"));
    assert_eq!(
        lines(&shifts),
        [
            "2026-11-05T00:00:00.000Z aoi",
            "2026-11-05T08:00:00.000Z -",
            "2026-11-05T09:00:00.000Z ren",
            "2026-11-05T17:00:00.000Z yui",
            "2026-11-06T00:00:00.000Z aoi",
            "2026-11-06T08:00:00.000Z -",
            "2026-11-06T09:00:00.000Z ren",
            "2026-11-06T17:00:00.000Z -",
        ]
    );
}

/// 23 November 2026 is a Monday and a holiday in Japan; a night that began on Sunday goes on into it.
#[test]
fn holidays_and_nights_belong_to_the_day_they_begin_on() {
    let mut weekdays = layer(&["aoi"], "7d", "2026-11-02T00:00:00+09:00");
    weekdays["during"] = serde_json::json!([
        { "days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "18:00", "holidays": "except" },
    ]);
    let mut nights = layer(&["ren"], "7d", "2026-11-02T00:00:00+09:00");
    nights["during"] = serde_json::json!([{ "days": ["sun"], "from": "22:00", "to": "06:00", "holidays": "include" }]);
    let mut holidays = layer(&["yui"], "7d", "2026-11-02T00:00:00+09:00");
    holidays["during"] =
        serde_json::json!([{ "days": [], "from": "09:00", "to": "18:00", "holidays": "only" }]);
    let mut plan = one(schedule(
        "Asia/Tokyo",
        &[weekdays, nights, holidays],
        serde_json::json!([]),
    ));
    plan.holidays = spec::section::on_call::Country::Japan;
    assert_eq!(
        who(&plan, "2026-11-22T13:30:00Z").as_deref(),
        Some("ren"),
        "Sunday 22:30"
    );
    assert_eq!(
        who(&plan, "2026-11-22T20:59:00Z").as_deref(),
        Some("ren"),
        "Monday 05:59"
    );
    assert_eq!(who(&plan, "2026-11-22T21:00:00Z"), None, "Monday 06:00");
    assert_eq!(
        who(&plan, "2026-11-23T01:00:00Z").as_deref(),
        Some("yui"),
        "the holiday at 10:00"
    );
    assert_eq!(
        who(&plan, "2026-11-24T01:00:00Z").as_deref(),
        Some("aoi"),
        "the day after at 10:00"
    );
}

#[test]
fn a_swap_moves_only_the_turns_of_whom_it_names() {
    let plan = one(schedule(
        "UTC",
        &[layer(&["aoi", "ren"], "1d", "2026-11-02T00:00:00Z")],
        serde_json::json!([
            { "who": "yui", "from": "2026-11-02T00:00:00Z", "to": "2026-11-05T00:00:00Z", "instead_of": "ren", "why": null },
            { "who": "ren", "from": "2026-11-06T06:00:00Z", "to": "2026-11-06T12:00:00Z", "instead_of": null, "why": "train" },
        ]),
    ));
    let shifts =
        Rota::new(&plan, "UTC").shifts(at("2026-11-02T00:00:00Z"), at("2026-11-07T00:00:00Z"));
    assert_eq!(
        lines(&shifts),
        [
            "2026-11-02T00:00:00.000Z aoi",
            "2026-11-03T00:00:00.000Z yui",
            "2026-11-04T00:00:00.000Z aoi",
            "2026-11-05T00:00:00.000Z ren",
            "2026-11-06T00:00:00.000Z aoi",
            "2026-11-06T06:00:00.000Z ren",
            "2026-11-06T12:00:00.000Z aoi",
        ]
    );
}

#[test]
fn what_is_wrong_with_the_plan_is_found_before_it_comes() {
    let mut days = layer(&["aoi"], "7d", "2026-11-02T00:00:00Z");
    days["until"] = "2026-11-20T00:00:00Z".into();
    let plan = on_call(serde_json::json!({ "longest": "10d", "schedules": {
        "primary": schedule("UTC", &[days], serde_json::json!([
            { "who": "yui", "from": "2026-11-12T00:00:00Z", "to": "2026-11-13T00:00:00Z", "instead_of": "ren", "why": null },
        ])),
        "second": schedule("UTC", &[layer(&["ren", "aoi"], "7d", "2026-11-02T00:00:00Z")], serde_json::json!([])),
    }}));
    let found = review(
        &plan,
        "UTC",
        at("2026-11-02T00:00:00Z"),
        at("2026-11-30T00:00:00Z"),
    );
    let found: Vec<_> = found
        .iter()
        .map(|it| (it.code, it.from.to_string(), it.to.to_string()))
        .collect();
    let expected = [
        // aoi: 2 to 20 November without a break.
        ("too-long", "2026-11-02", "2026-11-20"),
        ("double-booking", "2026-11-09", "2026-11-16"),
        ("idle-override", "2026-11-12", "2026-11-13"),
        ("gap", "2026-11-20", "2026-11-30"),
    ];
    let expected = expected.map(|(code, from, to)| {
        (
            code,
            format!("{from}T00:00:00.000Z"),
            format!("{to}T00:00:00.000Z"),
        )
    });
    assert_eq!(found, expected);
}

#[test]
fn a_spec_that_makes_no_sense_names_nobody() {
    let none = one(schedule(
        "UTC",
        &[layer(&[], "7d", "2026-11-02T00:00:00Z")],
        serde_json::json!([]),
    ));
    assert_eq!(who(&none, "2026-11-03T00:00:00Z"), None);
    let unknown = one(schedule(
        "UTC",
        &[layer(&["gone"], "7d", "2026-11-02T00:00:00Z")],
        serde_json::json!([]),
    ));
    assert_eq!(who(&unknown, "2026-11-03T00:00:00Z"), None);
    let instant = one(schedule(
        "UTC",
        &[layer(&["aoi"], "0s", "2026-11-02T00:00:00Z")],
        serde_json::json!([]),
    ));
    assert_eq!(who(&instant, "2026-11-03T00:00:00Z"), None);
}

#[test]
fn a_feed_is_folded_and_escaped_as_rfc_5545_says() {
    let plan = one(schedule(
        "UTC",
        &[layer(&["aoi"], "7d", "2026-11-02T00:00:00Z")],
        serde_json::json!([]),
    ));
    let shift = Shift {
        schedule: "決済サービスの一次当番;平日,夜間のみ".to_owned(),
        who: Some("aoi".to_owned()),
        from: at("2026-11-02T00:00:00Z"),
        to: at("2026-11-09T00:00:00Z"),
        stands_in: false,
    };
    let feed = ical::feed(
        &Rota::new(&plan, "UTC"),
        &[shift],
        at("2026-11-01T00:00:00Z"),
        Lang::Ja,
    );
    assert!(feed.split("\r\n").all(|line| line.len() <= 75));
    let unfolded = feed.replace("\r\n ", "");
    assert!(unfolded.contains("SUMMARY:Aoi (決済サービスの一次当番\\;平日\\,夜間のみ)\r\n"));
    assert!(unfolded.contains("DTSTART:20261102T000000Z\r\nDTEND:20261109T000000Z\r\n"));
}

proptest! {
    /// Whatever the zone and the turn: shifts touch, and inside a shift everybody asked gets the same answer.
    #[test]
    fn shifts_touch_and_agree_with_the_instants_in_them(
        zone in prop::sample::select(vec!["Asia/Tokyo", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"]),
        turn in 1u64..200,
        start in 0i64..86_400_000,
        offset in 0i64..(400 * 86_400_000),
        part in 0f64..1.0,
        hours in (0u16..24, 0u16..24),
    ) {
        let first = at("2026-01-01T00:00:00Z").as_millis() + start;
        let mut hourly = layer(&["aoi", "ren", "yui"], &format!("{turn}h"), &Timestamp::from_millis(first).to_string());
        hourly["during"] = serde_json::json!([
            { "days": ["mon", "sat"], "from": format!("{:02}:30", hours.0), "to": format!("{:02}:00", hours.1), "holidays": "include" },
            { "days": ["wed"], "from": "00:00", "to": "24:00", "holidays": "include" },
        ]);
        let plan = one(schedule(zone, &[hourly], serde_json::json!([])));
        let rota = Rota::new(&plan, "UTC");
        let from = Timestamp::from_millis(first + offset);
        let to = Timestamp::from_millis(first + offset + 14 * 86_400_000);
        let shifts = rota.shifts(from, to);
        prop_assert_eq!(shifts.first().map(|it| it.from), Some(from));
        prop_assert_eq!(shifts.last().map(|it| it.to), Some(to));
        for pair in shifts.windows(2) {
            prop_assert_eq!(pair[0].to, pair[1].from);
            prop_assert_ne!(&pair[0].who, &pair[1].who);
        }
        for shift in &shifts {
            #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)]
            let inside = (shift.to.since(shift.from).as_millis() as f64 * part) as i64;
            let instant = Timestamp::from_millis(shift.from.as_millis() + inside);
            prop_assert_eq!(rota.who("primary", instant).map(|it| it.id), shift.who.clone());
        }
    }
}

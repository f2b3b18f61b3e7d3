//! Too few people for a watch around the clock.

use std::collections::BTreeSet;

use promise::{say, unit::Span};

use crate::section::on_call::Layer;

use super::{Found, Sight, hours::Hours};

rule! {
    /// # Finds
    /// A schedule with a layer for all hours, in whose layers fewer than five people take turns, where a severity must be answered within an hour.
    /// ja: 1 時間以内の応答を約束する重大度があるのに、終日の当番表に入る人が 5 人に満たないもの。
    /// # Why
    /// With four people each is on call every fourth week, nights and holidays included; illness or leave makes it every third.
    /// ja: 4 人では 4 週に 1 週が夜間休日も含めて当番になり、欠員が出ると 3 週に 1 週になります。
    /// # Source
    /// Google, Site Reliability Engineering, chapter 11, asks for eight people at one site and six at each of two; five is the least with which a week in five remains, leave included.
    /// ja: Google『SRE』第 11 章は 1 拠点 8 人、2 拠点なら各 6 人を求めます。5 人は、休暇を含めて 5 週に 1 週に収まる最小です。
    /// # Example
    /// `rotation: [an, ben]` around the clock
    /// ja: `rotation: [an, ben]` around the clock
    /// # Fix
    /// Add people, or promise an answer during working hours only (`during`).
    /// ja: 人を増やすか、`during` で勤務時間だけの対応にします。
    "rotation-too-small": Warning, needs ["on_call", "severities"], check
}

/// The least number of people who can share a watch around the clock.
const PEOPLE_MIN: usize = 5;
/// Who answers within this time cannot wait for the morning.
const AT_ONCE: Span = Span::secs(3_600);

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    few_called(sight, found);
    let urgent = sight
        .spec
        .severities
        .iter()
        .filter(|(_, it)| it.answer_within.is_some_and(|within| within <= AT_ONCE));
    let Some((severity, _)) = urgent.min_by_key(|(_, it)| it.answer_within) else {
        return;
    };
    let schedules = sight
        .spec
        .on_call
        .iter()
        .flat_map(|on_call| &on_call.schedules);
    for (name, schedule) in schedules {
        let always = |layer: &&Layer| layer.during.is_empty() && layer.until.is_none();
        let people: BTreeSet<&String> = schedule
            .layers
            .iter()
            .flat_map(|layer| &layer.rotation)
            .collect();
        let count = people.len();
        if count == 0 || count >= PEOPLE_MIN || !schedule.layers.iter().any(|layer| always(&layer))
        {
            continue;
        }
        found
            .note(
                sight.places.key(&["on_call", "schedules", name]),
                say!("{count} people share nights and holidays; around the clock needs {PEOPLE_MIN}", "夜間と休日を {count} 人で受け持っています。24 時間体制には {PEOPLE_MIN} 人必要です"),
            )
            .also(sight.places.at(&["severities", severity, "answer_within"]), say!("must be answered at any hour", "いつでも応答が必要です"));
    }
}

/// Where only the number of people is told: those who are called at every hour.
fn few_called(sight: &Sight<'_>, found: &mut Found<'_>) {
    let on_call = sight.spec.on_call.as_ref();
    let team = on_call.and_then(|it| it.team).filter(|team| (1..PEOPLE_MIN as u64).contains(team));
    let Some(count) = team else { return };
    // Who is called at every hour, or who answers at every hour, is the same few.
    let always = sight.spec.severities.iter().find(|(_, it)| it.around_the_clock == Some(true));
    let always = always.map(|(name, _)| sight.places.at(&["severities", name, "around_the_clock"]));
    let hours = on_call.and_then(|it| Hours::read(it.hours.as_deref()?));
    let hours = hours.filter(|hours| hours.length() >= Span::days(1));
    if let Some(also) = always.or_else(|| hours.map(|_| sight.places.at(&["on_call", "hours"]))) {
        found
            .note(
                sight.places.at(&["on_call", "team"]),
                say!("{count} people share nights and holidays; around the clock needs {PEOPLE_MIN}", "夜間と休日を {count} 人で受け持っています。24 時間体制には {PEOPLE_MIN} 人必要です"),
            )
            .also(also, say!("must be answered at any hour", "いつでも応答が必要です"));
    }
}

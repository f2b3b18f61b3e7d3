//! Lines of several kinds, and the templates that are found in them.

#![allow(clippy::unwrap_used)]

use promise::Timestamp;
use proptest::prelude::*;

use super::*;

fn mined(lines: &[&str]) -> (Templates, Vec<u32>) {
    let mut templates = Templates::default();
    let ids: Vec<u32> = lines
        .iter()
        .map(|line| templates.observe(line, Timestamp::EPOCH).template)
        .collect();
    let ids = ids.into_iter().map(|id| templates.current(id)).collect();
    (templates, ids)
}

fn texts(lines: &[&str]) -> Vec<(u64, String)> {
    let (templates, _) = mined(lines);
    templates
        .iter()
        .map(|(_, template)| (template.count, template.text()))
        .collect()
}

#[test]
fn what_looks_like_a_value_varies_whatever_it_is() {
    let lines = [
        "Accepted password for user ito from 203.0.113.7 port 51122 ssh2",
        "Accepted password for user sato from 2001:db8::17 port 2 ssh2",
    ];
    assert_eq!(
        texts(&lines),
        [(
            2,
            "Accepted password for user <*> from <*> port <*>".to_owned()
        )]
    );
}

#[test]
fn few_words_in_one_place_are_statements_and_many_are_a_variable() {
    let few = ["VM 1 started now", "VM 2 stopped now", "VM 3 paused now"];
    assert_eq!(mined(&few).1, [0, 1, 2]);
    let many = [
        "job alpha is done",
        "job beta is done",
        "job gamma is done",
        "job delta is done",
        "job omega is done",
    ];
    let (templates, ids) = mined(&many);
    assert_eq!(ids, [0; 5]);
    assert_eq!(templates.get(4).unwrap().text(), "job <*> is done");
    assert_eq!(templates.get(0).unwrap().count, 5);
}

#[test]
fn amounts_with_units_and_lists_of_addresses_are_one_value() {
    let lines = [
        "close, 0 bytes sent, lifetime 00:01",
        "close, 1190 bytes (1.16 KB) sent, lifetime <1 sec",
        "ask 10.0.0.1:50010 to replicate blk_-16089 to 10.0.0.2:50010",
        "ask 10.0.0.1:50010 to replicate blk_77 to 10.0.0.2:50010 10.0.0.3:50010",
    ];
    assert_eq!(mined(&lines).1, [0, 0, 1, 1]);
}

#[test]
fn japanese_lines_part_at_their_numbers() {
    let lines = [
        "注文番号12345の決済が失敗しました（3回目）",
        "注文番号9の決済が失敗しました（12回目）",
    ];
    assert_eq!(
        texts(&lines),
        [(2, "注文番号<*>の決済が失敗しました（<*>回目）".to_owned())]
    );
}

#[test]
fn a_restart_goes_on_where_it_stood() {
    let (templates, _) = mined(&[
        "job alpha is done",
        "job beta is done",
        "disk /dev/sda1 is full",
    ]);
    let saved = serde_json::to_string(&templates).unwrap();
    let mut again: Templates = serde_json::from_str(&saved).unwrap();
    assert_eq!(again, templates);
    let seen = again.observe("disk /dev/sdb7 is full", Timestamp::EPOCH);
    assert_eq!((seen.template, seen.before), (2, 1));
}

#[test]
fn templates_without_end_stay_within_their_bound() {
    let mut templates = Templates::default();
    let word = |mut n: u32| {
        let mut word = String::new();
        while n > 0 {
            word.push(char::from(b'g' + u8::try_from(n % 18).unwrap()));
            n /= 18;
        }
        word
    };
    for n in 1..40_000 {
        // The first word never varies for us, so each is a template of its own.
        templates.observe(
            &format!("{} begins", word(n)),
            Timestamp::from_millis(i64::from(n)),
        );
    }
    assert!(
        templates.by_id.len() <= TEMPLATES_MAX,
        "{}",
        templates.by_id.len()
    );
    assert!(templates.known.len() <= KNOWN_MAX);
    assert_eq!(templates.lines(), 39_999);
}

proptest! {
    #[test]
    fn any_line_is_of_some_template_and_counts_once(lines in prop::collection::vec("\\PC{0,80}", 1..40)) {
        let mut templates = Templates::default();
        for line in &lines {
            let seen = templates.observe(line, Timestamp::EPOCH);
            let template = templates.get(seen.template);
            prop_assert!(template.is_some_and(|template| template.count > seen.before));
        }
        let total: u64 = templates.iter().map(|(_, template)| template.count).sum();
        prop_assert_eq!(total, lines.len() as u64);
        for (_, template) in templates.iter() {
            let _ = template.text();
        }
    }

    #[test]
    fn the_same_lines_give_the_same_templates(lines in prop::collection::vec("[a-c ]{0,12}[0-9]{0,2}", 1..60)) {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        prop_assert_eq!(texts(&lines), texts(&lines));
    }
}

//! Cards and tokens as people and programs write them, and numbers that only look like them.

use proptest::prelude::*;
use serde_json::json;

use super::*;

/// Numbers that card schemes and payment providers publish for tests.
const CARDS: [&str; 14] = [
    "4242424242424242",
    "4000056655665556",
    "5555555555554444",
    "2223003122003222",
    "5200828282828210",
    "5105105105105100",
    "378282246310005",
    "371449635398431",
    "6011111111111117",
    "6011000990139424",
    "3056930009020004",
    "36227206271667",
    "3530111333300000",
    "6200000000000005",
];

fn redactor() -> Redactor {
    Redactor::new(&Redact {
        fields: vec!["patient_id".to_owned()],
    })
}

#[test]
fn card_numbers_are_hidden_however_they_are_grouped() {
    let redactor = redactor();
    for (text, expected) in [
        ("4242424242424242", "[redacted:pan]"),
        (
            "card 4242 4242 4242 4242 declined",
            "card [redacted:pan] declined",
        ),
        ("4242-4242-4242-4242", "[redacted:pan]"),
        ("3782 822463 10005", "[redacted:pan]"),
        ("pan=2223003122003222;", "pan=[redacted:field];"),
        ("no.3530111333300000!", "no.[redacted:pan]!"),
        (
            "カード４２４２４２４２４２４２４２４２です",
            "カード[redacted:pan]です",
        ),
        ("42424242424242421226", "[redacted:pan]1226"),
        ("x6304000000000000x", "x[redacted:pan]x"),
    ] {
        assert_eq!(redactor.text(text), expected, "{text}");
    }
}

#[test]
fn numbers_that_are_no_cards_stay() {
    let redactor = redactor();
    for text in [
        // One digit off: Luhn does not hold.
        "4242424242424241",
        // Unix milliseconds, microseconds and nanoseconds.
        "1795305600000",
        "1795305600000000",
        "1795305600000000000",
        // Luhn holds, but nobody issues numbers that begin with 1 and are 16 digits long.
        "1000000000000008",
        "2026-11-22 01:02:03.123 12 ms",
        "0.4242424242424242",
        "127.0.0.1:8080 192.168.100.200:65535",
    ] {
        assert_eq!(redactor.text(text), text);
    }
}

#[test]
fn tokens_are_hidden() {
    let redactor = redactor();
    let jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl";
    for (text, expected) in [
        (format!("token {jwt} used"), "token [redacted:token] used"),
        ("Bearer abcdef0123456789".to_owned(), "[redacted:token]"),
        (
            "key sk_live_51abcdefghij".to_owned(),
            "key [redacted:token]",
        ),
        ("AKIAIOSFODNN7EXAMPLE".to_owned(), "[redacted:token]"),
        (
            "Authorization: Basic dXNlcjpwYXNz".to_owned(),
            "[redacted:token]",
        ),
        (
            "https://user:hunter2@host/x".to_owned(),
            "https://[redacted:password]@host/x",
        ),
        (
            "mail taro.yamada@example.co.jp.".to_owned(),
            "mail [redacted:mail].",
        ),
        (
            "連絡はa@example.comまで".to_owned(),
            "連絡は[redacted:mail]まで",
        ),
        (
            "secret=sk_live_51abcdefghij, ok".to_owned(),
            "secret=[redacted:field], ok",
        ),
        (
            "login password=hunter2 ok".to_owned(),
            "login password=[redacted:field] ok",
        ),
    ] {
        assert_eq!(redactor.text(&text), expected);
    }
}

#[test]
fn records_are_searched_through_and_through() {
    let mut fields = json!({
        "card": 4242424242424242_u64,
        "patient_id": {"value": "A-1"},
        "Patient-Id": "A-2",
        "body": "{\"card\":\"\\u0034242424242424242\",\"password\":\"x\",\"ok\":1}",
        "list": [{"4242424242424242": true}],
        "latency": 0.4242424242424242,
        "amount": 1200,
    });
    let Value::Object(fields) = &mut fields else {
        unreachable!()
    };
    redactor().record(fields);
    assert_eq!(
        Value::Object(fields.clone()),
        json!({
            "card": "[redacted:pan]",
            "patient_id": "[redacted:field]",
            "Patient-Id": "[redacted:field]",
            "body": "{\"card\":\"[redacted:pan]\",\"password\":\"[redacted:field]\",\"ok\":1}",
            "list": [{"[redacted:pan]": true}],
            "latency": 0.4242424242424242,
            "amount": 1200,
        })
    );
}

fn grouped(card: &str, group: usize, separator: &str) -> String {
    let digits: Vec<char> = card.chars().collect();
    digits
        .chunks(group)
        .map(|part| part.iter().collect::<String>())
        .collect::<Vec<_>>()
        .join(separator)
}

proptest! {
    #[test]
    fn no_test_card_survives_wherever_it_stands(
        card in 0..CARDS.len(),
        group in prop::sample::select(vec![1usize, 2, 4, 5, 6, 19]),
        separator in prop::sample::select(vec![" ", "-", ".", " - "]),
        before in "([a-zA-Z:,/=\"{\\[ ]|日)*",
        after in "([a-zA-Z:,/=\"}\\] ]|円)*",
        nest in 0..4u8,
    ) {
        let text = format!("{before}{}{after}", grouped(CARDS[card], group, separator));
        let mut value = match nest {
            0 => json!({ "message": text }),
            1 => json!({ "a": [{ "b": text }] }),
            2 => json!({ text.clone(): 1 }),
            _ => json!({ "inner": json!({ "message": text }).to_string() }),
        };
        let Value::Object(fields) = &mut value else { unreachable!() };
        redactor().record(fields);
        let out: String = value.to_string().chars().filter(char::is_ascii_digit).collect();
        prop_assert!(!out.contains(CARDS[card]), "{value}");
    }

    #[test]
    fn any_text_is_taken_without_a_panic_and_hiding_twice_changes_nothing(text in ".*") {
        let redactor = redactor();
        let once = redactor.text(&text).into_owned();
        prop_assert_eq!(redactor.text(&once).into_owned(), once);
    }
}

#[test]
fn a_bucket_keeps_its_bound_though_it_has_the_digits_of_a_card() {
    let redactor = Redactor::new(&Redact::default());
    // Go's runtime exposes this bound; its digits pass Luhn's test.
    let bound = "6528.999999999999";
    assert_eq!(redactor.field("le", bound), bound);
    // Elsewhere its first 14 digits are taken for a card: that is how long some are.
    assert_eq!(redactor.field("note", bound), "[redacted:pan]99");
    assert_eq!(
        redactor.field("le", "4242424242424242"),
        "[redacted:pan]",
        "a whole number may be a card"
    );
}

//! Cards and tokens as people and programs write them, and numbers that only look like them.

use proptest::prelude::*;
use serde_json::json;

use super::*;

/// Numbers that Stripe, Adyen, PayPal, Worldpay and the schemes publish for tests: every brand, both ends of
/// Mastercard's second range, 13 to 19 digits.
const CARDS: [&str; 67] = [
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
    "6011981111111113",
    "3056930009020004",
    "36227206271667",
    "6555900000604105",
    "3566002020360505",
    "6200000000000005",
    "6200000000000047",
    "6205500000000000004",
    "4000000760000002",
    "4000001240000000",
    "4000003920000003",
    "3530111333300000",
    "4111111111111111",
    "4988438843884305",
    "4166676667666746",
    "4646464646464644",
    "2222400070000005",
    "5577000055770004",
    "2222410740360010",
    "5555341244441115",
    "5101180000000007",
    "5585558555855583",
    "2223520443560010",
    "5454545454545454",
    "6771798021000008",
    "3569990010095841",
    "6011601160116611",
    "6445644564456445",
    "36006666333344",
    "8171999927660000",
    "8171999900000000021",
    "6703444444444449",
    "4035501000000008",
    "4360000001000005",
    "5019555544445555",
    "5066991111111118",
    "6062828888666688",
    "9792030394440796",
    "370000000000002",
    "370000000100018",
    "345177925488348",
    "6011000000000004",
    "38520000023237",
    "30569309025904",
    "4012888888881881",
    "4222222222222",
    "5610591081018250",
    "5019717010103742",
    "6331101999990016",
    "2720990000000007",
    "2221000000000009",
    "2720999999999996",
    "4917610000000000003",
    "4000000000000000006",
    "6304000000000000",
    "2200000000000004",
    "6074849200004917",
];

fn redactor() -> Redactor {
    Redactor::new(&Redact {
        fields: vec!["patient_id".to_owned()],
        ..Redact::default()
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
        ("my_ch_4242424242424242", "my_ch_[redacted:pan]"),
        ("card_4242424242424242", "card_[redacted:pan]"),
        ("userPanId=4242424242424242", "userPanId=[redacted:pan]"),
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
        // A Visa number's digits in a UUID and in the id of a trace, as the standards write them.
        "42424242-4242-4242-a242-424242424242",
        "span 4bf92f3577b34da64242424242424242",
        "took 3.5555555555554444 s",
        "order_id=4242424242424242 {\"traceId\": \"4242424242424242\"}",
        // A card's digits within an id, and within a fraction.
        "user_id=194242424242424242 {\"user_id\":424242424242424299}",
        "{\"score\":0.7424242424242424}",
        // A word that begins otherwise is no less an id, and the ids of a payment provider's objects say what they are.
        "\"span_id\":\"adc4242424242424242\" \"company_id\":4242424242424242",
        "POST /v1/charges/ch_4242424242424242/capture",
        // Parts of a UUID that are grouped as a telephone number is.
        "request_id=91a6ee02-5142-4961-a84b-b05f2257cb0f",
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
            "_redacted": ["pan"],
        })
    );
}

#[test]
fn a_card_between_letters_is_no_id_though_it_is_as_long_as_one() {
    for (text, expected) in [
        ("370000000000002A", "[redacted:pan]A"),
        ("deadbeef4242424242424242", "deadbeef[redacted:pan]"),
        ("a4242424242424242b7c0d1e", "a4242424242424242b7c0d1e"),
    ] {
        assert_eq!(redactor().text(text), expected);
    }
}

fn grouped(card: &str, group: usize, separator: &str) -> String {
    let digits: Vec<char> = card.chars().collect();
    digits
        .chunks(group)
        .map(|part| part.iter().collect::<String>())
        .collect::<Vec<_>>()
        .join(separator)
}

#[test]
fn a_card_of_19_digits_may_stand_in_two_groups() {
    assert_eq!(
        redactor().text("650234-9805373488940\n"),
        "[redacted:pan]\n"
    );
}

proptest! {
    /// What is passed over at a glance is nothing that reading finds, digit by digit.
    #[test]
    fn no_number_is_passed_over(
        before in "(tel |電話|my_number=|\\+|code |/|\n|0978e6\n)?",
        groups in "((4242|3782|5555|0[0-9]|[3-6][0-9]{3}|650234)[ ._-]{0,4})?[0-9]{1,19}([ ._/\t-]{1,4}[0-9]{1,13}){0,4}",
        after in "(\n|あ| x| 4242)?",
        name in proptest::option::of(prop_oneof!["phone", "my_number", "order_id", "note"]),
    ) {
        let text = format!("{before}{groups}{after}");
        let name = name.as_deref();
        let mut read = Hits::new();
        let everything = 0..text.len();
        digits::runs(&text, everything, |_| false, |run| numbers_of(&text, name, run, &mut read));
        let found = match read.is_empty() {
            true => text.clone().into(),
            false => redactor().replaced(&text, read, &mut Found::default()),
        };
        prop_assert_eq!(redactor().hide(&text, name, &mut Found::default()), found);
    }
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
    // No card is written with one point in it.
    assert_eq!(redactor.field("note", bound), bound);
    assert_eq!(
        redactor.field("le", "4242424242424242"),
        "[redacted:pan]",
        "a whole number may be a card"
    );
}

#[test]
fn what_a_stripe_holds_is_hidden_with_its_number() {
    let redactor = redactor();
    // The forms of ISO/IEC 7813 with a number that is published for tests.
    for (text, expected) in [
        (
            "read %B4242424242424242^YAMADA/TARO^28121011000012300000? ok",
            "read [redacted:track] ok",
        ),
        (
            "read ;4242424242424242=28121011000012300000? ok",
            "read [redacted:track] ok",
        ),
        ("4242424242424242=2812", "[redacted:pan]=2812"),
        (
            "cvv=123 CVC2: \"999\"",
            "cvv=[redacted:field] CVC2: [redacted:field]",
        ),
    ] {
        assert_eq!(redactor.text(text), expected);
    }
}

/// 123456789018 is the 個人番号 of the authorities' examples: its check digit is 8, for the weighted sum
/// 1*6+2*5+3*4+4*3+5*2+6*7+7*6+8*5+9*4+0*3+1*2 = 212 is 3 modulo 11. 7000012050002 is 国税庁's 法人番号;
/// 01130012 is 全国健康保険協会東京支部's 保険者番号.
#[test]
fn numbers_of_japan_are_known_by_their_names_and_check_digits() {
    let redactor = redactor();
    for (text, expected) in [
        ("個人番号: 123456789018", "個人番号: [redacted:my_number]"),
        (
            "マイナンバー（1234-5678-9018）を受領",
            "マイナンバー（[redacted:my_number]）を受領",
        ),
        (
            "my_number=１２３４５６７８９０１８",
            "my_number=[redacted:my_number]",
        ),
        ("個人番号: 123456789010", "個人番号: 123456789010"),
        (
            "法人番号 7000012050002",
            "法人番号 [redacted:corporate_number]",
        ),
        (
            "保険者番号:01130012",
            "保険者番号:[redacted:insurer_number]",
        ),
        ("保険者番号:01130013", "保険者番号:01130013"),
        (
            "基礎年金番号 1234-567890",
            "基礎年金番号 [redacted:pension_number]",
        ),
        ("注文番号 123456789018", "注文番号 123456789018"),
    ] {
        assert_eq!(redactor.text(text), expected);
    }
    assert_eq!(
        redactor.field("my_number", "123456789018"),
        "[redacted:my_number]"
    );
    let mut fields = Map::from_iter([("hokensha_bango".to_owned(), json!(1_130_012))]);
    redactor.record(&mut fields);
    assert_eq!(
        fields["hokensha_bango"], 1_130_012,
        "seven digits are no 保険者番号"
    );
}

#[test]
fn telephone_numbers_are_known_by_their_groups() {
    let redactor = redactor();
    for (text, expected) in [
        ("090-1234-5678 まで", "[redacted:phone] まで"),
        ("call 03-1234-5678.", "call [redacted:phone]."),
        ("0120-123-456", "[redacted:phone]"),
        ("1/090-1234-5678", "1/[redacted:phone]"),
        ("code 0978e6\n03-1234-5678", "code 0978e6\n[redacted:phone]"),
        ("+81 90-1234-5678", "[redacted:phone]"),
        ("tel: 09012345678", "tel: [redacted:phone]"),
        ("携帯０９０－１２３４－５６７８", "携帯[redacted:phone]"),
        // Dates, versions, ids, time zones.
        ("2026-11-22 01:02:03+0900", "2026-11-22 01:02:03+0900"),
        ("id 09012345678", "id 09012345678"),
        ("00-1234-5678", "00-1234-5678"),
        ("part 012-345-678-90", "part 012-345-678-90"),
    ] {
        assert_eq!(redactor.text(text), expected);
    }
    assert_eq!(redactor.field("phone", "09012345678"), "[redacted:phone]");
    assert_eq!(
        redactor.field("my_number", "1234-5678-9018"),
        "[redacted:my_number]"
    );
}

#[test]
fn an_id_is_no_card_whatever_its_digits_add_up_to() {
    let mut fields = json!({
        "order_id": 4242424242424242_u64,
        "traceId": "4242424242424242",
        "start_unix_nano": 4242424242424242_u64,
        "card_id": "4242424242424242",
        "note": "order_id 4242424242424242",
    });
    let Value::Object(fields) = &mut fields else {
        unreachable!()
    };
    redactor().record(fields);
    assert_eq!(
        Value::Object(fields.clone()),
        json!({
            "order_id": 4242424242424242_u64,
            "traceId": "4242424242424242",
            "start_unix_nano": 4242424242424242_u64,
            "card_id": "[redacted:pan]",
            "note": "order_id [redacted:pan]",
            "_redacted": ["pan"],
        })
    );
}

/// Of a million span ids 37 are 13 digits or more that a scheme could have issued, between letters.
#[test]
fn the_name_of_a_field_is_that_of_the_word_with_which_it_begins() {
    let ids = json!({
        "span_id": "ffd4222222222222",
        "trace_id": "4298424242424242424200a5",
        "links": [{ "spanId": "4242424242424242ffd" }],
    });
    let Value::Object(mut fields) = ids.clone() else {
        unreachable!()
    };
    redactor().record(&mut fields);
    assert_eq!(Value::Object(fields), ids);
    // A second word of the field is not what its name speaks of, nor is a name before it that says no such thing.
    for (name, value) in [
        ("span_id", "ffd 4242424242424242 paid"),
        ("note", "ffd4222222222222"),
        ("card_id", "ffd4222222222222"),
    ] {
        assert!(
            redactor().field(name, value).contains("[redacted:pan]"),
            "{name}"
        );
    }
}

/// What came with a card number is found by it, whatever its field is called and whatever became of it.
#[test]
fn a_record_says_what_was_hidden_in_it() {
    let tokenising = acting(&[("pan", Action::Tokenise), ("mail", Action::Keep)]);
    for (fields, expected) in [
        (
            json!({ "message": "paid 4242 4242 4242 4242" }),
            json!(["pan"]),
        ),
        // Hidden by its name; it is a card all the same.
        (json!({ "card_number": "4242424242424242" }), json!(["pan"])),
        (json!({ "message": "pan=4242424242424242" }), json!(["pan"])),
        (
            json!({ "read": ";4242424242424242=28121011000012300000?" }),
            json!(["track", "pan"]),
        ),
        // Another Tegata has hidden it on the way, and nobody else's words are taken for its own.
        (
            json!({ "message": "[redacted:pan]", "_redacted": ["pan", "x"] }),
            json!(["pan"]),
        ),
        (
            json!({ "password": "hunter2", "to": "a@example.com" }),
            Value::Null,
        ),
    ] {
        let Value::Object(mut fields) = fields else {
            unreachable!()
        };
        tokenising.record(&mut fields);
        let told = fields.get("_redacted").unwrap_or(&Value::Null);
        assert_eq!(told, &expected, "{fields:?}");
    }
}

fn acting(actions: &[(&str, Action)]) -> Redactor {
    let redact = Redact {
        actions: actions
            .iter()
            .map(|(name, action)| ((*name).to_owned(), *action))
            .collect(),
        ..Redact::default()
    };
    let secrets = [("k1".to_owned(), "a secret of many bytes".to_owned())];
    Redactor::with_keys(&redact, &secrets.into())
}

#[test]
fn the_spec_says_what_becomes_of_each_kind() {
    let redactor = acting(&[
        ("mail", Action::Tokenise),
        ("pan", Action::Keep),
        ("phone", Action::Keep),
        ("patient", Action::Encrypt),
        ("noise", Action::Drop),
        ("cvv", Action::Encrypt),
    ]);
    let one = redactor.text("from a@example.com").into_owned();
    let other = redactor.text("to a@example.com").into_owned();
    assert!(
        one.starts_with("from [redacted:mail:k1:") && one.len() == 24 + 32,
        "{one}"
    );
    assert_eq!(one.rsplit(' ').next(), other.rsplit(' ').next());
    assert_eq!(redactor.text(&one), one, "hiding twice changes nothing");
    assert_eq!(
        redactor.text("4242424242424242"),
        "[redacted:pan]",
        "never kept"
    );
    assert_eq!(redactor.text("090-1234-5678"), "090-1234-5678");
    let mut fields = json!({ "patient": "山田 太郎", "noise": [1], "cvv": 123, "ok": true });
    let Value::Object(fields) = &mut fields else {
        unreachable!()
    };
    redactor.record(fields);
    let names: Vec<&String> = fields.keys().collect();
    assert_eq!(names, ["patient", "cvv", "ok"]);
    assert_eq!(
        fields["cvv"], "[redacted:field]",
        "never kept, not even encrypted"
    );
    let sealed = fields["patient"].as_str().unwrap_or_default();
    assert!(sealed.starts_with("[redacted:field:k1:"), "{sealed}");
    assert_eq!(redactor.reveal(sealed), "山田 太郎");
}

#[test]
fn without_a_key_everything_is_masked() {
    let redact = Redact {
        actions: [("mail".to_owned(), Action::Encrypt)].into(),
        ..Redact::default()
    };
    let redactor = Redactor::new(&redact);
    assert_eq!(redactor.text("a@example.com"), "[redacted:mail]");
}

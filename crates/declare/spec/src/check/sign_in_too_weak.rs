//! Ways to sign in that are weaker than a standard asks.

use promise::{quantity::{Bound, Quantity}, say};

use crate::{diagnostic::Level, section::security::SignIn};

use super::{Found, Sight};

rule! {
    /// # Finds
    /// Under `sign_in`: a longer idle time, a shorter password, more tries or a shorter lock than a standard under `profiles` asks; a warning without a second factor, which is asked for where card data can be reached.
    /// ja: `sign_in` のうち、`profiles` の基準より長い無操作時間、短いパスワード、多い失敗回数、短いロック。多要素認証なしは警告(カード情報に到達できる場合に必須)。
    /// # Why
    /// A session left open or a password that can be guessed is how card data is reached by somebody else.
    /// ja: 開いたままのセッションや推測できるパスワードから、他人がカード情報に到達します。
    /// # Source
    /// The clause, in the table `sign_in`: PCI DSS 8.2.8, 8.3.4, 8.3.6 and 8.4.2. They are not about customers' own accounts, so entries that are named after customers are left alone; `0s` locks until somebody unlocks.
    /// ja: 条項は `sign_in` の表(PCI DSS 8.2.8、8.3.4、8.3.6、8.4.2)。顧客自身のアカウントは対象外なので、顧客を示す名前の項目は調べません。`lockout_for: 0s` は解除するまでのロックとみなします。
    /// # Example
    /// `sign_in: { admin: { idle_timeout: 30m, password_length: 8 } }`
    /// ja: `sign_in: { admin: { idle_timeout: 30m, password_length: 8 } }`
    /// # Fix
    /// Write the figure of the standard, and set it.
    /// ja: 基準の値にして、そのとおり設定します。
    "sign-in-too-weak": Error, for [Pci], needs ["security"], check
}

/// Words of names that are of no staff: customers' accounts, and tills, which one card at a time goes through.
const NOT_STAFF: [&str; 16] = [
    "customer", "customers", "consumer", "consumers", "member", "members", "shopper", "shoppers", "buyer", "buyers", "cardholder", "cardholders", "end", "patient", "patients", "pos",
];

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, it) in &sight.spec.design.security.sign_in {
        let lower = name.to_ascii_lowercase();
        if lower.split(|c: char| !c.is_alphanumeric()).any(|word| NOT_STAFF.contains(&word)) {
            continue;
        }
        for (item, profile) in sight.spec.profiles.iter().enumerate() {
            for (field, value) in figures(it) {
                let Some((bound, fact)) = sight.facts().one("sign_in", &[profile.as_str(), field]).and_then(|fact| Some((fact.figure::<Bound>("bound")?, fact))) else { continue };
                let is_kept = if bound.is_upper() { value.number() <= bound.value.number() } else { value.number() >= bound.value.number() };
                if is_kept {
                    continue;
                }
                let clause = fact.get("clause");
                let diagnostic = found.note(
                    sight.places.at(&["security", "sign_in", name, field]),
                    match field {
                        "mfa" => say!("one factor, and {clause} asks for a second where card data can be reached", "単要素ですが、{clause} はカード情報への到達に多要素認証を求めています"),
                        _ => say!("{value} here, and {clause} asks for {bound}", "{value} ですが、{clause} は {bound} を求めています"),
                    },
                );
                diagnostic.also(sight.places.at(&["profiles", &item.to_string()]), say!("held to this", "準拠する基準")).source(fact.source());
                match field {
                    // Whether it leads to card data, the spec does not say.
                    "mfa" => diagnostic.level(Level::Warning).hint(say!("ask for a second factor, and write `mfa: true`", "多要素認証にして `mfa: true` にします")),
                    _ => diagnostic.hint(say!("write `{field}: {}`", "`{field}: {}` にします", bound.value)),
                };
            }
        }
    }
}

/// What is said of it, by field.
#[allow(clippy::cast_precision_loss)] // Lengths and tries are small.
fn figures(it: &SignIn) -> Vec<(&'static str, Quantity)> {
    let number = |n: u64| Quantity::Number(n as f64);
    let locked = it.lockout_for.filter(|span| !span.0.is_zero());
    let all = [
        ("idle_timeout", it.idle_timeout.map(Quantity::Time)),
        ("password_length", it.password_length.map(number)),
        ("lockout_after", it.lockout_after.map(number)),
        ("lockout_for", locked.map(Quantity::Time)),
        ("mfa", it.mfa.map(|mfa| number(u64::from(mfa)))),
    ];
    all.into_iter().filter_map(|(field, value)| Some((field, value?))).collect()
}

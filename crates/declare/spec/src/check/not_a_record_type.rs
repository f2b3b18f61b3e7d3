//! DNS record types that a probe cannot ask for.

use promise::{document::did_you_mean, say};

use super::{Found, Sight};
use crate::section::source::Probe;

rule! {
    /// # Finds
    /// A `record` of a DNS probe that is not one of A, AAAA, CNAME, MX, NS and TXT.
    /// ja: DNS プローブの `record` が A・AAAA・CNAME・MX・NS・TXT のいずれでもない。
    /// # Why
    /// The probe could not ask for it.
    /// ja: 問い合わせができません。
    /// # Source
    /// The types that the probe implements.
    /// ja: プローブが対応している型。
    /// # Example
    /// `record: AAA`
    /// ja: `record: AAA`
    /// # Fix
    /// Write one of the six, in capitals.
    /// ja: 六つのいずれかを大文字で書きます。
    "not-a-record-type": Error, needs [], check, always
}

const TYPES: [&str; 6] = ["A", "AAAA", "CNAME", "MX", "NS", "TXT"];

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, probe) in &sight.spec.sources.probes {
        let Probe::DnsProbe(probe) = probe else { continue };
        let record = &probe.record;
        if TYPES.contains(&record.as_str()) {
            continue;
        }
        let upper = record.to_uppercase();
        found
            .note(
                sight.places.at(&["sources", "probes", name, "record"]),
                say!("`{record}` is not a record type that can be asked for", "`{record}` というレコードの型は使えません"),
            )
            .hint(match did_you_mean(&upper, TYPES) {
                Some(meant) => say!("did you mean `{meant}`?", "`{meant}` のことですか?"),
                None => {
                    let all = TYPES.join(", ");
                    say!("one of: {all}", "次のいずれか: {all}")
                }
            });
    }
}

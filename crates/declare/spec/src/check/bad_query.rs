//! Queries that are no PromQL.

use promise::{Signal, document::{Node, Span, Value}, say};

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A `query` that is not PromQL.
    /// ja: PromQL として読めない `query`。
    /// # Why
    /// It could never be answered.
    /// ja: 決して答えが得られません。
    /// # Source
    /// The grammar of Prometheus.
    /// ja: Prometheus の文法。
    /// # Example
    /// `query: sum(rate(requests_total[5m])`
    /// ja: `query: sum(rate(requests_total[5m])`
    /// # Fix
    /// The underlined place is where reading stopped; what is missing often stands before it.
    /// ja: 下線は読めなくなった場所です。原因はその手前にあることがよくあります。
    "bad-query": Error, needs [], check, always
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for promise in &sight.spec.promises {
        for signal in promise.kind.as_judge().signals() {
            let Signal::Level { query } = signal else { continue };
            if let Err((offset, why)) = (sight.world.check_query)(&query) {
                let span = place(sight, &promise.id, &query, offset);
                found.note(span, say!("this is not PromQL: {why}", "PromQL として読めません: {why}"));
            }
        }
    }
}

/// The letter at `offset` of the query, where the text has it as it is; otherwise the whole query.
fn place(sight: &Sight<'_>, id: &str, query: &str, offset: usize) -> Span {
    let Some(Node { value: Value::Map(entries), .. }) = sight.places.node(&["promises", id]) else {
        return sight.places.key(&["promises", id]);
    };
    let written = entries.iter().find(|(_, node)| matches!(&node.value, Value::Scalar(text) if text == query));
    let Some((_, node)) = written else { return sight.places.key(&["promises", id]) };
    let whole = node.span.clone();
    let verbatim = sight.texts.get(&whole).and_then(|text| text.find(query));
    let letter = query.get(offset..).and_then(|rest| rest.chars().next());
    match (verbatim, letter) {
        (Some(quote), Some(letter)) => {
            let start = whole.start + quote + offset;
            start..start + letter.len_utf8()
        }
        _ => whole,
    }
}

//! What a store may leave unread: everything here errs towards reading.

use super::expr::{Bool, Expr, FieldValue, Target, Test};

impl Expr {
    /// What is known when only the stream is: `None` where it depends on the record.
    pub(super) fn over_stream(&self, stream: &str) -> Option<bool> {
        match self {
            Self::All => Some(true),
            Self::Nothing => Some(false),
            Self::Bool(bool) => bool.over_stream(stream),
            Self::Test(Target::Field(name), Test::Exists) if name == "stream" => Some(true),
            Self::Test(Target::Field(name), test) if name == "stream" => {
                Some(test.accepts(&FieldValue::Text(stream)))
            }
            Self::Test(..) => None,
        }
    }

    pub(super) fn required_words(&self) -> Vec<String> {
        match self {
            Self::Bool(bool) => {
                let mut words: Vec<String> =
                    bool.must.iter().flat_map(Self::required_words).collect();
                if bool.at_least == 1 {
                    let mut each = bool.should.iter().map(Self::required_words);
                    let first = each.next().unwrap_or_default();
                    words.extend(each.fold(first, |common, words| {
                        common.into_iter().filter(|w| words.contains(w)).collect()
                    }));
                } else if bool.at_least >= bool.should.len() {
                    words.extend(bool.should.iter().flat_map(Self::required_words));
                }
                words
            }
            // A number's or truth's text is not a text of the record, and the stream stands beside it.
            Self::Test(target, Test::Words(wanted))
                if *target == Target::AnyText
                    || wanted.number.is_none() && wanted.truth.is_none() =>
            {
                let whole = wanted.phrase.words.len()
                    - usize::from(wanted.phrase.open).min(wanted.phrase.words.len());
                ascii(wanted.phrase.words[..whole].iter().map(String::as_str))
            }
            Self::Test(Target::Field(name), Test::Is(wanted))
                if !matches!(name.as_str(), "stream" | "_id" | "_index" | "@timestamp")
                    && wanted.number.is_none()
                    && wanted.truth.is_none()
                    && wanted.time.is_none() =>
            {
                ascii(super::words::words(&super::words::fold(&wanted.text)))
            }
            Self::All | Self::Nothing | Self::Test(..) => Vec::new(),
        }
    }

    pub(super) fn required_values<'q>(&'q self, out: &mut Vec<(&'q str, &'q str)>) {
        match self {
            Self::Bool(bool) => bool.must.iter().for_each(|part| part.required_values(out)),
            Self::Test(Target::Field(name), Test::Is(wanted)) if !wanted.folds => {
                out.push((name.as_str(), wanted.text.as_str()));
            }
            _ => {}
        }
    }
}

impl Bool {
    fn over_stream(&self, stream: &str) -> Option<bool> {
        let known = |parts: &[Expr]| -> Vec<Option<bool>> {
            parts.iter().map(|part| part.over_stream(stream)).collect()
        };
        let (must, should, must_not) = (
            known(&self.must),
            known(&self.should),
            known(&self.must_not),
        );
        let count =
            |parts: &[Option<bool>], what| parts.iter().filter(|part| **part == what).count();
        let possible = should.len() - count(&should, Some(false));
        if must.contains(&Some(false)) || must_not.contains(&Some(true)) || possible < self.at_least
        {
            return Some(false);
        }
        let is_certain = count(&must, Some(true)) == must.len()
            && count(&must_not, Some(false)) == must_not.len()
            && count(&should, Some(true)) >= self.at_least;
        is_certain.then_some(true)
    }
}

fn ascii<'w>(words: impl Iterator<Item = &'w str>) -> Vec<String> {
    words
        .filter(|word| word.is_ascii())
        .map(str::to_owned)
        .collect()
}

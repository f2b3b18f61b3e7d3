//! The floats of an answer, named by the list of the answer before as long as they are the same: whoever hears of them
//! then knows them without a look at any.

use std::sync::Arc;

use store::{Floats, Labels, Sample};

pub(crate) struct Gathered {
    before: Arc<[Labels]>,
    /// Where the list before says something else.
    fresh: Option<Vec<Labels>>,
    samples: Vec<Sample>,
}

impl Gathered {
    pub fn after(before: Arc<[Labels]>) -> Self {
        Self {
            samples: Vec::with_capacity(before.len()),
            before,
            fresh: None,
        }
    }

    pub fn push(&mut self, labels: &Labels, sample: Sample) {
        let place = self.samples.len();
        self.samples.push(sample);
        if let Some(fresh) = &mut self.fresh {
            return fresh.push(labels.clone());
        }
        let expected = self.before.get(place);
        if !expected.is_some_and(|expected| expected.is_clone_of(labels)) {
            let mut fresh = self.before[..place].to_vec();
            fresh.push(labels.clone());
            self.fresh = Some(fresh);
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = (&Labels, &Sample)> {
        let names = self.fresh.as_deref().unwrap_or(&self.before);
        names.iter().zip(&self.samples)
    }

    pub fn finish(self) -> Floats {
        let names = match self.fresh {
            Some(fresh) => fresh.into(),
            None if self.samples.len() < self.before.len() => {
                self.before[..self.samples.len()].into()
            }
            None => self.before,
        };
        Floats::new(names, self.samples)
    }
}

#[cfg(test)]
mod tests {
    use promise::Timestamp;

    use super::*;

    fn told(before: &Floats, labels: &[&Labels]) -> Floats {
        let mut gathered = Gathered::after(before.names().clone());
        for labels in labels {
            let at = Timestamp::default();
            gathered.push(labels, Sample { at, value: 1.0 });
        }
        gathered.finish()
    }

    #[test]
    fn the_list_is_shared_as_long_as_nothing_changes() {
        let [a, b, c] = ["a", "b", "c"].map(|name| Labels::new([("__name__", name)]));
        let first = told(&Floats::default(), &[&a, &b]);
        let same = told(&first, &[&a, &b]);
        assert!(Arc::ptr_eq(first.names(), same.names()));
        for other in [&[&a][..], &[&a, &c], &[&a, &b, &c], &[&b, &a], &[]] {
            let found = told(&first, other);
            assert!(
                found
                    .iter()
                    .map(|(labels, _)| labels)
                    .eq(other.iter().copied())
            );
        }
    }
}

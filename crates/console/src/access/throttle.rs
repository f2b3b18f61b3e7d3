//! Wrong attempts, counted by where they come from. After ten nobody from there is listened to for half an hour (PCI DSS
//! 8.3.4), right or wrong: a lock that opens for the right key is none.

use std::{collections::HashMap, time::Duration};

use promise::Timestamp;

/// PCI DSS 8.3.4: no more than ten.
const WRONG_MAX: u32 = 10;
/// PCI DSS 8.3.4: at least thirty minutes. Wrong attempts further apart are not one attack, either.
const LOCKED_FOR: Duration = Duration::from_secs(30 * 60);
/// Places that are remembered at once; of more, those that were quiet longest are forgotten.
const PLACES_MAX: usize = 10_000;

#[derive(Default)]
pub(super) struct Throttle {
    places: HashMap<String, Place>,
}

struct Place {
    wrong: u32,
    last: Timestamp,
    locked_until: Option<Timestamp>,
    /// Turned away since the last one that was written down.
    unwritten: u64,
}

impl Throttle {
    /// How many seconds nobody from there is listened to. Counts whoever asks meanwhile.
    pub fn waits(&mut self, from: &str, now: Timestamp) -> Option<u64> {
        let place = self.places.get_mut(from)?;
        let until = place.locked_until?;
        if now >= until {
            place.locked_until = None;
            place.wrong = 0;
            return None;
        }
        place.unwritten += 1;
        Some(until.since(now).as_secs().max(1))
    }

    /// Counts a wrong attempt; answers how many were turned away unwritten before it.
    pub fn wrong(&mut self, from: &str, now: Timestamp) -> u64 {
        if self.places.len() >= PLACES_MAX && !self.places.contains_key(from) {
            self.make_room(now);
        }
        let place = self.places.entry(from.to_owned()).or_insert(Place {
            wrong: 0,
            last: now,
            locked_until: None,
            unwritten: 0,
        });
        if now >= place.last + LOCKED_FOR {
            place.wrong = 0;
        }
        place.wrong += 1;
        place.last = now;
        if place.wrong >= WRONG_MAX {
            place.locked_until = Some(now + LOCKED_FOR);
        }
        std::mem::take(&mut place.unwritten)
    }

    /// Somebody from there was right.
    pub fn forget(&mut self, from: &str) {
        self.places.remove(from);
    }

    fn make_room(&mut self, now: Timestamp) {
        self.places.retain(|_, place| now < place.last + LOCKED_FOR);
        if self.places.len() >= PLACES_MAX {
            let oldest = self.places.iter().min_by_key(|(_, place)| place.last);
            let oldest = oldest.map(|(from, _)| from.clone());
            oldest.and_then(|from| self.places.remove(&from));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_millis(secs * 1_000)
    }

    #[test]
    fn the_tenth_wrong_attempt_shuts_the_door_for_half_an_hour() {
        let mut throttle = Throttle::default();
        for n in 0..9 {
            throttle.wrong("192.0.2.1", at(n));
            assert_eq!(throttle.waits("192.0.2.1", at(n)), None);
        }
        throttle.wrong("192.0.2.1", at(9));
        assert_eq!(throttle.waits("192.0.2.1", at(10)), Some(1_799));
        assert_eq!(throttle.waits("192.0.2.2", at(10)), None, "only there");
        assert_eq!(throttle.waits("192.0.2.1", at(9 + 1_800)), None);
        // One was turned away in between, and the next that is written down says so.
        assert_eq!(throttle.wrong("192.0.2.1", at(2_000)), 1);
    }

    #[test]
    fn places_are_bounded() {
        let mut throttle = Throttle::default();
        for n in 0..10_050 {
            throttle.wrong(&n.to_string(), Timestamp::from_millis(n));
        }
        assert_eq!(throttle.places.len(), PLACES_MAX);
        assert!(!throttle.places.contains_key("0"), "the oldest went");
    }
}

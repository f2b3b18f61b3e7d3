//! Log-ins: a signed cookie for each, and nothing of them on a disk.
//!
//! The key is made when the process starts and dies with it, so a restart ends every log-in; within one process a log-in
//! that was ended, or whose person has got another token or left the spec, is refused from then on.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
    time::Duration,
};

use axum::http::{HeaderMap, header};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use promise::Timestamp;
use rand::Rng;
use sha2::Sha256;

use super::{People, Via, Who, throttle::Throttle};

/// A cookie is written anew when it was last used this long ago: not with each request.
const SEEN_EVERY: Duration = Duration::from_secs(60);
/// Ended log-ins that are remembered until they would have ended by themselves; of more, all end.
const ENDED_MAX: usize = 10_000;
/// How often the same quiet deed of the same person is written down.
const AGAIN_AFTER: Duration = Duration::from_secs(15 * 60);
/// Quiet deeds that are remembered as written; of more, some are written twice.
const QUIET_MAX: usize = 10_000;

/// Who may ask, and who has logged in.
pub struct Access {
    rules: RwLock<Arc<Rules>>,
    key: Mutex<[u8; 32]>,
    ended: Mutex<HashMap<u64, Timestamp>>,
    quiet: Mutex<HashMap<String, Timestamp>>,
    throttle: Mutex<Throttle>,
}

/// What a spec says of it.
struct Rules {
    people: Arc<People>,
    session: Duration,
    idle: Duration,
    /// Whether people come over TLS: then the cookie goes over nothing else.
    is_secure: bool,
}

/// What a cookie says.
struct Claim {
    name: String,
    id: u64,
    begun: Timestamp,
    seen: Timestamp,
}

impl Default for Access {
    /// Nobody has to say who they are.
    fn default() -> Self {
        let mut key = [0; 32];
        rand::rng().fill_bytes(&mut key);
        Self {
            rules: RwLock::new(Arc::new(Rules {
                people: Arc::default(),
                session: Duration::ZERO,
                idle: Duration::ZERO,
                is_secure: false,
            })),
            key: Mutex::new(key),
            ended: Mutex::default(),
            quiet: Mutex::default(),
            throttle: Mutex::default(),
        }
    }
}

impl Access {
    /// Takes over what a spec says. Log-ins of people who are still the same go on.
    pub fn set(&self, people: People, session: Duration, idle: Duration, is_secure: bool) {
        let rules = Rules {
            people: Arc::new(people),
            session,
            idle,
            is_secure,
        };
        *self.rules.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(rules);
    }

    fn rules(&self) -> Arc<Rules> {
        let rules = self.rules.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&rules)
    }

    pub(super) fn people(&self) -> Arc<People> {
        self.rules().people.clone()
    }

    /// Whether anybody has to say who they are.
    pub(crate) fn is_asked(&self) -> bool {
        self.people().are_asked()
    }

    pub(super) fn throttle(&self) -> MutexGuard<'_, Throttle> {
        lock(&self.throttle)
    }

    /// Begins a log-in: the line of its cookie.
    pub(crate) fn begin(&self, who: &Who, now: Timestamp) -> String {
        let claim = Claim {
            name: who.name.clone(),
            id: rand::rng().next_u64(),
            begun: now,
            seen: now,
        };
        self.cookie(&self.rules(), &claim, now)
    }

    /// Ends the log-in of a request: the line that takes its cookie away.
    pub(crate) fn end(&self, headers: &HeaderMap, now: Timestamp) -> String {
        let rules = self.rules();
        if let Some(claim) = self.claim(&rules, headers) {
            let mut ended = lock(&self.ended);
            if ended.len() >= ENDED_MAX {
                ended.retain(|_, until| now < *until);
            }
            if ended.len() >= ENDED_MAX {
                rand::rng().fill_bytes(&mut *lock(&self.key));
                ended.clear();
            }
            ended.insert(claim.id, claim.begun + rules.session);
        }
        let name = rules.name();
        format!(
            "{name}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict{}",
            rules.secure()
        )
    }

    /// Whose log-in a request belongs to; and its cookie anew, where it has been a while. What a page does by itself does
    /// not count as being used.
    pub(super) fn session(
        &self,
        headers: &HeaderMap,
        now: Timestamp,
        counts: bool,
    ) -> Option<(Who, Option<String>)> {
        let rules = self.rules();
        let mut claim = self.claim(&rules, headers)?;
        let is_over = now >= claim.begun + rules.session
            || now >= claim.seen + rules.idle
            || lock(&self.ended).contains_key(&claim.id);
        if is_over {
            return None;
        }
        let (role, _) = rules.people.named(&claim.name)?;
        let who = Who {
            name: claim.name.clone(),
            role: Some(role),
            via: Via::Session,
        };
        let anew = counts && now >= claim.seen + SEEN_EVERY.min(rules.idle / 4);
        claim.seen = now;
        Some((who, anew.then(|| self.cookie(&rules, &claim, now))))
    }

    /// Whether such a quiet deed has not been written down for a while.
    pub(super) fn is_first(&self, deed: String, now: Timestamp) -> bool {
        let mut quiet = lock(&self.quiet);
        if quiet.len() >= QUIET_MAX {
            quiet.retain(|_, last| now < *last + AGAIN_AFTER);
        }
        if quiet.len() >= QUIET_MAX {
            quiet.clear();
        }
        let last = quiet.insert(deed.clone(), now);
        match last {
            Some(last) if now < last + AGAIN_AFTER => {
                quiet.insert(deed, last);
                false
            }
            _ => true,
        }
    }

    fn cookie(&self, rules: &Rules, claim: &Claim, now: Timestamp) -> String {
        let said = claim.said();
        let mac = self.mac(rules, &said, &claim.name);
        let mac = mac.map(|mac| URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()));
        let left = (claim.begun + rules.session).since(now).as_secs();
        let (name, secure) = (rules.name(), rules.secure());
        format!(
            "{name}={said}.{}; Path=/; Max-Age={left}; HttpOnly; SameSite=Strict{secure}",
            mac.unwrap_or_default()
        )
    }

    /// Over the claim and the hash of the person's token: who gets another token has to log in anew.
    fn mac(&self, rules: &Rules, said: &str, name: &str) -> Option<Hmac<Sha256>> {
        let (_, token) = rules.people.named(name)?;
        let key = *lock(&self.key);
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
        mac.update(said.as_bytes());
        mac.update(token);
        Some(mac)
    }

    fn claim(&self, rules: &Rules, headers: &HeaderMap) -> Option<Claim> {
        let name = rules.name();
        let cookies = headers.get_all(header::COOKIE).iter();
        let value = cookies
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find_map(|(given, value)| (given == name).then_some(value))?;
        let (said, mac) = value.rsplit_once('.')?;
        let mac = URL_SAFE_NO_PAD.decode(mac).ok()?;
        let claim = Claim::read(said)?;
        let own = self.mac(rules, said, &claim.name)?;
        own.verify_slice(&mac).is_ok().then_some(claim)
    }
}

impl Rules {
    /// With the prefix a browser takes it over TLS alone, and from no other host (RFC 6265bis, 4.1.3.2).
    fn name(&self) -> &'static str {
        if self.is_secure {
            "__Host-tegata"
        } else {
            "tegata"
        }
    }

    fn secure(&self) -> &'static str {
        if self.is_secure { "; Secure" } else { "" }
    }
}

impl Claim {
    fn said(&self) -> String {
        let name = URL_SAFE_NO_PAD.encode(&self.name);
        let (begun, seen) = (self.begun.as_millis(), self.seen.as_millis());
        format!("{name}.{:016x}.{begun}.{seen}", self.id)
    }

    fn read(said: &str) -> Option<Self> {
        let mut parts = said.split('.');
        let name = URL_SAFE_NO_PAD.decode(parts.next()?).ok()?;
        let id = u64::from_str_radix(parts.next()?, 16).ok()?;
        let mut time = || Some(Timestamp::from_millis(parts.next()?.parse().ok()?));
        let (begun, seen) = (time()?, time()?);
        Some(Self {
            name: String::from_utf8(name).ok()?,
            id,
            begun,
            seen,
        })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use spec::section::access::Role;

    use super::*;

    const TOKEN: &str = "tegata_0123456789abcdef0123456789abcdef";
    const HOUR: Duration = Duration::from_secs(3_600);

    fn access(token: &str) -> Access {
        let access = Access::default();
        access.set(people(token), HOUR, HOUR / 4, true);
        access
    }

    fn people(token: &str) -> People {
        let mut people = People::default();
        people.add("佐藤", Role::Operator, token).unwrap();
        people
    }

    fn who() -> Who {
        Who {
            name: "佐藤".into(),
            role: Some(Role::Operator),
            via: Via::Session,
        }
    }

    fn with(cookie: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let pair = cookie.split(';').next().unwrap();
        headers.insert(header::COOKIE, format!("a=b; {pair}").parse().unwrap());
        headers
    }

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_millis(secs * 1_000)
    }

    #[test]
    fn a_log_in_lasts_while_it_is_used_and_no_longer_than_it_may() {
        let access = access(TOKEN);
        let mut cookie = access.begin(&who(), at(0));
        for part in [
            "__Host-tegata=",
            "; Path=/",
            "; HttpOnly",
            "; SameSite=Strict",
            "; Secure",
        ] {
            assert!(cookie.contains(part), "{cookie}");
        }
        assert!(access.session(&with(&cookie), at(899), false).is_some());
        assert!(
            access.session(&with(&cookie), at(900), true).is_none(),
            "idle"
        );
        for now in (600..3_600).step_by(600) {
            let (found, anew) = access.session(&with(&cookie), at(now), true).unwrap();
            assert_eq!(found, who());
            cookie = anew.unwrap();
        }
        assert!(
            access.session(&with(&cookie), at(3_600), true).is_none(),
            "over"
        );
    }

    #[test]
    fn a_changed_ended_or_foreign_cookie_is_none() {
        let access = access(TOKEN);
        let cookie = access.begin(&who(), at(0));
        let pair = cookie.split(';').next().unwrap();
        for at_byte in 0..pair.len() {
            let mut bytes = pair.as_bytes().to_vec();
            bytes[at_byte] = if bytes[at_byte] == b'x' { b'y' } else { b'x' };
            let changed = String::from_utf8(bytes).unwrap();
            assert!(
                access.session(&with(&changed), at(1), false).is_none(),
                "{changed}"
            );
        }
        assert!(
            super::tests::access(TOKEN)
                .session(&with(&cookie), at(1), false)
                .is_none()
        );
        access.end(&with(&cookie), at(2));
        assert!(access.session(&with(&cookie), at(3), false).is_none());
    }

    #[test]
    fn another_token_ends_the_log_ins_of_the_old_one() {
        let access = access(TOKEN);
        let cookie = access.begin(&who(), at(0));
        access.set(people(TOKEN), HOUR, HOUR, true);
        assert!(
            access.session(&with(&cookie), at(1), false).is_some(),
            "a reload alone does not"
        );
        access.set(people(&TOKEN.replace("tegata", "atageT")), HOUR, HOUR, true);
        assert!(access.session(&with(&cookie), at(1), false).is_none());
        access.set(People::default(), HOUR, HOUR, true);
        assert!(access.session(&with(&cookie), at(1), false).is_none());
    }
}

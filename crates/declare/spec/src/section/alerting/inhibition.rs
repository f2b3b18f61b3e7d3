//! `alerting.inhibitions`: while one thing fires, what follows from it is not told.

use promise::record;

use super::matcher::Matcher;

record! {
    /// Alerts that hold back others while they fire.
    /// ja: 発報中にほかの警報の通知を控えさせる警報。
    pub struct Inhibition {
        /// The alert that holds back has all of these labels.
        /// ja: 控えさせる側の警報の条件(すべて満たすもの)。
        source: Vec<Matcher>,
        /// The alert that is held back has all of these labels.
        /// ja: 控えられる側の警報の条件(すべて満たすもの)。
        target: Vec<Matcher>,
        /// Labels that must have the same value in both; a missing one counts as empty.
        /// ja: 両者で値が同じであるべきラベル。ないラベルは空とみなします。
        equal: Vec<String> = Vec::new(),
    }
}

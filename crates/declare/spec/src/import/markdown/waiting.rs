//! Those whom a sentence waits for: dependencies with their timeouts and retries, load balancers and their checks.

use promise::say;

use super::{
    PAYMENTS, Reader,
    figures::{Figure, Kind},
    place,
    worded::few_words,
    words::plain,
};

impl Reader<'_> {
    /// How often a call is tried again, where that is said in a word: `tries again, twice at most`.
    pub(super) fn tried_again(&mut self, text: &str, line: usize) {
        const TIMES: [(&str, u64); 4] = [
            ("once", 1),
            ("twice", 2),
            ("three times", 3),
            ("four times", 4),
        ];
        let lower = text.to_lowercase();
        let Some(at) = RETRIED.iter().find_map(|word| lower.find(word)) else {
            return;
        };
        let said = TIMES.iter().find(|(word, _)| lower[at..].contains(word));
        if let Some((_, count)) = said
            && let Some(id) = self.waited_for("", text, line)
        {
            self.once(&["dependencies", &id, "retries"], *count, line);
        }
    }

    /// The dependency of which this line has spoken, or its paragraph before.
    pub(super) fn waiting_for(&self, line: usize) -> Option<String> {
        let is_here = |at: usize| at == line || (self.paragraph..=line).contains(&at);
        let (id, _) = self.dependency.as_ref().filter(|(_, at)| is_here(*at))?;
        Some(id.clone())
    }

    /// What a health check is said to be.
    pub(super) fn checked(&mut self, near: &str, text: &str, figure: &Figure, line: usize) {
        let field = match figure.kind {
            Kind::Count => "failures",
            _ if near.contains("タイムアウト") || near.contains("timeout") => "timeout",
            _ => "interval",
        };
        let lower = text.to_lowercase();
        let is_ours = BALANCERS.iter().any(|word| lower.contains(word))
            || self
                .part
                .as_ref()
                .is_some_and(|(of, _)| *of == "load_balancers");
        // `readiness goes false, preStop sleeps 35 s`: how a machine goes, and not how it is looked at.
        const GOES: [&str; 4] = ["prestop", "sigterm", "sleeps", "shut down"];
        if !is_ours || GOES.iter().any(|word| lower.contains(word)) {
            let why = say!(
                "what is checked, nothing says",
                "何の確認か書かれていません"
            );
            return self.draft.lost(line, text, why);
        }
        let id = self.balancer(text, line);
        let path = [
            "infrastructure",
            "load_balancers",
            &id,
            "health_check",
            field,
        ];
        match figure.text.parse::<u64>() {
            Ok(count) => self.once(&path, count, line),
            Err(_) => self.once(&path, figure.text.as_str(), line),
        }
    }

    /// The load balancer that a text speaks of.
    pub(super) fn balancer(&mut self, text: &str, line: usize) -> String {
        let known = self.draft.only_in(&["infrastructure", "load_balancers"]);
        let product = place::product_in(text).filter(|(section, _)| *section == "load_balancers");
        let own = self
            .part
            .clone()
            .filter(|(of, _)| *of == "load_balancers")
            .map(|(_, id)| id);
        let id = own
            .or(known)
            .unwrap_or_else(|| product.map_or("front", |(_, product)| product).to_owned());
        let path = ["infrastructure", "load_balancers", &id, "product"];
        if let Some((_, product)) = product.filter(|_| !self.draft.has(&path)) {
            self.draft.guess(
                &path,
                product,
                line,
                say!("the text names it", "文中に名前がある"),
            );
        }
        id
    }

    /// The dependency that a sentence waits for, where it speaks of one.
    pub(super) fn waited_for(&mut self, before: &str, text: &str, line: usize) -> Option<String> {
        let lower = text.to_lowercase();
        // A database waits for nobody, and gives up its own work.
        let own = before.to_lowercase();
        if ["statement_timeout", "statement timeout", "lock_timeout"]
            .iter()
            .any(|word| own.contains(word))
        {
            return None;
        }
        // `Bankgirot: timeout 30 s, …` names whom it is about.
        let label = text.split_once([':', '：']).map(|(name, _)| name.trim());
        let label = label.filter(|name| name.chars().count() <= NAME_MAX && !name.contains(' '));
        // How long those wait who call us is not how long we wait.
        const CALLERS: [&str; 9] = [
            "アプリは",
            "端末は",
            "the app ",
            "the clients",
            "the client ",
            "browser",
            "クライアント",
            "ブラウザ",
            "利用者端末",
        ];
        let is_caller = CALLERS.iter().any(|word| lower.contains(word));
        let speaks = !is_caller
            && (OTHERS.iter().any(|word| lower.contains(word))
                || self.is_under(&OTHERS)
                || self.waiting_for(line).is_some());
        let name = few_words(before);
        let name = label.unwrap_or(if name.is_empty() { "provider" } else { &name });
        speaks.then(|| self.depends_on(text, name, line))
    }

    /// The dependency that a text speaks of: a product, or what it does for us.
    pub(super) fn depends_on(&mut self, text: &str, name: &str, line: usize) -> String {
        let lower = text.to_lowercase();
        const PRODUCTS: [&str; 8] = [
            "stripe",
            "paypal",
            "adyen",
            "braintree",
            "square",
            "gmo",
            "sendgrid",
            "twilio",
        ];
        let named = PRODUCTS.into_iter().find(|product| lower.contains(product));
        let is_payment = PAYMENTS.iter().any(|word| lower.contains(word));
        let implied = PRODUCTS
            .into_iter()
            .find(|product| is_payment && self.whole.contains(product));
        let id = match named.or(implied) {
            Some(product) => product.to_owned(),
            None if is_payment => "payment_provider".to_owned(),
            // The next figure of the same line speaks of the same one.
            None => self
                .waiting_for(line)
                .unwrap_or_else(|| plain(&super::short(name, "provider"))),
        };
        if let Some(product) = named
            .or(implied)
            .filter(|_| !self.draft.has(&["dependencies", &id, "product"]))
        {
            self.draft.guess(
                &["dependencies", &id, "product"],
                product,
                line,
                say!("the document names it", "文書で挙げられている"),
            );
        }
        self.dependency = Some((id.clone(), line));
        if is_payment {
            self.payer = Some(id.clone());
        }
        id
    }
}

/// What a sentence speaks of, where its figures alone do not say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Topic {
    Balancer,
    Checked,
}

/// The topic that a text turned to last.
pub(super) fn topic(text: &str) -> Option<Topic> {
    let lower = text.to_lowercase();
    let last = |words: &[&str]| words.iter().filter_map(|word| lower.rfind(word)).max();
    let (balancer, checked) = (last(&BALANCERS), last(&CHECKED));
    match (balancer, checked) {
        (_, Some(checked)) if balancer.is_none_or(|balancer| balancer < checked) => {
            Some(Topic::Checked)
        }
        (Some(_), _) => Some(Topic::Balancer),
        _ => None,
    }
}

pub(super) const BALANCERS: [&str; 9] = [
    "alb",
    "nlb",
    "load balancer",
    "loadbalancer",
    "ロードバランサ",
    "big-ip",
    "haproxy",
    "idle timeout",
    "アイドルタイムアウト",
];
const CHECKED: [&str; 9] = [
    "health of",
    "liveness",
    "readiness",
    "polling",
    "ヘルスチェック",
    "health check",
    "死活監視",
    "外形監視",
    "health probe",
];
pub(super) const WAITED: [&str; 7] = [
    "アイドル",
    "idle",
    "timeout",
    "タイムアウト",
    "登録解除",
    "draining",
    "deregistration",
];
pub(super) const PAUSED: [&str; 6] = [
    "wait",
    "backoff",
    "back-off",
    "再送間隔",
    "リトライ間隔",
    "between tries",
];
pub(super) const RETRIED: [&str; 6] = [
    "retr",
    "tries again",
    "try again",
    "リトライ",
    "再試行",
    "再送",
];
/// A name is no longer than this.
const NAME_MAX: usize = 24;
/// Words for those who answer us over a network.
pub(super) const OTHERS: [&str; 22] = [
    "processor",
    "card network",
    "that call",
    "calls the",
    "integration",
    "api",
    "連携",
    "外部",
    "接続",
    "カード会社",
    "provider",
    "partner",
    "upstream",
    "third part",
    "サードパーティ",
    "依存",
    "dependenc",
    "決済",
    "payment",
    "acquirer",
    "stripe",
    "webhook",
];

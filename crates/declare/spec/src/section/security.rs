//! `security`: layers of defence, the web firewall, hops of traffic, keys and secrets.

use std::collections::BTreeMap;

use promise::{
    Name,
    quantity::Rate,
    record,
    unit::{Bytes, Span},
};

record! {
    /// How the service is defended.
    /// ja: サービスの守り。
    pub struct Security: Default {
        /// Layers of defence from the outside in, by name.
        /// ja: 多層防御(外側から)。
        layers: BTreeMap<String, Layer> = BTreeMap::new(),
        /// Web application firewalls, by name.
        /// ja: WAF。
        waf: BTreeMap<String, Waf> = BTreeMap::new(),
        /// Hops of traffic and what protects each, by name.
        /// ja: 通信の区間とその保護。
        hops: BTreeMap<String, Hop> = BTreeMap::new(),
        /// The lowest TLS that is promised everywhere, such as `1.3`.
        /// ja: 全区間で約束する最低の TLS。
        tls_min: Option<String>,
        /// Whether what is stored must be encrypted under keys that the team manages itself.
        /// ja: 保存するものを自社が管理する鍵で暗号化しなければならないか。
        customer_managed_keys: Option<bool>,
        /// Keys, by name.
        /// ja: 鍵。
        keys: BTreeMap<String, Key> = BTreeMap::new(),
        /// Secrets, by name. Their values stand elsewhere.
        /// ja: 秘密情報(値は別の場所)。
        secrets: BTreeMap<String, Secret> = BTreeMap::new(),
        /// Certificates, by name.
        /// ja: 証明書。
        certificates: BTreeMap<String, Certificate> = BTreeMap::new(),
        /// How card numbers are taken: `redirect`, `embedded`, `direct` or `none`.
        /// ja: カード番号の受け取り方。
        card_entry: Option<String>,
        /// What is kept of a card, by what it is: `pan`, `cvv`, `track` or `pin`.
        /// ja: 保存するカードのデータ(`pan`、`cvv`、`track`、`pin`)。
        card_data: BTreeMap<String, CardData> = BTreeMap::new(),
        /// Protocols that are spoken, each with its version, such as `three_d_secure 2.2`.
        /// ja: 使用する通信方式と版(`three_d_secure 2.2` など)。
        protocols: Vec<String> = Vec::new(),
        /// How people sign in, by where: `console`, `admin`, `operators`.
        /// ja: 利用者の認証(`console`、`admin`、`operators` など場所ごと)。
        sign_in: BTreeMap<String, SignIn> = BTreeMap::new(),
    }
}

record! {
    /// Data of a card that is kept.
    /// ja: 保存するカードのデータ。
    pub struct CardData: Default {
        /// How long.
        /// ja: 保存期間。
        kept_for: Option<Span>,
        /// Whether it is still there when the payment has been authorized.
        /// ja: オーソリ(承認)の後も残すか。
        after_authorization: Option<bool>,
        /// Whether it is kept unreadable.
        /// ja: 読めない形で保存するか。
        encrypted: Option<bool>,
    }
}

record! {
    /// How people sign in.
    /// ja: 利用者の認証。
    pub struct SignIn: Default {
        /// How long a session may be idle until the person must sign in again.
        /// ja: 操作がないまま再認証を求めるまでの時間。
        idle_timeout: Option<Span>,
        /// How many characters a password has at least.
        /// ja: パスワードの最小文字数。
        password_length: Option<u64>,
        /// After how many failed tries an account is locked.
        /// ja: ロックするまでの失敗回数。
        lockout_after: Option<u64>,
        /// How long it stays locked.
        /// ja: ロックする時間。
        lockout_for: Option<Span>,
        /// Whether a second factor is asked for.
        /// ja: 多要素認証か。
        mfa: Option<bool>,
    }
}

record! {
    /// A layer of defence.
    /// ja: 防御の層。
    pub struct Layer: Default {
        /// What it is called.
        /// ja: 名前。
        name: Option<Name>,
        /// 1 is the outermost.
        /// ja: 1 が最も外側。
        level: Option<u64>,
        /// What it does.
        /// ja: 対策。
        controls: BTreeMap<String, Control> = BTreeMap::new(),
    }
}

record! {
    /// Something that a layer does.
    /// ja: 対策。
    pub struct Control {
        /// In words.
        /// ja: 内容。
        text: String,
        /// The product that does it.
        /// ja: 用いる製品。
        product: Option<String>,
        /// The promise that proves it.
        /// ja: これを証明する約束。
        promise: Option<String>,
    }
}

record! {
    /// A web application firewall.
    /// ja: WAF。
    pub struct Waf: Default {
        /// The provider's product, such as `aws_waf`.
        /// ja: 製品名。
        product: Option<String>,
        /// `cloudfront` or `regional`.
        /// ja: 適用先(`cloudfront` か `regional`)。
        scope: Option<String>,
        /// The region in which it is made.
        /// ja: 作成するリージョン。
        region: Option<String>,
        /// Its rules and groups of rules, in their order.
        /// ja: ルールとルールグループ。
        rules: Vec<String> = Vec::new(),
        /// How much of a request's body it looks at.
        /// ja: 検査する本文の長さ。
        body_inspected: Option<Bytes>,
        /// The longest body that the service accepts.
        /// ja: 受け付ける本文の最大長。
        body_max: Option<Bytes>,
        /// What one address may send.
        /// ja: 1 アドレスあたりの頻度の上限。
        rate_limit: Option<Rate>,
        /// Countries that are let in; empty for all.
        /// ja: 許す国。
        countries: Vec<String> = Vec::new(),
        /// Whether anything is refused, or only counted.
        /// ja: 拒否するか、数えるだけか。
        blocks: Option<bool>,
    }
}

record! {
    /// One hop of traffic.
    /// ja: 通信の一区間。
    pub struct Hop {
        /// From where.
        /// ja: 発信元。
        from: String,
        /// To where.
        /// ja: 宛先。
        to: String,
        /// The lowest TLS that is accepted; `none` for plain text.
        /// ja: 受け付ける最低の TLS。平文は `none`。
        tls_min: Option<String>,
        /// The highest TLS that it can do.
        /// ja: 対応する最高の TLS。
        tls_max: Option<String>,
    }
}

record! {
    /// A key.
    /// ja: 鍵。
    pub struct Key: Default {
        /// What it protects.
        /// ja: 守る対象。
        protects: Vec<String> = Vec::new(),
        /// Such as AES-256.
        /// ja: 方式(AES-256 など)。
        algorithm: Option<String>,
        /// How often it is changed.
        /// ja: 交換の間隔。
        rotated_every: Option<Span>,
        /// Where it can be used.
        /// ja: 使えるリージョン。
        regions: Vec<String> = Vec::new(),
    }
}

record! {
    /// A secret.
    /// ja: 秘密情報。
    pub struct Secret: Default {
        /// Where it is kept: a path in a store of secrets, or a reference such as ${env:NAME}.
        /// ja: 保管先のパスまたは参照。
        kept_in: Option<String>,
        /// How often it is changed.
        /// ja: 交換の間隔。
        rotated_every: Option<Span>,
        /// Who may read it.
        /// ja: 読める人。
        readers: Vec<String> = Vec::new(),
    }
}

record! {
    /// A certificate.
    /// ja: 証明書。
    pub struct Certificate: Default {
        /// How long it is valid.
        /// ja: 有効期間。
        valid_for: Option<Span>,
        /// The region that it is kept in.
        /// ja: 証明書のあるリージョン。
        region: Option<String>,
        /// Which products use it, such as `cloudfront`.
        /// ja: 利用する製品(`cloudfront` など)。
        used_by: Vec<String> = Vec::new(),
        /// How long before its end it is renewed.
        /// ja: 期限の何日前に更新するか。
        renewed_before: Option<Span>,
        /// How long before its end somebody is told.
        /// ja: 期限の何日前に知らせるか。
        told_before: Option<Span>,
        /// Whether it is renewed by itself.
        /// ja: 自動更新か。
        automatic: Option<bool>,
    }
}

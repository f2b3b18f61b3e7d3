//! Content delivery: where it gets pages from, how long it keeps them, and what it does with each path.

use std::collections::BTreeMap;

use promise::{record, unit::Span};

record! {
    /// A content delivery network.
    /// ja: CDN。
    pub struct Cdn: Default {
        /// The product, such as `cloudfront`, `cloudflare`, `fastly`.
        /// ja: 製品名。
        product: Option<String>,
        /// Which of the provider's places it uses.
        /// ja: 料金クラス。
        price_class: Option<String>,
        /// Where it gets pages from, by name.
        /// ja: オリジン。
        origins: BTreeMap<String, Origin> = BTreeMap::new(),
        /// What it does with paths, by name.
        /// ja: パスごとの振る舞い。
        behaviors: BTreeMap<String, Behavior> = BTreeMap::new(),
        /// What is thrown away after a release.
        /// ja: 公開後に破棄するもの。
        invalidation: Option<Invalidation>,
        /// The lowest TLS that it accepts.
        /// ja: 受け付ける最低の TLS。
        tls_min: Option<String>,
    }
}

record! {
    /// Where a CDN gets pages from.
    /// ja: オリジン。
    pub struct Origin {
        /// Its domain.
        /// ja: ドメイン。
        domain: String,
        /// Which paths it answers, such as /api/*.
        /// ja: 担当するパス。
        path: Option<String>,
        /// How long its pages are kept.
        /// ja: キャッシュの有効期間。
        ttl: Option<Span>,
    }
}

record! {
    /// What a CDN does with paths.
    /// ja: パスごとの振る舞い。
    pub struct Behavior: Default {
        /// Which paths, such as /static/*.
        /// ja: パス。
        path: Option<String>,
        /// Whether pages are kept.
        /// ja: キャッシュするか。
        caching: Option<bool>,
        /// How long.
        /// ja: 有効期間。
        ttl: Option<Span>,
        /// Whether they are compressed.
        /// ja: 圧縮するか。
        compress: Option<bool>,
        /// What becomes of requests without TLS, such as `redirect-to-https`.
        /// ja: HTTP の扱い。
        viewer_protocol: Option<String>,
        /// Accepted methods.
        /// ja: 受け付けるメソッド。
        methods: Vec<String> = Vec::new(),
        /// Whether what it serves differs by person.
        /// ja: 利用者ごとに異なる内容か。
        personal: Option<bool>,
    }
}

record! {
    /// What is thrown away after a release.
    /// ja: 公開後に破棄するもの。
    pub struct Invalidation: Default {
        /// Which paths.
        /// ja: パス。
        paths: Vec<String> = Vec::new(),
        /// Whether it happens by itself.
        /// ja: 自動か。
        automatic: Option<bool>,
        /// Whether it happens with each release.
        /// ja: 公開のたびに行うか。
        on_deployment: Option<bool>,
    }
}

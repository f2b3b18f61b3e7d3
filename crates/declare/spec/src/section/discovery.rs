//! Where targets are found that nobody writes down one by one. What is found has Prometheus's `__meta_…`
//! labels, which `relabel_configs` may choose by.

use promise::{document::Node, record, record::Read, unit::Span};

use super::{receiver::Secret, scrape::Tls};

record! {
    /// Targets found by asking DNS again and again.
    /// ja: DNS に繰り返し問い合わせて見つける対象。
    pub struct DnsDiscovery {
        /// The names to ask for.
        /// ja: 名前。
        names: Vec<String>,
        /// `SRV` says the port itself; `A`, `AAAA`, `MX` and `NS` need one.
        /// ja: レコードの型。`SRV` 以外は `port` が必要です。
        r#type: DnsType = DnsType::Srv,
        /// The port, where the record says none.
        /// ja: ポート。
        port: Option<u64>,
        /// `host:port` of the server to ask; the system's by default.
        /// ja: 問い合わせ先。
        server: Option<String>,
        /// How often.
        /// ja: 間隔。
        interval: Span = Span::secs(30),
    }
}

record! {
    /// Targets that a Kubernetes cluster knows, followed as they change.
    /// ja: Kubernetes クラスターの対象。変化を追います。
    pub struct KubernetesDiscovery {
        /// What is a target.
        /// ja: 何を対象とするか。
        role: Role,
        /// A kubeconfig file; by default the service account of the pod in which this runs.
        /// ja: kubeconfig ファイル。既定では自分の Pod のサービスアカウント。
        kubeconfig: Option<String>,
        /// The context within it; its current one by default.
        /// ja: 使うコンテキスト。
        context: Option<String>,
        /// URL of the API server, instead of a kubeconfig.
        /// ja: API サーバーの URL(kubeconfig の代わり)。
        api_server: Option<String>,
        /// Token, with `api_server`.
        /// ja: トークン(`api_server` と組)。
        bearer: Option<Secret>,
        /// How the connection is protected, with `api_server`.
        /// ja: 接続の保護(`api_server` と組)。
        tls: Option<Tls>,
        /// Namespaces to look in; all by default.
        /// ja: 見る名前空間。既定はすべて。
        namespaces: Vec<String> = Vec::new(),
        /// Only objects with these labels, as `kubectl -l` reads it.
        /// ja: ラベルセレクター。
        label_selector: Option<String>,
        /// Only objects with these fields.
        /// ja: フィールドセレクター。
        field_selector: Option<String>,
    }
}

impl DnsDiscovery {
    /// Of a list of names, with everything else as it usually is.
    #[must_use]
    pub fn of(names: Option<&Node>) -> Option<Self> {
        let names = Vec::<String>::read(names?, &mut Vec::new())?;
        Some(Self {
            names,
            r#type: DnsType::Srv,
            port: None,
            server: None,
            interval: Span::secs(30),
        })
    }
}

impl KubernetesDiscovery {
    /// From within the cluster, in all namespaces.
    #[must_use]
    pub fn of(role: Role) -> Self {
        Self {
            role,
            kubeconfig: None,
            context: None,
            api_server: None,
            bearer: None,
            tls: None,
            namespaces: Vec::new(),
            label_selector: None,
            field_selector: None,
        }
    }
}

macro_rules! words {
    ($(#[doc = $doc:literal])* $name:ident, $what:literal, $what_ja:literal, $example:literal: $($case:ident $word:literal),*) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($case),* }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(match self { $(Self::$case => $word),* })
            }
        }

        impl promise::record::Scalar for $name {
            const NAME: &'static str = $what;
            const NAME_JA: &'static str = $what_ja;
            const EXAMPLE: &'static str = $example;
            const ONE_OF: &'static [&'static str] = &[$($word),*];
            fn parse(text: &str) -> Result<Self, promise::Say> {
                match text {
                    $($word => Ok(Self::$case),)*
                    _ => {
                        let all = <Self as promise::record::Scalar>::ONE_OF.join(", ");
                        Err(promise::say!(
                            "`{text}` is none of {all}",
                            "`{text}` は {all} のいずれでもありません"
                        ))
                    }
                }
            }
        }
        promise::scalar_as_text!($name);
    };
}

pub(super) use words;

words! {
    DnsType, "record type", "レコードの型", "SRV": A "A", Aaaa "AAAA", Srv "SRV", Mx "MX", Ns "NS"
}

words! {
    /// As in Prometheus.
    Role, "role", "役割", "pod":
    Pod "pod", Service "service", Endpoints "endpoints", EndpointSlice "endpointslice", Node "node", Ingress "ingress"
}

//! `state`: where alerts, incidents, silences and pages on their way are kept, when not in the data directory.

use promise::{record, tagged};

use super::receiver::Secret;

tagged! {
    /// Where alerts, incidents, silences and pages on their way are kept. Without this section they lie in the data directory. A change takes effect at the next start.
    /// ja: 警報、インシデント、サイレンス、送信中の通知の置き場所。書かなければデータの場所に置きます。変更は次の起動で有効になります。
    pub enum State {
        "postgres" => Postgres,
    }
}

record! {
    /// A PostgreSQL that two or more instances share. One of them, which holds the lease, judges and tells people; the others collect and stand by, and one of them takes over within ten seconds when the first dies.
    /// ja: 複数のインスタンスで共有する PostgreSQL。リースを持つ 1 台だけが判定と通知を行い、ほかは収集しながら待機します。動いている 1 台が落ちると、10 秒以内に引き継ぎます。
    pub struct Postgres {
        /// Its address with user, password and database: `postgresql://tegata:…@db.internal/tegata`. Beyond this machine TLS is spoken and the certificate checked, unless it says `sslmode=disable`. Best another database than one that is watched from here.
        /// ja: 接続先(利用者名、パスワード、データベース名を含む)。例 `postgresql://tegata:…@db.internal/tegata`。別のマシンへは TLS でつなぎ、証明書を確かめます(`sslmode=disable` と書いた場合を除く)。監視対象とは別のデータベースを使うことを勧めます。
        url: Secret,
        /// PEM file of those who may sign its certificate; the system's by default.
        /// ja: 証明書を検証する認証局の PEM ファイル。省略時はシステムの設定。
        ca: Option<String>,
    }
}

impl State {
    /// Every secret that it refers to, with the name of its field.
    #[must_use]
    pub fn secrets(&self) -> Vec<(&'static str, &Secret)> {
        match self {
            Self::Postgres(it) => vec![("url", &it.url)],
        }
    }
}

//! What holds data: databases, caches, queues, object stores and search engines.

use std::collections::BTreeMap;

use promise::{
    quantity::Rate,
    record,
    unit::{Bytes, Span},
};

record! {
    /// A database.
    /// ja: データベース。
    pub struct Database: Default {
        /// The provider's product, such as `rds`, `aurora`, `cloud_sql`.
        /// ja: 製品名。
        product: Option<String>,
        /// The engine, as the provider names it.
        /// ja: エンジン(提供者の呼び名)。
        engine: Option<String>,
        /// Its version.
        /// ja: バージョン。
        version: Option<String>,
        /// The kind of machine.
        /// ja: インスタンスの型。
        instance: Option<String>,
        /// The region or site that it is in.
        /// ja: リージョンまたは拠点。
        region: Option<String>,
        /// The subnets that it stands in.
        /// ja: 置かれるサブネット。
        subnets: Vec<String> = Vec::new(),
        /// Space that it has.
        /// ja: 割り当てた容量。
        storage: Option<Bytes>,
        /// Up to which it grows by itself.
        /// ja: 自動拡張の上限。
        storage_max: Option<Bytes>,
        /// How much it holds.
        /// ja: データの量。
        size: Option<Bytes>,
        /// How much it grows in a day.
        /// ja: 1 日の増加量。
        growth_per_day: Option<Bytes>,
        /// Whether a standby in another zone takes over.
        /// ja: 別ゾーンの待機系が引き継ぐか。
        multi_az: Option<bool>,
        /// Copies that follow it, by name.
        /// ja: 追従する複製。
        replicas: BTreeMap<String, Replica> = BTreeMap::new(),
        /// How long its automatic backups are kept.
        /// ja: 自動バックアップの保存期間。
        backup_retention: Option<Span>,
        /// When in the week its provider maintains it, such as sun:03:00-sun:04:00.
        /// ja: 保守の時間帯(sun:03:00-sun:04:00 など)。
        maintenance_window: Option<String>,
        /// Whether they go when it is deleted.
        /// ja: 削除時に自動バックアップも消すか。
        delete_automated_backups: Option<bool>,
        /// Whether it is guarded against deletion.
        /// ja: 削除から保護するか。
        deletion_protection: Option<bool>,
        /// How many connections it accepts.
        /// ja: 受け付ける接続数。
        connections_max: Option<u64>,
        /// Whether it is encrypted at rest.
        /// ja: 保存時に暗号化するか。
        encrypted: Option<bool>,
        /// Whether a key that the team manages itself encrypts it, and not one of the provider's.
        /// ja: 提供者の鍵ではなく、自社が管理する鍵で暗号化するか。
        customer_managed_key: Option<bool>,
        /// Whether it can be reached from the internet.
        /// ja: インターネットから到達できるか。
        public: Option<bool>,
        /// The password or where it is; a reference such as ${env:DB_PASSWORD}.
        /// ja: パスワードの参照先。
        password: Option<String>,
        /// The name of the user that the service connects as.
        /// ja: 接続に使う利用者名。
        user: Option<String>,
        /// Its tags.
        /// ja: タグ。
        tags: BTreeMap<String, String> = BTreeMap::new(),
    }
}

record! {
    /// A copy that follows.
    /// ja: 追従する複製。
    pub struct Replica: Default {
        /// The region or site that it is in.
        /// ja: リージョンまたは拠点。
        region: Option<String>,
        /// `sync` or `async`.
        /// ja: `sync`(同期)か `async`(非同期)。
        mode: Option<String>,
        /// How far it may fall behind before somebody is told.
        /// ja: 知らせるまでに許す遅れ。
        lag_max: Option<Span>,
        /// The round trip to it.
        /// ja: 往復時間。
        round_trip: Option<Span>,
    }
}

record! {
    /// A cache.
    /// ja: キャッシュ。
    pub struct Cache: Default {
        /// The provider's product, such as `elasticache`, `memorystore`.
        /// ja: 製品名。
        product: Option<String>,
        /// The engine.
        /// ja: エンジン。
        engine: Option<String>,
        /// Its version.
        /// ja: バージョン。
        version: Option<String>,
        /// The kind of machine.
        /// ja: インスタンスの型。
        instance: Option<String>,
        /// How many nodes it has.
        /// ja: ノードの数。
        nodes: Option<u64>,
        /// How many copies each primary has.
        /// ja: 複製の数。
        replicas: Option<u64>,
        /// Whether a copy takes over by itself.
        /// ja: 自動で引き継ぐか。
        automatic_failover: Option<bool>,
        /// Whether its nodes stand in several zones.
        /// ja: 複数ゾーンに置くか。
        multi_az: Option<bool>,
        /// Its set of parameters, as the provider names it.
        /// ja: パラメータグループ。
        parameter_group: Option<String>,
        /// Its group of subnets.
        /// ja: サブネットグループ。
        subnet_group: Option<String>,
        /// What it holds that is nowhere else, such as `sessions` or `idempotency_keys`.
        /// ja: ここにしかないデータ。
        holds: Vec<String> = Vec::new(),
        /// Whether it is encrypted at rest.
        /// ja: 保存時に暗号化するか。
        encrypted: Option<bool>,
        /// Its tags.
        /// ja: タグ。
        tags: BTreeMap<String, String> = BTreeMap::new(),
    }
}

record! {
    /// A queue.
    /// ja: キュー。
    pub struct Queue: Default {
        /// The provider's product, such as `sqs`.
        /// ja: 製品名。
        product: Option<String>,
        /// How long a message that was taken stays hidden from others.
        /// ja: 取り出したメッセージを隠す時間。
        visibility_timeout: Option<Span>,
        /// How long handling one may take.
        /// ja: 1 件の処理時間の上限。
        handled_within: Option<Span>,
        /// How long a message is kept.
        /// ja: メッセージの保存期間。
        retention: Option<Span>,
        /// How far back consumers must be able to read it again.
        /// ja: 再処理のためにさかのぼれる必要がある期間。
        replayed_for: Option<Span>,
        /// On how many machines each message stands, such as Kafka's `replication.factor`.
        /// ja: 各メッセージの複製数(Kafka の `replication.factor` など)。
        copies: Option<u64>,
        /// How many of them must have a message before it is accepted, such as Kafka's `min.insync.replicas`.
        /// ja: 受け付けるまでに書き終える必要がある複製数(Kafka の `min.insync.replicas` など)。
        copies_min: Option<u64>,
        /// How many shards it has, where it is a stream of several.
        /// ja: シャード数(ストリームの場合)。
        shards: Option<u64>,
        /// Where messages go that cannot be handled.
        /// ja: 処理できないメッセージの行き先。
        dead_letters: Option<String>,
        /// What arrives.
        /// ja: 到着する頻度。
        arrives: Option<Rate>,
        /// What can be handled.
        /// ja: 処理できる頻度。
        handles: Option<Rate>,
        /// Its tags.
        /// ja: タグ。
        tags: BTreeMap<String, String> = BTreeMap::new(),
    }
}

record! {
    /// An object or file store.
    /// ja: オブジェクト・ファイルの保管先。
    pub struct Bucket: Default {
        /// The provider's product, such as `s3`, `gcs`, `nas`.
        /// ja: 製品名。
        product: Option<String>,
        /// The region or site that it is in.
        /// ja: リージョンまたは拠点。
        region: Option<String>,
        /// Whether old versions are kept.
        /// ja: 旧版を残すか。
        versioning: Option<bool>,
        /// Whether it is copied to another region.
        /// ja: 別リージョンへ複製するか。
        replicated: Option<bool>,
        /// Within which time a copy must be there.
        /// ja: 複製が届くまでの時間の上限。
        replicated_within: Option<Span>,
        /// For how long nothing in it can be changed or deleted.
        /// ja: 変更・削除を禁じる期間。
        locked_for: Option<Span>,
        /// After which time objects move to an archive.
        /// ja: アーカイブへ移すまでの期間。
        archive_after: Option<Span>,
        /// How long it takes to get something back from the archive.
        /// ja: アーカイブからの取り出し時間。
        archive_answers_in: Option<Span>,
        /// After which time objects are deleted.
        /// ja: 削除までの期間。
        expires_after: Option<Span>,
        /// Whether rules move and delete what is old.
        /// ja: ライフサイクルの有無。
        lifecycle: Option<bool>,
        /// Whether it is encrypted at rest.
        /// ja: 保存時に暗号化するか。
        encrypted: Option<bool>,
        /// Whether a key that the team manages itself encrypts it, and not one of the provider's.
        /// ja: 提供者の鍵ではなく、自社が管理する鍵で暗号化するか。
        customer_managed_key: Option<bool>,
        /// Whether anybody may read it.
        /// ja: 誰でも読めるか。
        public: Option<bool>,
        /// Its tags.
        /// ja: タグ。
        tags: BTreeMap<String, String> = BTreeMap::new(),
    }
}

record! {
    /// A search engine.
    /// ja: 検索エンジン。
    pub struct Search: Default {
        /// The provider's product, such as `opensearch_service`, or `elasticsearch` when it is run by oneself.
        /// ja: 製品名。
        product: Option<String>,
        /// The engine.
        /// ja: エンジン。
        engine: Option<String>,
        /// Its version.
        /// ja: バージョン。
        version: Option<String>,
        /// The kind of machine of the data nodes.
        /// ja: データノードの型。
        instance: Option<String>,
        /// How many data nodes it has.
        /// ja: データノードの数。
        nodes: Option<u64>,
        /// Whether it has masters of its own.
        /// ja: 専用マスターの有無。
        dedicated_masters: Option<bool>,
        /// The kind of machine of the masters.
        /// ja: マスターの型。
        master_instance: Option<String>,
        /// How many masters it has.
        /// ja: マスターの数。
        masters: Option<u64>,
        /// Copies of each shard.
        /// ja: シャードの複製数。
        replicas: Option<u64>,
        /// Its tags.
        /// ja: タグ。
        tags: BTreeMap<String, String> = BTreeMap::new(),
    }
}

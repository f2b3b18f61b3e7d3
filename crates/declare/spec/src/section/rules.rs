//! `rules`: Prometheus rule files, read as they are.

use std::collections::BTreeMap;

use promise::{record, unit::Span};

record! {
    /// Prometheus rule files and how they are evaluated.
    /// ja: Prometheus のルールファイルとその評価の仕方。
    pub struct Rules {
        /// Files, seen from the spec; `*` matches any text within one folder.
        /// ja: 仕様ファイルから見たルールファイル。`*` は一つのフォルダーの中の任意の文字列に一致します。
        files: Vec<String> = Vec::new(),
        /// How often groups are evaluated that name no interval. Alerts fire as soon as their data arrives; this decides what is recorded and when they resolve.
        /// ja: 間隔を書いていないグループの評価間隔。警報はデータが届きしだい発報します。この間隔で決まるのは記録と解消の時刻です。
        interval: Span = Span::secs(15),
        /// Evaluate only at the intervals, and let an alert resolve whose inputs vanish, exactly as Prometheus does.
        /// ja: Prometheus とまったく同じく、間隔ごとにだけ評価し、入力が途絶えた警報を解消します。
        tick_aligned: bool = false,
        /// How long an alert fires on whose inputs have vanished; without it until they are back. After it the alert ends, and says that nobody saw its condition end.
        /// ja: 入力が途絶えた警報を発報し続ける時間。過ぎると「条件の解消を確認せずに終了した」と知らせて終わります。書かなければ入力が戻るまで続けます。
        stale_for: Option<Span>,
        /// How far behind its time a group looks that does not say so itself.
        /// ja: 評価する時刻を過去へずらす長さ(グループに指定がないとき)。
        query_offset: Span = Span::default(),
        /// Labels that templates see as `$externalLabels`.
        /// ja: テンプレートから `$externalLabels` として見えるラベル。
        external_labels: BTreeMap<String, String> = BTreeMap::new(),
        /// The severity of alerts whose `severity` label names none that is declared.
        /// ja: `severity` ラベルの値が宣言されていない警報の重大度。
        severity: Option<String>,
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            files: Vec::new(),
            interval: Span::secs(15),
            tick_aligned: false,
            stale_for: None,
            query_offset: Span::default(),
            external_labels: BTreeMap::new(),
            severity: None,
        }
    }
}

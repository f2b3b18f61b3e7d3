//! Receivers that are chats: what a channel of people reads.

use promise::{record, unit::Span};

use super::Secret;

record! {
    /// A Slack incoming webhook, or anything that takes its format.
    /// ja: Slack の Incoming Webhook。
    pub struct Slack {
        /// The webhook's URL, which is a secret.
        /// ja: Webhook の URL(秘密)。
        url: Secret,
        /// A channel, where the webhook may choose.
        /// ja: チャンネル。
        channel: Option<String>,
        /// How long one try may take.
        /// ja: 一度の送信で待つ時間。
        timeout: Span = Span::secs(5),
    }
}

record! {
    /// A Slack app's bot: what becomes of an alert is an edit of its first message, and what people must hear of is told
    /// in that message's thread and in the channel.
    /// ja: Slack アプリのボット。続報は最初のメッセージの更新となり、人に知らせるべきことはスレッドとチャンネルに書きます。
    pub struct SlackBot {
        /// The bot's token (`xoxb-…`), with the scope `chat:write`.
        /// ja: ボットのトークン(`xoxb-…`)。スコープは `chat:write`。
        token: Secret,
        /// The channel's id, such as C0123456789: a name cannot be edited in.
        /// ja: チャンネルの ID(C0123456789 など)。名前では更新できません。
        channel: String,
        /// Where the Web API answers.
        /// ja: Web API の場所。
        api: String = "https://slack.com/api".to_owned(),
        /// How long one try may take.
        /// ja: 一度の送信で待つ時間。
        timeout: Span = Span::secs(5),
    }
}

record! {
    /// Microsoft Teams, by a workflow that starts when a webhook is called.
    /// ja: Microsoft Teams(Webhook で始まるワークフロー)。
    pub struct Teams {
        /// The workflow's URL, which is a secret.
        /// ja: ワークフローの URL(秘密)。
        url: Secret,
        /// How long one try may take.
        /// ja: 一度の送信で待つ時間。
        timeout: Span = Span::secs(10),
    }
}

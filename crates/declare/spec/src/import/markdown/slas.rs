//! What a document says that providers promise: a table or list of their SLAs, or a key of a part.

use promise::say;
use serde_json::json;

use super::{
    Reader,
    figures::{Kind, figures},
    place,
    table::Table,
    words::{Form, plain},
};

/// Products by what people call them, the longer name first.
const PRODUCTS: [(&str, &str); 34] = [
    ("application load balancer", "alb"),
    ("network load balancer", "nlb"),
    ("cloud load balancing", "cloud_load_balancing"),
    ("api gateway", "api_gateway"),
    ("cloudfront", "cloudfront"),
    ("elasticache", "elasticache"),
    ("opensearch service", "opensearch_service"),
    ("memorystore", "memorystore"),
    ("cloud spanner", "spanner"),
    ("spanner", "spanner"),
    ("cloud storage", "gcs"),
    ("cloud sql", "cloud_sql"),
    ("cloud_sql", "cloud_sql"),
    ("cloud run", "cloud_run"),
    ("azure sql", "azure_sql"),
    ("dynamodb", "dynamodb"),
    ("fargate", "fargate"),
    ("pub/sub", "pubsub"),
    ("pubsub", "pubsub"),
    ("aurora", "aurora"),
    ("lambda", "lambda"),
    ("alb", "alb"),
    ("nlb", "nlb"),
    ("ecs", "ecs"),
    ("eks", "eks"),
    ("ec2", "ec2"),
    ("gke", "gke"),
    ("aks", "aks"),
    ("rds", "rds"),
    ("sqs", "sqs"),
    ("s3", "s3"),
    ("gcs", "gcs"),
    ("クラウドフロント", "cloudfront"),
    ("イーケーエス", "eks"),
];

/// Words beside a share that is how seldom something is lost, not how long it is up.
const KEPT_WHOLE: [&str; 3] = ["durab", "耐久", "堅牢"];

impl Reader<'_> {
    /// A table of what providers promise; `false` where it is none.
    pub(super) fn sla_table(&mut self, table: &Table<'_>) -> bool {
        let above = self.is_under(&["sla"]);
        let is_share = |key: &str| {
            key.contains("sla")
                || (above
                    && ["可用性", "稼働率", "availability", "uptime", "値"]
                        .iter()
                        .any(|word| key.contains(word)))
        };
        let Some(column) =
            (0..table.keys.len()).find(|at| *at != table.name && is_share(&table.keys[*at]))
        else {
            return false;
        };
        let named = |row: &Vec<&str>| product(&table.cell(row, table.name)).is_some();
        let known = table.rows.iter().filter(|(_, row)| named(row)).count();
        if known < 2 || known * 2 < table.rows.len() {
            return false;
        }
        for (line, row) in table.rows {
            let (name, cell) = (table.cell(row, table.name), table.cell(row, column));
            if !self.sla(&name, &row.join(" "), &cell, *line) {
                self.draft.lost(*line, &row.join(" / "), super::no_home());
            }
        }
        true
    }

    /// `CloudFront: 99.9%` in a list below a heading of SLAs, `SLA: 99.95%` of a part; `false` where it is none.
    pub(super) fn sla_said(&mut self, path: &str, text: &str, line: usize) -> bool {
        let said = path.to_lowercase();
        let is_own = said.split(['.', '_', ' ']).any(|word| word == "sla");
        if !is_own && !self.is_under(&["sla"]) {
            return false;
        }
        self.sla(path, &format!("{path} {text}"), text, line)
    }

    fn sla(&mut self, name: &str, whole: &str, text: &str, line: usize) -> bool {
        let lower = whole.to_lowercase();
        let Some(share) = figures(text).into_iter().find(|it| it.kind == Kind::Share) else {
            return false;
        };
        let Some(product) =
            product(whole).filter(|_| !KEPT_WHOLE.iter().any(|word| lower.contains(word)))
        else {
            return false;
        };
        let Some(value) = place::value(Form::Share, &share.text) else {
            return false;
        };
        let id = self.draft.id("slas", &super::short(&plain(name), product));
        let at = |field| ["infrastructure", "slas", id.as_str(), field];
        self.draft.set(&at("availability"), value, line);
        let why = say!("it is named", "名前がある");
        self.draft.guess(&at("product"), json!(product), line, why);
        for edition in ["enterprise plus", "enterprise_plus", "enterprise"] {
            if product == "cloud_sql" && lower.contains(edition) {
                let why = say!("it is named", "名前がある");
                self.draft
                    .guess(&at("edition"), edition.replace(' ', "_"), line, why);
                break;
            }
        }
        true
    }
}

/// The product that a text names; short names stand alone.
fn product(text: &str) -> Option<&'static str> {
    let lower = text.to_lowercase();
    let stands = |at: usize, word: &str| {
        let is_letter = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        !is_letter(lower[..at].chars().next_back())
            && !is_letter(lower[at + word.len()..].chars().next())
    };
    let found = PRODUCTS
        .iter()
        .find(|(word, _)| lower.match_indices(word).any(|(at, _)| stands(at, word)));
    found.map(|(_, product)| *product)
}

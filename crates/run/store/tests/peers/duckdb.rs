//! DuckDB reads the cold copy of logs, and finds in it what was stored.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use promise::{LogQuery, Timestamp};
use serde_json::{Value, json};
use store::{
    LogStore, Record,
    logs::{EmbeddedLogs, Export},
};

const START: i64 = 1_767_571_200_000;

fn record(n: u64) -> Record {
    let brand = if n.is_multiple_of(2) { "visa" } else { "jcb" };
    let mut fields = json!({
        "status": if n.is_multiple_of(20) { "failed" } else { "ok" },
        "amount": 100 + n, "share": 0.25, "is_3ds": n.is_multiple_of(3), "big": u64::MAX,
        "card": { "brand": brand },
        "tags": ["a", n], "メモ": format!("決済{n}番"),
    });
    if n.is_multiple_of(7) {
        // A field that is not always there, and one that changes its kind.
        fields["error_code"] = json!("card_declined");
        fields["amount"] = json!("unknown");
    }
    Record {
        id: u128::from(n),
        at: Timestamp::from_millis(START + i64::try_from(n).unwrap() * 1000),
        stream: "payment_app".to_owned(),
        fields: fields.as_object().unwrap().clone(),
    }
}

fn ask(file: &Path, query: &str) -> Value {
    let python = std::env::var_os("TEGATA_PYTHON").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../target/python/bin/python"),
        PathBuf::from,
    );
    let script = "import duckdb, json, sys\n\
                  rows = duckdb.sql(sys.argv[2].replace('LOGS', f\"read_parquet('{sys.argv[1]}')\")).fetchall()\n\
                  print(json.dumps(rows, default=str))";
    let output = Command::new(&python)
        .args(["-c", script])
        .arg(file)
        .arg(query)
        .output();
    let output = output.unwrap_or_else(|error| {
        panic!(
            "{}: {error}; `cargo xtask test` installs it",
            python.display()
        )
    });
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test]
async fn duckdb_reads_the_cold_copy() {
    let dir = tempfile::tempdir().unwrap();
    let store = EmbeddedLogs::open(dir.path().join("logs")).unwrap();
    for batch in (0..1_000).collect::<Vec<u64>>().chunks(100) {
        store
            .append(batch.iter().map(|n| record(*n)).collect())
            .await
            .unwrap();
    }
    let file = dir.path().join("cold.parquet");
    let export = Export {
        query: LogQuery::all(),
        from: Timestamp::from_millis(START - 1),
        to: Timestamp::from_millis(START + 10_000_000),
        file: file.clone(),
    };
    let exported = store.export(&export).await.unwrap();
    assert_eq!(
        (exported.records, exported.bytes),
        (1_000, file.metadata().unwrap().len())
    );
    // Multiples of 20 below 1,000: 50. Of 7: 143, from 0 to 994. Of 3: 334.
    assert_eq!(
        ask(
            &file,
            "SELECT count(*), count(*) FILTER (status = 'failed'), count(error_code), count(*) FILTER (is_3ds) FROM LOGS"
        ),
        json!([[1000, 50, 143, 334]])
    );
    // The sum of 100 + n over all n is 599,500, less that over the multiples of 7: 143 * 100 + 7 * 142 * 143 / 2 = 85,371.
    assert_eq!(
        ask(
            &file,
            "SELECT sum(amount)::BIGINT, count(\"amount.text\"), sum(share), max(big)::VARCHAR FROM LOGS"
        ),
        json!([[514_129, 143, 250.0, "18446744073709551615"]])
    );
    assert_eq!(
        ask(
            &file,
            "SELECT \"@timestamp\"::VARCHAR, stream, \"card.brand\", tags, \"メモ\", _id FROM LOGS WHERE amount = 141"
        ),
        json!([[
            "2026-01-05 00:00:41",
            "payment_app",
            "jcb",
            "[\"a\",41]",
            "決済41番",
            "00000000000000000000000000000029"
        ]])
    );
}

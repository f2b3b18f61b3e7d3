//! One connection, and what is asked on it.

use std::{collections::BTreeMap, time::Duration};

use tokio_postgres::{
    Client, Config, NoTls, Row, Socket, Statement,
    config::{Host, SslMode, TargetSessionAttrs},
    tls::MakeTlsConnect,
};

use super::{PostgresOptions, tls::Tls};
use crate::{
    Error,
    state::{Write, Written},
};

/// The number of the lock that orders writes; any would do, as long as nothing else takes it. "tegata" in ASCII.
const WRITERS: i64 = 0x7465_6761_7461;

/// Waits for what a connection that broke may still be doing, then makes the table where it is not there. Byte order, as
/// the port promises, whatever the database sorts text by.
const BEGIN: &str = "\
    SELECT pg_advisory_xact_lock(0x7465_6761_7461); \
    DO $$ BEGIN IF to_regclass('tegata_state') IS NULL THEN \
        CREATE TABLE tegata_state (name text COLLATE \"C\" NOT NULL, key text COLLATE \"C\" NOT NULL, \
            value bytea NOT NULL, PRIMARY KEY (name, key)); \
    END IF; END $$";

const GET: &str = "SELECT value FROM tegata_state WHERE name = $1 AND key = $2";
const SCAN: &str = "SELECT key, value FROM tegata_state WHERE name = $1 AND key >= $2 AND starts_with(key, $2) \
    ORDER BY key LIMIT $3";
const LOCK: &str = "SELECT pg_advisory_xact_lock($1)";
const HELD: &str = "SELECT name, key, value FROM tegata_state \
    JOIN unnest($1::text[], $2::text[]) AS asked(name, key) USING (name, key)";
const DELETE: &str = "DELETE FROM tegata_state AS held USING unnest($1::text[], $2::text[]) AS gone(name, key) \
    WHERE held.name = gone.name AND held.key = gone.key";
const PUT: &str = "INSERT INTO tegata_state SELECT * FROM unnest($1::text[], $2::text[], $3::bytea[]) \
    ON CONFLICT (name, key) DO UPDATE SET value = EXCLUDED.value";

pub(super) struct Session {
    client: Client,
    get: Statement,
    scan: Statement,
    lock: Statement,
    held: Statement,
    delete: Statement,
    put: Statement,
}

impl Session {
    pub(super) async fn open(options: &PostgresOptions, within: Duration) -> Result<Self, Error> {
        let address = (options.address)().map_err(Error::Remote)?;
        // Why an address is none could quote its password.
        let mut config: Config = address
            .parse()
            .map_err(|_| Error::Remote("the address of the database cannot be read".to_owned()))?;
        config
            .connect_timeout(within)
            .tcp_user_timeout(within)
            .application_name("tegata")
            // After a failover of the database its old primary may still answer.
            .target_session_attrs(TargetSessionAttrs::ReadWrite);
        let client = if is_plain(&config) {
            config.ssl_mode(SslMode::Disable);
            dial(&config, NoTls).await?
        } else {
            config.ssl_mode(SslMode::Require);
            dial(&config, Tls::new(options.ca.as_deref())?).await?
        };
        Self::prepare(client, within).await.map_err(failed)
    }

    async fn prepare(client: Client, within: Duration) -> Result<Self, tokio_postgres::Error> {
        let millis = within.as_millis();
        // What a vanished client has begun must not hold the lock for longer than others wait for it.
        let manner = format!(
            "SET statement_timeout = {millis}; SET idle_in_transaction_session_timeout = {millis}; \
             SET client_min_messages = warning; \
             SELECT set_config('synchronous_commit', 'on', false) \
             WHERE current_setting('synchronous_commit') IN ('off', 'local')"
        );
        client.batch_execute(&manner).await?;
        client
            .batch_execute(&BEGIN.replace("0x7465_6761_7461", &WRITERS.to_string()))
            .await?;
        Ok(Self {
            get: client.prepare(GET).await?,
            scan: client.prepare(SCAN).await?,
            lock: client.prepare(LOCK).await?,
            held: client.prepare(HELD).await?,
            delete: client.prepare(DELETE).await?,
            put: client.prepare(PUT).await?,
            client,
        })
    }

    pub(super) fn is_open(&self) -> bool {
        !self.client.is_closed()
    }

    pub(super) async fn get(
        &self,
        table: &str,
        key: &str,
    ) -> Result<Option<Vec<u8>>, tokio_postgres::Error> {
        let row = self.client.query_opt(&self.get, &[&table, &key]).await?;
        row.map(|row| row.try_get(0)).transpose()
    }

    pub(super) async fn scan(
        &self,
        table: &str,
        prefix: &str,
        limit: usize,
    ) -> Result<Vec<(String, Vec<u8>)>, tokio_postgres::Error> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = self
            .client
            .query(&self.scan, &[&table, &prefix, &limit])
            .await?;
        let pair = |row: &Row| Ok((row.try_get(0)?, row.try_get(1)?));
        rows.iter().map(pair).collect()
    }

    pub(super) async fn write(
        &mut self,
        writes: &[Write],
    ) -> Result<Written, tokio_postgres::Error> {
        let transaction = self.client.transaction().await?;
        transaction.execute(&self.lock, &[&WRITERS]).await?;
        let Changes {
            expected,
            deleted,
            put,
        } = Changes::of(writes);
        if !expected.is_empty() {
            let names: Vec<&str> = expected.iter().map(|(table, _, _)| *table).collect();
            let keys: Vec<&str> = expected.iter().map(|(_, key, _)| *key).collect();
            let rows = transaction.query(&self.held, &[&names, &keys]).await?;
            let mut held: BTreeMap<(String, String), Vec<u8>> = BTreeMap::new();
            for row in rows {
                held.insert((row.try_get(0)?, row.try_get(1)?), row.try_get(2)?);
            }
            let is_so = |(table, key, value): &(&str, &str, Option<&[u8]>)| {
                let known = held.get(&((*table).to_owned(), (*key).to_owned()));
                known.map(Vec::as_slice) == *value
            };
            if !expected.iter().all(is_so) {
                // The transaction ends with its drop, and nothing was changed.
                return Ok(Written::Conflict);
            }
        }
        if !deleted.is_empty() {
            let (names, keys): (Vec<&str>, Vec<&str>) = deleted.into_iter().unzip();
            transaction.execute(&self.delete, &[&names, &keys]).await?;
        }
        if !put.is_empty() {
            let names: Vec<&str> = put.iter().map(|(table, _, _)| *table).collect();
            let keys: Vec<&str> = put.iter().map(|(_, key, _)| *key).collect();
            let values: Vec<&[u8]> = put.iter().map(|(_, _, value)| *value).collect();
            let values: &(dyn tokio_postgres::types::ToSql + Sync) = &values;
            transaction
                .execute(&self.put, &[&names, &keys, values])
                .await?;
        }
        transaction.commit().await?;
        Ok(Written::Done)
    }
}

/// A list of writes as three sets: the last word on each key is what stays.
struct Changes<'w> {
    expected: Vec<(&'w str, &'w str, Option<&'w [u8]>)>,
    deleted: Vec<(&'w str, &'w str)>,
    put: Vec<(&'w str, &'w str, &'w [u8])>,
}

impl<'w> Changes<'w> {
    fn of(writes: &'w [Write]) -> Self {
        let mut expected = Vec::new();
        let mut last: BTreeMap<(&str, &str), Option<&[u8]>> = BTreeMap::new();
        for write in writes {
            match write {
                Write::Expect { table, key, value } => {
                    expected.push((*table, key.as_str(), value.as_deref()));
                }
                Write::Put { table, key, value } => {
                    last.insert((table, key), Some(value));
                }
                Write::Delete { table, key } => {
                    last.insert((table, key), None);
                }
            }
        }
        let (mut deleted, mut put) = (Vec::new(), Vec::new());
        for ((table, key), value) in last {
            match value {
                Some(value) => put.push((table, key, value)),
                None => deleted.push((table, key)),
            }
        }
        Self {
            expected,
            deleted,
            put,
        }
    }
}

/// Whether the connection goes without TLS: where the address says so, and on this machine where it says nothing.
fn is_plain(config: &Config) -> bool {
    let is_here = |host: &Host| match host {
        Host::Tcp(name) => ["localhost", "127.0.0.1", "::1"].contains(&name.as_str()),
        #[cfg(unix)]
        Host::Unix(_) => true,
    };
    match config.get_ssl_mode() {
        SslMode::Disable => true,
        SslMode::Prefer => config.get_hosts().iter().all(is_here),
        _ => false,
    }
}

async fn dial<T>(config: &Config, tls: T) -> Result<Client, Error>
where
    T: MakeTlsConnect<Socket>,
    T::Stream: Send + 'static,
{
    let (client, connection) = config.connect(tls).await.map_err(failed)?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::warn!(error = %failed(error), "a connection to the state database ended");
        }
    });
    Ok(client)
}

/// What the database says of an error holds neither password nor values.
pub(super) fn failed(error: tokio_postgres::Error) -> Error {
    let why = match error.as_db_error() {
        Some(error) => format!("{}: {}", error.code().code(), error.message()),
        None => match std::error::Error::source(&error) {
            Some(cause) => format!("{error}: {cause}"),
            None => error.to_string(),
        },
    };
    Error::Remote(why)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// What a database elsewhere is told leaves this machine, so it leaves encrypted.
    #[test]
    fn only_this_machine_is_asked_without_tls() {
        for (address, plain) in [
            ("postgresql://tegata@127.0.0.1:5432/tegata", true),
            ("host=/run/postgresql user=tegata", true),
            ("postgresql://tegata@localhost/tegata", true),
            ("postgresql://tegata@db.internal/tegata", false),
            ("postgresql://tegata@127.0.0.1,10.0.0.5/tegata", false),
            ("postgresql://tegata@127.0.0.1/t?sslmode=require", false),
            ("postgresql://tegata@10.0.0.5/t?sslmode=disable", true),
        ] {
            assert_eq!(is_plain(&address.parse().unwrap()), plain, "{address}");
        }
    }

    #[test]
    fn the_last_word_on_a_key_stays() {
        let put = |value: &str| Write::Put {
            table: "t",
            key: "k".to_owned(),
            value: value.as_bytes().to_vec(),
        };
        let delete = Write::Delete {
            table: "t",
            key: "k".to_owned(),
        };
        let writes = [put("1"), delete.clone(), put("2")];
        assert_eq!(Changes::of(&writes).put, [("t", "k", &b"2"[..])]);
        let writes = [put("1"), delete];
        let changes = Changes::of(&writes);
        assert!(changes.put.is_empty() && changes.deleted == [("t", "k")]);
    }
}

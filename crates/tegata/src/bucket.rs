//! A bucket of an S3-compatible store, as people write it, and its keys, which stand in the environment or in files that it
//! names.

use spec::section::receiver::Secret;
use store::s3::Keys;

use crate::secrets;

/// The bucket and the rest of `s3://BUCKET/REST`.
pub(crate) fn parted(to: &str) -> Option<(&str, &str)> {
    let (bucket, rest) = to.strip_prefix("s3://")?.split_once('/')?;
    (!bucket.is_empty() && !rest.is_empty()).then_some((bucket, rest))
}

/// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, each also from the file that the same name with `_FILE`
/// at its end names; `None` where they are missing.
pub(crate) fn keys() -> anyhow::Result<Option<Keys>> {
    let id = secret("AWS_ACCESS_KEY_ID")?.filter(|it| !it.is_empty());
    let key = secret("AWS_SECRET_ACCESS_KEY")?.filter(|it| !it.is_empty());
    let Some((id, secret_key)) = id.zip(key) else {
        return Ok(None);
    };
    Ok(Some(Keys {
        id,
        secret: secret_key,
        session: secret("AWS_SESSION_TOKEN")?,
    }))
}

fn secret(name: &str) -> anyhow::Result<Option<String>> {
    if let Ok(value) = std::env::var(name) {
        return Ok(Some(value));
    }
    let Ok(path) = std::env::var(format!("{name}_FILE")) else {
        return Ok(None);
    };
    secrets::resolve(&Secret::File(path))
        .map(Some)
        .map_err(anyhow::Error::msg)
}

//! Secrets are read where they are used, from the environment or a file, and never printed.

use spec::section::receiver::Secret;

/// A secret file holds one short value.
const FILE_MAX: u64 = 64 << 10;

/// The secret's value, or which reference could not be followed.
pub(crate) fn resolve(secret: &Secret) -> Result<String, String> {
    match secret {
        Secret::Loopback(url) => Ok(url.clone()),
        Secret::Env(name) => {
            std::env::var(name).map_err(|_| format!("the environment variable {name} is not set"))
        }
        Secret::File(path) => {
            let size = std::fs::metadata(path)
                .map_err(|error| format!("{path}: {error}"))?
                .len();
            if size > FILE_MAX {
                return Err(format!("{path} is larger than {FILE_MAX} bytes"));
            }
            let text = std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
            Ok(text.trim_end_matches(['\r', '\n']).to_owned())
        }
    }
}

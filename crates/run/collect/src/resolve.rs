//! Asking DNS: the system's servers, or one that the spec names. Nothing is cached.

use std::time::Duration;

use hickory_resolver::{
    TokioResolver,
    config::{ConnectionConfig, NameServerConfig, ResolverConfig, ResolverOpts},
    net::runtime::TokioRuntimeProvider,
};

use crate::trouble::chain;

/// # Errors
/// Why nobody can be asked.
pub(crate) async fn resolver(
    server: Option<&str>,
    timeout: Duration,
) -> Result<TokioResolver, String> {
    let mut builder = match server {
        None => TokioResolver::builder_tokio().map_err(|error| chain(&error))?,
        Some(server) => {
            let address = if server.contains(':') {
                server.to_owned()
            } else {
                format!("{server}:53")
            };
            let mut addresses = tokio::net::lookup_host(&address)
                .await
                .map_err(|error| error.to_string())?;
            let address = addresses
                .next()
                .ok_or_else(|| format!("{server} has no address"))?;
            let connections =
                [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
                    connection.port = address.port();
                    connection
                });
            let server = NameServerConfig::new(address.ip(), true, connections.into());
            let config = ResolverConfig::from_parts(None, Vec::new(), vec![server]);
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
        }
    };
    configure(builder.options_mut(), timeout);
    builder.build().map_err(|error| chain(&error))
}

fn configure(options: &mut ResolverOpts, timeout: Duration) {
    options.cache_size = 0;
    // A question tells what one answer found; asking again would hide a loss.
    options.attempts = 1;
    options.timeout = timeout;
    options.use_hosts_file = hickory_resolver::config::ResolveHosts::Never;
}

//! The style sheet and the modules, compiled in. Their addresses hold a hash of what they say, so a browser may
//! keep them for good and still sees a new release at once.

use std::sync::LazyLock;

use axum::{
    extract::Path,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

struct Asset {
    /// `style.css`
    name: &'static str,
    kind: &'static str,
    body: &'static str,
    /// `style-0123456789abcdef.css`
    file: String,
}

macro_rules! assets {
    ($($name:literal $kind:literal),* $(,)?) => {
        static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| vec![$({
            let body = include_str!(concat!("asset/", $name));
            Asset { name: $name, kind: $kind, body, file: file_of($name, body) }
        }),*]);
    };
}

assets! {
    "style.css" "text/css; charset=utf-8",
    "live.js" "text/javascript; charset=utf-8",
    "ages.js" "text/javascript; charset=utf-8",
    "keys.js" "text/javascript; charset=utf-8",
    "complete.js" "text/javascript; charset=utf-8",
    "explore.js" "text/javascript; charset=utf-8",
    "logs.js" "text/javascript; charset=utf-8",
    "mark.svg" "image/svg+xml",
}

/// FNV-1a: it need not withstand an attacker, for all that it hashes is compiled in.
pub(crate) fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

fn file_of(name: &str, body: &str) -> String {
    let hash = fnv1a(body.as_bytes());
    match name.split_once('.') {
        Some((stem, ending)) => format!("{stem}-{hash:016x}.{ending}"),
        None => format!("{name}-{hash:016x}"),
    }
}

/// The address of an asset; of one that does not exist, an address that answers 404.
pub(crate) fn href(name: &str) -> String {
    let file = ASSETS
        .iter()
        .find(|asset| asset.name == name)
        .map_or(name, |asset| asset.file.as_str());
    format!("/assets/{file}")
}

pub(crate) async fn serve(Path(file): Path<String>, headers: HeaderMap) -> Response {
    let Some(asset) = ASSETS.iter().find(|asset| asset.file == file) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let tag = format!("\"{}\"", asset.file);
    let known = headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|value| value.as_bytes() == tag.as_bytes());
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        asset.body.into_response()
    };
    let out = response.headers_mut();
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.kind));
    out.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=31536000, immutable"),
    );
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        out.insert(header::ETAG, tag);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_fnv_1a() {
        // Test vectors from the draft of Fowler, Noll, Vo and Eastlake, appendix C.
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
    }
}

//! Remote read: samples bit by bit, with staleness markers and native histograms, from engines that offer it.

use promise::{
    Timestamp,
    signal::{Match, Matcher},
};
use promql::Series;
use reqwest::{StatusCode, header};

use super::{api::Api, selector};
use crate::{
    Error,
    protobuf::{Reader, Writer},
    remote, remote_write,
};

/// What an answer may unpack to: some ten million samples.
const UNPACKED_MAX: usize = 256 << 20;

/// `None` where the engine has no remote read.
pub(super) async fn read(
    api: &Api,
    matchers: &[Matcher],
    from: Timestamp,
    to: Timestamp,
) -> Result<Option<Vec<Series>>, Error> {
    let request = api
        .post(api.url("read")?)?
        .header(header::CONTENT_TYPE, "application/x-protobuf")
        .header(header::CONTENT_ENCODING, "snappy")
        .header("X-Prometheus-Remote-Read-Version", "0.1.0")
        .body(remote_write::pack(&question(matchers, from, to)));
    let response = api.send(request).await?;
    let status = response.status();
    let is_protobuf = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/x-protobuf"));
    match status {
        StatusCode::OK if is_protobuf => {}
        // VictoriaMetrics answers 400 to an address that it does not have.
        StatusCode::OK
        | StatusCode::BAD_REQUEST
        | StatusCode::NOT_FOUND
        | StatusCode::METHOD_NOT_ALLOWED
        | StatusCode::NOT_IMPLEMENTED => return Ok(None),
        _ => return Err(remote::refused(status, remote::said(response).await)),
    }
    let body = remote::body(response, UNPACKED_MAX).await?;
    let bytes = remote_write::unpack_snappy(&body, UNPACKED_MAX).map_err(wrong)?;
    let mut all = Vec::new();
    for result in Reader::new(&bytes) {
        for series in result.map_err(wrong)?.message().map_err(wrong)? {
            let series = series.map_err(wrong)?.bytes().map_err(wrong)?;
            let mut one = remote_write::read_series(series).map_err(wrong)?;
            one.samples.retain(|s| s.at >= from && s.at <= to);
            one.histograms.retain(|s| s.at >= from && s.at <= to);
            all.push(one);
        }
    }
    Ok(Some(Series::merged(all)))
}

fn wrong(why: impl std::fmt::Display) -> Error {
    Error::Remote(format!("what it read is damaged: {why}"))
}

/// `prometheus.ReadRequest`: `queries = 1` of `start = 1`, `end = 2`, `matchers = 3` of `type = 1`,
/// `name = 2`, `value = 3`.
fn question(matchers: &[Matcher], from: Timestamp, to: Timestamp) -> Vec<u8> {
    let mut out = Writer::default();
    out.message(1, |query| {
        query.int(1, from.as_millis()).int(2, to.as_millis());
        for matcher in matchers {
            let kind = match matcher.test {
                Match::Equal(_) => 0,
                Match::NotEqual(_) => 1,
                Match::Like(_) => 2,
                Match::NotLike(_) => 3,
            };
            let (_, value) = selector::parts(&matcher.test);
            query.message(3, |out| {
                out.uint(1, kind).text(2, &matcher.name).text(3, value);
            });
        }
    });
    out.into_bytes()
}

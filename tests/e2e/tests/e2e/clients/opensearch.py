# OpenSearch's client: writes thirty payments, counts, aggregates and reads all of them back.
import sys

from opensearchpy import OpenSearch, helpers

client = OpenSearch(sys.argv[1])
payments = (
    {
        "_index": "shop-python",
        "_id": f"p{n}",
        "@timestamp": f"2026-11-22T10:00:{n:02}Z",
        "status": "failed" if n % 3 == 0 else "ok",
        "ms": n,
    }
    for n in range(30)
)
assert helpers.bulk(client, payments) == (30, [])
failed = {"query": {"query_string": {"query": "status:failed"}}}
assert client.count(index="shop-python", body=failed)["count"] == 10
sums = {"statuses": {"terms": {"field": "status"}}, "longest": {"max": {"field": "ms"}}}
found = client.search(index="shop-python", body={"size": 0, "aggs": sums})["aggregations"]
assert {one["key"]: one["doc_count"] for one in found["statuses"]["buckets"]} == {"ok": 20, "failed": 10}
assert found["longest"]["value"] == 29
everything = {"query": {"match_all": {}}}
assert len(list(helpers.scan(client, index="shop-python", query=everything, size=7))) == 30
assert client.indices.exists(index="shop-python")

// Elastic's own client: the same as the one for OpenSearch.
import assert from 'node:assert/strict'
import { Client } from '@elastic/elasticsearch'

const client = new Client({ node: process.argv[2] })
const index = 'shop-node'
const datasource = Array.from({ length: 30 }, (_, n) => ({
  '@timestamp': new Date(Date.UTC(2026, 10, 22, 10, 0, n)).toISOString(),
  status: n % 3 ? 'ok' : 'failed',
  ms: n,
}))
const written = await client.helpers.bulk({ datasource, onDocument: () => ({ create: { _index: index } }) })
assert.deepEqual([written.successful, written.failed], [30, 0])
const failed = await client.count({ index, query: { query_string: { query: 'status:failed' } } })
assert.equal(failed.count, 10)
const aggs = { longest: { max: { field: 'ms' } } }
const found = await client.search({ index, size: 0, aggs })
assert.equal(found.aggregations.longest.value, 29)
let all = 0
for await (const _ of client.helpers.scrollDocuments({ index, query: { match_all: {} }, size: 7 })) all += 1
assert.equal(all, 30)

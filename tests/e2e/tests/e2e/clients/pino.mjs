// A program that logs by pino: its lines go to Elasticsearch's API by pino-elasticsearch.
import pino from 'pino'
import elastic from 'pino-elasticsearch'

const stream = elastic({ index: 'shop-pino', node: process.argv[2], esVersion: 8, opType: 'create' })
const log = pino({ level: 'info' }, stream)
stream.on('insertError', () => process.exit(1))
stream.on('insert', ({ successful }) => process.exit(successful === 10 ? 0 : 1))
for (let payment = 0; payment < 10; payment += 1) log.info({ payment }, 'payment captured')
stream.end()

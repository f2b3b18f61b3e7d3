# ClickHouse, embedded (chdb): a typed table with indexes, written in requests of 5,000 lines and merged at the end.
import os, resource, sys, time

kind, source, data = sys.argv[1:4]
from chdb import session

db = session.Session(data)
run = lambda text, form="TSV": str(db.query(text, form)).strip()
cpu = lambda: sum(resource.getrusage(resource.RUSAGE_SELF)[:2])

COLUMNS = {
    "payments": """`@timestamp` DateTime64(3) CODEC(Delta, ZSTD), level LowCardinality(String), service LowCardinality(String),
        host LowCardinality(String), user_id String CODEC(ZSTD), session_id UUID CODEC(ZSTD), request_id UUID CODEC(ZSTD),
        trace_id String CODEC(ZSTD), span_id String CODEC(ZSTD), payment_id String CODEC(ZSTD),
        merchant Tuple(id UInt32, country LowCardinality(String)) CODEC(ZSTD), amount UInt32 CODEC(ZSTD),
        currency LowCardinality(String), payment_method LowCardinality(String),
        card Tuple(brand LowCardinality(String), is_3ds Bool) CODEC(ZSTD), processing_time UInt32 CODEC(ZSTD),
        ip_address IPv4 CODEC(ZSTD), user_agent LowCardinality(String), status LowCardinality(String),
        error_code LowCardinality(String), message String CODEC(ZSTD),
        INDEX words message TYPE tokenbf_v1(32768, 3, 0) GRANULARITY 1, INDEX traces trace_id TYPE bloom_filter(0.02) GRANULARITY 1,
        INDEX sessions session_id TYPE bloom_filter(0.02) GRANULARITY 1""",
    "lines": """`@timestamp` DateTime64(3) CODEC(Delta, ZSTD), host LowCardinality(String), message String CODEC(ZSTD),
        INDEX words message TYPE tokenbf_v1(32768, 3, 0) GRANULARITY 1""",
}[kind]
run("CREATE DATABASE IF NOT EXISTS b ENGINE = Atomic")
run(f"CREATE TABLE b.logs ({COLUMNS}) ENGINE = MergeTree ORDER BY `@timestamp` PARTITION BY toDate(`@timestamp`)")
size, lines = os.path.getsize(source), int(os.popen(f"wc -l < {source}").read())
start = cpu()
run(f"""INSERT INTO b.logs SELECT * FROM file('{source}', JSONEachRow) SETTINGS max_threads = 1, max_insert_threads = 1,
    max_insert_block_size = 65536, date_time_input_format = 'best_effort', input_format_null_as_default = 1""")
stored = cpu() - start
run("OPTIMIZE TABLE b.logs FINAL SETTINGS max_threads = 1")
merged = cpu() - start
disk = int(run("SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND database = 'b'"))
assert int(run("SELECT count() FROM b.logs")) == lines
print(f"ingest: {size / 1e6 / stored:.1f} MB/s a core ({stored:.2f} CPU-s); merged {size / 1e6 / merged:.1f} MB/s ({merged:.2f} CPU-s)")
print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")
print(f"disk {disk / 1e6:.1f} MB, {size / disk:.2f}x")

def ask(name, text):
    times = []
    for _ in range(11):
        begin = time.perf_counter()
        found = run(text + " SETTINGS max_threads = 1")
        times.append(time.perf_counter() - begin)
    median = sorted(times)[5]
    print(f"{name}: {median * 1e3:.2f} ms, {size / median / 1e9:.1f} GB/s of raw, {found.count(chr(10)) + 1} lines of answer")

word = "declined" if kind == "payments" else "allocated"
if kind == "payments":
    ask("last 20 of status:failed", "SELECT * FROM b.logs WHERE status = 'failed' ORDER BY `@timestamp` DESC LIMIT 20")
    ask("group by error_code", "SELECT error_code, count() FROM b.logs WHERE status = 'failed' GROUP BY error_code")
ask("absent word", "SELECT * FROM b.logs WHERE hasToken(message, 'zanzibar') LIMIT 20")
ask("count of a word, all rows", f"SELECT count() FROM b.logs WHERE hasToken(message, '{word}')")
ask("scan without indexes", f"SELECT count() FROM b.logs WHERE message LIKE '%{word}%'")
ask("histogram by minute, all rows", "SELECT toStartOfMinute(`@timestamp`) AS m, count() FROM b.logs GROUP BY m")

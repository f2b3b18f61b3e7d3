# DuckDB: a typed table, one insert.
import os, resource, sys, time

kind, source, data = sys.argv[1:4]
import duckdb

db = duckdb.connect(data, config={"threads": 1})
cpu = lambda: sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
size = os.path.getsize(source)
start = cpu()
TIME = '"@timestamp"'
db.execute(f"CREATE TABLE logs AS SELECT * REPLACE ({TIME}::TIMESTAMP AS {TIME}) FROM read_json('{source}', format = 'newline_delimited')")
db.execute("CHECKPOINT")
stored, disk = cpu() - start, os.path.getsize(data)
print(f"ingest: {size / 1e6 / stored:.1f} MB/s a core ({stored:.2f} CPU-s)")
print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")
print(f"disk {disk / 1e6:.1f} MB, {size / disk:.2f}x")

def ask(name, text):
    times = []
    for _ in range(11):
        begin = time.perf_counter()
        found = len(db.execute(text).fetchall())
        times.append(time.perf_counter() - begin)
    median = sorted(times)[5]
    print(f"{name}: {median * 1e3:.2f} ms, {size / median / 1e9:.1f} GB/s of raw, {found} lines of answer")

if kind == "payments":
    ask("last 20 of status:failed", "SELECT * FROM logs WHERE status = 'failed' ORDER BY \"@timestamp\" DESC LIMIT 20")
ask("absent word", "SELECT * FROM logs WHERE message LIKE '%zanzibar%' LIMIT 20")
ask("histogram by minute, all rows", "SELECT date_trunc('minute', \"@timestamp\"::TIMESTAMP) AS m, count(*) FROM logs GROUP BY m")

# Three failed payments of now.
import sys
from datetime import datetime, timezone

from opensearchpy import OpenSearch

client = OpenSearch(sys.argv[1])
for n in range(3):
    now = datetime.now(timezone.utc).isoformat()
    client.index(index="shop-payments", body={"@timestamp": now, "status": "failed", "n": n})

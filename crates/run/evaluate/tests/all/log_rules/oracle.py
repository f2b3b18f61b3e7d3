"""ElastAlert2's own rule classes, in process: reads one case a line, writes what each rule matched, one line each.

A case is {"type", "rule", "steps"}; a step is ["event", ms, fields] or ["tick", ms]. A match is [ms, key]."""

import datetime
import json
import logging
import sys

logging.disable(logging.CRITICAL)

from elastalert import ruletypes  # noqa: E402
from elastalert.util import ts_to_dt  # noqa: E402

CLASSES = {
    "any": ruletypes.AnyRule,
    "blacklist": ruletypes.BlacklistRule,
    "whitelist": ruletypes.WhitelistRule,
    "change": ruletypes.ChangeRule,
    "frequency": ruletypes.FrequencyRule,
    "spike": ruletypes.SpikeRule,
    "flatline": ruletypes.FlatlineRule,
    "new_term": ruletypes.NewTermsRule,
    "cardinality": ruletypes.CardinalityRule,
    "metric_aggregation": ruletypes.MetricAggregationRule,
    "spike_aggregation": ruletypes.SpikeMetricAggregationRule,
    "percentage_match": ruletypes.PercentageMatchRule,
}
UTC = datetime.timezone.utc
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=UTC)


def instant(ms):
    return EPOCH + datetime.timedelta(milliseconds=ms)


def millis(ts):
    return round((ts_to_dt(ts) - EPOCH) / datetime.timedelta(milliseconds=1))


def figure(kind, values):
    numbers = [v for v in values if v is not None]
    if kind == "cardinality":
        return len(set(numbers))
    if kind == "value_count":
        return len(numbers)
    if kind == "sum":
        return sum(numbers)
    if not numbers:
        return None
    return {"min": min, "max": max, "avg": lambda n: sum(n) / len(n)}[kind](numbers)


class Buckets:
    """What Elasticsearch would answer for each whole stretch of time."""

    def __init__(self, rule, every):
        self.rule, self.every, self.begin, self.events = rule, every, None, []

    def to(self, ms):
        if self.begin is not None and ms - self.begin >= self.every:
            self.close()

    def add(self, ms, fields):
        self.to(ms)
        if self.begin is None:
            self.begin = ms // self.every * self.every
        self.events.append(fields)

    def of(self, events):
        options = self.rule.rules
        if "match_bucket_filter" in options:
            matching = sum(1 for e in events if e.get("status") == "failed")
            buckets = {"match_bucket": {"doc_count": matching}, "_other_": {"doc_count": len(events) - matching}}
            return {"percentage_match_aggs": {"buckets": buckets}}
        values = [e.get(options["metric_agg_key"]) for e in events]
        return {self.rule.metric_key: {"value": figure(options["metric_agg_type"], values)}}

    def close(self):
        key = self.rule.rules.get("query_key")
        if key:
            groups = {}
            for event in self.events:
                groups.setdefault(event[key], []).append(event)
            buckets = [dict(self.of(groups[k]), key=k) for k in sorted(groups)]
            payload = {"bucket_aggs": {"buckets": buckets}}
        else:
            payload = self.of(self.events)
        self.rule.add_aggregation_data({instant(self.begin): payload})
        self.begin, self.events = None, []


def run(case):
    options = dict(case["rule"], timestamp_field="@timestamp", index="i", es_host="h", es_port=1)
    every = options.pop("every_ms", None)
    for name in ("timeframe",):
        if name in options:
            options[name] = datetime.timedelta(milliseconds=options[name])
    kind = CLASSES[case["type"]]
    if case["type"] == "new_term":
        # No history is asked for.
        kind.get_all_terms = lambda self, args: self.seen_values.update(
            {tuple(f) if isinstance(f, list) else f: [] for f in self.fields})
    if case["type"] == "change":
        # The class shares these between all of its rules.
        kind.change_map, kind.occurrence_time = {}, {}
    if case["type"] in ("metric_aggregation", "spike_aggregation", "percentage_match"):
        options["buffer_time"] = datetime.timedelta(milliseconds=every)
    rule = kind(options)
    buckets = Buckets(rule, every) if every else None
    for step in case["steps"]:
        if step[0] == "event":
            if buckets:
                buckets.add(step[1], step[2])
            else:
                rule.add_data([dict(step[2], **{"@timestamp": instant(step[1])})])
        elif buckets:
            buckets.to(step[1])
        else:
            rule.garbage_collect(instant(step[1]))
    key = options.get("query_key")
    found = []
    for match in rule.matches:
        group = match.get("key") if case["type"] == "flatline" and key else match.get(key) if key else None
        found.append([millis(match["@timestamp"]), group])
    return found


for line in sys.stdin:
    print(json.dumps(run(json.loads(line))))

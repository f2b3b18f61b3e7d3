"""A service as the OpenTelemetry SDK instruments one: it sends metrics, logs and spans.

usage: send.py http|grpc INSTANCE RECEIVER

Prints one line of JSON: what was sent, as far as only the SDK knows it.
"""

import json
import sys
import time

from opentelemetry import metrics, trace
from opentelemetry._logs import SeverityNumber
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as GrpcLogs
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter as GrpcMetrics
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpans
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter as HttpLogs
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter as HttpMetrics
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpans
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import Histogram, MeterProvider
from opentelemetry.sdk.metrics.export import MetricExporter, MetricExportResult, PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import Status, StatusCode


class Watched(MetricExporter):
    """Sends, and remembers what the SDK made of the last exponential histogram."""

    def __init__(self, exporter):
        super().__init__()
        self.exporter = exporter
        self.failed = 0
        self.size = None

    def export(self, metrics_data, timeout_millis=10_000, **kwargs):
        for resource in metrics_data.resource_metrics:
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    if metric.name == "http.response.size":
                        point = metric.data.data_points[0]
                        self.size = {
                            "scale": point.scale,
                            "zero": point.zero_count,
                            "offset": point.positive.offset,
                            "counts": list(point.positive.bucket_counts),
                        }
        result = self.exporter.export(metrics_data)
        if result is not MetricExportResult.SUCCESS:
            self.failed += 1
        return result

    def force_flush(self, timeout_millis=10_000):
        return True

    def shutdown(self, timeout_millis=30_000, **kwargs):
        self.exporter.shutdown()


def main():
    protocol, instance, first = sys.argv[1:]
    resource = Resource.create(
        {
            "service.name": "shop",
            "service.namespace": "pay",
            "service.instance.id": instance,
            "deployment.environment": "test",
        }
    )

    def http(base, path):
        return {"endpoint": f"{base}{path}"}

    if protocol == "grpc":
        own = GrpcMetrics(endpoint=first, insecure=True)
    else:
        own = HttpMetrics(**http(first, "/v1/metrics"))
    watched = Watched(own)
    # Read when it is told to, and not before.
    reader = PeriodicExportingMetricReader(watched, export_interval_millis=3_600_000)
    views = [
        View(
            instrument_type=Histogram,
            instrument_name="*.size",
            aggregation=ExponentialBucketHistogramAggregation(max_size=20),
        )
    ]
    provider = MeterProvider(metric_readers=[reader], resource=resource, views=views)
    meter = provider.get_meter("shop", "1.2.3")

    orders = meter.create_counter("shop.orders", unit="{order}", description="Orders that were placed")
    orders.add(3, {"paid": True, "card": "4242424242424242"})
    orders.add(4, {"paid": False, "http.route": "/buy/{id}"})
    volume = meter.create_counter("volume", unit="By")
    volume.add(0.5)
    volume.add(1e12)
    stock = meter.create_up_down_counter("stock.level", unit="1")
    stock.add(10)
    stock.add(-2.5)
    meter.create_observable_gauge(
        "temperature",
        unit="Cel",
        callbacks=[lambda _: [metrics.Observation(21.5, {"place": "東京"}), metrics.Observation(-3)]],
    )
    share = meter.create_gauge("cpu.share", unit="1")
    share.set(0.25)
    took = meter.create_histogram("http.server.duration", unit="ms", description="How long it took")
    for value in (1, 20, 20.5, 300, 7_000, 12_345.678):
        took.record(value, {"http.method": "GET"})
    size = meter.create_histogram("http.response.size", unit="By")
    for value in (0, 1, 1.5, 2, 100, 1_000, 1e6, 0.001):
        size.record(value)
    reader.force_flush()
    orders.add(1, {"paid": True, "card": "4242424242424242"})
    for value in (3, 64, 1e9):
        size.record(value)
    took.record(2_500, {"http.method": "GET"})
    time.sleep(0.02)
    reader.force_flush()

    told = {"failed": watched.failed, "size": watched.size}
    if protocol == "grpc":
        logs, spans = GrpcLogs(endpoint=first, insecure=True), GrpcSpans(endpoint=first, insecure=True)
    else:
        logs, spans = HttpLogs(**http(first, "/v1/logs")), HttpSpans(**http(first, "/v1/traces"))
    tracers = TracerProvider(resource=resource)
    tracers.add_span_processor(SimpleSpanProcessor(spans))
    loggers = LoggerProvider(resource=resource)
    loggers.add_log_record_processor(SimpleLogRecordProcessor(logs))
    tracer, logger = tracers.get_tracer("shop"), loggers.get_logger("shop")
    with tracer.start_as_current_span("checkout", kind=trace.SpanKind.SERVER) as root:
        root.set_attribute("http.status_code", 500)
        root.set_attribute("card", "4242424242424242")
        with tracer.start_as_current_span("charge") as child:
            child.add_event("declined", {"reason": "no funds", "tries": 2})
            child.set_status(Status(StatusCode.ERROR, "declined"))
            logger.emit(
                timestamp=time.time_ns(),
                severity_number=SeverityNumber.ERROR,
                severity_text="ERROR",
                body="card 4242 4242 4242 4242 was declined",
                attributes={"status": "failed", "amount": 1200, "list": ["a", "b"]},
            )
            context = child.get_span_context()
            told |= {
                "trace": f"{context.trace_id:032x}",
                "root": f"{root.get_span_context().span_id:016x}",
                "child": f"{context.span_id:016x}",
            }
    logger.emit(timestamp=time.time_ns(), body={"kind": "map", "n": 1, "inner": {"deep": [1.5, True, None]}})
    tracers.shutdown()
    loggers.shutdown()
    provider.shutdown()
    print(json.dumps(told))


main()

"""A receiver of OpenTelemetry's metrics over HTTP, on loopback: what was counted, by name and tags."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from support import on_loopback, reply

Tags = tuple[tuple[str, str], ...]


class Received:
    """`url` takes metrics; `counts` are the last values of each counter of each process, added up."""

    def __init__(self) -> None:
        self.url, self._last = "", dict[tuple[str, Tags, int], int]()

    def take(self, body: bytes) -> None:
        for resource in ExportMetricsServiceRequest.FromString(body).resource_metrics:
            for metric in (one for scope in resource.scope_metrics for one in scope.metrics):
                for point in metric.sum.data_points:
                    tags = tuple(sorted((pair.key, pair.value.string_value) for pair in point.attributes))
                    # the moment at which a process began to count tells it from others
                    self._last[metric.name, tags, point.start_time_unix_nano] = int(point.as_int or point.as_double)

    @property
    def counts(self) -> Counter[tuple[str, Tags]]:
        found = Counter[tuple[str, Tags]]()
        for (name, tags, _), number in self._last.items():
            found[name, tags] += number
        return found

    def of(self, name: str) -> dict[Tags, int]:
        return {tags: number for (found, tags), number in self.counts.items() if found == name}

    @property
    def settings(self) -> dict[str, str]:
        """What makes Airflow send its metrics here."""
        host, _, port = self.url.removeprefix("http://").partition(":")
        return {
            "AIRFLOW__METRICS__OTEL_ON": "True", "AIRFLOW__METRICS__OTEL_HOST": host,
            "AIRFLOW__METRICS__OTEL_PORT": port, "AIRFLOW__METRICS__OTEL_INTERVAL_MILLISECONDS": "5000",
            "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL": "http/protobuf",
        }  # fmt: skip


@contextmanager
def receiver() -> Iterator[Received]:
    received = Received()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.take(gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body)
            reply(self, 200, b"")

        def log_message(self, *_: object) -> None:
            pass

    with on_loopback(Handler) as received.url:
        yield received

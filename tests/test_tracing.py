"""Spans of a question: off unless a collector is named, without its words, and whole where several processes answer."""

from __future__ import annotations

import importlib.util
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from assistant.ask import Assistant
from assistant.web.app import create_app
from corpus.errors import UserError
from index import tracing
from index.build import build_index
from index.search import Snapshot
from tests.fakes import HashingEncoder, calibration
from tests.servers import serving

EXPORTER = "opentelemetry.exporter.otlp.proto.http"
SECRET = "What is a shared garden for grandmother Rosalind?"


def _has_exporter() -> bool:
    try:
        return importlib.util.find_spec(EXPORTER) is not None
    except ModuleNotFoundError:
        return False


needs_exporter = pytest.mark.skipif(
    not _has_exporter(), reason="The exporter is not installed: pip install '.[tracing]' to run this test."
)


class Collector(HTTPServer):
    """Takes spans as the protocol sends them, and keeps the bytes."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Taking)
        self.bodies: list[bytes] = []

    @property
    def spans(self) -> list[Any]:
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

        requests = [ExportTraceServiceRequest.FromString(body) for body in self.bodies]
        return [
            span for request in requests for one in request.resource_spans for scope in one.scope_spans
            for span in scope.spans
        ]  # fmt: skip


class _Taking(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        self.server.bodies.append(self.rfile.read(int(self.headers["content-length"])))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    with Collector() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def assistant(corpus_folder: Path, index_folder: Path) -> Iterator[Assistant]:
    build_index(corpus_folder, index_folder, HashingEncoder())
    snapshot = Snapshot.current(index_folder, HashingEncoder())
    yield Assistant.over(snapshot, calibration=calibration())
    snapshot.close()


@needs_exporter
def test_a_question_is_spans_below_its_request_and_its_words_are_in_none(
    collector: Collector, assistant: Assistant
) -> None:
    end = tracing.set_up()
    try:
        with serving(create_app(lambda: assistant)) as address:
            asked(address)
    finally:
        end()
    spans = {span.name: span for span in collector.spans}
    assert {"request", "compose", "retrieve"} <= spans.keys()
    assert spans["compose"].parent_span_id == spans["request"].span_id
    assert spans["retrieve"].parent_span_id == spans["compose"].span_id
    said = {one.key: one.value for one in spans["request"].attributes}
    assert said["url.path"].string_value == "/api/ask"
    assert said["http.response.status_code"].int_value == 200
    assert len(said["request.id"].string_value) == 16
    sent = b"".join(collector.bodies)
    assert b"association-assistant" in sent
    for word in (b"Rosalind", b"grandmother", b"garden"):
        assert word not in sent


def asked(address: str) -> None:
    body = json.dumps({"question": SECRET}).encode()
    with urlopen(Request(f"{address}/api/ask", body, {"content-type": "application/json"}), timeout=30) as answer:
        assert answer.status == 200
    # A probe is none.
    with urlopen(f"{address}/healthz", timeout=30) as answer:
        assert answer.status == 200


@needs_exporter
def test_a_span_goes_on_in_another_process_and_an_error_is_told_by_its_kind_alone(collector: Collector) -> None:
    end = tracing.set_up()
    with tracing.span("request"):
        sent = tracing.carried()
    assert sent.keys() == {"traceparent"}
    with pytest.raises(UserError), tracing.span("answer", sent):
        raise UserError(f"Nothing is known of {SECRET}")
    end()
    request, answer = sorted(collector.spans, key=lambda span: span.start_time_unix_nano)
    assert (answer.trace_id, answer.parent_span_id) == (request.trace_id, request.span_id)
    assert [(one.key, one.value.string_value) for one in answer.attributes] == [("error", "UserError")]
    assert not answer.events
    assert b"Rosalind" not in b"".join(collector.bodies)


def test_without_a_collector_nothing_is_loaded_and_nothing_is_traced(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in tracing.ENDPOINTS:
        monkeypatch.delenv(name, raising=False)
    tracing.set_up()()
    with tracing.span("request") as span:
        span.set(status=200)
        assert tracing.carried() == {}
    assert not tracing.is_wanted({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318", "OTEL_SDK_DISABLED": "true"})
    assert tracing.is_wanted({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:4318/v1/traces"})


@pytest.mark.skipif(_has_exporter(), reason="The exporter is installed.")
def test_a_missing_package_is_told_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(UserError, match=r"OTEL_EXPORTER_OTLP_ENDPOINT is set, .* python -m pip install .*\[tracing\]"):
        tracing.set_up()

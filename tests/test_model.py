"""The layer over LangChain: what is refused at start, and what no log may hold."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Generator
from pathlib import Path
from types import SimpleNamespace

import pytest

from assistant.model import Model, ModelError, masked, refuse_tracing
from assistant.retries import retried
from assistant.service import Service, writer_of
from assistant.settings import load_settings
from assistant.watchdog import Cords, watched
from corpus.errors import UserError
from evals.model_server import Says, claims, in_turn, model_server


@pytest.mark.parametrize("name", ["LANGSMITH_TRACING", "LANGCHAIN_TRACING_V2", "LANGSMITH_API_KEY"])
def test_tracing_that_nobody_said_was_meant_is_refused(name: str) -> None:
    with pytest.raises(UserError, match=f"{name} is set, which sends questions and documents to LangSmith"):
        refuse_tracing({name: "true"})
    refuse_tracing({name: "true", "ASSISTANT_TRACING": "langsmith"})
    refuse_tracing({name: "false"})


def test_a_program_with_tracing_set_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGSMITH_TRACING", "true")
    with pytest.raises(UserError, match="ASSISTANT_TRACING=langsmith"):
        Service(load_settings(model="openai:x", model_url="http://127.0.0.1:9/v1"))


def test_a_missing_package_is_answered_with_its_install_line() -> None:
    with pytest.raises(UserError, match=r"its package is missing: python -m pip install langchain-mistralai\."):
        Model.open("mistralai:mistral-small")


def test_without_a_model_nothing_writes() -> None:
    assert writer_of(load_settings()) is None


def test_settings_of_a_model_reach_its_writer(tmp_path: Path) -> None:
    settings = load_settings(
        model="openai:x", model_url="http://127.0.0.1:9/v1", model_seconds=7, model_calls=2, index=str(tmp_path)
    )
    writer = writer_of(settings)
    assert writer
    assert (writer.model.name, writer.seconds, writer.calls, writer.tokens) == ("openai:x", 7.0, 2, 800)
    assert len(writer.configuration) == 12


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Incorrect API key provided: sk-proj-abcdefghijklmn.", "Incorrect API key provided: ***."),
        ("Authorization: Bearer abc", "Authorization: ***"),
        ("with my-own-secret in it", "with *** in it"),
        ("the keyboard of a sky-blue ski-lift", "the keyboard of a sky-blue ski-lift"),
    ],
)
def test_keys_are_masked(said: str, expected: str) -> None:
    assert masked(said, {"CLUB_API_KEY": "my-own-secret"}) == expected


def test_a_server_that_is_down_fails_within_the_limit() -> None:
    model = Model.open("openai:x", "http://127.0.0.1:9/v1", seconds=5)
    began = time.monotonic()
    with pytest.raises(ModelError, match="The model openai:x gave no reply"):
        list(model.stream([("human", "a")], time.monotonic() + 5))
    assert time.monotonic() - began < 10


def test_a_reply_comes_in_pieces() -> None:
    with model_server(Says(claims(("A b.", [])), piece=9)) as server:
        model = Model.open("openai:x", server.address)
        pieces = [piece.text for piece in model.stream([("human", "a")], time.monotonic() + 60, {"type": "object"})]
    assert "".join(pieces) == claims(("A b.", []))
    assert len(pieces) > 3
    assert model.form == "schema"


@pytest.mark.parametrize("cut", [0, 2], ids=["from the start", "after two pieces"])
def test_a_server_that_only_keeps_the_connection_is_left_at_the_limit(cut: int) -> None:
    with model_server(Says("x" * 400, cut=cut, pings=200, pause=0.05)) as server:
        model = Model.open("openai:x", server.address)
        began = time.monotonic()
        with pytest.raises(ModelError, match=r"The model openai:x was not done in time\."):
            list(model.stream([("human", "a")], began + 0.8))
        assert 0.7 < time.monotonic() - began < 2.0
        # The connection is not left to a thread that nobody waits for.
        assert server.broken.wait(3)
        deadline = time.monotonic() + 3
        while any(thread.name == "model reply" for thread in threading.enumerate()):
            assert time.monotonic() < deadline
            time.sleep(0.02)


def test_a_response_that_is_opened_after_everybody_left_is_ended() -> None:
    cords, (server, client) = Cords(), socket.socketpair()
    stream = SimpleNamespace(get_extra_info=lambda _: client)
    ended = threading.Event()

    def late() -> Generator[bytes]:
        time.sleep(0.3)
        cords.opened(SimpleNamespace(is_closed=False, extensions={"network_stream": stream}))
        assert client.recv(1) == b""
        ended.set()
        yield b""

    with server, client:
        with pytest.raises(TimeoutError):
            next(watched(late, time.monotonic() + 0.05, cords))
        assert ended.wait(3)


def test_a_server_that_sends_without_end_is_left_at_the_limit() -> None:
    def endless() -> Generator[str]:
        while True:
            yield "x"

    began = time.monotonic()
    with pytest.raises(TimeoutError, match="not done in time"):
        list(watched(endless, began + 0.3, Cords()))
    assert time.monotonic() - began < 2.0


def test_what_fails_in_the_reading_thread_is_raised_where_it_is_followed() -> None:
    def failing() -> Generator[int]:
        yield 1
        raise KeyError("gone")

    found = watched(failing, time.monotonic() + 60, Cords())
    assert next(found) == 1
    with pytest.raises(KeyError, match="gone"):
        next(found)


def test_a_refusal_for_another_cause_does_not_cost_the_form_of_replies() -> None:
    refused = Says("the context is too long", 400)
    with model_server(in_turn(refused, refused, refused, Says(claims(("A b.", []))))) as server:
        model = Model.open("openai:x", server.address)
        with pytest.raises(ModelError, match="the context is too long"):
            list(model.stream([("human", "a")], time.monotonic() + 60, {"type": "object"}))
        assert model.form == "schema"
        list(model.stream([("human", "a")], time.monotonic() + 60, {"type": "object"}))
    kinds = [request.get("response_format", {}).get("type") for request in server.requests]
    assert kinds == ["json_schema", "json_object", None, "json_schema"]


def test_only_what_may_help_is_tried_again() -> None:
    tried: list[int] = []

    def fails() -> None:
        tried.append(1)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        retried(fails, lambda error: isinstance(error, KeyError), 3, 5)
    assert len(tried) == 1
    with pytest.raises(ValueError, match="no"):
        retried(fails, lambda error: isinstance(error, ValueError), 3, 20)
    assert len(tried) == 4

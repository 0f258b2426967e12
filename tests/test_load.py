"""Many people at once: several processes answer, what is too much is turned away at once, nobody is left waiting."""

from __future__ import annotations

import json
import multiprocessing
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from assistant.service import Service
from assistant.settings import load_settings
from assistant.types import Answer, Done, Event, Turn
from assistant.web.app import create_app
from assistant.web.stopping import Stopping
from assistant.web.turnstile import Bounds
from assistant.workers import Job, Spread, Workers
from corpus.errors import UserError
from evals.asking import Asked
from evals.browsing import build_index, running
from evals.load import ask, percentile, problems, sampled
from evals.model_server import Says, model_server
from tests.browser.library import Library
from tests.conftest import lend
from tests.servers import serving

QUESTIONS = ["What is a science park?", "STP?", "Who wrote the taxonomy study?", "What is an area of innovation?"]


@pytest.fixture(scope="module")
def folder(graphs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the product serves the shipped documents."""
    made = tmp_path_factory.mktemp("load")
    (made / ".assistant").mkdir()
    (made / ".assistant" / "index").mkdir()
    lend(graphs, made / ".assistant" / "index")
    build_index(made)
    return made


@pytest.fixture(scope="module")
def workers(folder: Path) -> Iterator[Workers]:
    started = Workers(load_settings(index=folder / ".assistant" / "index", workers=2))
    started.start()
    yield started
    started.close()


def job(question: str, *, streams: bool = False, history: tuple[Turn, ...] = ()) -> Job:
    return Job(question, history, "j1", literally=False, with_model=True, streams=streams, request=None, trace={})


def answer_of(events: list[Event]) -> Answer:
    (done,) = events
    assert isinstance(done, Done)
    return done.answer


def test_five_people_are_answered_by_two_processes_with_one_index_and_one_record_of_it(folder: Path) -> None:
    with running(folder, "--workers", "2") as (address, process), sampled(process) as samples:
        found = ask(address, QUESTIONS, people=5, seconds=5, every=1)
        figures = urlopen(f"{address}/metrics").read().decode()
    assert Counter(one.fate for one in found) == {"answered": 25}
    # Whoever answered, the one that serves has counted it.
    counted = [line for line in figures.splitlines() if line.startswith("assistant_questions_total")]
    assert sum(float(line.rsplit(" ", 1)[1]) for line in counted) == 25
    # The one that serves, two that answer, and what keeps count of their shared names.
    assert [processes for _, processes, _ in samples] == [4, 4]
    assert "Traceback" not in (folder / "server.log").read_text()


def test_an_answer_of_another_process_is_the_same_to_the_letter(workers: Workers) -> None:
    first = answer_of(list(workers.run(job("What is a science park?"))))
    assert (first.mode, first.id) == ("definition", "j1")
    # Both processes, each of them twice.
    for _ in range(4):
        again = answer_of(list(workers.run(job("What is a science park?"))))
        assert (again.text, again.citations) == (first.text, first.citations)


def test_an_answer_that_is_stopped_leaves_its_process_to_the_next_question(workers: Workers) -> None:
    for _ in range(4):
        events = workers.run(job("What is a science park?", streams=True))
        next(events)
        events.close()  # type: ignore[attr-defined]
    assert answer_of(list(workers.run(job("STP?")))).mode == "definition"


def test_what_the_asker_can_put_right_is_told_in_the_same_words(workers: Workers) -> None:
    with pytest.raises(UserError, match="question"):
        list(workers.run(job("   ")))


def test_a_process_that_is_killed_costs_no_answer(workers: Workers) -> None:
    before = [one for one in multiprocessing.active_children() if one.name == "answers"]
    assert len(before) == 2
    for one in before:
        one.kill()
    with ThreadPoolExecutor() as pool:
        answers = [pool.submit(lambda: answer_of(list(workers.run(job("STP?"))))) for _ in range(6)]
        assert [one.result(60).mode for one in answers] == ["definition"] * 6


def test_what_went_wrong_with_the_model_in_any_process_is_told_where_it_serves(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Staff look at the process that serves, and others ask the model.
    monkeypatch.setenv("ASSISTANT_MODEL", "openai:scripted")
    with model_server(Says("busy", 500)) as server:
        monkeypatch.setenv("ASSISTANT_MODEL_URL", server.address)
        settings = load_settings(index=folder / ".assistant" / "index", workers=2)
        workers, service = Workers(settings), Service(settings)
        workers.start()
        try:
            spread = Spread(service.assistant(), workers)
            assert spread.model is not None
            assert (spread.model["asked"], spread.model["trouble"]) == (0, None)
            for question in ("Who wrote the taxonomy study?", "When was the taxonomy published?"):
                assert spread.ask(question).outcome == "answered"
            assert spread.model["name"] == "openai:scripted"
            assert (spread.model["asked"], spread.model["failed"]) == (2, 2)
            assert "500" in spread.model["trouble"]
            assert spread.without_model().model is None
        finally:
            workers.close()
            service.close()


class Slow(Library):
    """Answers when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.go = threading.Event()

    def ask(self, question: str, history: object = ()) -> Answer:
        assert self.go.wait(60)
        return super().ask(question)


def post(address: str, path: str = "/api/ask", body: object = None) -> tuple[int, str, str | None]:
    """Status, the sentence of an error, and after how long to try again."""
    data = json.dumps(body or {"question": "What is a lantern?"}).encode()
    try:
        with urlopen(Request(address + path, data, {"content-type": "application/json"}), timeout=60) as answer:
            return answer.status, "", None
    except HTTPError as error:
        with error:
            return error.code, json.load(error)["detail"], error.headers["Retry-After"]


def test_more_questions_than_can_be_answered_are_turned_away_at_once_and_those_that_wait_are_answered() -> None:
    slow, stopping = Slow(), Stopping()
    app = create_app(lambda: slow, bounds=Bounds(stopping=stopping, at_once=3))
    with serving(app) as address, ThreadPoolExecutor() as pool:
        waiting = [pool.submit(post, address) for _ in range(3)]
        until = time.monotonic() + 30
        while stopping.running < 3:
            assert time.monotonic() < until
            time.sleep(0.01)
        sent = time.monotonic()
        words = "Very many questions are being answered right now: ask again in 2 seconds."
        assert post(address) == (503, words, "2")
        # The chat asks the same way, and shows the sentence.
        assert post(address, "/gradio_api/queue/join", {"data": []}) == (503, words, "2")
        assert time.monotonic() - sent < 5
        # Nobody who only reads is turned away.
        assert urlopen(f"{address}/documents", timeout=30).status == 200
        slow.go.set()
        assert [one.result(60)[0] for one in waiting] == [200, 200, 200]
        assert post(address)[0] == 200


def test_a_load_run_says_what_does_not_meet_its_bar() -> None:
    fine = [Asked(0, 0.1, "answered")] * 20
    assert problems(fine, [Asked(0, 0.1, "shed", "Later.")], fine) == []
    found = problems(
        [*fine, Asked(0, 2.0, "error"), Asked(0, 2.0, "answered")],
        [Asked(0, 60, "hung"), Asked(0, 3, "shed")],
        [Asked(0, 0.1, "shed")],
    )
    assert found == [
        "1 of 22 questions had no answer, expected none.",
        "p95 is 2.00 s, expected 1 s at most.",
        "Beyond capacity 1 of 2 questions were neither answered nor turned away.",
        "Being turned away takes 3.00 s (p95), expected 1 s at most.",
        "Afterwards 1 of 1 questions had no answer, expected none.",
    ]
    assert percentile(list(range(1, 101)), 0.95) == 95

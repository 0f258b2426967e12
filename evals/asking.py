"""Many people who ask over HTTP, in a process of their own: `python -m evals.asking ADDRESS < QUESTIONS`.

Each asks one question each so many seconds, from a moment of their own on. A question whose turn comes while the
one before is not answered yet is asked right after it, and its time counts from its turn: who waits to ask waits
too. What became of each is printed as JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

import httpx

Fate = Literal["answered", "shed", "error", "hung"]
_ABOUT = "error"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question: when its turn was, in seconds from the start, how long it took from then on, and what came of it.

    "shed" is a 429 or 503 with a sentence and `Retry-After`; `said` is the sentence, or what was wrong.
    """

    at: float
    seconds: float
    fate: Fate
    said: str = ""


def main() -> None:
    """Ask the questions of standard input, a line each, and print a list."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address")
    parser.add_argument("--people", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--every", type=float, default=5)
    parser.add_argument("--patience", type=float, default=60)
    given = parser.parse_args()
    questions = [line.strip() for line in sys.stdin if line.strip()]
    found = asyncio.run(_all(given.address, questions, given.people, given.seconds, given.every, given.patience))
    json.dump([asdict(one) for one in found], sys.stdout)


async def _all(
    address: str, questions: Sequence[str], people: int, seconds: float, every: float, patience: float
) -> list[Asked]:
    # The people of one run come at the same moments with the same questions as those of another.
    chance = random.Random(1)
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    started = time.monotonic()
    async with httpx.AsyncClient(base_url=address, limits=limits, timeout=patience, trust_env=False) as client:
        turns = [
            _person(client, chance.sample(questions, len(questions)), started, chance.random() * every, every, seconds)
            for _ in range(people)
        ]
        return [one for some in await asyncio.gather(*turns) for one in some]


async def _person(
    client: httpx.AsyncClient, questions: Sequence[str], started: float, first: float, every: float, seconds: float
) -> list[Asked]:
    found: list[Asked] = []
    turn = first
    while turn < seconds:
        await asyncio.sleep(max(0.0, started + turn - time.monotonic()))
        fate, said = await _asked(client, questions[len(found) % len(questions)])
        found.append(Asked(round(turn, 3), round(time.monotonic() - started - turn, 4), fate, said))
        turn += every
    return found


async def _asked(client: httpx.AsyncClient, question: str) -> tuple[Fate, str]:
    try:
        response = await client.post("/api/ask", json={"question": question})
        record = response.json()
    except httpx.TimeoutException as error:
        return "hung", type(error).__name__
    except (httpx.HTTPError, ValueError) as error:
        return "error", f"{type(error).__name__}: {error}"
    if response.status_code == httpx.codes.OK and record.get("outcome"):
        return "answered", ""
    told = str(record.get(_ABOUT, ""))
    if response.status_code in (429, 503) and told and response.headers.get("retry-after", "").isdigit():
        return "shed", told
    return "error", f"{response.status_code}: {told}"


if __name__ == "__main__":
    main()

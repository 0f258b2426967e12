"""A canary outside the corpus: no address, link, name of a file or catalogue entry brings it into a reply."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.client import HTTPException
from itertools import product
from pathlib import Path
from urllib.parse import quote as percent_encode
from urllib.parse import urlsplit

from corpus.errors import UserError
from evals.reliability.program import Program, call, running
from evals.reliability.promise import Faults, Plan
from evals.reliability.world import World

_CANARY = "canary-7f3a-sings-outside-the-corpus"
_NAME = "canary.txt"
# The dots and the stroke as programs have been fooled with them.
_UP = (
    "../", "..%2f", "%2e%2e/", "%2e%2e%2f", "..\\", "..%5c", "....//", "..;/", "%252e%252e%252f", "..%c0%af", "./../",
    "..%00/",
)  # fmt: skip
_ROUTES = (
    "/documents/{}", "/documents/{}/original", "/documents/{}/span?start=0&end=40", "/documents/{}/pages/1.png",
    "/api/documents/{}", "/api/documents/{}/text", "/site/{}", "/a/{}", "/a/{}.txt", "/conversations/{}.md", "/c/{}",
    "/gradio_api/file={}", "/file={}", "/static/{}", "/assets/{}", "/api/definitions/{}", "/api/citations/{}",
)  # fmt: skip
_DEPTHS = (1, 2, 6)


def none_leaves(plan: Plan) -> Faults:
    """By turns an address, an upload or a name for the staff's calls, and a corpus with links and a catalogue."""
    world = World(plan.folder / "world")
    canary = plan.folder / "world" / _NAME
    canary.write_text(f"{_CANARY}\n" * 20, encoding="utf-8")
    world.build()
    with running(world) as program:
        addresses, names = _addresses(canary, plan), _names(canary)
        for number in range(plan.trials):
            if number % 12 == 11:
                yield _corpus(world, program, canary, _TRICKS[number // 12 % len(_TRICKS)])
            elif number % 3 == 2:
                yield _staff(program, world, canary, names[number // 3 % len(names)])
            else:
                yield _address(program, addresses[number % len(addresses)])


def _addresses(canary: Path, plan: Plan) -> list[str]:
    absolute = str(canary).lstrip("/")
    found = [
        route.format(up * depth + target)
        for route, up, depth, target in product(_ROUTES, _UP, _DEPTHS, (_NAME, absolute))
    ]
    found += [route.format(percent_encode(str(canary), safe=safe)) for route in _ROUTES for safe in ("", "/")]
    random.Random(plan.seed).shuffle(found)
    return found


def _names(canary: Path) -> list[str]:
    ups = [f"{up * depth}{_NAME}" for up in ("../", "..\\", "./../", "..//") for depth in (1, 2, 6)]
    return [*ups, str(canary), f"x/../../{_NAME}", f".removed/../../{_NAME}", f"\0{canary}", f"~/{_NAME}"]


def _address(program: Program, path: str) -> str:
    try:
        reply = call(program.address, "GET", path)
    except (OSError, HTTPException, UnicodeError):
        return ""
    if _CANARY in reply.text:
        return f"{path} gives the canary"
    return f"{path} gives {reply.status}" if reply.status >= 500 and reply.status != 503 else ""


def _staff(program: Program, world: World, canary: Path, name: str) -> str:
    """A file is put in, taken out and put back under a name that leads out: nothing outside is read, made or moved."""
    before = _outside(world), canary.read_bytes()
    origin = {"Origin": f"http://{urlsplit(program.address).netloc}"}
    given = percent_encode(name, safe="")
    replies = [call(program.address, "POST", f"/api/index/documents?name={given}&replace=true", b"A note.\n", origin)]
    for path, body in (("remove", {"name": name}), ("put-back", {"place": name})):
        data = json.dumps(body).encode()
        replies.append(call(program.address, "POST", f"/api/index/documents/{path}", data, origin))
    with suppress(FileNotFoundError):
        (world.corpus / _NAME).unlink()
    if any(_CANARY in reply.text for reply in replies):
        return f"the name {name!r} gives the canary"
    after = _outside(world), canary.read_bytes() if canary.exists() else b""
    return "" if before == after else f"the name {name!r} changes what lies outside: {sorted(after[0] ^ before[0])}"


def _outside(world: World) -> set[str]:
    """What lies beside the corpus; the index and the records have files that come and go."""
    return {path.name for path in world.folder.iterdir() if not path.name.startswith(world.records.name)}


Trick = Callable[[World, Path], Path]


def _corpus(world: World, program: Program, canary: Path, trick: Trick) -> str:
    """A corpus whose files or catalogue lead to the canary: neither the index nor a reply has it."""
    catalogue = world.corpus / "catalogue.toml"
    before = catalogue.read_bytes()
    made = trick(world, canary)
    try:
        with suppress(UserError):
            world.build()
        found = [*_told(program, made.name), *_indexed(world)]
    finally:
        if made != catalogue:
            made.unlink()
        catalogue.write_bytes(before)
        world.build()
    name = trick.__name__.strip("_")
    return f"{name}: {'; '.join(found)}" if found else ""


def _told(program: Program, name: str) -> Iterator[str]:
    question = json.dumps({"question": f"What does {_CANARY} say?"}).encode()
    replies = [
        call(program.address, "POST", "/api/ask", question, {"Content-Type": "application/json"}),
        call(program.address, "GET", f"/documents/{percent_encode(name)}"),
        call(program.address, "GET", f"/documents/{percent_encode(name)}/original"),
        call(program.address, "GET", "/documents"),
    ]
    # A refusal repeats the word that was asked for, once; the file has it twenty times.
    if any(reply.text.count(f"{_CANARY}\n") for reply in replies):
        yield "a reply has the canary"


def _indexed(world: World) -> Iterator[str]:
    with world.opened() as assistant:
        texts = (document.text for one in assistant.documents if (document := assistant.document(one.id)))
        if any(_CANARY in text for text in texts):
            yield "the index has the canary"


def _link(world: World, canary: Path) -> Path:
    made = world.corpus / "link.txt"
    made.symlink_to(canary)
    return made


def _relative_link(world: World, canary: Path) -> Path:
    made = world.corpus / "near.txt"
    made.symlink_to(os.path.relpath(canary, world.corpus))
    return made


def _folder_link(world: World, canary: Path) -> Path:
    made = world.corpus / "folder"
    made.symlink_to(canary.parent, target_is_directory=True)
    return made


def _link_to_a_link(world: World, canary: Path) -> Path:
    first = world.folder / "documents.first"
    first.unlink(missing_ok=True)
    first.symlink_to(canary)
    made = world.corpus / "second.txt"
    made.symlink_to(first)
    return made


def _named_above(world: World, canary: Path) -> Path:
    return _entry(world, f"../{canary.name}")


def _named_whole(world: World, canary: Path) -> Path:
    return _entry(world, str(canary))


def _named_through(world: World, canary: Path) -> Path:
    return _entry(world, f"x/../../{canary.name}")


def _entry(world: World, file: str) -> Path:
    catalogue = world.corpus / "catalogue.toml"
    with catalogue.open("a", encoding="utf-8") as written:
        written.write(f'\n[[document]]\nfile = "{file}"\nid = "stolen"\ntitle = "Stolen"\n')
    return catalogue


_TRICKS: tuple[Trick, ...] = (
    _link, _relative_link, _folder_link, _link_to_a_link, _named_above, _named_whole, _named_through,
)  # fmt: skip

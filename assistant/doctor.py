"""`assistant doctor`: is the whole installation sound, and what to do where it is not. It changes nothing."""

from __future__ import annotations

import os
import shutil
import socket
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from importlib import metadata
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from assistant.exposure import check_exposure
from assistant.settings import SETTINGS_FILE, Settings, load_settings
from corpus.errors import IndexMissingError, UserError

State = Literal["ok", "warning", "fault"]
OLDEST, NEWEST = (3, 11), (3, 13)
PINS = Path(__file__).parents[1] / "constraints.txt"
_PROJECT = "association-assistant"
_PREFIX = "ASSISTANT_"
# Variables that are no settings: langchain's traces, where a build is to stop in a test.
_OTHERS = {"ASSISTANT_TRACING", "ASSISTANT_CRASH_AT"}
# They make the graphs that onnxruntime runs; where these are there, answers need neither.
_MAKERS = {"torch", "sentence-transformers"}
_SPARE = 2 * 10**9
_ANSWER_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, how it is, what was found, and for all but "ok" what to do."""

    what: str
    state: State
    found: str
    todo: str = ""


def doctor(environment: Mapping[str, str] = os.environ) -> list[Finding]:
    """Every finding, in the order in which they build on each other."""
    findings = [_python(), *_packages(), *_names(environment), _text(environment)]
    try:
        settings = load_settings()
    except UserError as error:
        return [*findings, Finding("settings", "fault", str(error), "Correct it, and run this again.")]
    checks: Sequence[Callable[[Settings], Iterator[Finding]]] = (
        _weights, _corpus, _index, _places, _records, _users, _exposed, _port, _servers,
    )  # fmt: skip
    return findings + [finding for check in checks for finding in _looked(check, settings)]


def record_of(findings: Sequence[Finding]) -> dict[str, Any]:
    counts = {state: sum(one.state == state for one in findings) for state in ("ok", "warning", "fault")}
    return {**counts, "findings": [asdict(one) for one in findings]}


def lines_of(findings: Sequence[Finding]) -> Iterator[str]:
    """A line a finding, below it what to do, and at last how many there were."""
    for one in findings:
        yield f"{one.state:<8} {one.what}: {one.found}"
        if one.todo:
            yield f"{'':<8} → {one.todo}"
    counts = record_of(findings)
    yield f"{counts['ok']} ok, {counts['warning']} to look at, {counts['fault']} to put right."


def _looked(check: Callable[[Settings], Iterator[Finding]], settings: Settings) -> Iterator[Finding]:
    """What a check finds; what stops it says itself what to do."""
    name = check.__name__.strip("_")
    try:
        yield from check(settings)
    except UserError as error:
        yield Finding(name, "fault", str(error))
    except OSError as error:
        yield Finding(name, "fault", str(error), "See that the file is there and can be read by who runs this.")


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    if OLDEST <= sys.version_info[:2] <= NEWEST:
        return Finding("python", "ok", version)
    return Finding("python", "fault", version, "Install Python 3.11 to 3.13 and run `make setup` again.")


def _packages(pins: Path = PINS) -> Iterator[Finding]:
    """What is installed, beside the versions that the project's checks run with."""
    wanted = _pinned(pins)
    needed = _needed()
    missing = {name for name in needed if _version(name) is None}
    if lacking := sorted(missing - _MAKERS):
        yield Finding("packages", "fault", f"not installed: {', '.join(lacking)}", "Run `make setup` again.")
    if lacking := sorted(missing & _MAKERS):
        todo = "Nothing, as long as the model and its graphs stay as they are."
        yield Finding("packages", "warning", f"not installed: {', '.join(lacking)}", todo)
    found = {name: version for name in wanted if (version := _version(name))}
    other = [f"{name} {found[name]} (pinned {wanted[name]})" for name in found if found[name] != wanted[name]]
    if other:
        many = f" and {len(other) - 5} more" if len(other) > 5 else ""
        todo = "Nothing was tested with these: run `make setup` again, or `make test` with them."
        yield Finding("packages", "warning", f"{', '.join(other[:5])}{many}", todo)
    elif wanted:
        yield Finding("packages", "ok", f"{len(found)} at their pinned versions")
    else:
        yield Finding("packages", "ok", f"{len(needed)} installed; there is no constraints.txt here to compare with")
    if cuda := [one for one in ("nvidia-cublas-cu12", "nvidia-cublas", "nvidia-cudnn-cu12") if _version(one)]:
        todo = "Install torch from the index of its CPU builds: that saves gigabytes."
        yield Finding("torch", "warning", f"a build for CUDA ({cuda[0]})", todo)


def _pinned(pins: Path) -> dict[str, str]:
    if not pins.is_file():
        return {}
    lines = (line.split("#")[0].strip() for line in pins.read_text(encoding="utf-8").splitlines())
    return {name: version for name, equals, version in (line.partition("==") for line in lines) if equals}


def _needed() -> list[str]:
    """The distributions that the project cannot do without."""
    try:
        required = metadata.requires(_PROJECT) or []
    except metadata.PackageNotFoundError:
        return [_PROJECT]
    ends = str.maketrans(dict.fromkeys("<>=!~[( ;", "\n"))
    return [one.translate(ends).split("\n")[0] for one in required if "extra ==" not in one]


def _version(name: str) -> str | None:
    try:
        # "+cpu" is the same release, built for fewer machines.
        return metadata.version(name).partition("+")[0]
    except metadata.PackageNotFoundError:
        return None


def _names(environment: Mapping[str, str]) -> Iterator[Finding]:
    """Settings that nobody reads, since their name is misspelt."""
    known = sorted(Settings.model_fields)
    given = [(name, name.removeprefix(_PREFIX).lower()) for name in environment if name.startswith(_PREFIX)]
    wrong = [(f"the variable {name}", key) for name, key in given if name not in _OTHERS and key not in known]
    path = Path(SETTINGS_FILE)
    if path.is_file():
        try:
            keys = tomllib.loads(path.read_text(encoding="utf-8"))
        except (ValueError, OSError) as error:
            yield Finding("settings", "fault", f"{path}: {error}", "Correct that place: it is not valid TOML.")
            return
        wrong += [(f"{key} in {path}", key) for key in keys if key not in known]
    for name, key in wrong:
        near = get_close_matches(key, known, 1)
        todo = f"Was {near[0]} meant?" if near else f"It has no effect; the settings are {', '.join(known)}."
        yield Finding("settings", "warning", f"{name} is no setting", todo)
    if not wrong:
        yield Finding("settings", "ok", f"{len(given)} variables, {path if path.is_file() else f'no {path}'}")


def _text(environment: Mapping[str, str]) -> Finding:
    encodings = {sys.getfilesystemencoding().lower(), (sys.stdout.encoding or "").lower()}
    if encodings <= {"utf-8"}:
        return Finding("text", "ok", "UTF-8")
    set_to = next((environment[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if environment.get(name)), "not set")
    todo = "Set LANG=C.UTF-8 (or PYTHONUTF8=1), or letters of other languages cannot be written."
    return Finding("text", "warning", f"{', '.join(sorted(encodings))}; the locale is {set_to}", todo)


def _weights(settings: Settings) -> Iterator[Finding]:
    from index.encode import SHIPPED_MODEL, TORCH, digest_of, find_model
    from index.hub import folder_of
    from index.reader import ADAPTER, ADAPTER_SHA256, SHIPPED_READER

    named = settings.encoder.removeprefix(f"{TORCH}:") if settings.encoder != TORCH else SHIPPED_MODEL
    model = find_model(folder_of(named, allowed=False))
    yield Finding("model", "ok", f"{model.name}, weights {model.check()[:12]}…")
    if settings.reader == SHIPPED_READER:
        found = digest_of(ADAPTER) if ADAPTER.is_file() else "none"
        if found == ADAPTER_SHA256:
            yield Finding("reader", "ok", f"adapter {found[:12]}…")
        else:
            yield Finding("reader", "fault", f"the adapter has SHA-256 {found}", "Install the project again.")


def _corpus(settings: Settings) -> Iterator[Finding]:
    from corpus.catalogue import sources

    found, refused = sources(settings.corpus)
    if not found:
        todo = "Put PDF, HTML, Word, Markdown, text or CSV files there."
        yield Finding("corpus", "fault", f"{settings.corpus} holds no documents", todo)
    elif refused:
        told = "; ".join(f"{one.path}: {one.reason}" for one in refused[:3])
        yield Finding("corpus", "warning", f"{len(found)} files in {settings.corpus}; {told}", "Correct the catalogue.")
    else:
        yield Finding("corpus", "ok", f"{len(found)} files in {settings.corpus}")


def _index(settings: Settings) -> Iterator[Finding]:
    from index import generation
    from index.build import corpus_differs
    from index.state import read_state

    try:
        folder = generation.current(settings.index_folder)
    except IndexMissingError as error:
        yield Finding("index", "warning", str(error), "`assistant chat` builds it too, before it serves.")
        return
    manifest = generation.read_manifest(folder)
    generation.check_files(folder, manifest)
    state = read_state(folder / generation.STATE)
    held = f"{manifest.version}, {manifest.documents} documents, {manifest.passages} passages, whole"
    yield Finding("index", "ok", f"{held}, built {manifest.built}")
    if corpus_differs(settings.corpus, state):
        yield Finding("index", "warning", "the documents have changed since", "Run `assistant index build`.")
    if state.refused:
        told = "; ".join(f"{one.path}: {one.reason}" for one in state.refused[:3])
        todo = "`assistant index status` names all of them."
        yield Finding("index", "warning", f"{len(state.refused)} documents refused: {told}", todo)
    if state.drifted:
        terms = ", ".join(one.term for one in state.drifted[:5])
        yield Finding("definitions", "warning", f"no longer in the documents: {terms}", "Correct definitions.toml.")


def _places(settings: Settings) -> Iterator[Finding]:
    """Where files are written: may they be, and is there space?"""
    folders = {settings.index_folder}
    if "://" not in settings.records:
        folders.add(Path(settings.records).expanduser().parent)
    for folder in sorted(folders):
        there = _nearest(folder)
        if not os.access(there, os.W_OK | os.X_OK):
            todo = "Make it writable for who runs this, or name another one."
            yield Finding("folders", "fault", f"{there} cannot be written to", todo)
            continue
        # A build needs three times what the index takes.
        size = sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else 0
        free, wanted = shutil.disk_usage(there).free, max(_SPARE, 3 * size)
        found = f"{folder}: {free / 10**9:.1f} GB free, {size / 10**6:.0f} MB used"
        if free < wanted:
            yield Finding("folders", "warning", found, f"Free some space: a build may need {wanted / 10**9:.1f} GB.")
        else:
            yield Finding("folders", "ok", found)


def _nearest(folder: Path) -> Path:
    """The folder, or the one above it that is there and in which it would be made."""
    absolute = folder.expanduser().absolute()
    return next(one for one in (absolute, *absolute.parents) if one.exists())


def _records(settings: Settings) -> Iterator[Finding]:
    from assistant.records.database import schemas

    if not settings.keep_days:
        yield Finding("records", "ok", "nothing is kept (ASSISTANT_KEEP_DAYS=0)")
        return
    found, newest = schemas(settings.records)
    if found is None:
        yield Finding("records", "ok", "not there yet: the first start makes them")
    elif found == newest:
        yield Finding("records", "ok", f"schema {found}, kept for {settings.keep_days} days")
    else:
        todo = f"The next start brings it to {newest}: make a copy first; a newer one needs a newer program."
        yield Finding("records", "warning", f"schema {found}", todo)


def _users(settings: Settings) -> Iterator[Finding]:
    if settings.users is None:
        return
    from assistant.accounts import Users

    accounts = Users(settings.users).accounts()
    mode = settings.users.stat().st_mode
    if mode & 0o077:
        todo = f"Run `chmod 600 {settings.users}`: it holds the hashes of passwords."
        yield Finding("users", "fault", f"{settings.users} can be read by others ({mode & 0o777:o})", todo)
    staff = sum(one.role == "staff" for one in accounts)
    if accounts and staff:
        yield Finding("users", "ok", f"{len(accounts)} in {settings.users}, {staff} of them staff")
    else:
        found = f"{len(accounts)} in {settings.users}, none of them staff"
        yield Finding("users", "warning", found, "`assistant users add NAME --role staff` adds one.")


def _exposed(settings: Settings) -> Iterator[Finding]:
    check_exposure(settings)
    if settings.asks_who:
        yield Finding("address", "ok", f"{settings.host}, people are asked who they are")
    elif settings.open:
        todo = "Let people sign in (ASSISTANT_USERS), unless the whole world may ask."
        yield Finding("address", "warning", f"{settings.host}, everybody who reaches it is served", todo)
    else:
        yield Finding("address", "ok", f"{settings.host}, this machine alone")


def _port(settings: Settings) -> Iterator[Finding]:
    from assistant.web.serve import bind

    try:
        with closing(bind(settings.host, settings.port)):
            yield Finding("port", "ok", f"{settings.port} is free")
    except UserError as error:
        yield Finding("port", "warning", str(error), "If this program is running already, all is well.")


def _servers(settings: Settings) -> Iterator[Finding]:
    """The servers that the settings name: does something listen there?"""
    named = {
        "model server": settings.model_url,
        "vectors": settings.server,
        "limits": settings.limits if "://" in settings.limits and not settings.limits.startswith("unix:") else None,
    }
    for what, address in named.items():
        if address is not None:
            yield _reached(what, address)


def _reached(what: str, address: str) -> Finding:
    parts = urlsplit(address)
    host, port = parts.hostname or "", parts.port or {"https": 443, "redis": 6379, "rediss": 6379}.get(parts.scheme, 80)
    try:
        with socket.create_connection((host, port), _ANSWER_SECONDS):
            return Finding(what, "ok", f"{host}:{port} answers")
    except OSError as error:
        return Finding(what, "fault", f"{host}:{port} cannot be reached ({error})", "Start it, or correct its address.")

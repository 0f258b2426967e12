"""Reading and encoding on Ray Data, on this machine or on a cluster. Only file that imports ray.

Without RAY_ADDRESS a cluster of this machine's own is started and ended with the build; with it, that cluster is
used, whose machines must see the documents and the index's folder under the same paths. What is done is kept in parts
beside the index, named by a digest of what was to be done, so that a build that was interrupted goes on from there.
"""

from __future__ import annotations

import importlib.util
import json
import logging
import os
import secrets
import socket
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from pydantic import TypeAdapter

from corpus.errors import UserError
from corpus.readers.types import Reading
from corpus.sandbox import Sandbox
from index.encode import Encoder
from index.engine import Batch, Crew, Encoded, Work, encoded
from index.faults import crash_point
from index.graph import use_threads
from index.state import FORMAT

log = logging.getLogger(__name__)
_FILES_AT_ONCE = 500
_PATIENCE = 10.0
# Ray puts this machine's outer address in the place of 127.0.0.1.
_LOOPBACK = "127.0.0.2"
_READING = TypeAdapter(Reading)
# Ray would report how it is used to its maker.
_SILENT = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_DATA_DISABLE_PROGRESS_BARS": "1", "RAY_TQDM": "0"}


def is_installed() -> bool:
    """Whether the package is there; it is not loaded."""
    return importlib.util.find_spec("ray") is not None


@dataclass(frozen=True, slots=True)
class RayEngine:
    """`workers` is how many processes work at once, by default one for each core of the cluster."""

    workers: int | None = None
    passages_at_once: int = 2000
    runs_at_once: int = 10

    @contextmanager
    def crew(self, work: Work) -> Iterator[Crew]:
        """As `Engine.crew`. Raises UserError where the cluster cannot be reached."""
        ray = _started(self.workers)
        try:
            yield _RayCrew(work, self.workers or max(1, int(ray.cluster_resources().get("CPU", 1))))
        finally:
            ray.shutdown()


def _started(workers: int | None) -> Any:
    os.environ.update(_SILENT)
    address = os.environ.get("RAY_ADDRESS")
    if address:
        _check_reachable(address)
    else:
        # Its servers listen for other machines, whatever they are told: nobody is let in without this word.
        os.environ.update({"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)})
    import ray
    import ray.data

    own: dict[str, Any] = {"num_cpus": workers, "include_dashboard": False, "_node_ip_address": _LOOPBACK}
    try:
        ray.init(log_to_driver=False, logging_level="ERROR", **({"address": address} if address else own))
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        place = f"at RAY_ADDRESS {address!r}" if address else "on this machine"
        raise UserError(f"Ray cannot be used {place} ({str(error).splitlines()[0]}); see that it runs.") from error
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.WARNING)
    return ray


def _check_reachable(address: str) -> None:
    """Ray itself tries for many minutes. Raises UserError where nothing answers at an address with a port."""
    parts = urlsplit(address if "://" in address else f"//{address}")
    if not parts.hostname or not parts.port:
        return
    try:
        socket.create_connection((parts.hostname, parts.port), _PATIENCE).close()
    except OSError as error:
        raise UserError(f"There is no Ray cluster at RAY_ADDRESS {address!r} ({error}): see that it runs.") from error


class _RayCrew:
    """Hands work out in runs; the results of each run are a part that is kept until the index is published."""

    def __init__(self, work: Work, workers: int) -> None:
        self._work = work
        self._workers = workers
        self._at = {path: at for at, (path, _) in enumerate(work.files)}
        self._read: dict[Path, Mapping[str, Any]] = {}

    def read(self, path: Path) -> Reading:
        """As `Crew.read`; the files after it are read with it."""
        if path not in self._read:
            at = self._at.get(path)
            some = self._work.files[at : at + _FILES_AT_ONCE] if at is not None else ((path, ""),)
            # What was read before has been taken: the texts of a large corpus are held once.
            self._read = dict(zip((one for one, _ in some), self._readings(some), strict=True))
        found = self._read.pop(path)
        if "refused" in found:
            raise UserError(found["refused"])
        return _READING.validate_python(found["reading"])

    def encode(self, batches: Sequence[Batch]) -> Iterator[Encoded]:
        """As `Crew.encode`."""
        tasks = [json.dumps(asdict(batch)) for batch in batches]
        place = self._place("encoded", self._work.encoder.digest, *tasks).with_suffix(".npz")
        if not place.is_file():
            # A row is one batch, so that the texts which are encoded together are those of the local engine.
            rows = self._done(_Encode, self._work.encoder, tasks)
            _keep(place, _as_arrays(rows))
        yield from _from_arrays(place, len(batches))

    def _readings(self, files: Sequence[tuple[Path, str]]) -> list[Mapping[str, Any]]:
        known = all(digest for _, digest in files)
        place = self._place("read", *(part for path, digest in files for part in (str(path), digest)))
        place = place.with_suffix(".json")
        if known and place.is_file():
            kept: list[Mapping[str, Any]] = json.loads(place.read_text(encoding="ascii"))
            return kept
        rows = self._done(_Read, None, [str(path) for path, _ in files])
        found = [json.loads(row["result"]) for row in rows]
        if known:
            _keep(place, found)
        return found

    def _done(self, action: type, given: Any, tasks: Sequence[str]) -> list[Mapping[str, Any]]:
        """The results of some tasks, in their order."""
        import ray.data

        workers = min(self._workers, len(tasks))
        rows = [{"at": at, "task": task} for at, task in enumerate(tasks)]
        data = ray.data.from_items(rows, override_num_blocks=len(rows)).map(
            action, fn_constructor_args=(given,), compute=ray.data.ActorPoolStrategy(size=workers), num_cpus=1
        )
        return sorted(data.iter_rows(), key=lambda row: row["at"])

    def _place(self, kind: str, *told: str) -> Path:
        digest = sha256(json.dumps([FORMAT, kind, *told]).encode()).hexdigest()
        return self._work.parts / f"{kind}-{digest[:32]}"


class _Encode:
    """In Ray's processes: encodes batches."""

    def __init__(self, encoder: Encoder) -> None:
        # A process has one core; as many as there are cores work side by side.
        use_threads(1)
        self._encoder = encoder
        if not encoder.is_prepared():
            encoder.prepare()

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        task = json.loads(row["task"])
        batch = Batch(task["kind"], tuple(task["texts"]), tuple(task["languages"]))
        found = encoded(self._encoder, batch)
        return {
            "at": row["at"],
            "vectors": np.asarray(found.vectors, "<f4").tobytes(),
            "counts": np.array([len(one) for one in found.words], "<i4").tobytes(),
            "words": b"".join(one.tobytes() for one in found.words),
        }


class _Read:
    """In Ray's processes: reads files, each in a child with the limits that it has on one machine."""

    def __init__(self, _: None) -> None:
        self._sandbox = Sandbox()

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        try:
            found: Mapping[str, Any] = {"reading": asdict(self._sandbox.read(Path(row["task"])))}
        except UserError as error:
            found = {"refused": str(error)}
        # ASCII: half a character, which a broken file can hold, is none that Arrow's strings take.
        return {"at": row["at"], "result": json.dumps(found)}


def _as_arrays(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    names = ("vectors", "counts", "words")
    return {f"{name}-{at}": np.frombuffer(row[name], np.uint8) for at, row in enumerate(rows) for name in names}


def _from_arrays(place: Path, batches: int) -> Iterator[Encoded]:
    with np.load(place, allow_pickle=False) as kept:
        for at in range(batches):
            counts = kept[f"counts-{at}"].view("<i4")
            vectors = kept[f"vectors-{at}"].view("<f4").reshape(len(counts), -1)
            words = kept[f"words-{at}"]
            rows = words.reshape(int(counts.sum()), -1) if len(words) else words.reshape(0, 0)
            yield Encoded(vectors, tuple(np.split(rows, np.cumsum(counts)[:-1])))


def _keep(place: Path, found: dict[str, Any] | Iterable[Mapping[str, Any]]) -> None:
    """Write a part whole or not at all. Raises OSError where the disk is full, as every step of a build."""
    place.parent.mkdir(parents=True, exist_ok=True)
    draft = place.with_name(f"draft-{place.name}")
    if isinstance(found, dict):
        np.savez(draft, **found)
    else:
        draft.write_text(json.dumps(list(found)), encoding="ascii")
    with draft.open("rb") as file:
        os.fsync(file.fileno())
    os.replace(draft, place)
    crash_point("part kept")

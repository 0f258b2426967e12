"""Every promise, in the order of docs/reliability.md."""

from __future__ import annotations

from evals.reliability import (
    builds,
    clocks,
    damage,
    disks,
    forgeries,
    growth,
    kills,
    models,
    runs,
    servers,
    stops,
    traversal,
)
from evals.reliability.promise import Promise

PROMISES = (
    Promise("build-killed", "a build is killed: the old index or the new one serves, the next build works", 600,
            builds.killed),
    Promise("program-killed", "the program is killed: no answer, verdict or file that it acknowledged is lost", 200,
            kills.killed),
    Promise("chroma-killed", "the Chroma server is killed during a build: the old index or the new one serves", 100,
            servers.killed),
    Promise("run-killed", "an evaluation run is killed: no answer is lost, it is taken up and finished", 100,
            runs.killed),
    Promise("disk-full", "the disk is full: refused in one sentence, what was there serves, later all works", 80,
            disks.full),
    Promise("read-only", "a read-only disk: questions are answered, what must be written is refused", 40,
            disks.read_only),
    Promise("damaged", "a flipped or cut index file is never opened, is named, and is rebuilt by the next build", 400,
            damage.found),
    Promise("growth", "re-indexes: disk, open files and memory do not grow", 500, growth.none),
    Promise("forged-citations", "citations forged over the API and the pages: none is shown as genuine", 500,
            forgeries.none_shown),
    Promise("forging-model", "citations forged by a language model: none is shown", 200, models.forging),
    Promise("traversal", "a file outside the corpus comes into no reply by addresses, names or links", 252,
            traversal.none_leaves),
    Promise("clock-jumps", "the clock jumps: nothing is lost, mistaken or locked", 120, clocks.jumps),
    Promise("rebuilds", "questions during rebuilds: none fails", 300, stops.rebuilds),
    Promise("flapping-model", "the model's server comes and goes: an answer comes, in time", 130, models.flapping),
    Promise("stop", "told to stop: running answers come, a new question gets 503 and Retry-After", 60, stops.graceful),
)  # fmt: skip

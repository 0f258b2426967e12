"""Run the shipped sets with the default configuration and hold the gates of pyproject.toml: `python -m evals.gates`."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from assistant.settings import load_settings
from corpus.errors import UserError
from evals.command import RUNS, Gate, prepare, run, summary, system_of
from evals.run import Options, new_folder

PROJECT = Path(__file__).parents[1] / "pyproject.toml"


def main() -> int:
    """Print the table of each set, then what does not hold; 1 where something does not."""
    problems = []
    for name, gates in gates_of(PROJECT).items():
        ground = prepare(name, load_settings())
        folder = new_folder(RUNS, name)
        found, records = run(ground, system_of(ground), folder, Options())
        print(summary(found, records, folder), end="\n\n")
        problems += [f"{name}: {problem}" for gate in gates if (problem := gate.problem(records))]
    print("\n".join(problems) or "Every gate holds.")
    return 1 if problems else 0


def gates_of(path: Path) -> Mapping[str, Sequence[Gate]]:
    """The gates of each set. Raises UserError where the file has none, or one that is no gate."""
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))["tool"]["assistant"]["gates"]
    except (OSError, tomllib.TOMLDecodeError, KeyError) as error:
        raise UserError(f"{path} has no table [tool.assistant.gates] with METRIC=VALUE for each set.") from error
    return {name: [Gate.of(text) for text in gates] for name, gates in found.items()}


if __name__ == "__main__":
    try:
        sys.exit(main())
    except UserError as error:
        sys.exit(str(error))

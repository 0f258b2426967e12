"""What is fitted on labelled questions: which sentence answers, and whether the documents answer at all.

Four small logistic regressions over named features, two for sentences and two for questions, with
the reader and without it. Their coefficients are data, fitted by `python -m evals.calibrate`, in a
file that names what they were fitted on and with which encoder: they hold for no other.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from corpus.errors import UserError

SHIPPED = Path(__file__).with_name("calibration.toml")
FILE = "calibration.toml"
# The same weights run by the reference library.
_UNCHANGED = " (torch)"


@dataclass(frozen=True, slots=True)
class Logistic:
    """A logistic regression: an intercept and a coefficient for each named feature."""

    intercept: float
    coefficients: Mapping[str, float]

    def probability(self, features: Mapping[str, float]) -> float:
        """From 0 to 1. Raises KeyError where a feature is missing."""
        logit = self.intercept + sum(weight * features[name] for name, weight in self.coefficients.items())
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))


@dataclass(frozen=True, slots=True)
class Ranker:
    """How sentences are ranked, by what is known of each, and by what the reader made of it too."""

    plain: Logistic | None = None
    read: Logistic | None = None


@dataclass(frozen=True, slots=True)
class Gate:
    """How probable it is that the documents answer, and from which probability on a question is answered."""

    threshold: float
    model: Logistic


@dataclass(frozen=True, slots=True)
class Calibration:
    """Everything that was fitted. `encoder` and `reader` are the names of what it was fitted with."""

    encoder: str
    reader: str | None
    ranker: Ranker
    plain: Gate
    read: Gate | None

    def gate(self, *, read: bool) -> Gate:
        """The gate for evidence that the reader has read, or has not."""
        return self.read if read and self.read else self.plain


def calibration_for(index_folder: Path, encoder: str) -> tuple[Calibration, str | None]:
    """What holds for an index and an encoder, and what is to be said about it.

    That is the calibration beside the index, else the one that ships. Where it was fitted with another
    encoder it holds no longer: then only what it is very sure of is answered, and the notice says so.

    Raises UserError where the file beside the index cannot be read.
    """
    beside = index_folder / FILE
    path = beside if beside.is_file() else SHIPPED
    found = load_calibration(path)
    if found.encoder == encoder.removesuffix(_UNCHANGED):
        return found, None
    notice = (
        f"The calibration was fitted with the encoder {found.encoder}, the index has {encoder}: only what is very "
        "probable is answered until `assistant evals calibrate SET` has fitted another."
    )
    return replace(found, plain=_cautious(found.plain), read=_cautious(found.read) if found.read else None), notice


def load_calibration(path: Path = SHIPPED) -> Calibration:
    """What a file holds, by default what ships with the project. Raises UserError where it cannot be read."""
    try:
        changed = path.stat().st_mtime_ns
        return _loaded(path, changed)
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise UserError(
            f"The calibration {path} cannot be read ({type(error).__name__}: {error}): take it away, or fit another "
            "with `assistant evals calibrate SET`."
        ) from error


@cache
def _loaded(path: Path, _changed: int) -> Calibration:
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    return Calibration(
        encoder=table["encoder"],
        reader=table.get("reader"),
        ranker=Ranker(_logistic(table["sentences"]), _logistic(table.get("sentences_read"))),
        plain=_gate(table["questions"]),
        read=_gate(table["questions_read"]) if "questions_read" in table else None,
    )


def _cautious(gate: Gate) -> Gate:
    """A gate with its threshold half the way up to certainty."""
    return replace(gate, threshold=(1 + gate.threshold) / 2)


def _gate(table: Mapping[str, Any]) -> Gate:
    model = _logistic(table)
    assert model is not None  # noqa: S101 - given by both callers
    return Gate(table["threshold"], model)


def _logistic(table: Mapping[str, Any] | None) -> Logistic | None:
    return Logistic(table["intercept"], table["coefficients"]) if table else None

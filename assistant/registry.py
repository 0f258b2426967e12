"""The names of the canonical definitions, looked up as people type them; whose wording comes first."""

from __future__ import annotations

import copy
import datetime
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assistant.language import plain, whole_word
from corpus.definitions import CURRENT, names_of
from corpus.types import Definition
from index.spelling import FREQUENT, is_slip, near_names, nearest_name
from index.words import terms

# A name this short has near neighbours that mean something else.
_SHORTEST_CORRECTED = 7


@dataclass(frozen=True, slots=True)
class Found:
    """A definition, and the name that matched: another one than was typed where `corrected`."""

    definition: Definition
    name: str
    corrected: bool


class Registry:
    """Definitions by any of their names. A name that the registry lacks finds nothing.

    `frequency` tells how many passages hold a word. A slip is corrected only where the word as
    typed is unknown to the documents and the one it becomes is a frequent one: spelling that
    corrects towards rare words invents terms.

    `wordings` are all that the file of definitions has; `definitions` the one of each term that is
    given first: the current one of the body that the file names first.
    """

    def __init__(self, definitions: Sequence[Definition], frequency: Callable[[str], int]) -> None:
        self._frequency = frequency
        self.wordings = tuple(definitions)
        self.bodies = tuple(dict.fromkeys(definition.body for definition in definitions))
        self._of_term: dict[str, list[Definition]] = {}
        for definition in definitions:
            self._of_term.setdefault(plain(definition.term), []).append(definition)
        for some in self._of_term.values():
            some.sort(key=self._rank)
        self.definitions = tuple(some[0] for some in self._of_term.values())
        self._by_name = {
            plain(name): self._of_term[plain(definition.term)][0]
            for definition in definitions for name in names_of(definition)
        }  # fmt: skip
        self._words = {word for name in self._by_name for word in name.split()}
        self._long_names = [name for name in self._by_name if len(name) >= _SHORTEST_CORRECTED]

    def _rank(self, definition: Definition) -> tuple[bool, bool, int]:
        """The order of a term's wordings: our own body's first, current ones first, the latest first."""
        since = definition.valid_from or datetime.date.min
        ours = definition.body == self.bodies[0]
        return not ours, definition.status != CURRENT, -since.toordinal()

    def as_typed(self) -> Registry:
        """The same registry, which corrects no spelling."""
        strict = copy.copy(self)
        strict._long_names = []
        return strict

    def versions(self, term: str) -> tuple[Definition, ...]:
        """All wordings of a term, the one that is given first at the start; none where there is no such term."""
        return tuple(self._of_term.get(plain(term), ()))

    def as_of(self, term: str, day: datetime.date) -> Definition | None:
        """The wording of a term that was in force on a day, our own body's first; None where there was none."""
        return next((one for one in self.versions(term) if one.in_force(day)), None)

    def near(self, name: str, most: int = 3) -> list[str]:
        """The terms with a name most like one that the registry lacks, the nearest first."""
        found = near_names(plain(name), list(self._by_name), most=3 * most)
        return list(dict.fromkeys(self._by_name[one].term for one in found))[:most]

    def find(self, name: str) -> Found | None:
        """The definition with this name, or with one that differs by a slip of the keyboard."""
        typed = plain(name)
        if definition := self._exact(typed):
            return Found(definition, typed, corrected=False)
        if len(typed) < _SHORTEST_CORRECTED:
            return None
        near = nearest_name(typed, self._long_names)
        if near is None or not self._is_slip(typed.split(), near.split()):
            return None
        return Found(self._by_name[near], near, corrected=True)

    def _exact(self, typed: str) -> Definition | None:
        """The definition with this name, also as "name (ACRONYM)", quoted, or with hyphens."""
        head, bracket, inside = typed.partition("(")
        short = self._by_name.get(plain(inside)) if bracket else None
        for form in (typed, plain(head) if short else typed, typed.replace("'", ""), typed.replace("-", " ")):
            if (definition := self._by_name.get(form)) and short in (None, definition):
                return definition
        return None

    def mentioned(self, text: str) -> tuple[str, Definition] | None:
        """The name that stands last in a text, the longer one where two overlap, and its definition."""
        where = plain(text)
        # Most names stand nowhere in it: that is told at once.
        inside = [name for name in self._by_name if name in where]
        spots = [(match.end(), len(name), name) for name in inside for match in re.finditer(whole_word(name), where)]
        return (max(spots)[2], self._by_name[max(spots)[2]]) if spots else None

    def _is_slip(self, typed: list[str], name: list[str]) -> bool:
        # Another number of words is another term.
        return len(typed) == len(name) and all(
            self._is_slip_of(right, wrong) for wrong, right in zip(typed, name, strict=True) if wrong != right
        )

    def _is_slip_of(self, right: str, wrong: str) -> bool:
        return is_slip(wrong, right) and self._frequency(wrong) == 0 and self._frequency(right) >= FREQUENT

    def plural_of(self, term: str) -> str:
        """The name of a term for several such things, where it has one that differs by endings alone; else the term."""
        definition = self._by_name.get(plain(term))
        names = definition.names if definition else ()
        stems = terms(term)
        return next((name for name in names if name != term and terms(name) == stems and len(name) > len(term)), term)

    def names_in(self, language: str) -> dict[str, str]:
        """The names of the terms in a language, each with the term."""
        return {
            name: definition.term
            for definition in self.definitions
            for name in definition.translations.get(language, ())
        }

    def knows(self, word: str) -> bool:
        """Whether a word stands in a name of the registry."""
        return word in self._words

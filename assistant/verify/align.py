"""Which word of a source each word of a sentence stands for, with as little put in another order as possible."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.verify.tokens import Token, tables
from corpus.differences import same_but_for_spelling

_DATE = "date"


@dataclass(frozen=True, slots=True)
class Alignment:
    """The words of a claim that say something, and the place in the source of each.

    `places[i]` is the index in `source` of the word that `claim[own[i]]` stands for.
    """

    claim: tuple[Token, ...]
    source: tuple[Token, ...]
    own: tuple[int, ...]
    places: tuple[int, ...]

    @property
    def used(self) -> frozenset[int]:
        return frozenset(self.places)

    def place_of(self, index: int) -> int | None:
        """Where in the source a word of the claim stands."""
        return self.places[self.own.index(index)] if index in self.own else None


def align(claim: Sequence[Token], source: Sequence[Token]) -> Alignment | Token:
    """The alignment that keeps the order best, or the first word of the claim that the source lacks."""
    own = [at for at, token in enumerate(claim) if token.counts]
    options = []
    for at in own:
        found = [place for place, token in enumerate(source) if token.counts and stands_for(claim[at], token)]
        if not found:
            return claim[at]
        options.append(found)
    return Alignment(tuple(claim), tuple(source), tuple(own), _in_order(options))


def stands_for(claimed: Token, said: Token) -> bool:
    """Whether a word of a claim is, or says the same as, a word of the source.

    Numbers, dates, names and words that decide are themselves or nothing; other words may be inflected,
    or listed as synonyms.
    """
    if claimed.kind == "number" or said.kind == "number":
        return claimed.kind == said.kind and (claimed.norm == said.norm or _less_exact(claimed, said))
    if claimed.kind == "kept" or said.kind == "kept":
        return claimed.kind == said.kind and claimed.norm == said.norm
    if claimed.kind == "name" or said.kind == "name":
        return claimed.surface.lower() == said.surface.lower()
    if claimed.norm == said.norm or same_but_for_spelling(claimed.surface, said.surface):
        return True
    return said.norm in tables().synonyms.get(claimed.norm, ())


def _less_exact(claimed: Token, said: Token) -> bool:
    """Whether a date is one that holds the other: "May 1987", or "1987", for a day in it."""
    if said.group != _DATE:
        return False
    if claimed.group == _DATE:
        return claimed.norm.endswith("-00") and said.norm.startswith(claimed.norm[:-2])
    return claimed.group == "digits" and not claimed.unit and said.norm.startswith(f"{claimed.norm}-")


def _in_order(options: Sequence[Sequence[int]]) -> tuple[int, ...]:
    """A place for each word: the fewest steps back, then the fewest words skipped (Viterbi over the places)."""
    costs: list[dict[int, tuple[float, int]]] = [dict.fromkeys(options[0], (0.0, -1))] if options else []
    for places in options[1:]:
        before = costs[-1]
        costs.append({
            place: min((cost + _step(last, place), last) for last, (cost, _) in before.items()) for place in places
        })  # fmt: skip
    found: list[int] = []
    for column in reversed(costs):
        place = found and costs[len(costs) - len(found)][found[-1]][1]
        found.append(place if found else min(column, key=lambda one: column[one][0]))  # type: ignore[arg-type]
    return tuple(reversed(found))


def _step(last: int, place: int) -> float:
    if place == last:
        return 1000.0
    return (place - last - 1) * 0.01 if place > last else 1.0 + (last - place) * 0.01

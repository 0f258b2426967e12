"""How well what was retrieved for a question holds its evidence: by passages, and by sections."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from assistant.ask import Assistant
from corpus.types import Passage
from evals.evidence import Place
from evals.ranking import MEASURES, measure
from evals.records import Case, Found, Score

_SECTION = "section_"


class Relevance:
    """Which passages and sections of an index hold a piece of evidence."""

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant
        self._passages: dict[str, list[Passage]] = defaultdict(list)
        for passage in assistant.snapshot.passages():
            self._passages[passage.document_id].append(passage)

    def found(self, passage: Passage) -> Found:
        document = self._assistant.snapshot.document(passage.document_id)
        section = document.section_at(passage.start).start
        return Found(passage.id, passage.document_id, passage.start, passage.end, section)

    def scores(self, case: Case) -> dict[str, Score]:
        """nDCG@10, recall@10 and reciprocal rank of a case, by passage and by section."""
        if not case.evidence or case.retrieved is None:
            return {}
        relevant = self.relevant(case)
        scores: dict[str, Score] = {}
        for prefix, key in (("", _passage_key), (_SECTION, _section_key)):
            wanted = dict.fromkeys((key(one) for one in relevant), 1)
            ranking = list(dict.fromkeys(key(one) for one in case.retrieved))
            ranks = [at for at, one in enumerate(ranking, 1) if one in wanted]
            reason = f"evidence in {len(wanted)}, found at rank {', '.join(map(str, ranks[:10])) or 'none'}"
            for name, values in measure(list(MEASURES), {"q": wanted}, {"q": ranking}).items():
                scores[prefix + name] = Score(values["q"], reason)
        return scores

    def relevant(self, case: Case) -> list[Found]:
        """The passages that a question's evidence is in."""
        return [self.found(passage) for passage in self._holding(case)]

    def _holding(self, case: Case) -> Sequence[Passage]:
        """The passages that hold a piece of evidence whole; where none does, those that hold a part of it."""
        holding: dict[Passage, None] = {}
        for places in case.evidence:
            touching = [(passage, place) for place in places for passage in self._touching(place)]
            whole = [
                one for one, place in touching if place.shared(place.document_id, one.start, one.end) == place.length
            ]
            holding |= dict.fromkeys(whole or [one for one, _ in touching])
        return list(holding)

    def _touching(self, place: Place) -> list[Passage]:
        among = self._passages[place.document_id]
        return [one for one in among if place.shared(one.document_id, one.start, one.end)]


def _passage_key(found: Found) -> str:
    return f"{found.document_id} {found.passage_id}"


def _section_key(found: Found) -> str:
    return f"{found.document_id} {found.section}"

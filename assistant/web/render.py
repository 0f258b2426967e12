"""Every piece of HTML that we send, made from the templates with everything escaped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from assistant.audit import Audit, Finding
from assistant.records.types import Kept
from assistant.sheet import Sheet
from assistant.web import cards, review
from assistant.web.conversation import Conversation, Exchange
from assistant.web.site import Site
from assistant.web.templating import Markup, environment, escaped

STATIC = Path(__file__).parent / "static"


_templates = environment(Path(__file__).parent / "templates")
_templates.globals["cards"] = cards


def _render(template: str, **values: Any) -> str:
    return _templates.get_template(template).render(values)


__all__ = ["escaped"]


def head() -> str:
    return _render("head.html")


def header(site: Site, here: str) -> str:
    """The bar over every page; `here` is the path of the page that it stands on."""
    return _render("header.html", title=site.title, pages=site.pages, here=here)


def transcript(site: Site, talk: Conversation, base: str = "") -> str:
    """The conversation; while it is empty, what can be asked. `base` is this site's address, for what is copied."""
    return _render("transcript.html", site=site, talk=talk, copy_of=_copying(site, base))


def _copying(site: Site, base: str) -> Callable[[str, Exchange], str]:
    # What makes files of answers draws pages too: hence not before it is needed.
    from assistant.exports import answer_as

    answerer = site.answerer
    registry = answerer.registry if answerer else None

    def copy_of(form: str, exchange: Exchange) -> str:
        address = f"{base}/a/{exchange.kept}" if exchange.kept else ""
        return answer_as(form, exchange.answer, base, address=address, registry=registry) if exchange.answer else ""

    return copy_of


def sources(site: Site, exchanges: Sequence[Exchange]) -> str:
    """The sources of every answer so far, all but the latest answer's hidden."""
    return _render("sources.html", groups=cards.groups(exchanges, site.get()))


def foot(site: Site) -> str:
    """The line below the question box, and what is hidden until it is wanted."""
    return _render("foot.html", site=site)


def answer_page(site: Site, kept: Kept) -> str:
    """An answer that was kept, as it was given."""
    exchange = Exchange(kept.answer.question, kept.answer, kept=kept.id)
    shown = sources(site, [exchange])
    return page(site, "kept.html", "", copy_of=None, exchange=exchange, kept=kept, sources=Markup(shown))


def page(site: Site, template: str, here: str, **values: Any) -> str:
    """A page of our own; `here` is the path that the bar marks."""
    return _render(template, site=site, title=site.title, pages=site.pages, here=here, **values)


def first(site: Site) -> str:
    """What stands in the chat's place until its scripts are there."""
    return _render("first.html", title=site.title, pages=site.pages, here="/", answerer=site.get())


def part(template: str, **values: Any) -> str:
    """A part of a page of our own, to be put into one that is open."""
    return _render(template, **values)


def audit_page(found: Audit) -> str:
    """An audit as one page that asks nothing of anyone."""
    drifted = sum(one.has_drifted for one in found.findings)
    summary = (
        f"{len(found.findings)} places in {len(found.documents)} documents ({found.pages} pages); "
        f"{drifted} of them no longer have the wording."
    )
    style = (STATIC / "site.css").read_text(encoding="utf-8")
    shown = [findings_shown(one) for one in found.findings]
    return _render("audit.html", style=Markup(style), summary=summary, findings=shown, refused=found.refused)


def answer_fragment(sheet: Sheet) -> str:
    """An answer with its sources, without style and without marks of this site's, to paste elsewhere."""
    return _render("export_answer.html", sheet=sheet)


def conversation_page(title: str, heading: tuple[str, str], sheets: Sequence[Sheet]) -> str:
    """A conversation as one page that asks nothing of anyone; `heading` is what stands over it, and of when."""
    style = "\n".join((STATIC / name).read_text(encoding="utf-8") for name in ("site.css", "export.css"))
    return _render("export.html", style=Markup(style), title=title, heading=heading, sheets=sheets)


def findings_shown(one: Finding) -> dict[str, Any]:
    """A finding as the pages show it."""
    check = one.check
    around = 60
    start, end = max(0, one.start - around), min(len(check.text), one.end + around)
    return {
        "document": one.document,
        "page": one.page,
        "section": one.section,
        "term": check.definition.term,
        "verdict": review.name(check.verdict),
        "sign": review.sign(check.verdict),
        "tone": review.tone(check.verdict),
        "confidence": f"{one.confidence:.2f}",
        "start": one.start,
        "end": one.end,
        "language": "",
        "sides": review.review(review.excerpt(check, start, end)),
    }


def message(site: Site, heading: str, sentence: str) -> str:
    """A page that says one thing: what could not be shown, and why."""
    return _render("message.html", title=site.title, pages=site.pages, here="", heading=heading, sentence=sentence)

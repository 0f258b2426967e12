"""The command line. Results go to standard output, everything else to standard error.

The one place that puts the parts together. Heavy imports stand inside the subcommand that needs
them: `assistant --help` must answer at once.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from corpus.errors import UserError

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import ASGIApp

    from assistant.accounts import Users
    from assistant.ask import Assistant
    from assistant.records.store import Store
    from assistant.settings import Settings
    from assistant.web.site import Site
    from evals.command import Gate, Ground
    from evals.judge import Judge
    from evals.run import Options
    from evals.systems import System
    from index.build import BuildReport

app = typer.Typer(
    help="Answers from the association's documents, quoted to the letter and cited.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
index_app = typer.Typer(help="Make, inspect and search the index.", no_args_is_help=True, rich_markup_mode=None)
documents_app = typer.Typer(help="The documents of the corpus.", no_args_is_help=True, rich_markup_mode=None)
definitions_app = typer.Typer(help="The canonical definitions.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(index_app, name="index")
app.add_typer(documents_app, name="documents")
app.add_typer(definitions_app, name="definitions")
evals_app = typer.Typer(help="Question sets: how good the answers are.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(evals_app, name="evals")
records_app = typer.Typer(help="What is kept of conversations.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(records_app, name="records")
users_app = typer.Typer(help="Who may sign in (the file ASSISTANT_USERS).", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(users_app, name="users")

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


@app.command(epilog="Example: assistant chat --port 8080")
def chat(
    host: Annotated[str | None, typer.Option(help="The address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="The port to listen on.")] = None,
    staff: Annotated[
        bool,
        typer.Option(
            "--staff", help="Without sign-in: serve the staff's pages too; whoever reaches the address can use them."
        ),
    ] = False,
    everybody: Annotated[
        bool, typer.Option("--open", help="Without sign-in: serve everybody who reaches the address.")
    ] = False,
    workers: Annotated[int | None, typer.Option(help="How many processes answer; 1 is the one that serves.")] = None,
) -> None:
    """Serve the chat in a browser; builds the index first where there is none."""
    from assistant.exposure import check_exposure
    from assistant.service import has_index
    from assistant.web.main import run

    settings = _settings(host=host, port=port, open=everybody or None, workers=workers)
    check_exposure(settings)
    if not has_index(settings):
        _build(settings)
    run(settings, announce=_note, staff=_staff_pages(settings) if staff or settings.asks_who else None)


@app.command(epilog="Example: assistant doctor --json")
def doctor(as_json: Json = False) -> None:
    """Look at the whole installation: what is sound, what is not, and what to do about it.

    Exit code 1 where something has to be put right. Nothing is changed.
    """
    from assistant.doctor import doctor as examine
    from assistant.doctor import lines_of, record_of

    findings = examine()
    if as_json:
        _print_json(record_of(findings))
    else:
        for line in lines_of(findings):
            typer.echo(line)
    if any(one.state == "fault" for one in findings):
        raise typer.Exit(1)


@app.command(epilog="Example: assistant mcp --http --port 7861")
def mcp(
    http: Annotated[bool, typer.Option("--http", help="Serve over HTTP instead of standard input and output.")] = False,
    host: Annotated[str, typer.Option(help="With --http: the address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="With --http: the port to listen on.")] = 7861,
    everybody: Annotated[bool, typer.Option("--open", help="With --http: serve everybody who reaches it.")] = False,
) -> None:
    """Offer the assistant's tools to other programs, by the Model Context Protocol."""
    from assistant.exposure import check_tools_exposure
    from assistant.mcp_server import make_server, over_http
    from assistant.service import Service, has_index

    if http:
        check_tools_exposure(host, everybody=everybody)
    settings = _settings()
    if not has_index(settings):
        _build(settings)
    service = Service(settings)
    service.assistant()
    service.follow()
    server = make_server(service.assistant, settings.title)
    try:
        if http:
            _serve_tools(over_http(server, host), host, port)
        else:
            server.run()
    finally:
        service.close()


@app.command(epilog='Example: assistant ask "What is an area of innovation?"')
def ask(
    question: Annotated[str | None, typer.Argument(help="The question, in quotation marks.")] = None,
    as_json: Json = False,
    form: Annotated[
        str | None,
        typer.Option("--format", metavar="FORMAT", help="The answer with all its quotes as text, markdown or html."),
    ] = None,
    batch: Annotated[
        Path | None,
        typer.Option(help='JSON Lines of {"id", "question", "history"}; "-" reads standard input.', metavar="FILE"),
    ] = None,
) -> None:
    """Answer one question, or a file of them, with citations."""
    if (question is None) == (batch is None):
        raise UserError("Give either one QUESTION in quotation marks, or --batch FILE.")
    if form is not None and (as_json or batch is not None):
        raise UserError("Found --format with --json or --batch: give one of them.")
    if batch is not None:
        _ask_batch(batch)
        return
    from assistant.question import check_question
    from assistant.show import show_answer

    check_question(question or "")
    if form is not None:
        typer.echo(_asked_as(form, question or ""), nl=False)
        return
    answer = _assistant().ask(question or "")
    if as_json:
        _print_json(answer.as_dict())
    else:
        show_answer(answer)


def _asked_as(form: str, question: str) -> str:
    """The answer in a form of the exports; a form that there is not is told before the index is opened."""
    from assistant.exports import answer_as, check_form

    check_form(form)
    assistant = _assistant()
    languages = {document.id: document.language for document in assistant.documents}
    return answer_as(form, assistant.ask(question), registry=assistant.registry, languages=languages)


@index_app.command("build", epilog="Example: assistant index build")
def index_build(
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Read and encode everything again, changed or not.")
    ] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Go on and refresh at every change, until Ctrl-C.")] = False,
    engine: Annotated[
        str, typer.Option(help="Where documents are read and encoded: local, or ray (RAY_ADDRESS names a cluster).")
    ] = "local",
) -> None:
    """Make or refresh the index of the corpus: only what has changed is read and encoded."""
    settings = _settings()
    if watch:
        _watch(settings, rebuild=rebuild, engine=engine)
    else:
        typer.echo(_summary(_build(settings, rebuild=rebuild, engine=engine)))


@index_app.command("status", epilog="Example: assistant index status --json")
def index_status(as_json: Json = False) -> None:
    """What the index holds, and which documents were refused and why."""
    from assistant.service import Service
    from assistant.show import show_status, status

    settings = _settings()
    found = status(settings, Service(settings).assistant())
    if as_json:
        _print_json(found)
    else:
        show_status(found)


@index_app.command("search", epilog='Example: assistant index search "technology park"')
def index_search(words: Annotated[str, typer.Argument(help="What to search for.")], as_json: Json = False) -> None:
    """The passages nearest to some words, without composing an answer."""
    from assistant.listing import found_passages
    from assistant.show import show_hits

    if not words.strip():
        raise UserError("There is nothing to search for: give some words.")
    records = found_passages(_assistant(), words)
    if as_json:
        _print_json(records)
    else:
        show_hits(records)


@documents_app.command("list", epilog="Example: assistant documents list")
def documents_list(as_json: Json = False) -> None:
    """The documents that are indexed."""
    from assistant.listing import document_record
    from assistant.show import show_documents

    assistant = _assistant()
    records = [document_record(document) for document in assistant.documents]
    if as_json:
        _print_json(records)
    else:
        show_documents(records, assistant.refused)


@documents_app.command("add", epilog="Example: assistant documents add report.pdf glossary.csv")
def documents_add(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="The files to copy into the corpus.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Put a file in the place of another one with its name.")
    ] = False,
) -> None:
    """Copy files into the corpus and refresh the index."""
    from corpus.intake import add_files

    settings = _settings()
    for path, name in add_files(settings.corpus, files, replace=replace):
        _note(f"Added {name}" if path is not None else f"{name} is there already, with the same content")
    typer.echo(_summary(_build(settings)))


@documents_app.command("text", epilog="Example: assistant documents text iasp-definitions")
def documents_text(document_id: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """A document's text, the one in which the offsets of citations count."""
    from assistant.listing import known_document

    document = known_document(_assistant(), document_id)
    # Exactly the text: no line end is added and none is translated.
    typer.get_binary_stream("stdout").write(document.text.encode("utf-8", "surrogatepass"))


@definitions_app.command("list", epilog="Example: assistant definitions list --check")
def definitions_list(
    as_json: Json = False,
    check: Annotated[
        bool, typer.Option("--check", help="End with exit code 1 where a document no longer has a wording.")
    ] = False,
) -> None:
    """The canonical definitions, with their other names, and those whose document no longer has the wording."""
    from assistant.check import definition_record
    from assistant.show import drifted_record, show_definitions

    assistant = _assistant()
    records = [definition_record(assistant, definition) for definition in assistant.registry.wordings]
    drifted = [drifted_record(one) for one in assistant.drifted]
    if as_json:
        _print_json([*records, *({**one, "status": "drifted"} for one in drifted)] if check else records)
    else:
        show_definitions(records, drifted)
    if drifted:
        _note(f"{len(drifted)} definitions no longer have their wording in the documents.")
        if check:
            raise typer.Exit(1)


@definitions_app.command("show", epilog='Example: assistant definitions show "science park" --as-of 2020-01-01')
def definitions_show(
    term: Annotated[str, typer.Argument(help="A term, an acronym or another name.")],
    as_json: Json = False,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="DATE", help="The wording in force on a day, such as 2020-01-01.")
    ] = None,
    source: Annotated[
        str | None,
        typer.Option("--with-source", metavar="FORMAT", help="Wording and source as plain, markdown, html or bibtex."),
    ] = None,
) -> None:
    """The canonical wording of a term, untouched, with its source, and whose other wordings there are."""
    from assistant.listing import defined, definition_answer, in_force
    from assistant.show import show_definition
    from assistant.sources import with_source

    assistant = _assistant()
    if source is not None:
        shown = defined(assistant, term)
        shown = in_force(assistant, shown, as_of) if as_of else shown
        typer.echo(with_source(source, shown, assistant.snapshot.document(shown.document_id)))
        return
    record = definition_answer(assistant, term, as_of)
    if as_json:
        _print_json(record)
    else:
        show_definition(record, record["others"])


@definitions_app.command("check", epilog='Example: assistant definitions check "science park" brochure.txt')
def definitions_check(
    term: Annotated[str | None, typer.Argument(help="A term, an acronym or another name.")] = None,
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE or -]", help="The text; standard input by default.")
    ] = None,
    as_json: Json = False,
    batch: Annotated[
        Path | None,
        typer.Option(help='JSON Lines of {"id", "term", "pasted_text"}; "-" reads standard input.', metavar="FILE"),
    ] = None,
) -> None:
    """Whether a text still has the canonical wording: a verdict and the differences, word by word.

    Exit code 1 where it has not; a file of texts (--batch) ends with 0 whatever their verdicts.
    """
    from assistant.check import INTACT, check_record, check_wording, text_to_check
    from assistant.messages import verdict_in_words
    from assistant.show import show_check

    if (term is None) == (batch is None):
        raise UserError("Give either a TERM and a text, or --batch FILE.")
    if batch is not None:
        _check_batch(batch)
        return
    text = text_to_check(file)
    assistant = _assistant()
    found = check_wording(assistant, text, term)
    if as_json:
        _print_json(check_record(found, assistant))
    else:
        show_check(check_record(found, assistant), verdict_in_words(found, "en"))
    if found.verdict not in INTACT:
        raise typer.Exit(1)


@definitions_app.command("audit", epilog="Example: assistant definitions audit brochures/ law.pdf --html audit.html")
def definitions_audit(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="PDF, Word, HTML, Markdown, text, or folders.")],
    as_json: Json = False,
    csv: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Write the findings as CSV.")] = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write one page with the differences in colour.")
    ] = None,
) -> None:
    """Find every place that quotes a canonical definition, and say whether it still has the wording.

    Exit code 1 where one has not.
    """
    from assistant.audit import audit, audit_csv, audit_record
    from assistant.check import wordings
    from assistant.progress import counting_on_terminal
    from assistant.show import show_audit

    assistant = _assistant()
    with counting_on_terminal("Reading") as counting:
        found = audit(files, wordings(assistant), counting)
    for item in found.refused:
        _note(f"Refused {item.path}: {item.reason}")
    record = audit_record(found)
    if csv is not None:
        _write(csv, audit_csv(found))
    if html is not None:
        from assistant.web.render import audit_page

        _write(html, audit_page(found))
    if as_json:
        _print_json(record)
    else:
        show_audit(record)
    if not found.documents:
        raise UserError("None of the files could be read; each is named above.")
    if not found.holds:
        raise typer.Exit(1)


@definitions_app.command("suggest", epilog="Example: assistant definitions suggest glossary.csv >> definitions.toml")
def definitions_suggest(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Glossaries or reports.")],
    body: Annotated[str, typer.Option(help="Whose wordings they are.")] = "",
) -> None:
    """Propose entries for the registry from a glossary or a report; nothing enters it by itself."""
    from assistant.suggest import suggestions, toml_of
    from corpus.catalogue import document_id
    from corpus.sandbox import sandbox

    count = 0
    with sandbox() as reader:
        for path in files:
            if not path.is_file():
                raise UserError(f"{path} does not exist or is no file: give glossaries or reports.")
            try:
                reading = reader.read(path)
            except UserError as error:
                _note(f"Refused {path}: {error}")
                continue
            found = suggestions(reading)
            count += len(found)
            typer.echo(toml_of(found, reading.text, document_id(path.name), body or path.stem))
    _note(
        f"{count} suggestions: read each, and put the good ones into definitions.toml; the files must be in the corpus."
    )


SetName = Annotated[str, typer.Argument(metavar="SET", help="A file (JSON Lines, CSV, XLSX), or a shipped set's name.")]
Folder = Annotated[Path | None, typer.Option("--report", metavar="DIR", help="The folder to write the run to.")]


@evals_app.command("run", epilog="Example: assistant evals run members --fail-under evidence_cited=0.9")
def evals_run(
    name: SetName,
    as_json: Json = False,
    report: Folder = None,
    resume: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Take up a run that was stopped, in its folder.")
    ] = None,
    fail_under: Annotated[
        list[str] | None,
        typer.Option(metavar="METRIC=VALUE", help="Exit with 1 below it; METRIC[GROUP]=VALUE for a type or behaviour."),
    ] = None,
    kind: Annotated[list[str] | None, typer.Option("--type", help="Only questions of this type.")] = None,
    url: Annotated[str | None, typer.Option(help="Ask the assistant that a server runs, several at once.")] = None,
    jobs: Annotated[int, typer.Option(min=1, max=64, help="With --url: questions at once.")] = 4,
    repeat: Annotated[int, typer.Option(min=1, max=20, help="Ask each question so often; the answers must agree.")] = 1,
    variants: Annotated[bool, typer.Option("--variants", help="Ask other spellings of each question too.")] = False,
    judge: Annotated[
        str | None, typer.Option(metavar="PROVIDER:NAME", help="A language model that judges the answers too.")
    ] = None,
) -> None:
    """Ask every question of a set, score the answers, and write a report."""
    from evals.command import Gate, system_of
    from evals.records import read_run
    from evals.run import Options

    if report and resume:
        raise UserError("Give either --report for a new run or --resume for one that was stopped, not both.")
    if resume:
        read_run(resume)
    gates = [Gate.of(text) for text in fail_under or ()]
    options = Options(repeat=repeat, variants=variants, jobs=jobs if url else 1, judge=_judge(judge))
    _evaluate(name, kind or (), lambda ground: system_of(ground, url=url), report or resume, options, gates, as_json)


@evals_app.command("calibrate", epilog="Example: assistant evals calibrate ours.jsonl members")
def evals_calibrate(
    names: Annotated[list[str], typer.Argument(metavar="SET…", help="Labelled question sets.")],
) -> None:
    """Fit ranking and gate anew on labelled questions, for this index and its encoder."""
    from evals.command import calibrate_sets

    path, rows = calibrate_sets(names, _settings())
    for row in rows:
        typer.echo(" | ".join(row))
    typer.echo(f"Written to {path}; take the file away to go back.")


@evals_app.command("baseline", epilog="Example: assistant evals baseline members --system bm25")
def evals_baseline(
    name: SetName,
    system: Annotated[str, typer.Option(help="bm25 (its best sentence), or tutorial (pieces by cosine).")] = "bm25",
    as_json: Json = False,
    report: Folder = None,
) -> None:
    """Run a reference system on a set, for scale."""
    from evals.command import system_of
    from evals.run import Options

    _evaluate(name, (), lambda ground: system_of(ground, reference=system), report, Options(), (), as_json)


@evals_app.command("compare", epilog="Example: assistant evals compare .assistant/runs/A .assistant/runs/B")
def evals_compare(
    first: Annotated[Path, typer.Argument(metavar="RUN_A")],
    second: Annotated[Path, typer.Argument(metavar="RUN_B")],
    as_json: Json = False,
) -> None:
    """Two runs of a set beside each other: what got better, what got worse, and whether that shows anything."""
    from evals.command import compare_folders
    from evals.compare import as_dict, text_of

    found = compare_folders(first, second)
    if as_json:
        _print_json(as_dict(found))
    else:
        typer.echo(text_of(found))


@evals_app.command("draft", epilog="Example: assistant evals draft iasp-definitions > drafts.jsonl")
def evals_draft(
    document_id: Annotated[str | None, typer.Argument(metavar="ID", help="A document of the corpus.")] = None,
    answers: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Answer records that did not content, a line each."),
    ] = None,
) -> None:
    """Propose questions for you to edit; nothing enters a set by itself."""
    from evals.draft import from_answers, from_document, lines_of

    if (document_id is None) == (answers is None):
        raise UserError("Give either a document's ID, or --answers FILE.")
    drafts = from_answers(answers) if answers else from_document(_assistant(), document_id or "")
    typer.echo(lines_of(drafts), nl=False)
    _note(f"{len(drafts)} drafts: read each, correct it, and put the good ones into a set.")


@evals_app.command("import", epilog="Example: assistant evals import squad dev-v2.0.json squad.jsonl")
def evals_import(
    kind: Annotated[str, typer.Argument(metavar="FORMAT", help="beir, squad, clapnq or trec.")],
    source: Annotated[Path, typer.Argument(help="Their file or folder.")],
    target: Annotated[Path, typer.Argument(metavar="SET", help="The set to write; its documents go beside it.")],
) -> None:
    """Make a question set, with its documents beside it, of one that others published."""
    from evals.imports import import_set

    questions, documents = import_set(kind, source, target)
    typer.echo(f"Wrote {target}: {questions} questions over {documents} documents in {target.with_suffix('')}.")


@evals_app.command("export", epilog="Example: assistant evals export ragas .assistant/runs/A out/")
def evals_export(
    kind: Annotated[str, typer.Argument(metavar="FORMAT", help="beir, trec, promptfoo, inspect, deepeval or ragas.")],
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run's folder.")],
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write.")],
) -> None:
    """Write a run's questions and answers as other tools read them."""
    from evals.command import assistant_of
    from evals.exports import check_format, export_run
    from evals.records import read_records, read_run

    check_format(kind)
    found = read_run(run)
    for path in export_run(kind, read_records(run), assistant_of(found, _settings()), folder):
        typer.echo(f"Wrote {path}")


@records_app.command("export", epilog="Example: assistant records export ana > ana.jsonl")
def records_export(
    user: Annotated[str | None, typer.Argument(metavar="[USER]", help="Only what is kept of this person.")] = None,
    form: Annotated[str, typer.Option("--format", help="jsonl: a JSON object a line.")] = "jsonl",
) -> None:
    """Everything that is kept, or all of one person, to standard output, the oldest first."""
    if form != "jsonl":
        raise UserError(f"Found the format {form!r}, expected jsonl.")
    with closing(_records(_settings())) as records:
        count = 0
        for row in records.export(user):
            typer.echo(json.dumps(row))
            count += 1
    _note(f"{count} lines.")


@records_app.command("forget", epilog="Example: assistant records forget ana --yes")
def records_forget(
    user: Annotated[str, typer.Argument(metavar="USER", help="The name that the person signs in with.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove everything that is kept of a person: answers, feedback, comments, sessions. It cannot be undone."""
    if not yes:
        _confirm(f"Remove everything that is kept of {user}?", "--yes")
    with closing(_records(_settings())) as records:
        count = records.forget(user)
    typer.echo(f"Removed {count} answers of {user}, and every word that {user} said on others.")


@records_app.command("check", epilog="Example: assistant records check --json")
def records_check(as_json: Json = False) -> None:
    """Resolve every citation of the kept answers again, and name those that lead nowhere now, by document.

    Exit code 1 where there are some.
    """
    from assistant.records.check import check

    settings = _settings()
    assistant = _open(settings)
    with closing(_records(settings)) as records:
        found = check(records.kept(), assistant.documents)
    if as_json:
        _print_json({"index_version": assistant.index_version, **found.as_dict()})
    else:
        for one in found.lost:
            typer.echo(f"{one.document_id} ({one.title}): {len(one.citations)} citations of {len(one.answers)} answers")
            for identifier in one.citations:
                typer.echo(f"  {identifier}")
        lost = sum(len(one.citations) for one in found.lost)
        whole = "all resolve" if not lost else f"{lost} do not resolve in index {assistant.index_version}"
        typer.echo(f"{found.citations} citations of {found.answers} answers: {whole}.")
    if found.lost:
        raise typer.Exit(1)


UserName = Annotated[str, typer.Argument(metavar="NAME", help="The name to sign in with.")]
FromInput = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]


@users_app.command("add", epilog="Example: assistant users add ana --role staff")
def users_add(
    name: UserName,
    role: Annotated[str, typer.Option(help="member or staff.")] = "member",
    password_stdin: FromInput = False,
) -> None:
    """Add somebody; the password is asked for twice."""
    from assistant.accounts import ROLES

    users = _users(_settings())
    chosen = next((one for one in ROLES if one == role), None)
    if chosen is None:
        raise UserError(f"Found the role {role!r}, expected one of {', '.join(ROLES)}.")
    users.add(name, _password(from_input=password_stdin), chosen)
    _note(f"Added {name} ({chosen}) to {users.path}")


@users_app.command("list", epilog="Example: assistant users list")
def users_list(as_json: Json = False) -> None:
    """Who may sign in, and with which role."""
    accounts = _users(_settings()).accounts()
    if as_json:
        _print_json([{"name": one.name, "role": one.role} for one in accounts])
    else:
        for one in accounts:
            typer.echo(f"{one.name}\t{one.role}")


@users_app.command("remove", epilog="Example: assistant users remove ana")
def users_remove(name: UserName) -> None:
    """Remove somebody, who is signed out at once; what is kept of them stays (`assistant records forget`)."""
    settings = _settings()
    users = _users(settings)
    users.remove(name)
    _sign_out(settings, name)
    _note(f"Removed {name} from {users.path}")


@users_app.command("password", epilog="Example: assistant users password ana --password-stdin < secret")
def users_password(name: UserName, password_stdin: FromInput = False) -> None:
    """Set another password; who is signed in with the old one is signed out."""
    settings = _settings()
    users = _users(settings)
    users.set_password(name, _password(from_input=password_stdin))
    _sign_out(settings, name)
    _note(f"Set the password of {name} in {users.path}")


def _records(settings: Settings) -> Store:
    from assistant.records.store import Store

    return Store(settings.records, settings.keep_days)


def _users(settings: Settings) -> Users:
    from assistant.accounts import Users

    if settings.users is None:
        raise UserError("ASSISTANT_USERS names no file: set it first, to .assistant/users.json for example.")
    return Users(settings.users)


def _sign_out(settings: Settings, name: str) -> None:
    with closing(_records(settings)) as records:
        records.end_sessions(name)


def _password(*, from_input: bool) -> str:
    if from_input:
        # One line end is the shell's; every other character is the password's.
        return typer.get_text_stream("stdin").read().removesuffix("\n").removesuffix("\r")
    if not sys.stdin.isatty():
        raise UserError("There is no terminal to ask for the password: give --password-stdin and the password there.")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt="Once more", err=True))


def _confirm(question: str, flag: str) -> None:
    if not sys.stdin.isatty():
        raise UserError(f"There is no terminal to ask for your consent: give {flag}.")
    if not typer.confirm(question, err=True):
        raise typer.Exit(1)


def _judge(name: str | None) -> Judge | None:
    if name is None:
        return None
    from assistant.model import Model
    from evals.judge import Judge

    return Judge(Model.open(name, _settings().model_url))


def _evaluate(
    name: str,
    kinds: Sequence[str],
    system: Callable[[Ground], System],
    folder: Path | None,
    options: Options,
    gates: Sequence[Gate],
    as_json: bool,
) -> None:
    from assistant.progress import counting_on_terminal, progress_on_terminal
    from evals.command import folder_for, prepare, run, summary

    with progress_on_terminal() as building:
        ground = prepare(name, _settings(), kinds, building)
    folder = folder or folder_for(ground)
    try:
        with counting_on_terminal("Asking") as counting:
            found, records = run(ground, system(ground), folder, options, counting)
    except KeyboardInterrupt:
        _note(f"Stopped; go on with `assistant evals run {name} --resume {folder}`.")
        raise typer.Exit(130) from None
    if as_json:
        _print_json({"folder": str(folder), **asdict(found)})
    else:
        typer.echo(summary(found, records, folder))
    problems = [problem for gate in gates if (problem := gate.problem(records))]
    for problem in problems:
        _note(problem)
    if problems:
        raise typer.Exit(1)


def _staff_pages(settings: Settings) -> Callable[[FastAPI, Site], None]:
    from assistant.web import indexing
    from evals.page import mount

    def pages(app: FastAPI, site: Site) -> None:
        indexing.mount(app, site, settings)
        mount(app, site, settings)

    return pages


def _serve_tools(app: ASGIApp, host: str, port: int) -> None:
    from assistant.web.serve import bind, serve

    sock = bind(host, port)
    taken, port = sock.getsockname()[:2]
    _note(f"Tools: http://{f'[{taken}]' if ':' in taken else taken}:{port}/mcp (Ctrl-C stops it)")
    serve(app, sock)


def _settings(**flags: Any) -> Settings:
    from assistant.settings import load_settings

    return load_settings(**flags)


def _assistant() -> Assistant:
    return _open(_settings())


def _open(settings: Settings) -> Assistant:
    """The assistant over the index that serves; one is built first where there is none."""
    from assistant.service import Service, has_index, is_outdated

    if not has_index(settings):
        _build(settings)
    assistant = Service(settings).assistant()
    if not settings.corpus.is_dir():
        _note(f"The corpus folder {settings.corpus} does not exist; answers come from the index that was built before.")
    elif is_outdated(settings, assistant):
        _note("The documents have changed since the index was built: run `assistant index build`.")
    return assistant


def _build(settings: Settings, *, rebuild: bool = False, engine: str = "local") -> BuildReport:
    from assistant.progress import progress_on_terminal
    from assistant.service import build, drifted

    with progress_on_terminal() as progress:
        report = build(settings, rebuild=rebuild, progress=progress, engine=engine)
    for refused in report.refused:
        _note(f"Refused {refused.path}: {refused.reason}")
    for one in drifted(settings):
        _note(f"Drifted {one.term} ({one.body}): {one.reason}.")
    return report


def _summary(report: BuildReport) -> str:
    manifest = report.manifest
    done = f"Built, {report.read} read anew;" if report.changed else "Nothing has changed;"
    refused = f" {len(report.refused)} files refused, each named above." if report.refused else ""
    return (
        f"{done} index {manifest.version}: {manifest.documents} documents, {manifest.passages} passages, "
        f"{manifest.sentences} sentences.{refused}"
    )


def _watch(settings: Settings, *, rebuild: bool, engine: str) -> None:
    """Build at every change. What cannot be built is said, and tried again at the next change."""
    from assistant.watch import changes

    _note(f"Watching {settings.corpus}; Ctrl-C ends it.")
    try:
        for first, _ in enumerate(changes(settings.corpus)):
            try:
                typer.echo(_summary(_build(settings, rebuild=rebuild and first == 0, engine=engine)))
            except UserError as error:
                _note(str(error))
    except KeyboardInterrupt:
        _note("No longer watching.")


def _ask_batch(batch: Path) -> None:
    from assistant.batch import answer_lines, read_lines

    lines = read_lines(batch)
    assistant = _assistant()
    problems = 0
    for record, problem in answer_lines(assistant, batch, lines):
        typer.echo(json.dumps(record, ensure_ascii=False))
        if problem:
            problems += 1
            _note(problem)
    if problems:
        raise UserError(f"{problems} of {len(lines)} lines held no question that can be answered; each is named above.")


def _check_batch(batch: Path) -> None:
    from assistant.batch import read_lines
    from assistant.check import checked_lines

    lines = read_lines(batch)
    assistant = _assistant()
    problems = 0
    for record, problem in checked_lines(assistant, batch, lines):
        # An id or a term may hold half a character, which can only be written escaped.
        written = json.dumps(record, ensure_ascii=False)
        typer.echo(written if _is_writable(written) else json.dumps(record))
        if problem:
            problems += 1
            _note(problem)
    if problems:
        raise UserError(f"{problems} of {len(lines)} lines could not be checked; each is named above.")


def _is_writable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise UserError(
            f"{path} cannot be written ({error.strerror}): name a file in a folder that is there."
        ) from error
    _note(f"Wrote {path}")


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def _note(message: str) -> None:
    typer.echo(message, err=True)

"""The shape of the code: imports point one way, and each library has its one file."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ORDER = ("corpus", "index", "assistant", "evals")
# The one place that puts the parts together may reach forward, inside its subcommands.
CLI = Path("assistant/cli.py")
PAGES = {Path("assistant/web/chat.py"), Path("evals/page.py")}
NETWORKS = {
    Path("index/torch_encoder.py"),
    Path("index/reader_net.py"),
    Path("evals/train_reader.py"),
    Path("evals/bench_reader.py"),
}
# What a Chroma server does wrong comes as its errors; and what asks the product over HTTP is no part of the product.
CLIENTS = {Path("index/store.py"), Path("evals/asking.py")}
# The search is offered to chains of others without the answering, which is offered too.
RUNNABLES = {Path("index/langchain.py"), Path("assistant/langchain.py")}
FIRST_SCHEMA = Path("assistant/records/migrations/versions/v001_first.py")
DATABASE = {Path("assistant/records/database.py"), FIRST_SCHEMA}
ONE_FILE_EACH = (
    "PIL", "Stemmer", "alembic", "argon2", "babel", "bm25s", "charset_normalizer", "chromadb", "diskcache", "docx",
    "gradio", "httpx", "huggingface_hub", "ir_measures", "jinja2",
    "langchain", "langchain_core", "limits",
    "markdown_it", "mcp", "onnxruntime", "openai", "openpyxl", "playwright", "prometheus_client", "pydantic_settings",
    "opentelemetry",
    "pymupdf_fonts", "pypdf", "pypdfium2", "rapidfuzz", "ray", "reportlab", "sentence_transformers", "sqlalchemy",
    "tenacity",
    "tokenizers", "torch", "trafilatura", "typer", "uvicorn",
)  # fmt: skip


def sources() -> Iterator[tuple[Path, set[str]]]:
    """Every module of the packages with the top-level packages that it imports."""
    for package in ORDER:
        for path in sorted((ROOT / package).rglob("*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            imported = {
                name.split(".")[0]
                for node in ast.walk(tree)
                for name in (
                    [alias.name for alias in node.names] if isinstance(node, ast.Import)
                    else [node.module or ""] if isinstance(node, ast.ImportFrom) and node.level == 0
                    else []
                )
            }  # fmt: skip
            yield path.relative_to(ROOT), imported


def test_imports_point_only_back_along_the_flow() -> None:
    wrong = [
        f"{path} imports {later}"
        for path, imported in sources()
        for later in (*ORDER[ORDER.index(path.parts[0]) + 1 :], "tests")
        if later in imported and path != CLI
    ]
    assert wrong == []


@pytest.mark.parametrize("library", ONE_FILE_EACH)
def test_each_library_is_imported_in_one_file(library: str) -> None:
    found = {path for path, imported in sources() if library in imported}
    # A page that the framework draws is a file of its own, and so is a network, and its training.
    allowed = {
        "gradio": PAGES,
        "httpx": CLIENTS,
        "langchain_core": RUNNABLES,
        "torch": NETWORKS,
        "sqlalchemy": DATABASE | {Path("assistant/records/store.py")},
        "alembic": DATABASE | {Path("assistant/records/migrations/env.py")},
    }
    assert found == allowed[library] if library in allowed else len(found) == 1


def test_help_answers_without_the_heavy_imports() -> None:
    probe = (
        "import sys; import assistant.cli; "
        "print([m for m in ('torch', 'chromadb', 'gradio', 'numpy', 'pydantic', 'rich.console') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def test_no_sentence_of_the_association_stands_in_code() -> None:
    document = (ROOT / "corpus/documents/iasp-definitions.txt").read_text(encoding="utf-8")
    sentences = [words for words in re.split(r"[.\n;]", document.lower()) if len(words.split()) >= 6]
    for path in ROOT.glob("*/**/*.py"):
        if path.relative_to(ROOT).parts[0] in ORDER:
            code = path.read_text(encoding="utf-8").lower()
            assert [words for words in sentences if words.strip() in code] == [], path

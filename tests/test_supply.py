"""What is loaded from files is data: nothing that can run when it is read."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from assistant.settings import Settings

ROOT = Path(__file__).parents[1]
RUNS_WHEN_READ = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
PACKAGES = ("corpus", "index", "assistant", "evals")


def modules() -> list[Path]:
    return sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def complaints(source: str) -> list[str]:
    """What in a module could load a pickle.

    >>> complaints("import torch\\ntorch.load(path)"), complaints("np.load(path, allow_pickle=True)")
    (['torch.load without weights_only=True'], ['allow_pickle=True'])
    >>> complaints("from joblib import load"), complaints("torch.load(path, weights_only=True)")
    (['imports joblib'], [])
    """
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [f"imports {one.name}" for one in node.names if one.name.split(".")[0] in RUNS_WHEN_READ]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in RUNS_WHEN_READ:
            found.append(f"imports {node.module}")
        elif isinstance(node, ast.Call):
            given = {one.arg: ast.unparse(one.value) for one in node.keywords}
            if given.get("allow_pickle", "False") != "False":
                found.append("allow_pickle=True")
            if ast.unparse(node.func) == "torch.load" and given.get("weights_only") != "True":
                found.append("torch.load without weights_only=True")
    return found


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_module_loads_what_runs_when_it_is_read(path: Path) -> None:
    assert complaints(path.read_text(encoding="utf-8")) == []


def test_a_models_folder_with_other_weights_than_safetensors_is_refused(tmp_path: Path) -> None:
    from corpus.errors import UserError
    from index.encode import find_model

    (tmp_path / "modules.json").write_text("[]")
    (tmp_path / "pytorch_model.bin").write_bytes(b"\x80\x04.")
    with pytest.raises(UserError, match=r"holds no \.safetensors weights; other formats are not loaded"):
        find_model(str(tmp_path)).check()


@pytest.mark.parametrize("name", ["docs/operating.md", "compose.yaml", "Dockerfile"])
def test_how_it_is_run_names_only_settings_that_there_are(name: str) -> None:
    named = set(re.findall(r"ASSISTANT_[A-Z_]+", (ROOT / name).read_text(encoding="utf-8")))
    assert named
    assert {one.removeprefix("ASSISTANT_").lower() for one in named} - set(Settings.model_fields) == set()


def test_the_container_is_not_root_and_has_no_secret_in_it() -> None:
    recipe = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    together = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    assert re.findall(r"^USER (.*)$", recipe, re.MULTILINE) == ["assistant"]
    assert "HEALTHCHECK" in recipe
    assert "read_only: true" in together
    assert re.findall(r"PASSWORD: (?!\$\{POSTGRES_PASSWORD:\?)", together) == []
    pinned = re.search(r'"torch==([\d.]+)"', recipe)
    assert pinned
    assert f"torch=={pinned[1]}" in (ROOT / "constraints.txt").read_text(encoding="utf-8")

"""What is fitted, for which encoder, and what holds where it was fitted with another."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.calibration import FILE, SHIPPED, Logistic, calibration_for, load_calibration
from corpus.errors import UserError
from index.encode import SHIPPED_MODEL


def test_a_logistic_regression_is_what_its_file_says() -> None:
    model = Logistic(-1.0, {"coverage": 2.0})
    assert model.probability({"coverage": 0.5, "more": 9.0}) == pytest.approx(0.5)
    assert model.probability({"coverage": 1.0}) == pytest.approx(0.7311, abs=1e-4)
    with pytest.raises(KeyError):
        model.probability({})


def test_the_shipped_calibration_belongs_to_the_shipped_encoder(tmp_path: Path) -> None:
    for name in (SHIPPED_MODEL, f"{SHIPPED_MODEL} (torch)"):
        found, notice = calibration_for(tmp_path, name)
        assert notice is None
        assert found == load_calibration()


def test_with_another_encoder_the_gate_is_cautious_and_says_so(tmp_path: Path) -> None:
    found, notice = calibration_for(tmp_path, "other")
    shipped = load_calibration()
    assert found.plain.threshold == pytest.approx((1 + shipped.plain.threshold) / 2)
    assert found.plain.model == shipped.plain.model
    assert notice is not None
    assert "fitted with the encoder all-MiniLM-L6-v2, the index has other" in notice
    assert "assistant evals calibrate" in notice


def test_what_lies_beside_an_index_comes_before_what_ships(tmp_path: Path) -> None:
    text = SHIPPED.read_text(encoding="utf-8").replace(f'encoder = "{SHIPPED_MODEL}"', 'encoder = "other"')
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    found, notice = calibration_for(tmp_path, "other")
    assert (found.encoder, notice) == ("other", None)


@pytest.mark.parametrize("text", ["no toml [", 'encoder = "x"\n', 'encoder = "x"\nsentences = 3\n'])
def test_a_broken_calibration_is_named_with_what_to_do(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=r"calibration\.toml cannot be read .* take it away"):
        calibration_for(tmp_path, "x")

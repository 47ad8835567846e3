"""Each how-to page, and each page for those who come from elsewhere, runs and shows what it promises."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.cells import DOCS, run_page

PAGES = sorted(page for room in ("howto", "coming_from") for page in (DOCS / room).glob("*.md") if page.stem != "index")
#: What a page must have printed, so that its sentences are true.
PROMISES = {
    "write_a_layer": [
        "ScaledSoftsign(features=3): the gradients agree",
        "Wrong(features=3): the gradient with respect to x is",
    ],
    "write_a_loss": ["log_cosh: the gradients agree"],
    "write_a_callback": ["stopped after epoch", "valid_accuracy is"],
    "find_a_mistake": ["the gradients agree", "it did not come near zero", "softmax twice"],
    "watch_and_explain": ["backward 0", "2.weight.gradient[0, 0] = Σₙ dy[n, 0]·x[n, 0]"],
    "resume_a_run": ["gone after step 34", "goes on from step 30", "the same bits: True"],
    "reproduce_a_run": ["the same bits: True"],
    "save_and_load": ["True - in evaluation mode: True"],
    "export_to_pytorch": ["class LSTM(nn.LSTM)"],
    "export_to_onnx": ["the largest difference: "],
    "use_with_scikit_learn": ["'tinynetclassifier__epochs'"],
    "draw_pictures": ["('generator', 'discriminator') (3, 1, 8, 8) taken for real:"],
    "make_it_faster": ["multiply-adds"],
    "own_data": ["writes up to 3", "FED"],
}


def test_the_index_leads_to_every_page() -> None:
    for page in PAGES:
        assert page.stem in (page.parent / "index.md").read_text(encoding="utf-8").split()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_runs_and_keeps_its_word(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_page(page)
    printed = capsys.readouterr().out
    for words in PROMISES.get(page.stem, []):
        assert words in printed

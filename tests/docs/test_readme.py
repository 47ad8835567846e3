"""The README's examples run as they stand, and print what it says they print."""

import re
from ast import literal_eval
from pathlib import Path

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


def test_ten_lines_give_the_result_they_show(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    exec(compile(BLOCKS[0], "README.md", "exec"), names)
    printed = literal_eval(capsys.readouterr().out.splitlines()[-1])
    shown = literal_eval(re.search(r"^\{'loss'.*\}$", README, re.MULTILINE)[0])
    assert printed.keys() == shown.keys()
    # Another machine's matrix products round otherwise; the same machine gives the same digits.
    assert abs(printed["accuracy"] - shown["accuracy"]) < 0.02
    loaded = names["tn"].load("digits.safetensors")
    x = names["test"][:5][0]
    assert (loaded.predict(x) == names["net"].predict(x)).all()


def test_layer_of_ones_own_is_proven(capsys):
    exec(compile(BLOCKS[1], "README.md", "exec"), {"__name__": "readme"})
    assert "Scale" in capsys.readouterr().out

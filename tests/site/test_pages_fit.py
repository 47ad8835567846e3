"""Each page fits its window, wide and narrow, and can be read in light and in dark: measured by Chromium.

The pages are opened one after the other in a frame of the window's width, and a script asks every element where it is.
"""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

SITE = Path(os.environ.get("TINYNET_SITE", "no site")).resolve()
WIDE, NARROW = 1400, 390  # pixels of a window on a desk, and of a phone
READABLE = 4.5  # the least contrast of text, by the Web Content Accessibility Guidelines 2.1, AA
EVERY = 10  # of the many pages of the reference, which are made alike, each tenth is opened
MEASURE = (Path(__file__).parent / "measure.js").read_text(encoding="utf-8")

pytestmark = [
    pytest.mark.skipif(not SITE.is_dir(), reason="TINYNET_SITE names no built site"),
    pytest.mark.skipif(shutil.which("chromium") is None, reason="there is no Chromium here"),
]


def pages() -> list[str]:
    """The written pages, and some of the reference, as addresses."""
    names = sorted((SITE / "reference" / "names").rglob("*.html"))
    rooms = ("course", "derivations", "howto", "coming_from", "design")
    written = [*SITE.glob("*.html"), *(path for room in rooms for path in (SITE / room).glob("*.html"))]
    return [path.as_uri() for path in [*sorted(written), SITE / "reference" / "index.html", *names[::EVERY]]]


def measured(folder: Path, width: int, addresses: list[str]) -> list[list[str]]:
    """What does not fit, or cannot be read, in a window of some width: page, complaint, element."""
    sheet = folder / "measure.html"
    given = f"const PAGES = {json.dumps(addresses)}, WIDTH = {width}, WIDE = {WIDE}, READABLE = {READABLE};"
    sheet.write_text(f"<!doctype html><body><script>{given}\n{MEASURE}</script></body>", encoding="utf-8")
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND"]
    command += ["--allow-file-access-from-files", f"--window-size={WIDE + 100},1000"]
    command += ["--virtual-time-budget=100000000", "--dump-dom", sheet.as_uri()]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=600, check=True).stdout
    found = re.search('<pre id="found">(.*?)</pre>', shown, re.DOTALL)
    assert found, shown[-500:]
    return json.loads(html.unescape(found[1]))


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_every_page_fits_its_window_and_can_be_read(tmp_path: Path, width: int) -> None:
    complaints = measured(tmp_path, width, pages())
    assert not complaints, "\n".join(map(" — ".join, complaints))


PAGE = """<!doctype html><style>body {{ margin: 0 }} .box {{ overflow-x: auto; width: 300px }}
.long {{ width: 2000px }} body[data-theme=dark] .pale {{ background: #333 }} .pale {{ color: #222 }}</style>
<body><article>{}</article></body>"""


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("<p>a line</p>", None),
        ('<div class="long">a line</div>', "sticks out by 600"),
        ('<div class="box"><pre class="long">code</pre></div>', "scrolls sideways by 1700"),
        ('<p class="pale">a line</p>', "contrast 1.3 in dark"),
        ('<img src="nowhere.png">', "no picture"),
    ],
)
def test_what_is_wrong_is_found(tmp_path: Path, body: str, words: str | None) -> None:
    page = tmp_path / "page.html"
    page.write_text(PAGE.format(body), encoding="utf-8")
    found = measured(tmp_path, WIDE, [page.as_uri()])
    assert (found == []) if words is None else any(words in complaint for _, complaint, _ in found), found

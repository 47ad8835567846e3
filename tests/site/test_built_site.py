"""The built site: every link and anchor leads somewhere, nothing is fetched from elsewhere, and pages are light.

`make docs` builds the site and runs this; TINYNET_SITE names the folder. Without it there is nothing to look at.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from html.parser import HTMLParser
from importlib import import_module
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tinynet.core.formula import formula
from tools.site import reference

SITE = Path(os.environ.get("TINYNET_SITE", "no site"))
PAGES = sorted(SITE.rglob("*.html"))
LARGEST = 1_500_000  # bytes of a page without its pictures
LOADS = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src", "video": "src"}
BROWSER = re.compile(r"https?://[\w.-]*\.(?:google|googleapis|gvt1)\.com/")  # Chromium asks for updates of its own
ELSEWHERE = re.compile(r"(?:https?:)?//", re.IGNORECASE)

pytestmark = pytest.mark.skipif(not PAGES, reason="TINYNET_SITE names no built site")


class Page(HTMLParser):
    """What a page links to, what it loads, and the anchors that it has."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.anchors: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag in LOADS and LOADS[tag] in given and given.get("rel") != "canonical":
            self.loads.append(given[LOADS[tag]])


@pytest.fixture(scope="module")
def read() -> dict[Path, Page]:
    return {path.resolve(): Page(path) for path in PAGES}


def target(page: Path, link: str) -> tuple[Path, str]:
    parts = urlsplit(link)
    return (page.parent / unquote(parts.path)).resolve() if parts.path else page, unquote(parts.fragment)


def test_every_link_and_anchor_leads_somewhere(read: dict[Path, Page]) -> None:
    broken = []
    for path, page in read.items():
        for link in page.links:
            if ELSEWHERE.match(link) or link.startswith("mailto:"):
                continue
            file, anchor = target(path, link)
            known = read.get(file)
            if not file.exists() or (anchor and known is not None and anchor not in known.anchors):
                broken.append(f"{path.relative_to(SITE.resolve())}: {link}")
    assert not broken, "\n".join(broken)


def test_every_public_name_has_a_page_with_its_formulas_set(read: dict[Path, Page]) -> None:
    for room in reference.ROOMS:
        for name in reference.public_names(room):
            path = (SITE / "reference" / "names" / f"{reference.page_of(room, name)}.html").resolve()
            assert path in read, f"tinynet.{room}.{name} has no page"
            thing = getattr(import_module(f"tinynet.{room}"), name)
            if callable(thing) and formula(thing):
                assert "formula-line" in path.read_text(encoding="utf-8"), f"{name} without its formula"


def test_nothing_is_fetched_from_elsewhere(read: dict[Path, Page]) -> None:
    fetched = [f"{path.name}: {what}" for path, page in read.items() for what in page.loads if ELSEWHERE.match(what)]
    styles = [path for path in SITE.rglob("*.css") if re.search(r"url\(['\"]?(?:https?:)?//", path.read_text("utf-8"))]
    assert not fetched
    assert not styles


def test_what_a_page_loads_is_there(read: dict[Path, Page]) -> None:
    missing = [
        f"{path.name}: {what}"
        for path, page in read.items()
        for what in page.loads
        if not ELSEWHERE.match(what) and not what.startswith("data:") and not target(path, what)[0].exists()
    ]
    assert not missing


def test_no_page_is_heavy() -> None:
    pictures = re.compile(r"data:image/[^\"']+")
    heavy = {path.name: len(pictures.sub("", path.read_text("utf-8"))) for path in PAGES}
    assert {name: size for name, size in heavy.items() if size > LARGEST} == {}


def test_the_search_works_without_a_server() -> None:
    index = (SITE / "searchindex.js").read_text(encoding="utf-8")
    assert index.startswith("Search.setIndex(")
    titles = json.loads(index[len("Search.setIndex(") : -1])["alltitles"]
    assert {"LSTM", "How to", "Derivations"} <= titles.keys()


@pytest.mark.skipif(shutil.which("chromium") is None, reason="there is no Chromium here")
@pytest.mark.parametrize("name", ["index", "course/index", "derivations/attention", "reference/names/layers/LSTM"])
def test_a_browser_asks_nobody(tmp_path: Path, name: str) -> None:
    """Chromium opens the page with every name refused; its log holds no request but for files."""
    log = tmp_path / "net.json"
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND"]
    command += ["--disable-background-networking", "--disable-component-update", f"--log-net-log={log}"]
    command += ["--virtual-time-budget=5000", "--dump-dom", (SITE / f"{name}.html").resolve().as_uri()]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    assert "mjx-container" in shown or "\\(" not in shown, "a formula is not set"
    asked = set(re.findall(r'"url":"(\w+://[^"]+)"', log.read_text(encoding="utf-8", errors="replace")))
    assert {
        url for url in asked if not url.startswith(("file:", "data:", "chrome")) and not BROWSER.match(url)
    } == set()

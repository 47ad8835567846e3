"""A reader of one line of a formula, token by token."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from tools.site.symbols import (
    FUNCTIONS,
    GREEK,
    NAMES,
    OPERATORS,
    SUBSCRIPTS,
    SUPERSCRIPTS,
    Token,
    is_argument,
    is_indexed,
    raised,
    symbol,
)

TOKEN = re.compile(
    r"(?P<space>\s+)"
    r'|(?P<code>(?:\w+=)?"[^"]*"|`[^`]*`)'
    r"|(?P<number>\d+(?:\.\d+)?(?:e[-−]?\d+)?)"
    r"|(?P<word>[A-Za-z]+(?:'[a-z]+|(?:_[A-Za-z0-9]+)*\d*))"
    rf"|(?P<up>[{''.join(SUPERSCRIPTS)}]+)"
    rf"|(?P<down>[{''.join(SUBSCRIPTS)}]+)"
    r"|(?P<hat>\u0302)"
    r"|(?P<prime>′+)"
    r"|(?P<sign>.)"
)
CLOSES = {"(": ")", "[": "]", "{": "}", "|": "|", "‖": "‖", "⌊": "⌋", "⌈": "⌉"}
FENCES = {
    "{": (r"\{", r"\}"),
    "|": ("|", "|"),
    "‖": (r"\|", r"\|"),
    "⌊": (r"\lfloor ", r"\rfloor "),
    "⌈": (r"\lceil ", r"\rceil "),
}


class Piece(NamedTuple):
    """A piece of a set line: "text", "code" or "math", and what stands there."""

    kind: str
    text: str


class Reader:
    """A reader of one line, token by token."""

    def __init__(self, line: str, in_script: bool = False) -> None:
        self.tokens = [Token(str(match.lastgroup), match.group().strip("`")) for match in TOKEN.finditer(line)]
        self.at = 0
        self.in_script = in_script  # where fractions would be too small
        self.said: set[int] = set()  # the closing brackets of remarks

    def pieces(self) -> Iterator[Piece]:
        """Everything, in order."""
        while self.at < len(self.tokens):
            kind, text = self.tokens[self.at]
            if kind == "code" or (kind == "word" and is_argument(text) and self._is_prose()):
                yield Piece("code", text)
                self.at += 1
            elif (
                self._is_prose() or text in ",;:." or self.at in self.said or self._is_hyphen() or self._opens_remark()
            ):
                yield Piece("text", text)
                self.at += 1
            elif kind == "space":
                yield from self._space()
            else:
                yield Piece("math", self._term())

    def _space(self) -> Iterator[Piece]:
        self.at += 1
        around = [self._peek(-2), self._peek(0)]
        is_math = all(token and token.kind != "code" and token.text not in ",;:." for token in around)
        if is_math and not self._is_prose(-2) and not self._is_prose(0):
            signs = any(token.text in OPERATORS for token in around)
            yield Piece("math", "" if signs else r"\,")
        else:
            yield Piece("text", " ")

    def _is_hyphen(self) -> bool:
        before, after = self._peek(-1), self._peek(1)
        return self.tokens[self.at].text == "-" and all(near and near.kind == "word" for near in (before, after))

    def _opens_remark(self) -> bool:
        """Whether a bracket opens here that holds words: it then closes as text."""
        before = self._peek(-1)
        if self.tokens[self.at].text != "(" or (before and before.kind != "space"):
            return False
        depth, n_words = 0, 0
        for end in range(self.at, len(self.tokens)):
            depth += (self.tokens[end].text == "(") - (self.tokens[end].text == ")")
            n_words += self._is_prose(end - self.at) and len(self.tokens[end].text) > 1
            if depth == 0:
                break
        if n_words > 1 or (n_words and self.tokens[self.at + 1].kind == "word"):
            self.said.add(end)
            return True
        return False

    def _peek(self, ahead: int) -> Token | None:
        index = self.at + ahead
        return self.tokens[index] if 0 <= index < len(self.tokens) else None

    def _beyond(self, ahead: int, step: int) -> str:
        """The text of the next token that is no space, in one direction."""
        token = self._peek(ahead + step)
        if token and token.kind == "space":
            token = self._peek(ahead + 2 * step)
        return token.text if token else ""

    def _is_prose(self, ahead: int = 0) -> bool:
        token = self._peek(ahead)
        if token is None or token.kind != "word":
            return False
        if token.text in "aA":  # the article, or a symbol
            after = self._peek(ahead + 2)
            known = NAMES | FUNCTIONS
            is_symbol = after is None or after.kind != "word" or after.text in known or len(after.text) < 3
            return not is_symbol and self._beyond(ahead, 1) == after.text and self._beyond(ahead, -1) not in OPERATORS
        if len(token.text) == 1 or token.text in NAMES | FUNCTIONS or is_indexed(token.text):
            return False
        before, after = self._peek(ahead - 1), self._peek(ahead + 1)
        attached = after is not None and (after.kind in ("up", "down", "hat", "prime") or after.text in "([_^")
        if attached or (before is not None and before.text in ("∂", "√")):
            return False
        if token.text in ("and", "or", "where", "with", "for", "is", "in", "of", "over", "else", "from", "to", "the"):
            return True
        hyphen = any(near is not None and near.text == "-" for near in (before, after))
        return hyphen or not {self._beyond(ahead, 1), self._beyond(ahead, -1)} & OPERATORS

    def _term(self) -> str:
        """An atom and, if a slash follows, what it is divided by."""
        top, bare = self._atom()
        if self._slash():
            top = rf"\frac{{{bare}}}{{{self._divisor()}}}"
        while self._slash():  # a fraction in a fraction would be small
            top += rf"\,/\,{self._divisor()}"
        return top

    def _slash(self) -> bool:
        if self.in_script:
            return False
        ahead = 1 if (token := self._peek(0)) and token.kind == "space" else 0
        token = self._peek(ahead)
        if token is None or token.text != "/":
            return False
        self.at += ahead + 1
        if (token := self._peek(0)) and token.kind == "space":
            self.at += 1
        return True

    def _divisor(self) -> str:
        """The next atom; behind a sum sign all that is summed."""
        token = self._peek(0)
        _, bottom = self._atom()
        if token and token.text in ("Σ", "Π"):
            while (token := self._peek(0)) and token.kind == "space":
                self.at += 1
            _, more = self._atom()
            bottom += more
        return bottom

    def _atom(self) -> tuple[str, str]:
        """The next atom with its scripts; twice, the second without outer parentheses."""
        token = self._peek(0)
        if token is None:
            return "", ""
        self.at += 1
        group = self._group(token.text)
        if group is not None:
            first, bare = group
        elif token.text in ("√", "∂"):
            inner, without = self._atom()
            first = bare = rf"\sqrt{{{without}}}" if token.text == "√" else rf"\partial {inner}"
        else:
            first = bare = self._hatted(symbol(token, self._peek(0), self._beyond(0, 1)))
        scripts = self._scripts(token)
        together = self._together(token)
        return first + scripts + together, (first if scripts or together else bare) + scripts + together

    def _together(self, token: Token) -> str:
        """What stands right behind a number or a Greek letter belongs to it: 2i, βx."""
        after = self._peek(0)
        starts = token.kind == "number" or token.text in GREEK
        if (
            starts
            and after
            and ((after.kind == "word" and not self._is_prose()) or after.text in GREEK or after.text == "…")
        ):
            return self._atom()[0]
        return ""

    def _hatted(self, symbol: str) -> str:
        if (after := self._peek(0)) and after.kind == "hat":
            self.at += 1
            return rf"\hat{{{symbol.strip()}}}"
        return symbol

    def _scripts(self, token: Token) -> str:
        """Primes, subscripts and superscripts, and the brackets of an index or a call, as they come."""
        done, up, down = "", "", ""
        while after := self._peek(0):
            if after.kind in ("up", "down"):
                table = SUPERSCRIPTS if after.kind == "up" else SUBSCRIPTS
                new = "".join(table[letter] for letter in after.text)
                up, down = (up + new, down) if after.kind == "up" else (up, down + new)
                self.at += 1
            elif after.text == "∞" and token.text in GREEK:  # ρ∞: the last of a row
                down += r"\infty "
                self.at += 1
            elif after.kind == "prime":
                up += r"\prime " * len(after.text)
                self.at += 1
            elif after.text in "^_" and self._peek(1):
                self.at += 1
                script = self._script()
                up, down = (up + script, down) if after.text == "^" else (up, down + script)
            elif after.text in "([" and (token.kind == "word" or token.text in GREEK) and (group := self._call()):
                done, up, down = done + raised(up, down) + group, "", ""
            else:
                break
        return done + raised(up, down)

    def _script(self) -> str:
        """What is raised or lowered: a word with its call, or an atom without outer brackets."""
        token = self._peek(0)
        if token and token.text in "({":
            self.at += 1
            group = self._group(token.text, in_script=True)
            return group[1] if group else token.text
        if token and token.kind == "word":
            self.at += 1
            after = self._peek(0)
            return symbol(token) + (self._call() if after and after.text == "(" and token.text in FUNCTIONS else "")
        return self._atom()[1]

    def _call(self) -> str:
        opener = self.tokens[self.at].text
        self.at += 1
        group = self._group(opener)
        if group is None:
            self.at -= 1
            return ""
        return group[0]

    def _group(self, opener: str, in_script: bool = False) -> tuple[str, str] | None:
        """What stands up to the closing bracket, with the brackets and without; None if there is no such bracket."""
        closer, depth = CLOSES.get(opener), 0
        if closer is None:
            return None
        for end in range(self.at, len(self.tokens)):
            text = self.tokens[end].text
            if text == closer and depth == 0:
                break
            depth += (text == opener) - (text == closer)
        else:
            return None
        inner = Reader("", in_script or self.in_script)
        inner.tokens = self.tokens[self.at : end]
        self.at = end + 1
        inside = "".join(piece.text if piece.kind == "math" else _text(piece) for piece in inner.pieces())
        inside = inside.replace(r",\,\;", r",\,")
        left, right = FENCES.get(opener, (opener, closer))
        tall = r"\frac" in inside or r"\sum" in inside
        whole = rf"\left{left}{inside}\right{right}" if tall else f"{left}{inside}{right}"
        return whole, inside if opener in "({" else whole


def _text(piece: Piece) -> str:
    """Prose inside a formula; commas and the like are signs there."""
    if piece.kind == "code":
        return rf"\mathtt{{{piece.text}}}".replace("_", r"\_")
    if piece.text in ",;:":
        return piece.text + r"\,"
    return rf"\text{{{piece.text}}}" if piece.text.strip() else r"\;"

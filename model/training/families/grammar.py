"""Context-free grammars in text files, expanded at random.

A file holds rules and their alternatives, one a line:

    § call            starts the rule "call"
    «fn»(«args»)      an alternative; «fn» stands for an expansion of rule fn
    «5»«fn»()         the same, five times as likely as an alternative without a weight
    «2»               nothing, with the weight 2
    §§ remark         a comment; blank lines are ignored

Inside « »:

    «name»            an expansion of a rule of this file, else of common.grammar, else of `lexicon.WORDS`
    «?name»           that, or nothing
    «name{2,5}»       two to five of them; «name{2,5},» puts a comma between
    «name|f|g»        that, through the filters f and g of `lexicon.FILTERS`
    «~a~b«x»~»        one of a, b with an expansion of x after it, and nothing
    «3..99»           a number
    «x=name»          an expansion that is remembered as x; «$x» repeats it, «$x|f» through a filter

␊ ␍ ␉ ␀ ␠ stand for line feed, carriage return, tab, NUL and a space at the
edge of a line.
"""

import itertools
import pathlib
import re

from . import lexicon

FOLDER = pathlib.Path(__file__).parent / "grammars"
CONTROLS = str.maketrans("␊␍␉␀␠", "\n\r\t\0 ")
CALL = re.compile(r"(?:(?P<bind>\w+)=)?(?P<maybe>\?)?(?P<name>\$?[\w-]+)(?:\{(?P<least>\d+),(?P<most>\d+)\})?(?P<filters>(?:\|\w+)*)(?P<joint>[^\w|]*)$")
MAX_DEPTH = 40


class GrammarError(ValueError):
    """A grammar file says something that cannot be expanded."""


class Grammar:
    """The rules of one file, over those of common.grammar."""

    def __init__(self, name, base=None):
        self.name, self.base = name, base
        self.rules = {}
        self._read((FOLDER / f"{name}.grammar").read_text(encoding="utf-8"))
        self._check()

    def _read(self, text):
        rule = None
        for number, line in enumerate(text.split("\n"), 1):
            if not line or line.startswith("§§"):
                continue
            if line.startswith("§"):
                rule = line[1:].strip()
                if rule in self.rules:
                    raise GrammarError(f"{self.name}.grammar:{number}: rule {rule} is there twice; join its alternatives")
                self.rules[rule] = ([], [])
                continue
            if rule is None:
                raise GrammarError(f"{self.name}.grammar:{number}: an alternative before the first rule; begin with \"§ name\"")
            weight = re.match(r"«(\d+)»", line)
            line = line[weight.end():] if weight else line
            self.rules[rule][0].append(self._compile(line, number))
            self.rules[rule][1].append(int(weight.group(1)) if weight else 1)
        for name, (alternatives, weights) in self.rules.items():
            self.rules[name] = (alternatives, list(itertools.accumulate(weights)))

    def _compile(self, line, number):
        """Literals and symbols of one alternative; symbols may stand within a choice."""
        parts, end = [], 0
        while True:
            start = line.find("«", end)
            if start < 0:
                break
            stop = self._closing(line, start, number)
            if start > end:
                parts.append(line[end:start].translate(CONTROLS))
            parts.append(self._symbol(line[start + 1:stop], number))
            end = stop + 1
        if end < len(line):
            parts.append(line[end:].translate(CONTROLS))
        for part in parts:
            if isinstance(part, str) and "»" in part:
                raise GrammarError(f"{self.name}.grammar:{number}: » without its «")
        return parts

    def _closing(self, line, start, number):
        depth = 0
        for at in range(start, len(line)):
            depth += (line[at] == "«") - (line[at] == "»")
            if depth == 0:
                return at
        raise GrammarError(f"{self.name}.grammar:{number}: « without its »")

    def _branches(self, text):
        """text cut at every ~ that is not within a symbol."""
        branches, depth = [""], 0
        for char in text:
            depth += (char == "«") - (char == "»")
            if char == "~" and depth == 0:
                branches.append("")
            else:
                branches[-1] += char
        return branches

    def _symbol(self, text, number):
        if text.startswith("~"):
            return ("choice", [self._compile(branch, number) for branch in self._branches(text[1:])])
        span = re.fullmatch(r"(-?\d+)\.\.(\d+)", text)
        if span:
            return ("number", int(span.group(1)), int(span.group(2)))
        call = CALL.match(text)
        if not call:
            raise GrammarError(f"{self.name}.grammar:{number}: «{text}» is no symbol; the forms are listed in grammar.py")
        filters = [name for name in call["filters"].split("|") if name]
        for name in filters:
            if name not in lexicon.FILTERS:
                raise GrammarError(f"{self.name}.grammar:{number}: no filter {name} in lexicon.FILTERS")
        least, most = int(call["least"] or 1), int(call["most"] or 1)
        return ("call", call["name"], call["bind"], bool(call["maybe"]), least, most, [lexicon.FILTERS[f] for f in filters], call["joint"].translate(CONTROLS))

    def _check(self):
        for rule, (alternatives, _) in self.rules.items():
            if not alternatives:
                raise GrammarError(f"{self.name}.grammar: rule {rule} has no alternatives")
            for parts in alternatives:
                for called in self._calls(parts):
                    if not called.startswith("$") and not self.knows(called):
                        raise GrammarError(f"{self.name}.grammar: rule {rule} asks for «{called}», which no rule defines")

    def _calls(self, parts):
        for part in parts:
            if part[0] == "choice":
                for branch in part[1]:
                    yield from self._calls(branch)
            elif part[0] == "call":
                yield part[1]

    def knows(self, name):
        return name in self.rules or (self.base.knows(name) if self.base else name in lexicon.WORDS)

    def expand(self, name, rng):
        """A random text of the rule called name."""
        return self._expand(name, rng, {}, 0)

    def _expand(self, name, rng, bound, depth):
        if depth > MAX_DEPTH:
            return "x"
        found = self.rules.get(name) or (self.base.rules.get(name) if self.base else None)
        if found is None:
            return lexicon.WORDS[name](rng)
        alternatives, totals = found
        return self._join(rng.choices(alternatives, cum_weights=totals)[0], rng, bound, depth)

    def _join(self, parts, rng, bound, depth):
        out = []
        for part in parts:
            if isinstance(part, str):
                out.append(part)
            elif part[0] == "choice":
                out.append(self._join(rng.choice(part[1]), rng, bound, depth))
            elif part[0] == "number":
                out.append(str(rng.randint(part[1], part[2])))
            else:
                out.append(self._call(part, rng, bound, depth))
        return "".join(out)

    def _call(self, part, rng, bound, depth):
        _, name, bind, maybe, least, most, filters, joint = part
        if maybe and rng.random() < 0.5:
            return ""
        if name.startswith("$"):
            if name[1:] not in bound:
                raise GrammarError(f"{self.name}.grammar: «{name}» is used before «{name[1:]}=…»")
            text = bound[name[1:]]
        else:
            text = joint.join(self._expand(name, rng, bound, depth + 1) for _ in range(rng.randint(least, most)))
        for change in filters:
            text = change(text, rng)
        if bind:
            bound[bind] = text
        return text


_loaded = {}


def load(name):
    """The grammar of grammars/NAME.grammar; read once."""
    if name not in _loaded:
        _loaded[name] = Grammar(name, None if name == "common" else load("common"))
    return _loaded[name]

"""Requests made from the train normals: new ordinary ones, and anomalies of the kinds that CSIC has.

Ordinary ones take each parameter's value from another train request of the
same form, with new digits in numbers and now and then another letter in a
word. Anomalies break one rule that every train normal keeps: a parameter's
name, the characters that may follow each other in a value, its length, the
method, the list of paths (or, where pages are left out of train, what a page's
path looks like). Nothing here reads val or test.
"""

import collections
import random
import re

import record as records
from csic import options, pages
from csic.paths import ENDINGS, Paths

CHECK_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"  # of the Spanish DNI: number mod 23
SYMBOLS = "//**++??..,,''--$!_&;|\"<"  # what train anomalies put into words, the usual ones twice
STRANGE = (" ", "+", "?", "|", "/", "%", "'", "%00", "%20", "%2B", "%3F", "%7C", "@40", "")
FEW = 60  # a parameter with fewer values is a list of choices
RARE = 0.05  # share of values up to which a symbol in its surroundings is unusual
FREE = 4  # of the nine surroundings made of small letters, capitals and digits
SAME = {"pwd": "password"}  # two names of one parameter
LETTERS = "abcdefghijklmnopqrstuvwxyzáéíóúñüçàèò"


def kinds(text):
    """The text with letters and digits replaced by what kind they are, between marks for its ends."""
    return "^" + re.sub("[0-9]", "0", re.sub("[A-ZÀ-Þ]", "A", re.sub("[a-zß-ÿ]", "a", text))) + "$"


class Field:
    """What train normals have in one parameter."""

    def __init__(self, values):
        self.values = sorted(set(values))
        self.choices = len(self.values) < FEW
        self.lengths = {len(value) for value in self.values}
        self.digits = all(re.fullmatch("[0-9]+", value) for value in self.values)
        self.dni = all(re.fullmatch("[0-9]{8}[A-Z]", value) for value in self.values)
        self.accents = any(ord(character) > 127 for value in self.values for character in value)
        self.alphabet = {character for value in self.values for character in kinds(value)}
        self.between = collections.defaultdict(set)  # what stands before and after each symbol
        for before, symbol, after in (triple for value in self.values for triple in self._triples(value)):
            self.between[symbol].add((before, after))
        # A symbol that stands in many surroundings, as in passwords, may stand anywhere.
        self.free = {symbol for symbol, found in self.between.items() if sum(set(pair) <= set("aA0") for pair in found) >= FREE}
        often = collections.Counter(triple for value in self.values for triple in set(self._triples(value)))
        self.unusual = [value for value in self.values if any(often[triple] < RARE * len(self.values) for triple in self._triples(value))]

    @staticmethod
    def _triples(value):
        """Each symbol (no letter, no digit) of a value with its neighbours' kinds."""
        marked = kinds(value)
        return [marked[i - 1:i + 2] for i in range(1, len(marked) - 1) if marked[i] not in "aA0"]

    def ordinary(self, value):
        """Whether the value keeps what all train normals keep."""
        if self.choices or not value:
            return value in self.values
        if len(self.lengths) == 1 and len(value) not in self.lengths:
            return False
        if "@" in self.values[0] and value.count("@") != 1:
            return False
        if not self.alphabet.issuperset(kinds(value)):
            return False
        if self.dni and not re.fullmatch("[0-9]{8}[A-Z]", value):
            return False
        return all(symbol in self.free or (before, after) in self.between[symbol] for before, symbol, after in self._triples(value))

    def fresh(self, rng):
        """An ordinary value."""
        if self.choices:
            return rng.choice(self.values)
        if self.dni:
            number = rng.randrange(10 ** 8)
            return f"{number:08d}{CHECK_LETTERS[number % 23]}"
        # Symbols that may stand where they stand are rare, and what anomalies are about.
        value = rng.choice(self.unusual if self.unusual and rng.random() < 0.3 else self.values)
        if self.digits:
            return "".join(rng.choice("0123456789") for _ in value) if len(self.lengths) == 1 else value
        changed = self._splice(value, rng.choice(self.values), rng) if rng.random() < 0.3 else value
        for _ in range(rng.choice((0, 0, 1, 2))):
            at = rng.randrange(len(changed))
            if changed[at].isalpha():
                letter = rng.choice(LETTERS if self.accents and rng.random() < 0.3 else LETTERS[:26])
                changed = changed[:at] + (letter.upper() if changed[at].isupper() else letter) + changed[at + 1:]
        return changed if self.ordinary(changed) else value

    @staticmethod
    def _splice(one, other, rng):
        """The start of one value and the end of another, cut between small letters; one itself where that cannot be."""
        cuts, ends = ([i for i in range(1, len(value)) if value[i - 1].islower() and value[i].islower()] for value in (one, other))
        return one[:rng.choice(cuts)] + other[rng.choice(ends):] if cuts and ends else one

    def broken(self, value, rng):
        """The value changed so that it no longer keeps the rules; None when ten tries did not find one."""
        for _ in range(10):
            changed, how = value, rng.random()
            if how < 0.06:
                changed = rng.choice(STRANGE)
            elif how < 0.16:
                changed += rng.choice(STRANGE[:-1])
            elif how < 0.75 and (self.digits or self.dni):
                changed = self._number(value, rng)
            else:
                symbol = "@" if "@" in value and rng.random() < 0.6 else rng.choice(SYMBOLS)
                for _ in range(rng.choice((1, 1, 1, 2, 3))):
                    at = rng.randrange(len(changed) + 1)
                    changed = changed[:at] + symbol + changed[at:]
                    symbol = symbol if rng.random() < 0.5 else rng.choice(SYMBOLS)
            if not self.ordinary(changed):
                return changed
        return None

    def _number(self, value, rng):
        at, how = rng.randrange(len(value)), rng.random()
        if how < 0.35:
            return value[:at] + value[at + 1:]
        if how < 0.4:
            return value[:at] + rng.choice("0123456789") + value[at:]
        if how < 0.7:
            at = len(value) - 1 if self.digits else at
            return value[:at] + rng.choice("AAB" if self.digits else "AB0123456789") + value[at + 1:]
        for _ in range(rng.choice((1, 2, 3))):
            at = rng.randrange(len(value))
            value = value[:at] + rng.choice("AB") + value[at + rng.randrange(2):]
        return value


class Maker:
    """Makes requests from the distinct normals of a train split.

    With open_pages, pages that train does not hold are taken to exist: made
    normals without parameters ask for invented ones, in half of the real
    requests without parameters an invented page stands for the known one, and
    no made anomaly is wrong by the mere name of a page.
    """

    def __init__(self, normals, seed, open_pages=False):
        self.rng = random.Random(seed)
        self.paths = Paths(normals) if open_pages else None
        self.template = normals[0]
        values = collections.defaultdict(list)
        self.shapes = collections.Counter()
        for normal in normals:
            shape = pages.shape(normal)
            self.shapes[shape] += 1
            for name, value in pages.parameters(normal):
                values[shape.names, name].append(value)
        self.fields = {at: Field(found) for at, found in values.items()}
        pooled = collections.defaultdict(list)  # free text of one name, whatever the form
        for (_, name), field in self.fields.items():
            if not field.choices and not field.digits:
                pooled[SAME.get(name, name)] += field.values
        pooled = {name: Field(found) for name, found in pooled.items()}
        for names, name in self.fields:
            if not self.fields[names, name].choices and SAME.get(name, name) in pooled:
                self.fields[names, name] = pooled[SAME.get(name, name)]
        self.list = sorted(self.shapes)
        # Pages with one or two normals have many anomalies: they need their share.
        self.weights = [(self.shapes[shape] * len(shape.names) + 40) ** 0.5 for shape in self.list]
        self.places = sorted({shape.place for shape in self.list})
        self.count = 0

    def _build(self, method, place, pairs, label, excerpt):
        self.count += 1
        session = f"{self.rng.getrandbits(128):032X}"
        request = pages.build(self.template, f"made-{self.count}", method, place, pairs, session, label)
        return {**pages.bare(request), "dataset": "excerpt"} if excerpt else request

    def pair(self, excerpt=False):
        """An ordinary request and an anomaly that breaks one rule, mostly the same otherwise; excerpts have a run of their page's parameters."""
        rng = self.rng
        shape = rng.choices(self.list, self.weights)[0]
        method = rng.choice(("GET", "POST")) if shape.names else "GET"
        place = self.paths.invent(rng) if self.paths and not shape.names else shape.place
        pairs = [(name, self.fields[shape.names, name].fresh(rng)) for name in self._run(shape, excerpt)]
        normal = self._build(method, place, pairs, "normal", excerpt)
        how = rng.random()
        if how < 0.08 or not pairs:
            return normal, self._probe(excerpt)
        fields = [self.fields[shape.names, name] for name, _ in pairs]
        at = rng.choices(range(len(pairs)), [1 if field.choices else 3 for field in fields])[0]
        name, value = pairs[at]
        broken = fields[at].broken(value, rng)
        if how < 0.11:
            method = "PUT"
        elif how < 0.21 or broken is None:
            pairs[at] = (self._rename(name), value)
        else:
            pairs[at] = (name, broken)
        return normal, self._build(method, shape.place, pairs, "anomaly", excerpt)

    def renamed(self, request):
        """The request, in half of the cases with an invented page where pages are open."""
        if self.paths is None or self.rng.random() >= options.RENAMED:
            return request
        return self.paths.rename(request, self.rng)

    def excerpt(self, request):
        """The request with a run of its parameters only; of an anomaly, those around the first that breaks a rule."""
        request = self.renamed(request)
        pairs, shape = pages.parameters(request), pages.shape(request)
        names = max((at.names for at in self.list if at.place == shape.place), key=lambda at: len(set(at) & set(shape.names)), default=())
        if len(pairs) < 3 or not names:
            return {**pages.bare(request), "dataset": "real-excerpt"}
        count = self.rng.choice((2, 3, 4))
        at = self.rng.randrange(1 - count, len(pairs))
        if request["label"] != "normal":
            broken = [i for i, (name, value) in enumerate(pairs)
                      if (names, name) not in self.fields or not self.fields[names, name].ordinary(value)]
            if not broken:
                return {**pages.bare(request), "dataset": "real-excerpt"}
            at = broken[0] - self.rng.randrange(count)
        start, end = max(0, at), max(1, at + count)
        head, _, query = request["target"].partition("?")
        body = records.body_bytes(request).decode("latin-1")
        text = "&".join((query or body).split("&")[start:end])
        short = pages.bare({**request, "target": f"{head}?{text}" if query else head, "body": "" if query else text})
        short.pop("body_b64", None)
        return {**short, "dataset": "real-excerpt"}

    def _run(self, shape, excerpt):
        if not excerpt or len(shape.names) < 3:
            return shape.names
        count = self.rng.choice((2, 3, 4))
        at = self.rng.randrange(1 - count, len(shape.names))
        return shape.names[max(0, at):at + count]

    def _rename(self, name):
        how = self.rng.random()
        if how < 0.85:
            return name + "A"
        letter = self.rng.choice("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
        return name + letter if how < 0.95 else letter + name

    def _probe(self, excerpt):
        rng = self.rng
        if self.paths:
            return self._build("GET", self.paths.probe(rng), [], "anomaly", excerpt)
        place, how = rng.choice(self.places), rng.random()
        if how < 0.45:
            place += rng.choice(ENDINGS)
        elif how < 0.8:
            folder = place.rsplit("/", rng.choice((1, 1, 2)))[0]
            name = "".join(rng.choice("abcdefghijklmnopqrstuvwxyz-_0123456789") for _ in range(rng.randrange(3, 14)))
            place = f"{folder}/{name}" + rng.choice(("", ".jsp", ".gif", ".asp", ".html", ".exe") + ENDINGS)
        else:
            at = rng.randrange(1, len(place))
            place = place[:at] + rng.choice("abcdefghijklmnopqrstuvwxyz/.~") + place[at:]
        if place in self.places:
            place += ".old"
        return self._build("GET", place, [], "anomaly", excerpt)


def write(train, path, excerpts_of_each, excerpts, whole, seed, open_pages):
    """Writes the training requests as JSON Lines: all of train, excerpts of each distinct one, and made ones, half of them anomalies."""
    rows = pages.distinct(train)
    maker = Maker([row for row in rows if row["label"] == "normal"], seed, open_pages)
    with open(path, "w", encoding="utf-8") as out:
        for row in train:
            out.write(records.line(maker.renamed(row)))
        for _ in range(excerpts_of_each):
            for row in rows:
                out.write(records.line(maker.excerpt(row)))
        for count, excerpt in ((excerpts, True), (whole, False)):
            for _ in range(count // 2):
                out.writelines(records.line(row) for row in maker.pair(excerpt))

"""Paths of a site's pages: what is a page and what a probe adds to it, and invented pages of the same shape.

A split can keep whole pages out of train. Then "this path was never seen"
says nothing about a request; only what is wrong with the path does: an ending
behind a page's own, a file behind a page, a name or an ending that no page has.
"""

import re

from csic import pages

ENDINGS = (".old", ".bak", ".inc", ".OLD", ".BAK", ".INC", ".Old", ".Bak", ".Inc", "~", ".1", ".zip", ".tar.gz", ".orig", ".copy", ".tmp", ".java", "/")
FOREIGN = (".asp", ".html", ".htm", ".exe", ".cfm", ".php", ".dll", ".cgi", ".cnf", ".nsf", ".do", "")  # of other sites' files, where no page of this one has them
SYLLABLES = [a + b for a in ("", *"bcdfglmnprstvz", "ch", "tr", "pl", "br", "gr", "qu", "ll") for b in ("a", "e", "i", "o", "u", "an", "es", "in", "or", "ue", "io", "al")]


class Paths:
    """The places of a site's normals."""

    def __init__(self, normals):
        self.places = sorted({pages.place(row) for row in normals})
        split = [re.fullmatch(r"(.*)/[^/]*?(\.[A-Za-z0-9]+)?", place) for place in self.places]
        self.kinds = sorted((found[1], found[2] or "") for found in split)  # folder and ending, once for each page
        self.endings = sorted({ending for _, ending in self.kinds if ending})
        folders = {folder for folder, _ in self.kinds}
        # A folder without known pages may hold some, where folders inside it do; the root is every site's.
        above = {folder[:at.start()] for folder in folders for at in re.finditer("/", folder)}
        self.folders = sorted((folders | above) - {""})
        self.roots = {folder.split("/")[1] for folder in self.folders}
        self._page = re.compile(rf"(.*?)/([^/.]+)({'|'.join(map(re.escape, self.endings)) or '(?!)'})(?![A-Za-z0-9])(.*)", re.S)
        values = (value for row in normals for _, value in pages.parameters(row))
        self.words = sorted({word.lower() for value in values for word in re.findall("[A-Za-z]+", value) if 3 <= len(word) <= 12}) or ["page"]

    def parts(self, place):
        """Folder, name, ending of the page that a path begins with, and the rest behind it; None where it begins with none."""
        found = self._page.fullmatch(place)
        return found.groups() if found and found[1] in self.folders else None

    def invent(self, rng):
        """The path of a page that the site might have."""
        while True:
            folder, ending = rng.choice(self.kinds)
            if rng.random() < 0.3:
                folder, ending = rng.choice(self.folders), rng.choice(self.endings) if self.endings else ending
            elif rng.random() < 0.08 and folder:
                folder = f"{folder}/{self._name(rng)}"
            place = f"{folder}/{self._name(rng)}{ending}"
            if place not in self.places:
                return place

    def _name(self, rng):
        how = rng.random()
        if how < 0.4:
            return rng.choice(self.words)
        if how < 0.7:
            return "".join(rng.choice(SYLLABLES) for _ in range(rng.choice((2, 2, 3, 3, 4))))
        if how < 0.8:
            return str(rng.randrange(100))
        if how < 0.87:
            return f"{rng.choice(self.words)}{rng.randrange(10)}"
        if how < 0.94:
            return rng.choice(self.words)[:8] + rng.choice(self.words)[:8]
        return "".join(rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(rng.randrange(3, 9)))

    def rename(self, request, rng):
        """The request with an invented page for the one its path begins with, and all that a probe adds kept.

        Requests with parameters stay as they are (a form's page says what its
        parameters are), and so do anomalies whose path is a page's by its shape:
        there the name is what is wrong.
        """
        place = pages.place(request)
        parts = self.parts(place)
        if parts is None or pages.parameters(request) or (parts[3] == "") != (request["label"] == "normal"):
            return request
        return {**request, "target": self.invent(rng) + parts[3] + request["target"][len(place):]}

    def probe(self, rng):
        """A path that no page of the site has by its shape, whatever its name."""
        how, page = rng.random(), rng.choice(self.places) if rng.random() < 0.5 else self.invent(rng)
        if how < 0.4:
            place = page + rng.choice(ENDINGS)
        elif how < 0.55:
            place = f"{page}/{rng.choice(('', self._foreign(rng)))}" + rng.choice(("", *self.endings)) + rng.choice(("", *ENDINGS))
        elif how < 0.75:
            place = f"{rng.choice(self.folders)}/{self._foreign(rng)}" + rng.choice(("", *self.endings)) + rng.choice(("", *ENDINGS))
        elif how < 0.83:
            place = f"{rng.choice(self.folders)}/{self._name(rng)}{rng.choice(FOREIGN)}"
        elif how < 0.95:
            names = [self._name(rng) for _ in range(rng.choice((1, 2, 2, 3)))]
            if names[0] in self.roots:
                names[0] += "s"
            place = "/" + "/".join(names) + rng.choice((*FOREIGN, *self.endings))
        else:
            place = rng.choice(self.folders) + rng.choice(ENDINGS[:-1])
        return place if place not in self.places else place + ".old"

    def _foreign(self, rng):
        """A file name that no page has: many digits, hyphens, underscores or capitals."""
        words = [rng.choice(self.words) for _ in range(rng.choice((2, 2, 3)))]
        how = rng.random()
        if how < 0.4:
            return str(rng.randrange(10 ** 8, 10 ** rng.choice((10, 14, 19))))
        if how < 0.75:
            return "-".join(words)
        return "_" + "_".join(words) if how < 0.87 else "".join(word.capitalize() for word in words)

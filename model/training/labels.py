"""Classes of attacks where data sets disagree with each other.

The same string is "cmdi" in one public list and "shellshock" in another. The
nine classes can be learnt only where each kind has one name; the rules here
give it one, for training and for judging the class head:

    python3 labels.py FILE.jsonl.gz … > OUT.jsonl      (then: caddy limen eval OUT.jsonl)
"""

import re
import sys
import urllib.parse

import record as records

# (class in the data, what the request holds, class here), the first that fits.
RULES = (
    # ccf-bdci-2022 files header injection under command execution.
    ("cmdi", re.compile(r"%0[da]\s*(%09|%20)?\w[\w-]*:", re.I), "other"),
    ("cmdi", re.compile(r"\(\s*\)\s*\{\s*(:|_|\w+)?\s*;?\s*\}?\s*;"), "shellshock"),
    ("cmdi", re.compile(r"<!--\s*#\s*(exec|include|echo|printenv|set|config)\b", re.I), "other"),
)


def wanted(row):
    """The class of a record of the data pack under the rules; its own where none fits."""
    if row["class"] not in {before for before, _, _ in RULES}:
        return row["class"]
    payload = row.get("payload")
    texts = [payload] if payload else [row["target"], urllib.parse.unquote_plus(row["target"]), urllib.parse.unquote_plus(records.body_text(row))]
    for before, pattern, after in RULES:
        if row["class"] == before and any(pattern.search(text) for text in texts):
            return after
    return row["class"]


def main(paths):
    changed = 0
    for path in paths:
        for row in records.read(path):
            klass = wanted(row)
            changed += klass != row["class"]
            sys.stdout.write(records.line({**row, "class": klass}))
    print(f"{changed} classes changed", file=sys.stderr)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    main(sys.argv[1:])

"""Writes classifier/guard/requests.jsonl.gz: what an adapted model is held against.

    python3 guard.py ../../classifier/guard/requests.jsonl.gz

Two sets of requests from this folder's grammars, each with its own seed: those of
dataset "rehearsal" are learned along with a site's labels, so that the rest stays
known; those of "guard" are never learned from, and say whether it did. Nothing is
read: the file is the same on every machine.
"""

import argparse
import gzip
import json
import random

import families
import ordinary
import record as records

SEEDS = {"rehearsal": 20261, "guard": 20262}
ATTACKS = 5  # of each family
ORDINARY = 110
LONGEST = 1200  # characters of the JSON line
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def size(request):
    return len(records.line(request))


def short(rng):
    while True:
        made = ordinary.request(rng)
        if size(made) <= LONGEST:
            return made


def carrier(rng):
    """A plain request, so that the attack in it is all there is to see."""
    headers = [["Host", "www.example.com"], ["User-Agent", AGENT], ["Accept", "*/*"], ["Cookie", "sid=%016x; theme=dark" % rng.getrandbits(64)]]
    path = rng.choice(("/", "/search", "/api/v1/items", "/shop/product.php", "/account/login", "/blog/2024/05/post", "/index.jsp"))
    return {"method": "GET", "target": "%s?id=%d&q=%s" % (path, rng.randrange(9999), rng.choice(("shoes", "garden", "red+hat", "news"))), "headers": headers}


def attack(name, rng):
    while True:
        request = dict(carrier(rng), dataset="", label="attack")
        request["class"] = families.FAMILIES[name].klass
        families.put(name, True, request, rng)
        if size(request) <= LONGEST:
            return request


def requests():
    for dataset, seed in SEEDS.items():
        rng = random.Random(seed)
        for index in range(ORDINARY):
            made = dict(short(rng), id="%s-ordinary-%03d" % (dataset, index), dataset=dataset, label="normal")
            made["class"] = "none"
            yield made
        for name in sorted(families.FAMILIES):
            for index in range(ATTACKS):
                yield dict(attack(name, rng), id="%s-%s-%d" % (dataset, name, index), dataset=dataset)


def main():
    parser = argparse.ArgumentParser(prog="guard.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", help="the file to write")
    options = parser.parse_args()
    keys = ("id", "dataset", "label", "class", "method", "target", "headers", "body", "body_b64")
    with open(options.out, "wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as out:  # no name and no time: the same bytes
        for request in requests():
            out.write(records.line({key: request[key] for key in keys if request.get(key)}).encode("utf-8"))


if __name__ == "__main__":
    main()

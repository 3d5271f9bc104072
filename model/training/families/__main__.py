"""Prints values of a family, to read by eye."""

import argparse
import random
import sys

import record as records

from . import FAMILIES, put, value


def main():
    parser = argparse.ArgumentParser(prog="families", description=__doc__)
    parser.add_argument("--show", required=True, choices=sorted(FAMILIES), help="the family")
    parser.add_argument("--twin", action="store_true", help="benign twins instead of attacks")
    parser.add_argument("--put", action="store_true", help="whole requests as JSON Lines instead of values")
    parser.add_argument("-n", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    for number in range(options.n):
        if not options.put:
            text = value(options.show, not options.twin, rng)
            print("(structure)" if text is None else text.encode("unicode_escape").decode() if not text.isprintable() else text)
            continue
        request = {"id": f"{options.show}-{number}", "dataset": "show", "label": "normal" if options.twin else "attack", "class": "none" if options.twin else FAMILIES[options.show].klass,
                   "method": "GET", "target": "/a/b?q=1&name=two", "headers": [["Host", "www.example.com"], ["User-Agent", "Mozilla/5.0"], ["Cookie", "sid=1; theme=dark"]]}
        request["dataset"] = put(options.show, not options.twin, request, rng)
        sys.stdout.write(records.line(request))


if __name__ == "__main__":
    main()

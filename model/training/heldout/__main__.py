"""python3 -m heldout --split val|test --out DIR [--seed N]"""

import argparse
import os

from heldout import build


def main():
    parser = argparse.ArgumentParser(prog="heldout", description="Writes held-out requests that judge the classifier: DIR/families.jsonl.gz (attacks) and DIR/ordinary.jsonl.gz (normal).")
    parser.add_argument("--split", required=True, choices=("val", "test"))
    parser.add_argument("--out", required=True, metavar="DIR")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    os.makedirs(options.out, exist_ok=True)
    for name, make in (("families", build.attacks), ("ordinary", build.ordinary)):
        path = os.path.join(options.out, name + ".jsonl.gz")
        records = make(options.split, options.seed)
        build.write(path, records)
        print("%s: %d requests" % (path, len(records)))


if __name__ == "__main__":
    main()

"""Prints texts of a kind, to be read by eye: python3 -m ordinary --show KIND."""

import argparse
import json
import random

import ordinary


def main():
    parser = argparse.ArgumentParser(prog="ordinary", description=__doc__)
    parser.add_argument("--show", default="any", choices=["any", "request", *ordinary.KINDS], help="the kind to print")
    parser.add_argument("-n", type=int, default=20, help="how many")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    for index in range(options.n):
        if options.show == "request":
            print(json.dumps(ordinary.request(rng), ensure_ascii=False))
        elif options.show == "any":
            print("{}: {}\n".format(*ordinary.any(rng)))
        else:
            print(f"--- {index + 1}\n{ordinary.value(options.show, rng)}")


if __name__ == "__main__":
    main()

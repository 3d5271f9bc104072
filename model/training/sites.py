"""Sites of public/train that are kept out of training, to validate on more sites than public/val has.

False alarms come in clusters: one endpoint of one site gives most of them. What
public/val's sixteen sites say about sites that nobody saw is therefore little,
and a threshold chosen on them alone was too low (model card, 0.2.0).
"""

import random

import numpy

import config
import progress
import record as records

SITED = "openappsec-legit"  # the data set whose records name their site


def path(part="val"):
    """File of the requests of the sites that were moved to val, which tokens.py reads as part of it, or of those left in train."""
    return config.BUILD / "sites" / f"{part}.jsonl"


def moved(rows):
    """Names of the sites that validate, a seeded draw from the names in rows."""
    names = sorted({row["site"] for row in rows if row.get("site")})
    return set(random.Random(config.SEED).sample(names, min(config.MOVED_SITES, len(names) // 4)))


def split(rows):
    """(rows that train, rows that validate)."""
    chosen = moved(rows)
    return [row for row in rows if row.get("site") not in chosen], [row for row in rows if row.get("site") in chosen]


def train_rows(source):
    """Rows of one data set of public/train that train."""
    rows = list(records.read(config.PUBLIC / "train" / f"{source}.jsonl.gz"))
    return split(rows)[0] if source == SITED else rows


def numbers(requests):
    """Site of each request [n] as a number, -1 where its record names none."""
    names, by_id = {}, {}
    for file in (config.PUBLIC / "val" / f"{SITED}.jsonl.gz", path()):
        if file.exists():
            for row in records.read(file):
                by_id[row["id"]] = names.setdefault(row["site"], len(names))
    return numpy.array([by_id.get(str(identity), -1) for identity in requests.ids], numpy.int64)


def main():
    rows = list(records.read(config.PUBLIC / "train" / f"{SITED}.jsonl.gz"))
    bar = progress.Bar("sites", len(rows))
    for file, part in zip((path("train"), path("val")), split(rows)):
        file.parent.mkdir(parents=True, exist_ok=True)
        with open(file.with_suffix(".part"), "w", encoding="utf-8") as out:
            for row in part:
                out.write(records.line(row))
                bar.step()
        file.with_suffix(".part").replace(file)
    bar.close()


if __name__ == "__main__":
    main()

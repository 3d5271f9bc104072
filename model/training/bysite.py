"""False alarms by site: how much of a rate is one site's, and the interval that takes sites for what they are.

    python3 bysite.py FILE.jsonl.gz [--model M]

FILE's records name their site (openappsec-legit). Scores come from caddy limen score.
"""

import argparse
import collections
import json
import subprocess

import numpy

import config
import record as records


def interval(flagged, requests, draws=20000):
    """2.5 % and 97.5 % quantiles of the rate when the sites [n] are drawn anew with replacement (cluster bootstrap)."""
    number = len(flagged)
    weight = numpy.random.default_rng(config.SEED).multinomial(number, numpy.full(number, 1 / number), draws)
    return numpy.quantile((weight @ flagged) / (weight @ requests), (0.025, 0.975))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("file")
    parser.add_argument("--model", default="default")
    arguments = parser.parse_args()
    site = {row["id"]: row["site"] for row in records.read(arguments.file)}
    command = [str(config.BUILD / "caddy"), "limen", "score", "--model", arguments.model, arguments.file]
    scored = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout.splitlines()
    total, alarms, classes = collections.Counter(site.values()), collections.Counter(), collections.Counter()
    for line in scored:
        row = json.loads(line)
        if row["decision"] == "block":
            alarms[site[row["id"]]] += 1
            classes[row["class"]] += 1
    names = sorted(total, key=lambda name: (-alarms[name], name))
    for name in names:
        print(f"{name:<24} {alarms[name]:>5} of {total[name]:>6}  {alarms[name] / total[name]:8.3%}")
    flagged, requests = numpy.array([alarms[name] for name in names]), numpy.array([total[name] for name in names])
    low, high = interval(flagged, requests)
    print(f"\n{flagged.sum()} of {requests.sum()}: {flagged.sum() / requests.sum():.3%}, 95 % interval over sites {low:.3%} to {high:.3%}; "
          f"median site {numpy.median(flagged / requests):.3%}, without the worst {flagged[1:].sum() / requests[1:].sum():.3%}; by class {dict(classes.most_common())}")


if __name__ == "__main__":
    main()

"""Figures of binary decisions, the threshold on val, and what `caddy limen eval` says of a model on the test split."""

import collections
import json
import statistics
import subprocess

import numpy

import config
import data
import evaluate
import record as records
from csic import options, pages

LEFT_OUT = "left-out"  # data set name of the val requests that ask for pages left out of train

# What the data pack's signatures and comparisons with the normals guess an anomaly to be.
KINDS = {"sqli": "injection", "xss": "injection", "crlf": "injection", "cmdi": "injection", "nullbyte": "injection", "traversal": "injection",
         "file-probe": "probed file", "param-renamed": "renamed parameter", "odd-value": "odd value", "put-method": "PUT only"}


def kind(record):
    return KINDS.get(record.get("class_guess", ""), "other") if record["label"] != "normal" else "normal"


def figures(anomaly, flagged):
    """Counts, F1, precision, recall (anomalies are the positives) and false-positive rate."""
    hit, missed = int((anomaly & flagged).sum()), int((anomaly & ~flagged).sum())
    alarm, passed = int((~anomaly & flagged).sum()), int((~anomaly & ~flagged).sum())
    return {"f1": round(2 * hit / max(1, 2 * hit + alarm + missed), 6), "precision": round(hit / max(1, hit + alarm), 6),
            "recall": round(hit / max(1, hit + missed), 6), "fpr": round(alarm / max(1, alarm + passed), 6),
            "missed": missed, "alarms": alarm, "anomalies": hit + missed, "normals": alarm + passed}


def threshold(anomaly, odds, blur=options.BLUR, most=8.0):
    """Log-odds limit with the best expected F1, within ±most.

    Each score of val stands for those of requests like it: a logistic
    distribution of the scale blur about it. A few mistakes do not say where in
    the gap between the classes a limit belongs; how their scores thin out
    towards it does.
    """
    limits = numpy.arange(-most, most + 0.01, 0.05)
    above = lambda part: (1 / (1 + numpy.exp(numpy.clip((limits[:, None] - part) / blur, -50, 50)))).sum(axis=1)
    hits, alarms = above(odds[anomaly]), above(odds[~anomaly])
    return float(limits[numpy.argmax(2 * hits / (anomaly.sum() + hits + alarms))])


def val_figures(network, val, device="cpu"):
    """Figures on val at its own threshold (log-odds), that threshold, and the share of anomalies."""
    odds, _ = evaluate.request_scores(val, evaluate.window_scores(network, val, name="val", device=device))
    anomaly = val.label != 0
    limit = threshold(anomaly, odds)
    result = figures(anomaly, odds >= limit)
    if LEFT_OUT in val.names:
        part = val.group == val.names.index(LEFT_OUT)
        result["left_out"], result["left_out_alarms"] = int(part.sum()), int((odds[part] >= limit).sum())
        # F1 without the pages left out: what val said before.
        result["f1_known"] = figures(anomaly[~part], odds[~part] >= limit)["f1"]
    return result, limit, float(anomaly.mean())


def test(model, scheme, wrong):
    """Runs `caddy limen eval` on a scheme's test split; returns its counts, also of requests without a copy in train, and mistakes by kind.

    wrong is the file that receives the mistaken requests; only counts of them are reported.
    """
    command = data.tokens_command()[:-1] + ["eval", "--model", str(model), "--anomaly", "attack", "--json", "--mistakes", str(wrong),
                                            str(pages.path(scheme, "test"))]
    done = subprocess.run(command, cwd=config.REPOSITORY, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise SystemExit(f"judging {model}: {' '.join(command)} failed with status {done.returncode}")
    report = json.loads(done.stdout)
    known = {pages.key(row) for row in records.read(pages.path(scheme, "train"))}
    mistakes = {row["id"]: row for row in records.read(wrong)}
    anomaly, flagged, copied, kinds, missed = [], [], [], collections.Counter(), collections.Counter()
    for row in records.read(pages.path(scheme, "test")):
        bad = row["label"] != "normal"
        anomaly.append(bad)
        flagged.append(bad != (row["id"] in mistakes))
        copied.append(pages.key(row) in known)
        kinds[kind(row)] += 1
        missed[kind(row)] += row["id"] in mistakes
    anomaly, flagged, copied = numpy.array(anomaly), numpy.array(flagged), numpy.array(copied)
    result = {"all": figures(anomaly, flagged), "new": figures(anomaly[~copied], flagged[~copied]), "copied": float(copied.mean()),
              "distinct_mistakes": len({pages.key(row) for row in mistakes.values()}),
              "kinds": {name: [missed[name], count] for name, count in sorted(kinds.items())}, "threshold": report["threshold"],
              "engine": report["engine"]["engine"], "auc": report["overall"]["auc"]}
    if abs(report["overall"]["f1"] - result["all"]["f1"]) > 1e-5:
        raise SystemExit(f"judging {model}: eval says F1 {report['overall']['f1']}, its mistakes say {result['all']['f1']}")
    return result


def spread(values):
    """Mean ± sample standard deviation, or the value alone."""
    if len(values) < 2:
        return f"{values[0]:.5f}"
    return f"{statistics.mean(values):.5f} ± {statistics.stdev(values):.5f}"


def table(results):
    """Markdown tables of the results, a dict from (scheme, seed) to what test returned."""
    lines = ["| scheme | seed | F1 | precision | recall | FPR | missed | false alarms | F1 without copies |", "|---|---|---|---|---|---|---|---|---|"]
    for scheme in sorted({scheme for scheme, _ in results}, reverse=True):
        rows = [(seed, result) for (name, seed), result in sorted(results.items()) if name == scheme]
        for seed, result in rows:
            every, new = result["all"], result["new"]
            lines.append(f"| {scheme} | {seed} | {every['f1']:.5f} | {every['precision']:.5f} | {every['recall']:.5f} | {every['fpr']:.5f} "
                         f"| {every['missed']} of {every['anomalies']:,} | {every['alarms']} of {every['normals']:,} | {new['f1']:.5f} |")
        means = [spread([result["all"][name] for _, result in rows]) for name in ("f1", "precision", "recall", "fpr")]
        lines.append(f"| **{scheme}** | mean | {' | '.join(means)} | | | {spread([result['new']['f1'] for _, result in rows])} |")
    for scheme in sorted({scheme for scheme, _ in results}, reverse=True):
        rows = [(seed, result) for (name, seed), result in sorted(results.items()) if name == scheme]
        lines += ["", f"`{scheme}`: {rows[0][1]['copied']:.1%} of the test requests have an exact copy (method, target, body) in train. "
                  "Mistakes by kind, as rows (distinct requests in all in the last line):", "",
                  "| kind | in test | " + " | ".join(f"wrong, seed {seed}" for seed, _ in rows) + " |", "|---|---|" + "---|" * len(rows)]
        for name in rows[0][1]["kinds"]:
            lines.append(f"| {name} | {rows[0][1]['kinds'][name][1]:,} | " + " | ".join(str(result["kinds"][name][0]) for _, result in rows) + " |")
        lines.append("| distinct mistakes | | " + " | ".join(str(result["distinct_mistakes"]) for _, result in rows) + " |")
    return "\n".join(lines)

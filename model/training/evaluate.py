"""Scores of whole requests, tables by data set, calibration and threshold."""

import math

import numpy
import torch

import config
import network as networks
import progress

TEXT_SETS = ("text-", "api-", "webhooks-")


def window_scores(network, requests, windows=None, name="score", tokens_a_batch=96 * 1024, device="cpu"):
    """Attack log-odds of windows (all by default), float32, in their order."""
    windows = numpy.arange(len(requests.request)) if windows is None else windows
    order = windows[numpy.argsort(requests.length[windows], kind="stable")]
    position = numpy.empty(len(requests.request), numpy.int64)
    position[windows] = numpy.arange(len(windows))
    result = numpy.empty((len(windows), len(config.CLASSES)), numpy.float32)
    bar = progress.Bar(name, len(order))
    network.eval()
    at = 0
    with torch.no_grad():
        while at < len(order):
            longest = max(8, int(requests.length[order[min(at + 4096, len(order)) - 1]]))
            part = order[at:at + max(1, tokens_a_batch // longest)]
            tokens = torch.from_numpy(requests.batch(part, network.config.stride)).to(device)
            result[position[part]] = network(tokens)[0].cpu().numpy()
            at += len(part)
            bar.step(len(part))
    bar.close()
    return result


def log_odds(logits):
    """Attack log-odds [n] of logits [n, classes], in float64."""
    logits = logits.astype(numpy.float64)
    top = logits[:, 1:].max(axis=1)
    return top + numpy.log(numpy.exp(logits[:, 1:] - top[:, None]).sum(axis=1)) - logits[:, 0]


def request_scores(requests, logits):
    """Log-odds and class of each request: those of its highest window."""
    odds = log_odds(logits)
    top, best, owner = requests.request_max(odds)
    assert (owner == numpy.arange(len(requests))).all()
    return best, logits[top, 1:].argmax(axis=1) + 1


def table(requests, odds, classes, limit):
    """One row a data set and label: how many of its requests reach the log-odds limit."""
    rows = []
    for index, name in enumerate(requests.names):
        for label, word in ((0, "normal"), (1, "attack"), (-1, "anomaly")):
            chosen = (requests.group == index) & (requests.label == label)
            if not chosen.any():
                continue
            flagged = chosen & (odds >= limit)
            row = {"name": name, "label": word, "requests": int(chosen.sum()), "flagged": int(flagged.sum())}
            row["fpr" if label == 0 else "tpr" if label == 1 else "rate"] = round(row["flagged"] / row["requests"], 6)
            if label == 1:
                row["class_right"] = int((flagged & (classes == requests.klass)).sum())
            rows.append(row)
    return rows


def show(rows):
    lines = []
    for row in rows:
        rate = row["flagged"] / row["requests"]
        right = f"  class right {row['class_right'] / max(1, row['flagged']):6.1%}" if "class_right" in row else ""
        lines.append(f"{row['name']:<28} {row['label']:<8} {row['flagged']:>6} of {row['requests']:>6}  {rate:8.3%}{right}")
    return "\n".join(lines)


def of_groups(requests, test):
    return numpy.isin(requests.group, [i for i, name in enumerate(requests.names) if test(name)])


def threshold(requests, odds):
    """The lowest log-odds at which every false-positive budget of config holds."""
    limit = -math.inf
    for name, share in config.MAX_FALSE_POSITIVES.items():
        test = (lambda n: n.startswith(TEXT_SETS) and n != "text-html-mdn") if "+" in name else (lambda n, name=name: n == name)
        ordinary = numpy.sort(odds[of_groups(requests, test) & (requests.label == 0)])[::-1]
        allowed = int(share * len(ordinary))
        limit = max(limit, (ordinary[allowed] + ordinary[allowed - 1]) / 2 if allowed else ordinary[0] + 0.01)
    return float(limit)


def auc(requests, odds):
    """Area under the ROC curve of injected attacks against ordinary requests of real sites."""
    negative = numpy.sort(odds[of_groups(requests, lambda n: n == "openappsec-legit")])
    positive = odds[of_groups(requests, lambda n: n == "openappsec-malicious-inj")]
    return float(numpy.searchsorted(negative, positive).mean() / len(negative))


def slope(requests, odds):
    """Slope of a logistic regression of label on log-odds, data sets of a label weighing the same."""
    known = requests.label >= 0
    x, y = odds[known], (requests.label[known] == 1).astype(numpy.float64)
    weight = numpy.ones(len(x))
    for value in (0, 1):
        weight[y == value] /= (y == value).sum()
    a, b = 1.0, 0.0
    for _ in range(50):  # Newton steps, with a light pull to slope 1
        p = 1 / (1 + numpy.exp(-numpy.clip(a * x + b, -40, 40)))
        gradient = numpy.array([(weight * (p - y) * x).sum() + 1e-4 * (a - 1), (weight * (p - y)).sum()])
        curve = weight * p * (1 - p)
        hessian = numpy.array([[(curve * x * x).sum() + 1e-4, (curve * x).sum()], [(curve * x).sum(), curve.sum() + 1e-9]])
        step = numpy.linalg.solve(hessian, gradient)
        a, b = a - step[0], b - step[1]
        if abs(step).max() < 1e-9:
            break
    return float(min(max(a, 0.3), 1.5))


def fold(network, scale, limit):
    """Folds calibration into the head: log-odds become scale·(log-odds - limit) + logit(SHIPPED_THRESHOLD).

    Exact where one attack class dominates; the caller measures the limit again afterwards.
    """
    with torch.no_grad():
        network.head.weight.mul_(scale)
        network.head.bias.mul_(scale)
        network.head.bias[0] += scale * limit - math.log(config.SHIPPED_THRESHOLD / (1 - config.SHIPPED_THRESHOLD))
    assert isinstance(network, networks.Network)

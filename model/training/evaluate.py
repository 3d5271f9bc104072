"""Scores of whole requests, tables by data set, calibration and threshold."""

import math

import numpy
import torch

import config
import network as networks
import progress

TEXT_SETS = ("text-", "api-", "webhooks-")


def window_scores(network, requests, windows=None, name="score", tokens_a_batch=0, device="cpu"):
    """Attack log-odds of windows (all by default), float32, in their order."""
    windows = numpy.arange(len(requests.request)) if windows is None else windows
    tokens_a_batch = tokens_a_batch or (6 * 1024 if device == "cpu" else 96 * 1024)  # what a core's cache holds: three times as fast as large batches
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
    """One row a data set and label: how many of its requests reach the log-odds limit, one or one a request."""
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


def clustered(odds, site, share, draws=None, confidence=0.95):
    """The lowest log-odds at which the false-positive rate of other sites stays within share, as far as these tell.

    odds [n] and site [n] (numbers) are of ordinary requests. Sites are drawn anew,
    with replacement (cluster bootstrap: Field and Welsh, "Bootstrapping clustered
    data", 2007); share bounds the given quantile of the rate over the draws.
    """
    draws = draws or config.SITE_DRAWS
    _, site = numpy.unique(site, return_inverse=True)
    number = site.max() + 1
    order = numpy.argsort(-odds, kind="stable")
    most = min(len(odds) - 1, int(share * 3 * len(odds)) + 1)  # no more can be allowed: the mean is below its upper bound
    flagged = numpy.zeros((most + 1, number))  # of each site, when so many are flagged in all
    for index in range(most):
        flagged[index + 1] = flagged[index]
        flagged[index + 1, site[order[index]]] += 1
    weight = numpy.random.default_rng(config.SEED).multinomial(number, numpy.full(number, 1 / number), draws)
    rate = (weight @ flagged.T) / (weight @ numpy.bincount(site, minlength=number))[:, None]
    allowed = int(numpy.flatnonzero(numpy.quantile(rate, confidence, axis=0) <= share).max())
    return float((odds[order[allowed]] + odds[order[allowed - 1]]) / 2 if allowed else odds[order[0]] + 0.01)


def threshold(requests, odds, site=None, budgets=None, use="training"):
    """The lowest log-odds at which every false-positive budget holds (those of config that judge training by default).

    site [n] is the number of each request's site, -1 where none is known; use says
    which of config.SITE_CONFIDENCE counts.
    """
    limit = -math.inf
    for name, share in (budgets or config.MAX_FALSE_POSITIVES).items():
        if "+" in name:
            test = lambda n: n.startswith(TEXT_SETS) and n != "text-html-mdn"
        else:
            test = lambda n, name=name: n.startswith(name)
        chosen = of_groups(requests, test) & (requests.label == 0)
        if site is not None and chosen.any() and (site[chosen] >= 0).all():
            limit = max(limit, clustered(odds[chosen], site[chosen], share, confidence=config.SITE_CONFIDENCE[use]))
            continue
        ordinary = numpy.sort(odds[chosen])[::-1]
        if not len(ordinary):
            continue
        allowed = int(share * len(ordinary))
        limit = max(limit, (ordinary[allowed] + ordinary[allowed - 1]) / 2 if allowed else ordinary[0] + 0.01)
    return float(limit)


def class_thresholds(requests, odds, classes, site=None):
    """Log-odds limit of each class [number of classes], none's included, by config.THRESHOLDS."""
    limits = numpy.full(len(config.CLASSES), math.inf)
    for names, budgets in config.THRESHOLDS:
        numbers = [config.CLASSES.index(name) for name in names]
        limits[numbers] = threshold(requests, numpy.where(numpy.isin(classes, numbers), odds, -60.0), site, budgets, "shipped")
    return limits


def auc(requests, odds):
    """Area under the ROC curve of injected attacks against ordinary requests of real sites."""
    negative = numpy.sort(odds[of_groups(requests, lambda n: n == "openappsec-legit")])
    positive = odds[of_groups(requests, lambda n: n == "openappsec-malicious-inj")]
    return float(numpy.searchsorted(negative, positive).mean() / len(negative))


def prior_weights(label, prior):
    """Weight of each request so that attacks make up the share prior and ordinary requests the rest."""
    weight = numpy.zeros(len(label))
    weight[label == 1] = prior / max(1, (label == 1).sum())
    weight[label == 0] = (1 - prior) / max(1, (label == 0).sum())
    return weight


def calibration(requests, odds, prior):
    """Scale a and shift b for which 1/(1+exp(-(a·odds+b))) is the probability of an attack at the prior.

    Platt, "Probabilistic outputs for support vector machines" (1999): a logistic
    regression with his smoothed targets, so that no finite sample asks for certainty.
    """
    known = requests.label >= 0
    x, label = odds[known], requests.label[known]
    weight = prior_weights(label, prior)
    attacks, ordinary = (label == 1).sum(), (label == 0).sum()
    y = numpy.where(label == 1, (attacks + 1) / (attacks + 2), 1 / (ordinary + 2))
    a, b = 1.0, 0.0
    for _ in range(100):  # damped Newton steps
        p = 1 / (1 + numpy.exp(-numpy.clip(a * x + b, -60, 60)))
        gradient = numpy.array([(weight * (p - y) * x).sum(), (weight * (p - y)).sum()])
        curve = weight * p * (1 - p)
        hessian = numpy.array([[(curve * x * x).sum() + 1e-9, (curve * x).sum()], [(curve * x).sum(), curve.sum() + 1e-9]])
        step = numpy.linalg.solve(hessian, gradient)
        step /= max(1.0, abs(step).max())
        a, b = a - step[0], b - step[1]
        if abs(step).max() < 1e-10:
            break
    return float(a), float(b)


def calibration_error(label, odds, prior, bins=15):
    """Expected calibration error of scores at the prior, equal-width bins (Naeini et al. 2015)."""
    known = label >= 0
    weight, score = prior_weights(label[known], prior), 1 / (1 + numpy.exp(-odds[known]))
    cell = numpy.minimum((score * bins).astype(int), bins - 1)
    error = 0.0
    for index in range(bins):
        part = cell == index
        mass = weight[part].sum()
        if mass > 0:
            error += abs((weight[part] * score[part]).sum() - (weight[part] * (label[known][part] == 1)).sum())
    return float(error)


def fold(network, scale, shift):
    """Folds calibration into the head: log-odds become scale·log-odds + shift.

    Exact where one attack class dominates; the caller measures the threshold afterwards.
    """
    with torch.no_grad():
        network.head.weight.mul_(scale)
        network.head.bias.mul_(scale)
        network.head.bias[0] -= shift
    assert isinstance(network, networks.Network)

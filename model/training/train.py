"""Trains the network on the tokens of runs/train.npz; resumes from runs/checkpoint.pt.

Windows of ordinary requests are all negatives; of an attack only the window
with the highest score is a positive (multiple-instance learning). Every epoch
scores the training windows again and reads all hard ones and a share of the
easy ones.
"""

import argparse
import copy
import dataclasses
import json
import math
import pathlib
import time

import numpy
import torch
from torch.nn import functional

import config
import data
import evaluate
import harden
import network as networks
import progress
import sites


STOP_AFTER = None  # epochs after which to stop early, as an interruption would: for the test of resuming


def weights(requests):
    """Weight of each request in the loss, from its data set's name."""
    by_source = {source.name: source for source in config.SOURCES}
    table = []
    for name in requests.names:
        plain, _, weak = name.partition("~")
        source = by_source.get(plain) or by_source.get(plain.split("/")[0]) or config.Source(plain)
        table.append(source.weight * (source.weak if weak else 1.0))
    return numpy.array(table, numpy.float32)[requests.group]


def choose(requests, odds, epoch, options, rng):
    """Window numbers of an epoch. odds is None before the first scoring pass."""
    single = numpy.bincount(requests.request)[requests.request] == 1
    attack = requests.label[requests.request] == 1
    number = len(requests.request)
    if odds is None:
        share = numpy.where(attack, numpy.where(single, 0.7, 0.0), 0.15)
        return numpy.flatnonzero(rng.random(number) < share)
    logit = lambda p: math.log(p / (1 - p))
    share = numpy.where(odds < logit(options.easy_score), options.easy_share,
                        numpy.where(odds < logit(options.hard_score), options.middle_share, 1.0))
    keep = ~attack & (rng.random(number) < share)
    negatives = numpy.flatnonzero(keep)
    # No request gives more than most_windows: its hardest ones.
    order = negatives[numpy.lexsort((-odds[negatives], requests.request[negatives]))]
    owners = requests.request[order]
    first = numpy.searchsorted(owners, owners)
    negatives = order[numpy.arange(len(order)) - first < options.most_windows]
    positives = numpy.flatnonzero(attack)
    top, best, _ = requests.request_max(odds[positives], positives)
    share = numpy.where(best > logit(options.found_score), options.found_share, 1.0)
    return numpy.concatenate([negatives, top[rng.random(len(top)) < share]])


def mine(network, requests, odds, options, rng, device):
    """Log-odds of the training windows. Those far from any doubt keep their last one, mostly."""
    if odds is None:
        windows = numpy.arange(len(requests.request))
        odds = numpy.empty(len(windows), numpy.float32)
    else:
        first = numpy.flatnonzero(numpy.append(True, requests.request[1:] != requests.request[:-1]))
        best = numpy.maximum.reduceat(odds, first)[requests.request]
        # Of an attack, the windows that may hold it; of an ordinary request, those near a false alarm.
        doubtful = odds > numpy.where(requests.label[requests.request] == 1, best - 4, math.log(options.easy_score) - 2)
        windows = numpy.flatnonzero(doubtful | (rng.random(len(odds)) < options.remine_share))
        odds = odds.copy()
    odds[windows] = evaluate.log_odds(evaluate.window_scores(network, requests, windows, "mine", device=device))
    return odds


def epoch_steps(windows, requests, options, rng):
    """Lists of chunks of window numbers; a chunk's windows have about the same length."""
    shuffled = rng.permutation(windows)
    for at in range(0, len(shuffled), options.batch):
        part = shuffled[at:at + options.batch]
        part = part[numpy.argsort(requests.length[part], kind="stable")]
        yield [chunk for chunk in numpy.array_split(part, options.chunks) if len(chunk)]


def disturb(tokens, share, rng):
    """Replaces a share of the byte tokens by other bytes, in place; marks and padding stay."""
    count = int(tokens.size * share)
    rows, columns = rng.integers(0, tokens.shape[0], count), rng.integers(0, tokens.shape[1], count)
    bytes_only = (tokens[rows, columns] >= 1) & (tokens[rows, columns] <= 256)
    tokens[rows[bytes_only], columns[bytes_only]] = rng.integers(33, 128, int(bytes_only.sum()))


def hardens(epoch, options):
    """Whether an epoch begins with a round of requests made against the network of the moment."""
    return epoch >= options.harden_from and (epoch - options.harden_from) % options.harden_every == 0


def train(options, device, cache, checkpoint, history_path, fresh, start="", rounds=()):
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    requests, val = data.Requests(cache), data.Requests(config.BUILD / "val.npz")
    for earlier in rounds:
        requests.append(earlier)
    site = sites.numbers(val)
    network = networks.Network(config.NETWORK).to(device)
    average = copy.deepcopy(network)
    decay = [p for n, p in network.named_parameters() if n.endswith("weight") and "embedding" not in n]
    rest = [p for n, p in network.named_parameters() if not (n.endswith("weight") and "embedding" not in n)]
    optimizer = torch.optim.AdamW([{"params": decay, "weight_decay": options.weight_decay}, {"params": rest, "weight_decay": 0.0}], lr=options.rate)
    history, first, odds, grown = [], 0, None, None
    if checkpoint.exists() and not fresh:
        state = torch.load(checkpoint, map_location=device)
        network.load_state_dict(state["network"])
        average.load_state_dict(state["average"])
        if state["optimizer"]:  # none where the network was grown since
            optimizer.load_state_dict(state["optimizer"])
        history, first, odds, grown = state["history"], state["epoch"] + 1, state["odds"], state.get("grown")
        for epoch in filter(lambda epoch: hardens(epoch, options), range(first)):
            requests.append(harden.make(average, epoch, options.seed))
        if first and (odds is None or len(odds) != len(requests.request)):  # other tokens since
            odds = mine(average, requests, None, options, None, device)
    elif start:  # the weights of an earlier run, nothing else of it
        state = torch.load(start, map_location=device)
        network.load_state_dict(state["average"])
        average.load_state_dict(state["average"])
        odds = mine(average, requests, None, options, None, device)
    print(f"{len(requests)} requests, {len(requests.request)} windows, {len(requests.tokens) / 1e6:.0f} M tokens; "
          f"{sum(p.numel() for p in network.parameters())} weights; from epoch {first}", flush=True)
    for epoch in range(first, min(options.epochs, STOP_AFTER or options.epochs)):
        rng = numpy.random.default_rng([options.seed, epoch])
        torch.manual_seed(options.seed * 1000 + epoch)
        started = time.monotonic()
        if hardens(epoch, options):
            requests.append(harden.make(average, epoch, options.seed))
            if odds is not None:
                odds = numpy.concatenate([odds, evaluate.log_odds(evaluate.window_scores(average, requests, numpy.arange(len(odds), len(requests.request)), "harden", device=device))])
        weight = weights(requests)
        windows = choose(requests, odds, epoch, options, rng)
        steps = math.ceil(len(windows) / options.batch)
        bar = progress.Bar(f"epoch {epoch}", steps)
        network.train()
        total, seen = 0.0, 0.0
        for step, chunks in enumerate(epoch_steps(windows, requests, options, rng)):
            done = (epoch + step / steps) / options.epochs
            rate = options.rate * (0.5 + 0.5 * math.cos(math.pi * done)) + 1e-5
            if epoch == 0:
                rate *= min(1.0, (step + 1) / options.warmup)
            for group in optimizer.param_groups:
                group["lr"] = rate
            optimizer.zero_grad(set_to_none=True)
            for chunk in chunks:
                owner = requests.request[chunk]
                # What comes before a payload must not matter: every epoch pools it in other cells.
                whole = requests.offsets[owner + 1] - requests.offsets[owner] == requests.length[chunk]
                shift = numpy.where(whole, rng.integers(0, config.NETWORK.stride, len(chunk)), 0) if options.shift else None
                move = rng.integers(-options.move, options.move + 1, len(chunk)) if options.move else None
                tokens = requests.batch(chunk, config.NETWORK.stride, shift, move)
                if rng.random() < 0.5:
                    disturb(tokens, options.noise, rng)
                tokens = torch.from_numpy(tokens).to(device)
                target = torch.from_numpy(requests.klass[owner].astype(numpy.int64)).to(device)
                share = torch.from_numpy(weight[owner]).to(device)
                loss = (functional.cross_entropy(network(tokens, options.dropout, options.channel_dropout)[0], target, reduction="none",
                                                 label_smoothing=options.smoothing) * share).sum()
                (loss / options.batch).backward()
                total += loss.item()
                seen += float(share.sum())
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            with torch.no_grad():
                network.embedding.weight[0].zero_()
                keep = min(options.average, (epoch * steps + step + 1) / (epoch * steps + step + 10))
                for mean, live in zip(average.parameters(), network.parameters()):
                    mean.lerp_(live, 1 - keep)
            bar.step(note=f"loss {total / max(seen, 1e-9):.4f}")
        bar.close()
        report = judge(average, val, site, device)
        report.update(epoch=epoch, loss=round(total / seen, 5), windows=len(windows), seconds=round(time.monotonic() - started))
        history.append(report)
        print(json.dumps(report), flush=True)
        if epoch + 1 < options.epochs and (odds is None or (epoch + 1) % options.mine_every == 0):
            odds = mine(average, requests, odds, options, rng, device)
        part = checkpoint.with_suffix(".part")
        torch.save({"network": network.state_dict(), "average": average.state_dict(), "optimizer": optimizer.state_dict(),
                    "history": history, "epoch": epoch, "odds": odds, "options": dataclasses.asdict(options), "start": start, "grown": grown, "config": dataclasses.asdict(config.NETWORK)}, part)
        part.replace(checkpoint)
        history_path.write_text(json.dumps(history, indent=1))
    return average, history


def judge(network, val, site=None, device="cpu"):
    """The figures of public/val, with the sites moved there, that choices are made by."""
    odds, classes = evaluate.request_scores(val, evaluate.window_scores(network, val, name="val", device=device))
    limit = evaluate.threshold(val, odds, site)

    def rate(test, label=1):
        chosen = odds[evaluate.of_groups(val, test) & (val.label == label)]
        return round(float((chosen >= limit).mean()), 5) if len(chosen) else None

    return {"limit": round(limit, 3), "auc": round(evaluate.auc(val, odds), 6),
            "inj": rate(lambda n: n == "openappsec-malicious-inj"), "as_is": rate(lambda n: n == "openappsec-malicious"),
            "sqlmap": rate(lambda n: n == "sqlmap-payloads"), "pat": rate(lambda n: n == "payloadsallthethings"),
            "fwaf": rate(lambda n: n == "fwaf-badqueries"), "httpparams": rate(lambda n: n == "httpparams"), "bdci": rate(lambda n: n == "ccf-bdci-2022"),
            "legit": rate(lambda n: n == "openappsec-legit", 0), "texts": rate(lambda n: n.startswith("text-") and n != "text-html-mdn", 0),
            "families": rate(lambda n: n.startswith("heldout-")), "hard_texts": rate(lambda n: n.startswith("heldout-text"), 0),
            "apis": rate(lambda n: n.startswith(("api-", "webhooks-")), 0), "mdn": rate(lambda n: n == "text-html-mdn", 0)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for field in dataclasses.fields(config.TrainConfig):
        parser.add_argument("--" + field.name.replace("_", "-"), type=field.type if callable(field.type) else type(field.default), default=field.default)
    parser.add_argument("--fresh", action="store_true", help="start over even if there is a checkpoint")
    parser.add_argument("--start", default="", help="checkpoint of an earlier run to take the weights from")
    parser.add_argument("--rounds", default="", help="folder of an earlier run's rounds of adversarial training, to read as well")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    arguments = vars(parser.parse_args())
    device, fresh, start, rounds = (arguments.pop(name) for name in ("device", "fresh", "start", "rounds"))
    rounds = sorted(pathlib.Path(rounds).glob("epoch*.npz")) if rounds else []
    options = config.TrainConfig(**arguments)
    train(options, device, config.BUILD / "train.npz", config.BUILD / "checkpoint.pt", config.BUILD / "history.json", fresh, start, rounds)


if __name__ == "__main__":
    main()

"""The training loop: one network, one scheme, one seed; goes on from its last epoch."""

import copy
import dataclasses
import math
import time

import numpy
import torch
from torch.nn import functional

import evaluate
import network as networks
import progress
from csic import judge, options as choices

class Pool:
    """The training requests of a cache, and which of them an epoch reads."""

    def __init__(self, requests, keys, left_out):
        """keys has one number for each request of the data set, the same for copies; excerpts stand in the order of the numbers.

        left_out are the numbers that are never read.
        """
        if len(requests.request) != len(requests):
            raise SystemExit("reading the training requests: one is longer than a window; make WINDOW in csic/options.py larger")
        self.requests = requests
        self.allowed = ~numpy.isin(numpy.arange(keys.max() + 1), sorted(left_out))
        number = numpy.arange(len(requests))
        of = lambda name: number[requests.group == requests.names.index(name)]
        order = numpy.argsort(keys, kind="stable")
        self.copies = numpy.split(of("csic2010")[order], numpy.flatnonzero(numpy.diff(keys[order])) + 1)
        self.made_excerpts, self.made = of("excerpt"), of("made")
        if len(of("real-excerpt")) % len(self.copies):
            raise SystemExit("reading the training requests: they are not those of this data; delete the csic folder of the runs")
        self.excerpts = of("real-excerpt").reshape(-1, len(self.copies))
        self.loss = numpy.full(len(self.copies), numpy.inf)  # of each distinct request when last read

    def epoch(self, epoch, options, rng, network, device):
        """Request numbers to read and, of each, the number of its distinct request (-1 for made ones)."""
        keep = (self.loss > options.easy_loss) | (rng.random(len(self.loss)) < options.easy_share)
        if epoch == 0:  # the first steps learn the same from half of it
            keep = rng.random(len(self.loss)) < 0.5
        distinct, whole, made = numpy.flatnonzero(keep & self.allowed), options.whole_share, options.made
        rows = [self.hard(self.made_excerpts[epoch * options.made_excerpts:(epoch + 1) * options.made_excerpts], epoch, options, rng, network, device)]
        first = epoch * options.made
        last = epoch - (options.epochs - options.whole_epochs)
        if last >= 0:
            whole, made = 1, options.made_last
            first = (options.epochs - options.whole_epochs) * options.made + last * made
        rows.append(self.made[first:first + made])
        owners = [numpy.full(len(part), -1) for part in rows]
        if last < 0:
            rows.append(self.excerpts[epoch % len(self.excerpts), distinct])
            owners.append(distinct)
        for at in distinct[rng.random(len(distinct)) < whole]:
            # Many copies say that a request is common; the square root keeps them from crowding out the rest.
            take = min(options.most_copies, int(math.sqrt(len(self.copies[at]))))
            rows.append(rng.choice(self.copies[at], take, replace=False))
            owners.append(numpy.full(take, at))
        return numpy.concatenate(rows), numpy.concatenate(owners)

    def hard(self, rows, epoch, options, rng, network, device):
        """Of made excerpts, those that the network does not yet tell and a share of the others; in the first epoch half of all."""
        if epoch == 0:
            return rows[:len(rows) // 2]
        odds = evaluate.log_odds(evaluate.window_scores(network, self.requests, rows, "mine", device=device))
        loss = numpy.logaddexp(0, numpy.where(self.requests.klass[rows] != 0, -odds, odds))
        return rows[(loss > options.easy_loss) | (rng.random(len(rows)) < options.made_easy_share)]


def batches(rows, lengths, options, rng):
    """Lists of chunks of indices into rows; a chunk's requests have about the same length."""
    shuffled = rng.permutation(len(rows))
    for at in range(0, len(shuffled), options.batch):
        part = shuffled[at:at + options.batch]
        part = part[numpy.argsort(lengths[part], kind="stable")]
        yield [chunk for chunk in numpy.array_split(part, options.chunks) if len(chunk)]


def optimizer_of(network, options):
    decay = [p for n, p in network.named_parameters() if n.endswith("weight") and "embedding" not in n]
    rest = [p for n, p in network.named_parameters() if not (n.endswith("weight") and "embedding" not in n)]
    return torch.optim.AdamW([{"params": decay, "weight_decay": options.weight_decay}, {"params": rest, "weight_decay": 0.0}], lr=options.rate)


def fit(requests, keys, left_out, val, options, device, checkpoint):
    """Trains on the requests of a cache (keys tell copies apart, left_out says which to leave alone); returns the averaged network and the history."""
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.set_flush_denormal(True)
    network = networks.Network(choices.NETWORK).to(device)
    average = copy.deepcopy(network)
    optimizer = optimizer_of(network, options)
    pool, history, first = Pool(requests, keys, left_out), [], 0
    if checkpoint.exists():
        state = torch.load(checkpoint, map_location=device)
        if {**state["options"], "threads": options.threads} != dataclasses.asdict(options) or len(state["loss"]) != len(pool.loss):
            raise SystemExit(f"going on from {checkpoint}: it was made with other options or data; delete it to start over")
        network.load_state_dict(state["network"])
        average.load_state_dict(state["average"])
        optimizer.load_state_dict(state["optimizer"])
        history, first, pool.loss = state["history"], state["epoch"] + 1, state["loss"]
    for epoch in range(first, options.epochs):
        rng = numpy.random.default_rng([options.seed, epoch])
        torch.manual_seed(options.seed * 1000 + epoch)
        started = time.monotonic()
        rows, owners = pool.epoch(epoch, options, rng, average, device)
        lengths = requests.length[rows]
        steps, losses = math.ceil(len(rows) / options.batch), numpy.zeros(len(rows))
        bar = progress.Bar(f"epoch {epoch}", steps)
        network.train()
        for step, chunks in enumerate(batches(rows, lengths, options, rng)):
            done = (epoch + step / steps) / options.epochs
            rate = options.rate * (0.5 + 0.5 * math.cos(math.pi * done)) + 1e-5
            if epoch == 0:
                rate *= min(1.0, (step + 1) / options.warmup)
            for group in optimizer.param_groups:
                group["lr"] = rate
            optimizer.zero_grad(set_to_none=True)
            for chunk in chunks:
                tokens = torch.from_numpy(requests.batch(rows[chunk], choices.NETWORK.stride)).to(device)
                target = torch.from_numpy(requests.klass[rows[chunk]].astype(numpy.int64)).to(device)
                loss = functional.cross_entropy(network(tokens, options.dropout)[0], target, reduction="none")
                (loss.sum() / options.batch).backward()
                losses[chunk] = loss.detach().cpu().numpy()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            with torch.no_grad():
                network.embedding.weight[0].zero_()
                keep = min(options.average, (epoch * steps + step + 1) / (epoch * steps + step + 10))
                for mean, live in zip(average.parameters(), network.parameters()):
                    mean.lerp_(live, 1 - keep)
            bar.step(note=f"loss {losses.sum() / options.batch / (step + 1):.5f}")
        bar.close()
        pool.loss[owners[owners >= 0]] = losses[owners >= 0]
        history.append({"epoch": epoch, "read": len(rows), "loss": round(float(losses.mean()), 6)})
        if (epoch + 1) % options.judge_every == 0 or epoch + 1 == options.epochs:
            history[-1]["val"] = judge.val_figures(average, val, device)[0]
        history[-1]["seconds"] = round(time.monotonic() - started)
        print(f"{checkpoint.parent.name}: {history[-1]}", flush=True)
        part = checkpoint.with_suffix(".part")
        torch.save({"network": network.state_dict(), "average": average.state_dict(), "optimizer": optimizer.state_dict(),
                    "history": history, "epoch": epoch, "loss": pool.loss, "options": dataclasses.asdict(options)}, part)
        part.replace(checkpoint)
    return average.eval(), history

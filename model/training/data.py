"""Tokens as arrays: runs the Go tokenizer over request files and keeps what it prints.

A cache file holds, for n requests and t tokens: tokens uint16 [t], offsets
int64 [n+1], label int8 [n] (0 ordinary, 1 attack, -1 anomaly), class int8 [n],
dataset (names) and group int16 [n] (index in names), and the ids.
"""

import base64
import json
import os
import shlex
import subprocess

import numpy

import config
import progress

LABELS = {"normal": 0, "attack": 1, "anomaly": -1}


def tokens_command():
    return shlex.split(os.environ.get("LIMEN_TOKENS", "go run ./cmd/caddy limen tokens"))


def tokenize(paths, cache, total=0):
    """Tokenizes request files into the cache file."""
    process = subprocess.Popen(tokens_command() + [str(path) for path in paths], cwd=config.REPOSITORY, stdout=subprocess.PIPE)
    bar = progress.Bar("tokens", total or 1)
    chunks, lengths, labels, classes, groups, ids, names = [], [], [], [], [], [], {}
    for line in process.stdout:
        row = json.loads(line)
        raw = numpy.frombuffer(base64.b64decode(row["tokens"]), dtype="<u2")
        chunks.append(raw)
        lengths.append(len(raw))
        labels.append(LABELS[row["label"]])
        classes.append(config.CLASSES.index(row["class"]))
        groups.append(names.setdefault(row["dataset"], len(names)))
        ids.append(row["id"])
        bar.step()
    bar.close()
    if process.wait() != 0:
        raise SystemExit(f"tokenizing {paths[0]} …: the command {' '.join(tokens_command())} failed with status {process.returncode}")
    cache.parent.mkdir(parents=True, exist_ok=True)
    part = cache.with_suffix(".part.npz")
    numpy.savez(part, tokens=numpy.concatenate(chunks), offsets=numpy.concatenate([[0], numpy.cumsum(lengths)]).astype(numpy.int64),
                label=numpy.array(labels, numpy.int8), klass=numpy.array(classes, numpy.int8), group=numpy.array(groups, numpy.int16),
                names=numpy.array(list(names)), ids=numpy.array(ids))
    part.replace(cache)


class Requests:
    """The requests of a cache file and their windows."""

    def __init__(self, cache):
        with numpy.load(cache) as stored:
            self.tokens, self.offsets = stored["tokens"], stored["offsets"]
            self.label, self.klass, self.group = stored["label"], stored["klass"], stored["group"]
            self.names, self.ids = [str(name) for name in stored["names"]], stored["ids"]
        self.request, self.start, self.length = self._windows()

    def __len__(self):
        return len(self.label)

    def append(self, cache):
        """Adds the requests of another cache file behind these; their windows come behind, too."""
        other = Requests(cache)
        names = {name: index for index, name in enumerate(self.names)}
        group = numpy.array([names.setdefault(name, len(names)) for name in other.names], numpy.int16)
        self.names = list(names)
        self.group = numpy.concatenate([self.group, group[other.group]])
        self.offsets = numpy.concatenate([self.offsets, self.offsets[-1] + other.offsets[1:]])
        self.tokens = numpy.concatenate([self.tokens, other.tokens])
        self.label, self.klass = numpy.concatenate([self.label, other.label]), numpy.concatenate([self.klass, other.klass])
        self.ids = numpy.concatenate([self.ids, other.ids])
        self.request, self.start, self.length = self._windows()

    def _windows(self):
        """Same rule as Sequence.Windows in package classifier."""
        window, step = config.TOKENIZER["window"], config.TOKENIZER["window"] - config.TOKENIZER["overlap"]
        sizes = numpy.diff(self.offsets)
        counts = numpy.where(sizes <= window, 1, numpy.ceil((sizes - window) / step).astype(numpy.int64) + 1)
        request = numpy.repeat(numpy.arange(len(sizes)), counts)
        number = numpy.arange(len(request)) - numpy.repeat(numpy.cumsum(counts) - counts, counts)
        within = numpy.minimum(number * step, numpy.maximum(sizes[request] - window, 0))
        return request.astype(numpy.int32), self.offsets[request] + within, numpy.minimum(sizes[request], window).astype(numpy.int32)

    def batch(self, windows, multiple, shift=None, move=None):
        """Tokens int64 [n, L] of the given window numbers, padded to a multiple.

        shift [n] puts as many padding tokens before each window: it moves the cells that pooling joins.
        move [n] starts each window so many tokens later, or earlier, as far as its request goes.
        """
        shift = numpy.zeros(len(windows), numpy.int64) if shift is None else shift
        length = int(-(-(self.length[windows] + shift).max() // multiple) * multiple)
        out = numpy.zeros((len(windows), length), numpy.int64)
        starts = self.start[windows]
        if move is not None:
            owner = self.request[windows]
            starts = numpy.clip(starts + move, self.offsets[owner], self.offsets[owner + 1] - self.length[windows])
        for row, (start, size, before) in enumerate(zip(starts, self.length[windows], shift)):
            out[row, before:before + size] = self.tokens[start:start + size]
        return out

    def request_max(self, values, windows=None):
        """Per request, the number of its window with the largest value, and that value."""
        request = self.request if windows is None else self.request[windows]
        order = numpy.lexsort((values, request))
        last = numpy.append(request[order][1:] != request[order][:-1], True)
        top = order[last]
        return (top if windows is None else windows[top]), values[top], request[top]

"""Every choice of the training in one place: data, augmentation, network, schedule.

Paths come from the environment so that no machine is named here:

    LIMEN_SHARED   folder that holds data/public (default: ../shared beside the repository)
    LIMEN_BUILD    scratch folder for augmented requests, tokens and checkpoints
                   (default: model/training/runs, ignored by git)
    LIMEN_TOKENS   command that turns request files into tokens
                   (default: go run ./cmd/caddy limen tokens)
"""

import dataclasses
import os
import pathlib

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
SHARED = pathlib.Path(os.environ.get("LIMEN_SHARED", REPOSITORY.parent / "shared")).resolve()
BUILD = pathlib.Path(os.environ.get("LIMEN_BUILD", REPOSITORY / "model" / "training" / "runs")).resolve()
PUBLIC = SHARED / "data" / "public"
DEFAULT = REPOSITORY / "model" / "default"

# The tokenizer is Go code (package classifier); these four numbers must be its.
TOKENIZER = {"version": 1, "vocabulary": 320, "window": 320, "overlap": 64}

CLASSES = ["none", "sqli", "xss", "traversal", "cmdi", "log4shell", "shellshock", "xxe", "other"]

NAME = "limen-http"
VERSION = "0.5.0"


@dataclasses.dataclass(frozen=True)
class Block:
    """One convolution with its pool: kernel (odd), output channels (multiple of 8), pool."""

    kernel: int
    channels: int
    pool: int


@dataclasses.dataclass(frozen=True)
class NetworkConfig:
    vocabulary: int = TOKENIZER["vocabulary"]
    embedding: int = 16
    blocks: tuple = (Block(7, 32, 4), Block(3, 64, 2), Block(3, 112, 1), Block(3, 112, 1))
    features: int = 64
    classes: int = len(CLASSES)

    @property
    def stride(self):
        """Tokens a last-block cell spans: engines pad windows to a multiple of it."""
        product = 1
        for block in self.blocks:
            product *= block.pool
        return product

    def cost(self):
        """Multiply-adds a token, without the first convolution (engines fold it into a table)."""
        total, rate, channels = 0.0, 1, self.blocks[0].channels
        for before, block in zip(self.blocks, self.blocks[1:]):
            rate *= before.pool
            total += block.kernel * channels * block.channels / rate
            channels = block.channels
        return total


NETWORK = NetworkConfig()


# --- data ---------------------------------------------------------------------

def heldout(split):
    """Files of our own held-out requests (package heldout), made by make; none for train."""
    return sorted((BUILD / "heldout" / split).glob("*.jsonl.gz"))


# Per data set of public/train: share of requests that also come with other
# headers, and weight in the loss. Anomalies of csic-torpeda-2012 are no attacks
# and no ordinary traffic either: they are left out.
@dataclasses.dataclass(frozen=True)
class Source:
    name: str
    reheader: float = 0.5
    weight: float = 1.0
    weak: float = 0.3  # share of the weight that rows marked weak have


SOURCES = (
    Source("openappsec-legit", 0.25, 1.5),
    Source("openappsec-malicious-inj", 1.0, 1.0),
    Source("openappsec-malicious", 0.2, 0.5),  # payload list: its carrier gives it away
    Source("payloadsallthethings", 0.6, 1.0),
    Source("sqlmap-payloads", 0.6, 1.0),
    Source("fwaf-badqueries", 0.6, 0.7),
    Source("httpparams", 0.4, 0.7),
    Source("ccf-bdci-2022", 0.6, 1.8, 0.7),  # its weak rows are probes for one product's hole
    Source("csic-torpeda-2012", 0.1, 0.15),
    Source("api-contentful", 0.5),
    Source("api-datadog", 0.5),
    Source("api-llm-pydantic-ai", 0.5),
    Source("api-mastodon", 0.5),
    Source("api-pygithub", 0.5),
    Source("text-30s", 0.7),
    Source("text-book-search", 0.7),
    Source("text-html-mdn", 0.7, 0.7),
    Source("text-til-jbranchaud", 0.7),
    Source("text-tldr", 0.7),
    Source("webhooks-github", 1.0),
)

MOVED_SITES = 16  # sites of public/train that validate (sites.py)

SHORT_PAYLOAD = 5  # characters

# Requests made by putting a value into an ordinary one. Names are "kind/values":
# data sets by their name, grammar, families, probes, operators, texts (of the text sets),
# values (of ordinary requests), generated (benign.py), twins (families' ordinary
# look-alikes), talk (package ordinary); "whole" are requests made as a whole.
INJECTED = {
    "attack/openappsec-malicious": 20000,
    "attack/payloadsallthethings": 10000,
    "attack/sqlmap-payloads": 6000,
    "attack/fwaf-badqueries": 5000,
    "attack/httpparams": 4000,
    "attack/grammar": 16000,
    "attack/families": 90000,
    "attack/probes": 5000,
    "attack/operators": 1000,
    "plain/probes": 4000,
    "plain/operators": 1500,
    "plain/texts": 12000,
    "plain/values": 9000,
    "plain/generated": 20000,
    "plain/twins": 52000,
    "plain/talk": 48000,
    "plain/whole": 40000,
}

MUTATED = 0.6  # share of the listed payloads that go in as a variant
REWRITTEN = 0.45  # share of those, and of half of our own payloads, that are rewritten in their language
ENCODED = 0.06  # share of all values, ordinary ones as well, that come in further layers of encoding

SEED = 20261122  # of the sites that validate, and of what is drawn for judging: another one would validate on sites that were trained on
AUGMENT_SEED = 20261123  # of what is made for training

# Adversarial training: before each of the later epochs, so many requests are made
# with the network of the moment (see harden.py and limenbench harden --help), from
# the payloads and values of these data sets and as many of our own generators.
HARDEN = {"searched": 8000, "random": 7000, "padded": 2500, "ordinary": 8000, "alarms": 1200}
# New draws of our own generators that come with them.
FRESH = {"plain/whole": 12000, "plain/twins": 4000, "plain/talk": 12000, "attack/families": 12000}
HARDEN_SOURCES = ("openappsec-malicious", "payloadsallthethings", "sqlmap-payloads", "fwaf-badqueries", "httpparams", "openappsec-legit", "text-til-jbranchaud", "text-tldr", "text-book-search", "api-datadog")
HARDEN_VALUES = 18000
HARDEN_THRESHOLD = 0.97  # score that a search goes below


# --- training -----------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class TrainConfig:
    seed: int = 1
    threads: int = 2
    epochs: int = 26
    harden_from: int = 5  # first epoch that also reads requests made against the network of the moment
    harden_every: int = 4  # epochs between two rounds of making such requests
    batch: int = 256  # windows a step
    chunks: int = 8  # a step's windows, sorted by length, go through the network in this many parts
    rate: float = 4e-3
    weight_decay: float = 0.02
    warmup: int = 200  # steps
    smoothing: float = 0.005
    dropout: float = 0.1  # of the pooled peaks and of the features
    channel_dropout: float = 0.0  # of whole channels after a convolution
    noise: float = 0.015  # share of byte tokens replaced at random, in half of the chunks
    shift: bool = True  # windows start at any place of a pooling cell
    move: int = 16  # most tokens by which a window of a longer request starts earlier or later
    average: float = 0.998  # of the weights, over steps
    mine_every: int = 2  # epochs between two passes that score every training window

    remine_share: float = 0.2  # of the ordinary windows beyond doubt that such a pass scores again

    # Which windows an epoch reads, by their score in the last such pass.
    easy_share: float = 0.03  # of the ordinary windows that score below easy_score
    easy_score: float = 0.001
    middle_share: float = 0.2  # of those below hard_score
    hard_score: float = 0.02
    most_windows: int = 12  # of one ordinary request in an epoch
    found_share: float = 0.3  # of the attacks whose score is above found_score
    found_score: float = 0.99


TRAIN = TrainConfig()

# Training is judged at the lowest threshold at which no more than these shares of
# the ordinary requests of the validation sets are flagged. Of openappsec-legit it
# is the upper bound of the share, over draws of sites (evaluate.clustered).
MAX_FALSE_POSITIVES = {"openappsec-legit": 0.0015, "text+api+webhooks": 0.002, "heldout-text": 0.004}
# The shipped thresholds: the classes that have a grammar of their own, and "other",
# which holds many and takes most of the false alarms. Each has its own budget.
THRESHOLDS = (
    (tuple(CLASSES[1:-1]), {"openappsec-legit": 0.0008, "text+api+webhooks": 0.001, "heldout-text": 0.0025}),
    (("other",), {"openappsec-legit": 0.0007, "text+api+webhooks": 0.001, "heldout-text": 0.0015}),
)
SITE_DRAWS = 2000
SITE_CONFIDENCE = {"training": 0.95, "shipped": 0.8}  # share of the draws in which a budget holds
PRIOR = 0.5  # share of attacks at which a score is the probability of an attack

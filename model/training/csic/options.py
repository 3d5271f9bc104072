"""Every choice of the CSIC runs in one place."""

import dataclasses

import config

DATA = config.SHARED / "data" / "csic2010"
FOLDER = config.BUILD / "csic"
SCHEMES = ("std", "group")
# Schemes that keep all requests for a page without parameters on one side. There
# training leaves pages out, too, and must not take an unknown page for a probe.
OPEN_PAGES = ("group",)
FOLDS = 5  # parts of those pages; each seed leaves one out of train, to be judged with val
FOLD_SEED = 20100
RENAMED = 0.5  # share of the requests for a page without parameters that ask for an invented one
NAME = "limen-csic"
WINDOW = {"window": 1024, "overlap": 128}  # tokens: a window holds a whole request of CSIC

# A value that lost one of 16 digits must not look like a whole one, so the
# first pool comes only after 19 tokens are seen at full resolution.
# The later ones make the network see a parameter's name from its value's end.
NETWORK = config.NetworkConfig(
    embedding=16,
    blocks=(config.Block(9, 32, 1), config.Block(11, 64, 2), config.Block(5, 80, 2), config.Block(5, 96, 2), config.Block(9, 128, 1)),
    features=96,
)


@dataclasses.dataclass(frozen=True)
class Options:
    seed: int = 1
    threads: int = 1
    epochs: int = 24
    batch: int = 32  # requests a step
    chunks: int = 2  # a step's requests, sorted by length, go through the network in this many parts
    rate: float = 2e-3
    warmup: int = 400  # steps
    weight_decay: float = 0.01
    dropout: float = 0.0
    average: float = 0.998  # of the weights, over steps

    # CSIC's headers are constant and a wrong character is wrong by what stands
    # near it. So most epochs read excerpts: few parameters, no constant headers,
    # a third of the tokens. The last epochs read whole requests, and excerpts
    # that are still hard.
    whole_epochs: int = 5
    whole_share: float = 0.12  # of the real requests that the other epochs read whole too
    made_excerpts: int = 24000  # looked at in each epoch; read are those not yet told
    made: int = 1000  # whole ones, in each of the other epochs
    made_last: int = 2500  # whole ones, in each of the last epochs

    judge_every: int = 4  # epochs between two looks at val

    # A request whose loss was tiny when last looked at is read with this chance.
    easy_loss: float = 5e-3
    easy_share: float = 0.25
    made_easy_share: float = 0.1
    most_copies: int = 12  # of one request in an epoch


OPTIONS = Options()
BLUR = 1.0  # log-odds by which the score of an unseen request is taken to differ from a like one's of val
MADE_SEED = 20100
EXCERPTS_OF_EACH = 3  # of each distinct real request, read in turn

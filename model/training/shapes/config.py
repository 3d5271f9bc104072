"""Every choice, in one place."""

import pathlib

KINDS = ("circle", "square", "triangle", "star", "cross", "ring")

CLASSIFY_SIZE = 64  # pixels, square
DETECT_SIZE = 128
STRIDES = (8, 16, 32)

# Which level finds a box, by the box's longer side in pixels. They overlap, so
# that no size is found by chance.
SIDES = ((0, 34), (26, 66), (52, 1 << 20))

# preset imagenet: torchvision's mean and standard deviation of RGB.
MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)
# preset yolox: grey around a letterboxed picture.
PAD = 114

# Each is the seed of a stream of pictures; no two share a picture.
SEEDS = {"train": 1, "looked": 2, "samples": 3, "measure": 4}  # "looked" was read while choices were made

TRAIN = {
    "classify": {"steps": 2400, "batch": 32, "rate": 4e-3},
    "detect": {"steps": 4400, "batch": 16, "rate": 4e-3},
}
WEIGHT_DECAY = 5e-4
MEASURE = {"classify": 4000, "detect": 1000}

OPSET = 17
FOLDER = pathlib.Path(__file__).resolve().parents[3] / "testdata" / "images"

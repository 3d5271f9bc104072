"""Makes the token caches: runs/train.npz of the augmented requests, val.npz and test.npz of the data pack (val with the sites moved there)."""

import sys

import config
import data
import sites


def main(splits):
    for split in splits:
        if split == "train":
            paths = [config.BUILD / "train.jsonl"]
        else:
            paths = [config.PUBLIC / split / f"{source.name}.jsonl.gz" for source in config.SOURCES] + config.heldout(split)
            if split == "val":
                paths.append(sites.path())
        with_lines = sum(1 for path in paths if path.suffix == ".jsonl" for _ in open(path, "rb"))
        data.tokenize(paths, config.BUILD / f"{split}.npz", with_lines)


if __name__ == "__main__":
    main(sys.argv[1:] or ["train", "val", "test"])

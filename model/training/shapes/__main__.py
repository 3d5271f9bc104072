"""python3 -m shapes train classify|detect, samples, measure: see the package's comment."""

import argparse
import pathlib

import shapes.config as config


def main():
    parser = argparse.ArgumentParser(prog="python3 -m shapes", description="Tiny image models on synthetic shapes.")
    parser.add_argument("--folder", type=pathlib.Path, default=config.FOLDER, help="where the models and samples are (default: testdata/images)")
    commands = parser.add_subparsers(dest="command", required=True)
    training = commands.add_parser("train", help="train a model and write its ONNX file")
    training.add_argument("task", choices=sorted(config.TRAIN))
    commands.add_parser("samples", help="write the labels, the sample pictures and what is in them (needs Pillow)")
    commands.add_parser("measure", help="accuracy and mAP of the two models on pictures of another seed")
    choice = parser.parse_args()
    if choice.command == "train":
        import shapes.train as train
        train.main(choice.task, choice.folder)
    elif choice.command == "samples":
        import shapes.samples as samples
        samples.main(choice.folder)
    else:
        import shapes.measure as measure
        measure.main(choice.folder)


if __name__ == "__main__":
    main()

"""Training on CSIC 2010, the data set that most papers on learned request classifiers report.

    python3 -m csic            (in model/training; or: make -C model/training csic)

trains six ordinary Limen models, the schemes std and group with three seeds
each, and judges them with `caddy limen eval`. README.md tells what CSIC's
anomalies are and how much of std is memory.
"""

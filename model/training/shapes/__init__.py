"""Two tiny image models on synthetic pictures of shapes, for tests and the quick start.

A classifier (one shape a picture, preset imagenet) and a detector (several,
preset yolox). Every picture is made from a seed; nothing is downloaded:

    python3 -m shapes train classify    # testdata/images/shapes-classify.onnx, under four CPU minutes
    python3 -m shapes train detect      # testdata/images/shapes-detect.onnx, likewise
    python3 -m shapes samples           # the sample pictures and what is in them
    python3 -m shapes measure           # accuracy and mAP of the two files, on pictures of another seed

Modules: `outline` draws a shape, `scene` a picture; `network` and `loss` are
trained by `train`; `export` writes ONNX and `graph` reads it again; `boxes` turns
a detector's output to boxes and precision, which `measure` reports.
"""

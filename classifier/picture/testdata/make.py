#!/usr/bin/env python3
"""Makes the pictures in this folder: one drawing, in every form that a decoder
has to know. Needs Pillow with WebP, numpy, and cjpeg of libjpeg-turbo."""
import io
import pathlib
import struct
import subprocess

import numpy as np
from PIL import Image

here = pathlib.Path(__file__).parent
W, H = 61, 47

# Smooth enough for subsampled colour, and without any symmetry.
y, x = np.mgrid[0:H, 0:W].astype(float)
u, v = x / (W - 1), y / (H - 1)
spot = np.exp(-(((x - 15) / 9) ** 2 + ((y - 12) / 7) ** 2))
rgb = np.stack([40 + 180 * u, 60 + 150 * v, 200 - 120 * u * v], -1) * (1 - spot[..., None]) + spot[..., None] * [250, 230, 40]
drawing = Image.fromarray(np.clip(rgb.round(), 0, 255).astype("uint8"))


def save(name, image=drawing, **options):
    image.save(here / name, **options)


def cjpeg(name, *options, scans=None):
    ppm = io.BytesIO()
    drawing.save(ppm, "PPM")
    command = ["cjpeg", "-quality", "92", *options]
    if scans:
        script = here / "scans.txt"
        script.write_text(scans)
        command += ["-scans", str(script)]
    out = subprocess.run(command, input=ppm.getvalue(), stdout=subprocess.PIPE, check=True).stdout
    if scans:
        script.unlink()
    (here / name).write_bytes(out)


save("drawing.png", optimize=True)

# JPEG: sampling, coding, colour.
for sample in ("1x1", "2x1", "1x2", "2x2", "4x1", "4x2", "1x4"):
    cjpeg(f"sample-{sample}.jpg", "-sample", sample)
cjpeg("sample-3x2.jpg", "-sample", "3x2,1x1,1x2")
cjpeg("sample-chroma.jpg", "-sample", "1x1,2x2,1x2")
cjpeg("progressive.jpg", "-progressive", "-sample", "2x2")
cjpeg("progressive-444-restart.jpg", "-progressive", "-sample", "1x1", "-restart", "1")
cjpeg("restart.jpg", "-restart", "2B", "-sample", "2x2")
cjpeg("optimized.jpg", "-optimize")
cjpeg("separate-scans.jpg", "-sample", "2x1", scans="0;\n1;\n2;\n")
cjpeg("two-scans.jpg", "-sample", "2x2", scans="0;\n1 2;\n")
cjpeg("rgb.jpg", "-rgb")
cjpeg("grey.jpg", "-grayscale")
cjpeg("grey-progressive.jpg", "-grayscale", "-progressive")
cjpeg("arithmetic.jpg", "-arithmetic")
save("cmyk.jpg", drawing.convert("CMYK"), quality=92)

# Orientation: stored as the tag says, shown as the drawing. The inverse of each
# transformation is what a camera held that way would store.
T = Image.Transpose
stored = {
    1: None, 2: T.FLIP_LEFT_RIGHT, 3: T.ROTATE_180, 4: T.FLIP_TOP_BOTTOM,
    5: T.TRANSPOSE, 6: T.ROTATE_90, 7: T.TRANSVERSE, 8: T.ROTATE_270,
}
for n, how in stored.items():
    exif = Image.Exif()
    exif[0x0112] = n
    image = drawing if how is None else drawing.transpose(how)
    save(f"orientation-{n}.jpg", image, quality=92, subsampling=0, exif=exif.tobytes())
    if n == 6:
        save("orientation-6.png", image, exif=exif.tobytes(), optimize=True)
        save("orientation-6.webp", image, exif=exif.tobytes(), lossless=True)
        save("orientation-6.tif", image, tiffinfo={0x0112: 6}, compression="tiff_lzw")

# The other formats.
alpha = drawing.copy()
alpha.putalpha(Image.fromarray((255 * u).round().astype("uint8")))
save("alpha.png", alpha, optimize=True)
save("alpha.webp", alpha, quality=95)
save("alpha-lossless.webp", alpha, lossless=True, exact=True)
save("palette.png", drawing.quantize(256), optimize=True)
save("grey.png", drawing.convert("L"), optimize=True)
save("grey16.png", Image.fromarray(np.asarray(drawing.convert("L")).astype("uint16") * 257), optimize=True)
save("lossy.webp", quality=95)
save("lossless.webp", lossless=True)
save("drawing.gif", drawing.quantize(256))
save("drawing.bmp")
save("palette.bmp", drawing.quantize(256))
save("deflate.tif", compression="tiff_adobe_deflate")
save("plain.tif")
save("packbits.tif", compression="packbits")

# Animations whose first frame leaves the canvas's edge free, and whose second
# is something else.
other = Image.new("RGB", (W, H), (255, 0, 255))
save("animated.gif", drawing.quantize(256), save_all=True, append_images=[other.quantize(2)])
save("animated.webp", lossless=True, save_all=True, append_images=[other], duration=100)

# A frame at (10, 8) of a canvas of 80 by 60: Pillow does not write one.
chunk = lambda kind, data: kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
u24 = lambda n: struct.pack("<I", n)[:3]
still = (here / "lossless.webp").read_bytes()[12:]
frame = chunk(b"ANMF", u24(5) + u24(4) + u24(W - 1) + u24(H - 1) + u24(100) + b"\0" + still)
body = chunk(b"VP8X", b"\x02\0\0\0" + u24(79) + u24(59)) + chunk(b"ANIM", b"\0" * 6) + frame
(here / "offset.webp").write_bytes(b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body)
gif = bytearray((here / "drawing.gif").read_bytes())
at = gif.index(b"\x2c\0\0\0\0" + struct.pack("<HH", W, H))
gif[6:10] = struct.pack("<HH", 80, 60)
gif[at + 1 : at + 5] = struct.pack("<HH", 10, 8)
(here / "offset.gif").write_bytes(gif)

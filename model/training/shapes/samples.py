"""The sample pictures of the tests and the quick start, the labels file, and what is in each picture."""

import json

import shapes.config as config
import shapes.scene as scene

# Which picture of the stream: chosen for looks, size and for what the models get right,
# one of each form: square, wide, tall. They say nothing of how good the models are.
PICTURES = {
    "star.png": {"number": 1, "width": 96, "height": 96, "kinds": ("star",), "radii": (30, 40), "noise": 0.0, "cluttered": False},
    "shapes.jpg": {"number": 2, "width": 320, "height": 240, "kinds": config.KINDS, "radii": (28, 60), "noise": 8.0, "cluttered": True},
    "tall.png": {"number": 8, "width": 150, "height": 240, "kinds": ("ring", "triangle", "cross"), "radii": (24, 60), "noise": 0.0,
                 "cluttered": False},
}


def make(choice):
    """A sample picture uint8 RGB and the Shapes in it; a number for which not every kind found room is an error."""
    rng = scene.generator("samples", choice["number"])
    width, height = choice["width"], choice["height"]
    placed = scene.place(rng, width, height, len(choice["kinds"]), *choice["radii"], kinds=choice["kinds"])
    if len(placed) != len(choice["kinds"]):
        raise ValueError(f"picture {choice['number']} of the samples has room for {len(placed)} of {len(choice['kinds'])} shapes: "
                         "choose another number or smaller radii")
    return scene.draw(rng, width, height, placed, choice["noise"], choice["cluttered"]), placed


def describe(picture, placed):
    height, width = picture.shape[:2]
    return {"width": width, "height": height,
            "shapes": [{"label": s.kind, "box": [round(v, 1) for v in s.box()]} for s in placed]}


def main(folder):
    from PIL import Image

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "shapes.txt").write_text("".join(kind + "\n" for kind in config.KINDS))
    content = {}
    for name, choice in PICTURES.items():
        picture, placed = make(choice)
        content[name] = describe(picture, placed)
        Image.fromarray(picture).save(folder / name, quality=85, optimize=True)
        print(f"{folder / name}: {(folder / name).stat().st_size} bytes")
    lines = ",\n".join(f"\t{json.dumps(name)}: {json.dumps(value)}" for name, value in content.items())
    (folder / "samples.json").write_text("{\n" + lines + "\n}\n")

"""python3 -m unittest shapes.test_shapes (in model/training): needs NumPy, PyTorch and onnx, no data and no Go."""

import json
import math
import tempfile
import unittest

import numpy
import torch

import shapes.batch as batch
import shapes.boxes as boxes
import shapes.config as config
import shapes.export as export
import shapes.graph as graphs
import shapes.loss as loss
import shapes.network as networks
import shapes.samples as samples
import shapes.scene as scene
import shapes.train as train
from shapes.outline import Shape, coverage


def shape(kind, x=64.0, y=64.0, radius=30.0, angle=0.3, part=0.45):
    return Shape(kind, x, y, radius, angle, part)


class Outlines(unittest.TestCase):
    def test_area_is_that_of_the_figure(self):
        r = 40.0
        arm, end = 0.3, math.sqrt(1 - 0.3 ** 2)
        areas = {
            "circle": math.pi * r * r,
            "square": 2 * r * r,
            "triangle": 3 * math.sqrt(3) / 4 * r * r,
            "star": 10 * 0.5 * 0.3 * math.sin(math.pi / 5) * r * r,
            "cross": (8 * arm * end - 4 * arm * arm) * r * r,
            "ring": math.pi * r * r * (1 - 0.3 ** 2),
        }
        self.assertEqual(set(areas), set(config.KINDS))
        for kind, area in areas.items():
            for angle in (0.0, 0.7):
                with self.subTest(kind=kind, angle=angle):
                    inside, _, _ = coverage(Shape(kind, 64.3, 63.8, r, angle, 0.3), 128, 128)
                    self.assertAlmostEqual(inside.sum() / area, 1, delta=0.01)

    def test_box_is_what_is_drawn(self):
        for kind in config.KINDS:
            for angle in (0.0, 0.5, 2.0):
                with self.subTest(kind=kind, angle=angle):
                    s = shape(kind, 50.2, 61.7, 25, angle)
                    inside, left, top = coverage(s, 128, 128)
                    rows, columns = numpy.nonzero(inside >= 0.5)
                    drawn = (columns.min() + left, rows.min() + top, columns.max() + left + 1, rows.max() + top + 1)
                    # A sharp point has no pixel that it half covers.
                    numpy.testing.assert_allclose(drawn, s.box(), atol=3)

    def test_part_outside_the_picture_is_left_out(self):
        inside, left, top = coverage(shape("circle", 0, 0, 10), 128, 128)
        self.assertEqual((left, top), (0, 0))
        self.assertAlmostEqual(inside.sum(), math.pi * 100 / 4, delta=1)
        self.assertEqual(coverage(shape("square", -50, 300, 10), 128, 128)[0].sum(), 0)


class Scenes(unittest.TestCase):
    def test_same_seed_same_picture_and_streams_differ(self):
        pictures = {}
        for stream in config.SEEDS:
            a, kind_a = scene.one(scene.generator(stream, 5))
            b, kind_b = scene.one(scene.generator(stream, 5))
            self.assertEqual((a.tobytes(), kind_a), (b.tobytes(), kind_b))
            pictures[a.tobytes()] = stream
            self.assertNotEqual(a.tobytes(), scene.one(scene.generator(stream, 6))[0].tobytes())
        self.assertEqual(len(pictures), len(config.SEEDS))

    def test_shapes_lie_in_the_picture_and_do_not_overlap(self):
        most = 0
        for number in range(40):
            picture, placed = scene.several(scene.generator("train", number))
            self.assertEqual((picture.shape, picture.dtype), ((config.DETECT_SIZE, config.DETECT_SIZE, 3), numpy.uint8))
            most = max(most, len(placed))
            for i, s in enumerate(placed):
                x1, y1, x2, y2 = s.box()
                self.assertTrue(0 <= x1 < x2 <= config.DETECT_SIZE and 0 <= y1 < y2 <= config.DETECT_SIZE)
                for other in placed[:i]:
                    self.assertGreater(math.hypot(s.x - other.x, s.y - other.y), s.radius + other.radius)
        self.assertGreater(most, 3)

    def test_every_kind_comes(self):
        rng = scene.generator("train", 1)
        self.assertEqual({scene.one(rng)[1] for _ in range(100)}, set(range(len(config.KINDS))))

    def test_samples_hold_what_is_said(self):
        for name, choice in samples.PICTURES.items():
            picture, placed = samples.make(choice)
            self.assertEqual(picture.shape, (choice["height"], choice["width"], 3), name)
            self.assertEqual(tuple(s.kind for s in placed), tuple(choice["kinds"]), name)
        with self.assertRaisesRegex(ValueError, "has room for"):
            samples.make(dict(samples.PICTURES["star.png"], kinds=("star",) * 9))


class Batches(unittest.TestCase):
    def test_channels_as_the_presets_have_them(self):
        pictures = numpy.zeros((1, 2, 2, 3), numpy.uint8)
        pictures[..., 0] = 255  # red
        numpy.testing.assert_allclose(batch.yolox(pictures)[0, :, 0, 0], [0, 0, 255])
        numpy.testing.assert_allclose(batch.imagenet(pictures)[0, :, 0, 0], [(1 - 0.485) / 0.229, -0.456 / 0.224, -0.406 / 0.225], rtol=1e-5)

    def test_mirrored_shapes_are_where_the_mirrored_picture_has_them(self):
        for kind in config.KINDS:
            s = shape(kind, 40, 70, 25, 0.4)
            inside = numpy.zeros((128, 128), numpy.float32)
            part, left, top = coverage(s, 128, 128)
            inside[top:top + part.shape[0], left:left + part.shape[1]] = part
            x, placed = batch.mirrored(torch.from_numpy(inside).expand(1, 3, 128, 128), [[s]])
            part, left, top = coverage(placed[0][0], 128, 128)
            with self.subTest(kind):
                numpy.testing.assert_allclose(x[0, 0, top:top + part.shape[0], left:left + part.shape[1]], part, atol=1e-4)
                self.assertAlmostEqual(x[0, 0].sum().item(), part.sum(), delta=0.1)

    def test_twice_is_a_batch_and_its_mirror_image(self):
        x, placed = batch.twice("train", 3, 4)
        self.assertEqual((x.shape, len(placed)), ((4, 3, config.DETECT_SIZE, config.DETECT_SIZE), 4))
        self.assertTrue(torch.equal(x[2, 1], x[0, 0].T))
        self.assertEqual([s.kind for s in placed[3]], [s.kind for s in placed[1]])


class Boxes(unittest.TestCase):
    def cells(self, *found):
        """Cells that hold boxes (cell, kind, score, box), nothing elsewhere."""
        cells = numpy.zeros((len(loss.CENTRES), 5 + len(config.KINDS)))
        for cell, kind, score, (x1, y1, x2, y2) in found:
            x, y, stride = loss.CENTRES[cell]
            cells[cell, :5] = ((x1 + x2) / 2 - x) / stride, ((y1 + y2) / 2 - y) / stride, math.log((x2 - x1) / stride), math.log((y2 - y1) / stride), score
            cells[cell, 5 + kind] = 1
        return cells

    def test_cells_are_in_the_order_of_yolox(self):
        self.assertEqual(len(loss.CENTRES), 16 * 16 + 8 * 8 + 4 * 4)
        numpy.testing.assert_array_equal(loss.CENTRES[[0, 1, 16, 256, 335]], [[0, 0, 8], [8, 0, 8], [0, 8, 8], [0, 0, 16], [96, 96, 32]])

    def test_find_suppresses_within_a_kind(self):
        one, near, far = (10, 10, 50, 50), (12, 10, 52, 50), (70, 60, 100, 100)
        kinds, scores, found = boxes.find(self.cells((3, 2, 0.7, near), (260, 2, 0.9, one), (40, 1, 0.5, one), (330, 2, 0.3, far)))
        self.assertEqual(kinds.tolist(), [2, 1, 2])
        numpy.testing.assert_allclose(scores, [0.9, 0.5, 0.3])
        numpy.testing.assert_allclose(found, [one, one, far], atol=1e-4)
        self.assertEqual(len(boxes.find(self.cells((3, 2, 0.7, near)), min_score=0.8)[0]), 0)

    def test_torch_and_numpy_decode_alike(self):
        cells = torch.randn(len(loss.CENTRES), 4, generator=torch.Generator().manual_seed(1))
        decoded = loss.decode(cells, torch.from_numpy(loss.CENTRES)).numpy()
        for i in (0, 100, 300):
            alone = numpy.zeros((len(cells), 5 + len(config.KINDS)))
            alone[i, :4], alone[i, 4:6] = cells[i], 1
            numpy.testing.assert_allclose(boxes.find(alone)[2][0], decoded[i], rtol=1e-4, atol=1e-3)

    def test_iou(self):
        a = numpy.array([[0, 0, 10, 10.0]])
        b = numpy.array([[0, 0, 10, 10.0], [5, 0, 15, 10], [20, 20, 30, 30]])
        numpy.testing.assert_allclose(boxes.iou(a, b), [[1, 1 / 3, 0]])
        plain, generalised = loss.giou(torch.tensor(a).expand(3, 4), torch.tensor(b))
        numpy.testing.assert_allclose(plain, [1, 1 / 3, 0])
        numpy.testing.assert_allclose(generalised, [1, 1 / 3, -700 / 900], rtol=1e-6)

    def test_average_precision(self):
        box, other = (0, 0, 10, 10), (50, 50, 60, 60)
        truth = {0: [box, other], 1: [box]}
        perfect = [(0, 0.9, box), (1, 0.8, box), (0, 0.7, other)]
        cases = {
            "all found": (perfect, 1),
            "nothing found": ([], 0),
            "two of three": (perfect[:2], 2 / 3),
            "a false one first": ([(1, 1.0, other)] + perfect, 3 / 4),
            "a false one last": (perfect + [(1, 0.1, other)], 1),
            "the same twice counts once": (perfect[:1] + [(0, 0.85, box)] + perfect[1:], 1 / 3 * 1 + 2 / 3 * 3 / 4),
            "in a picture without any": ([(7, 0.9, box)], 0),
        }
        for name, (found, expected) in cases.items():
            with self.subTest(name):
                self.assertAlmostEqual(boxes.average_precision(found, truth), expected)
        self.assertTrue(math.isnan(boxes.average_precision(perfect, {})))


class Losses(unittest.TestCase):
    def test_every_size_is_some_cells_to_find(self):
        for kind in config.KINDS:
            for radius in (7.5, 12, 16, 20, 28, 40, 56):
                s = shape(kind, 64, 64, radius)
                owner = loss.assign([s])
                self.assertGreaterEqual((owner == 0).sum(), 1, (kind, radius))
                x, y, stride = loss.CENTRES[owner == 0].T
                self.assertTrue((numpy.abs(x + stride / 2 - 64) < 2 * stride).all())

    def test_no_shapes_no_boxes(self):
        where, found, kinds = loss.targets([[], []])
        self.assertEqual((where.shape, found.shape, kinds.shape), ((0, 2), (0, 4), (0,)))
        value = loss.detection(torch.zeros(2, len(loss.CENTRES), 5 + len(config.KINDS)), [[], []])
        self.assertAlmostEqual(value.item(), 2 * len(loss.CENTRES) * math.log(2), delta=0.1)

    def test_right_cells_cost_less(self):
        placed = [shape("star", 40, 40, 14), shape("ring", 90, 80, 33)]
        where, found, kinds = loss.targets([placed])
        wrong = torch.zeros(1, len(loss.CENTRES), 5 + len(config.KINDS))
        wrong[:, :, 4:] = -8
        right = wrong.clone()
        for (n, cell), box, kind in zip(where, found, kinds):
            x, y, stride = torch.from_numpy(loss.CENTRES[cell])
            right[n, cell, :2] = ((box[:2] + box[2:]) / 2 - torch.stack([x, y])) / stride
            right[n, cell, 2:4] = ((box[2:] - box[:2]) / stride).log()
            right[n, cell, 4], right[n, cell, 5 + kind] = 8, 8
        self.assertLess(loss.detection(right, [placed]).item(), 0.5)
        self.assertGreater(loss.detection(wrong, [placed]).item(), 10)


class Exports(unittest.TestCase):
    def test_file_computes_what_the_network_does(self):
        outputs = {"classify": "logits", "detect": "output"}
        for task in config.TRAIN:
            with self.subTest(task), tempfile.TemporaryDirectory() as folder:
                network = train.train(task, steps=2, report=None)
                path = export.write(network, task, folder)
                self.assertLess(path.stat().st_size, 300_000)
                x, _ = batch.BATCHES[task]("train", 0, 3)
                with torch.no_grad():
                    expected = network(x)
                found = graphs.run(graphs.load(path), x)[outputs[task]]
                self.assertEqual(found.shape, expected.shape)
                numpy.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)

    def test_training_learns_and_repeats(self):
        def of(network):
            return torch.cat([p.detach().flatten() for p in network.parameters()])

        a, b = train.train("classify", steps=3, report=None), train.train("classify", steps=3, report=None)
        self.assertTrue(torch.equal(of(a), of(b)))
        torch.manual_seed(config.SEEDS["train"])
        self.assertFalse(torch.equal(of(a), of(networks.Classifier())))


class Committed(unittest.TestCase):
    """The files of testdata/images."""

    def test_samples_are_made_again(self):
        content = json.loads((config.FOLDER / "samples.json").read_text())
        self.assertEqual(content, {name: samples.describe(*samples.make(choice)) for name, choice in samples.PICTURES.items()})
        self.assertEqual((config.FOLDER / "shapes.txt").read_text().split(), list(config.KINDS))

    def test_models_know_the_next_picture(self):
        # Pictures of no other use: the figures are those of `measure`.
        x, wanted = batch.classify("measure", 10 ** 6, 50)
        guess = graphs.run(graphs.load(config.FOLDER / "shapes-classify.onnx"), x)["logits"].argmax(dim=1)
        self.assertGreaterEqual(int((guess == wanted).sum()), 45)
        x, pictures = batch.detect("measure", 10 ** 6, 20)
        output = graphs.run(graphs.load(config.FOLDER / "shapes-detect.onnx"), x)["output"].numpy()
        hits = total = 0
        for cells, placed in zip(output, pictures):
            kinds, _, found = boxes.find(cells, min_score=0.3)
            for s in placed:
                total += 1
                same = found[kinds == config.KINDS.index(s.kind)]
                hits += len(same) > 0 and boxes.iou(numpy.array([s.box()]), same).max() >= 0.5
        self.assertGreater(total, 30)
        self.assertGreaterEqual(hits / total, 0.85)


if __name__ == "__main__":
    unittest.main()

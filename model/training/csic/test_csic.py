"""python3 -m unittest csic.test_csic (in model/training): no data, no Go."""

import pathlib
import random
import tempfile
import unittest
from unittest import mock

import numpy

import record as records
from csic import __main__ as main, fit, judge, made, options, pages

PAGE = "/shop/register.jsp"


def request(method="GET", place=PAGE, pairs=(("name", "Ana"), ("zip", "01234"), ("go", "Send")), label="normal"):
    template = {"headers": [["User-Agent", "U"], ["Host", "h"], ["Cookie", "JSESSIONID=0"]]}
    return pages.build(template, "1", method, place, list(pairs), "AB", label)


def shop(count=100):
    """Normals of a shop with one form and one plain page."""
    rng = random.Random(1)
    names = [f"{a}{b}" for a in ("An", "Be", "Ce", "Da", "El", "Fi", "Gu", "Ha", "Is", "Jo") for b in ("a", "o", "la", "ma", "na", "ra", "ta", "lo")]
    rows = [request(rng.choice(("GET", "POST")), pairs=(("name", rng.choice(names)), ("zip", f"{rng.randrange(10 ** 5):05d}"), ("go", "Send")))
            for _ in range(count * 3)]
    return rows + [request(place="/shop/index.jsp", pairs=())]


class Pages(unittest.TestCase):
    def test_parameters_come_back_from_query_and_body(self):
        pairs = [("name", "Núñez & Co"), ("zip", "1*2")]
        for method in ("GET", "POST"):
            self.assertEqual(pages.parameters(request(method, pairs=pairs)), pairs)

    def test_copies_differ_in_the_cookie_only(self):
        one, two, other = request(), request(), request("POST")
        records.set_header(two, "Cookie", "JSESSIONID=1")
        self.assertEqual(pages.distinct([one, two, other]), [one, other])


class Made(unittest.TestCase):
    def setUp(self):
        self.maker = made.Maker(pages.distinct(shop()), 1)

    def field(self, name):
        return self.maker.fields[("name", "zip", "go"), name]

    def test_what_normals_keep(self):
        for name, value, ordinary in (("zip", "99999", True), ("zip", "9999", False), ("zip", "9999A", False), ("go", "Send", True),
                                      ("go", "Send/", False), ("name", "Zoe", True), ("name", "Z/oe", False), ("name", "", False)):
            self.assertEqual(self.field(name).ordinary(value), ordinary, (name, value))

    def test_a_symbol_is_judged_by_its_surroundings(self):
        field = made.Field([f"{a}{b}/{c}" for a in "KLMNOPQR" for b in "abcdefgh" for c in "TUVW"])
        self.assertTrue(field.ordinary("Za/Z"))
        self.assertFalse(field.ordinary("Z/aZ"))

    def test_made_requests_keep_or_break_the_rules(self):
        known = {shape.place for shape in self.maker.list}
        for excerpt in (False, True):
            for _ in range(300):
                for label, row in zip(("normal", "anomaly"), self.maker.pair(excerpt)):
                    keeps = pages.place(row) in known and row["method"] != "PUT" and all(
                        (("name", "zip", "go"), name) in self.maker.fields and self.field(name).ordinary(value) for name, value in pages.parameters(row))
                    self.assertEqual(keeps, label == "normal", row)
                    self.assertEqual(row["label"], label)

    def test_an_excerpt_keeps_what_is_wrong(self):
        row = request("POST", pairs=(("name", "An/a"), ("zip", "01234"), ("go", "Send")), label="anomaly")
        for _ in range(50):
            self.assertIn(("name", "An/a"), pages.parameters(self.maker.excerpt(row)))

    def test_the_seed_decides(self):
        again = made.Maker(pages.distinct(shop()), 1)
        self.assertEqual([self.maker.pair() for _ in range(20)], [again.pair() for _ in range(20)])


class OpenPages(unittest.TestCase):
    """Pages left out of train, and training for pages that nobody has seen."""

    PLACES = [f"/shop/{folder}/{name}" for folder, names in (("img", ("a.gif", "b.gif", "top.jpg")), ("pub", ("terms.jsp", "list.jsp", "way.jsp", "map.jsp"))) for name in names]

    def setUp(self):
        self.rows = shop()[:-1] + [request(place=place, pairs=()) for place in self.PLACES for _ in range(3)]
        self.maker = made.Maker(pages.distinct(self.rows), 1, open_pages=True)
        self.paths = self.maker.paths

    def test_each_page_without_parameters_is_left_out_by_one_fold(self):
        folds = [pages.left_out(self.rows, fold) for fold in range(options.FOLDS)]
        self.assertEqual(sorted(place for fold in folds for place in fold), sorted(self.PLACES))
        self.assertEqual(pages.left_out(self.rows, options.FOLDS + 1), folds[1])
        self.assertNotIn(PAGE, {place for fold in folds for place in fold})

    def test_parts(self):
        for place, parts in (("/shop/img/a.gif", ("/shop/img", "a", ".gif", "")), ("/shop/pub/new.jsp.old", ("/shop/pub", "new", ".jsp", ".old")),
                             ("/shop/pub/map.jsp/x-y.gif/.Bak", ("/shop/pub", "map", ".jsp", "/x-y.gif/.Bak")), ("/shop/top.jsp~", ("/shop", "top", ".jsp", "~")),
                             ("/shop/pub/map.jspx", None), ("/shop/pub/map.asp", None), ("/map.jsp", None), ("/other/map.jsp", None), ("/shop/pub.old", None)):
            self.assertEqual(self.paths.parts(place), parts, place)

    def test_invented_pages_look_like_pages_and_are_new(self):
        rng = random.Random(2)
        found = {self.paths.invent(rng) for _ in range(500)}
        self.assertGreater(len(found), 300)
        self.assertFalse(found & set(self.paths.places))
        for place in found:
            self.assertRegex(place, r"^/shop(/[a-z]+[0-9]?|/[0-9]+){0,2}/[a-z0-9]+\.(gif|jpg|jsp)$")

    def test_renaming_keeps_what_is_wrong(self):
        rng = random.Random(3)
        for place, label, rest in (("/shop/img/a.gif", "normal", ""), ("/shop/pub/map.jsp.BAK", "anomaly", ".BAK"), ("/shop/pub/gone.jsp/9.gif~", "anomaly", "/9.gif~")):
            row = request(place=place, pairs=(), label=label)
            new = self.paths.rename(row, rng)
            self.assertEqual(self.paths.parts(new["target"])[3], rest)
            self.assertNotEqual(new["target"], place)
            self.assertEqual((new["label"], new["headers"], row["target"]), (label, row["headers"], place))

    def test_what_is_wrong_by_its_name_or_has_parameters_is_not_renamed(self):
        rng = random.Random(4)
        for row in (request(place="/shop/img/x.gif", pairs=(), label="anomaly"), request(place="/etc/passwd", pairs=(), label="anomaly"), request(), request("POST")):
            self.assertIs(self.paths.rename(row, rng), row)

    def test_no_made_request_calls_an_unknown_page_a_probe(self):
        for _ in range(1500):
            normal, anomaly = self.maker.pair()
            if not pages.parameters(normal):
                self.assertNotIn(pages.place(normal), self.PLACES)  # those that a fold leaves out must not come back
                self.assertRegex(pages.place(normal), r"^/shop/.*[a-z0-9]\.(gif|jpg|jsp)$")
            if anomaly["target"].startswith("/shop/") and not pages.parameters(anomaly):
                parts = self.paths.parts(anomaly["target"])
                self.assertTrue(parts is None or parts[3] or not parts[1].islower() or len(parts[1]) > 8, anomaly["target"])

    def test_training_reads_no_request_for_a_page_left_out(self):
        pool = fit.Pool.__new__(fit.Pool)
        names = ["csic2010", "real-excerpt", "excerpt", "made"]
        group = numpy.repeat([0, 1, 2, 3], [6, 6, 4, 4])

        class Requests:
            def __init__(self):
                self.names, self.group, self.request, self.klass = names, group, numpy.arange(20), numpy.zeros(20, int)

            def __len__(self):
                return 20

        pool.__init__(Requests(), numpy.array([0, 0, 1, 1, 2, 2]), {1})
        choice = options.Options(epochs=2, whole_epochs=1, made_excerpts=2, made=1, made_last=1, whole_share=1)
        pool.hard = lambda rows, *_: rows
        for epoch in range(2):
            rows, owners = pool.epoch(epoch, choice, numpy.random.default_rng(5), None, "cpu")
            self.assertFalse(set(rows) & {2, 3, 7, 10}, epoch)
            self.assertNotIn(1, owners)
        self.assertTrue({0, 1, 4, 5} & set(rows))


class Judge(unittest.TestCase):
    def test_figures(self):
        found = judge.figures(numpy.array([1, 1, 1, 0, 0], bool), numpy.array([1, 1, 0, 1, 0], bool))
        self.assertEqual((found["f1"], found["missed"], found["alarms"], found["fpr"]), (0.666667, 1, 1, 0.5))

    def test_threshold_parts_the_classes_where_their_scores_thin_out(self):
        normals = numpy.linspace(-12, -3, 50)
        for name, odds, anomaly, low, high in (
                ("alike on both sides", [*normals, *-normals], [0] * 50 + [1] * 50, -0.5, 0.5),
                ("normals come nearer", [*(normals + 2.5), *-normals], [0] * 50 + [1] * 50, 0.5, 2),
                ("one anomaly far off", [*normals, -6, *-normals], [0] * 50 + [1] * 51, -1, 1),
                ("unknown pages score high", [*normals, *[2.0] * 500, *(5 - normals)], [0] * 550 + [1] * 50, 3, 8)):
            limit = judge.threshold(numpy.array(anomaly, bool), numpy.array(odds, float))
            self.assertTrue(low <= limit <= high, (name, limit))

    def test_pages_left_out_are_told_apart(self):
        class Val:
            names, group, label = ["csic2010", judge.LEFT_OUT], numpy.array([0, 0, 0, 1, 1]), numpy.array([0, -1, -1, 0, 0])

        odds = numpy.array([-6.0, 6, 6, -6, 9])
        with mock.patch("evaluate.window_scores"), mock.patch("evaluate.request_scores", return_value=(odds, None)):
            result, limit, share = judge.val_figures(None, Val())
        self.assertEqual((result["left_out"], result["left_out_alarms"], result["alarms"], result["f1_known"], share), (2, 1, 1, 1.0, 0.4))
        self.assertTrue(-6 < limit < 6)


class Runs(unittest.TestCase):
    def test_every_run_gets_a_process_and_a_failed_one_is_named(self):
        arguments = mock.Mock(threads=1, device="cpu")
        with tempfile.TemporaryDirectory() as folder, mock.patch.object(options, "FOLDER", pathlib.Path(folder)):
            started = pathlib.Path(folder) / "started"
            program = pathlib.Path(folder) / "program"
            for last, fails in (("exit 0", False), ('test "$6" != 2', True)):
                program.write_text(f'#!/bin/sh\necho "$4 $6 $OMP_NUM_THREADS" >> {started}\n{last}\n')
                program.chmod(0o755)
                with mock.patch("sys.executable", str(program)):
                    if fails:
                        with self.assertRaisesRegex(SystemExit, "group, seed 2: status 1"):
                            main.train_all([("group", 2)], 2, arguments)
                    else:
                        main.train_all([("std", 1), ("group", 1), ("std", 2)], 2, arguments)
                        self.assertEqual(sorted(started.read_text().split("\n")), ["", "group 1 1", "std 1 1", "std 2 1"])


if __name__ == "__main__":
    unittest.main()

"""python3 -m unittest csic.test_csic (in model/training): no data, no Go."""

import random
import unittest

import numpy

import record as records
from csic import judge, made, pages

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


class Judge(unittest.TestCase):
    def test_figures(self):
        found = judge.figures(numpy.array([1, 1, 1, 0, 0], bool), numpy.array([1, 1, 0, 1, 0], bool))
        self.assertEqual((found["f1"], found["missed"], found["alarms"], found["fpr"]), (0.666667, 1, 1, 0.5))

    def test_threshold_lies_in_the_middle_of_the_best_gap(self):
        for odds, anomaly, limit in (([-3, -1, 1, 2], [0, 0, 1, 1], 0), ([-9, -8, 8, 9], [0, 0, 1, 1], 0), ([-3, 0, 1, 3], [0, 1, 0, 1], -1.5)):
            self.assertAlmostEqual(judge.threshold(numpy.array(anomaly, bool), numpy.array(odds, float)), limit)


if __name__ == "__main__":
    unittest.main()

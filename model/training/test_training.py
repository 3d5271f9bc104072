"""Tests of the training code: no data and no Go needed."""

import json
import math
import random
import unittest
import urllib.parse

import numpy
import torch

import augment
import benign
import config
import data
import evaluate
import export
import inject
import manifest
import network as networks
import payloads
import record as records
import reference


def ordinary(body="", kind=""):
    request = {"id": "x", "dataset": "d", "label": "normal", "class": "none", "method": "POST" if body else "GET", "target": "/a/b?q=1&name=two",
               "headers": [["Host", "h.example"], ["User-Agent", "agent"], ["Cookie", "sid=1; theme=dark"]]}
    if body:
        request["headers"].append(["Content-Type", kind])
        records.set_body(request, body)
    return request


class Network(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(3)
        self.network = networks.Network(config.NETWORK).eval()
        with torch.no_grad():  # biases other than zero, or padding could not show
            for conv in self.network.convs:
                conv.bias.normal_()
        self.tokens = torch.randint(1, 290, (5, 96))
        self.tokens[1, 40:] = 0
        self.tokens[2, 8:] = 0

    def test_padding_changes_nothing(self):
        with torch.no_grad():
            whole = self.network(self.tokens)[0]
            for row, size in ((1, 40), (2, 8)):
                alone = self.network(self.tokens[row:row + 1, :size])[0]
                self.assertLess((alone - whole[row]).abs().max().item(), 1e-5)

    def test_export_equals_torch(self):
        model = export.build(self.network, manifest.properties())
        got = reference.run(model, self.tokens.numpy())
        with torch.no_grad():
            logits, features = self.network(self.tokens)
        self.assertLess(numpy.abs(got["logits"] - logits.numpy()).max(), 1e-4)
        self.assertLess(numpy.abs(got["features"] - features.numpy()).max(), 1e-4)
        self.assertLess(len(model.SerializeToString()), 1 << 20)

    def test_cost_stays_in_budget(self):
        self.assertLessEqual(config.NETWORK.cost(), 2400)

    def test_fold_moves_the_limit_to_the_shipped_threshold(self):
        with torch.no_grad():
            before = evaluate.log_odds(self.network(self.tokens)[0].numpy())
            evaluate.fold(self.network, 1.0, float(before[0]))
            after = evaluate.log_odds(self.network(self.tokens)[0].numpy())
        score = 1 / (1 + math.exp(-after[0]))
        self.assertAlmostEqual(score, config.SHIPPED_THRESHOLD, places=5)


class Windows(unittest.TestCase):
    def test_same_rule_as_the_classifier(self):
        for size in (1, 8, 1023, 1024, 1025, 1920, 1921, 5000):
            requests = data.Requests.__new__(data.Requests)
            requests.offsets = numpy.array([0, size])
            _, start, length = requests._windows()
            wanted, at = [], 0
            if size <= 1024:
                wanted = [(0, size)]
            else:
                while at + 1024 < size:
                    wanted.append((at, 1024))
                    at += 1024 - 128
                wanted.append((size - 1024, 1024))
            self.assertEqual(list(zip(start.tolist(), length.tolist())), wanted)


class Injection(unittest.TestCase):
    value = "a'b <c> & \"d\" = 50% ü"

    def test_query_value_comes_back_decoded(self):
        for seed in range(40):
            request = ordinary()
            inject.query(request, self.value, random.Random(seed))
            decoded = urllib.parse.unquote_plus(urllib.parse.unquote_plus(request["target"]))
            self.assertIn("a'b", decoded)

    def test_json_body_stays_json(self):
        for seed in range(40):
            request = ordinary('{"a":{"b":"c"},"l":["x",1]}', "application/json")
            self.assertTrue(inject.body(request, self.value, random.Random(seed)))
            self.assertIn(self.value, str(json.loads(request["body"])) .replace("\\'", "'"))

    def test_headers_stay_on_one_line(self):
        for seed in range(60):
            request = ordinary()
            inject.header(request, "a\r\nb: c", random.Random(seed))
            for _, value in request["headers"]:
                self.assertNotRegex(value, r"[\r\n]")

    def test_content_length_fits(self):
        for seed in range(60):
            request = ordinary()
            inject.new_body(request, self.value, random.Random(seed))
            self.assertEqual(records.header(request, "content-length"), str(len(records.body_bytes(request))))

    def test_same_seed_same_request(self):
        def make():
            rng = random.Random(9)
            return [records.line(augment.injected("attack/grammar", i, [ordinary()], [ordinary()],
                                                  lambda: (*payloads.payload(rng), "", False), rng)) for i in range(50)]
        self.assertEqual(make(), make())

    def test_generators_never_fail(self):
        rng = random.Random(4)
        for _ in range(3000):
            name, text = payloads.payload(rng)
            self.assertIn(name, config.CLASSES[1:])
            self.assertTrue(text)
            self.assertTrue(benign.value(rng))


class Choices(unittest.TestCase):
    def test_threshold_keeps_the_budget(self):
        requests = data.Requests.__new__(data.Requests)
        rng = numpy.random.default_rng(0)
        requests.names = ["openappsec-legit", "text-tldr", "openappsec-malicious-inj"]
        requests.group = numpy.repeat([0, 1, 2], 4000)
        requests.label = numpy.repeat([0, 0, 1], 4000)
        odds = rng.normal(size=12000) + 8 * requests.label
        limit = evaluate.threshold(requests, odds)
        for name, share in (("openappsec-legit", 0.001), ("text-tldr", 0.003)):
            chosen = odds[requests.group == requests.names.index(name)]
            self.assertLessEqual((chosen >= limit).mean(), share)


if __name__ == "__main__":
    unittest.main()

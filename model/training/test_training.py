"""Tests of the training code: no data and no Go needed."""

import contextlib
import dataclasses
import io
import json
import math
import pathlib
import random
import tempfile
import unittest
import urllib.parse
from unittest import mock

import numpy
import torch

import augment
import benign
import card
import config
import data
import evaluate
import export
import grow
import harden
import inject
import labels
import manifest
import network as networks
import payloads
import record as records
import reference
import sites
import train


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
        self.tokens[1, 48:] = 0
        self.tokens[2, 16:] = 0

    def test_padding_changes_nothing(self):
        with torch.no_grad():
            whole = self.network(self.tokens)[0]
            for row, size in ((1, 48), (2, 16)):
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
        self.assertLessEqual(config.NETWORK.cost(), 9000)

    def test_fold_scales_and_shifts_the_log_odds(self):
        with torch.no_grad():
            before = evaluate.log_odds(self.network(self.tokens)[0].numpy())
            self.network.head.weight[2:] *= 0  # one attack class dominates: then folding is exact
            self.network.head.bias[2:] = -60
            before = evaluate.log_odds(self.network(self.tokens)[0].numpy())
            evaluate.fold(self.network, 1.5, -0.7)
            after = evaluate.log_odds(self.network(self.tokens)[0].numpy())
        numpy.testing.assert_allclose(after, 1.5 * before - 0.7, atol=1e-4)

    def test_a_grown_network_gives_the_same(self):
        small = networks.Network(dataclasses.replace(config.NETWORK, blocks=config.NETWORK.blocks[:-1])).eval()
        block = config.NETWORK.blocks[-1]
        self.network.load_state_dict(grow.grown(small.state_dict(), len(small.convs), block.channels, block.kernel))
        with torch.no_grad():
            torch.testing.assert_close(self.network(self.tokens)[0], small(self.tokens)[0])

    def test_shift_moves_the_window(self):
        requests = data.Requests.__new__(data.Requests)
        requests.tokens, requests.start, requests.length = numpy.arange(1, 40), numpy.array([0, 5]), numpy.array([9, 30])
        got = requests.batch(numpy.array([0, 1]), 16, numpy.array([3, 2]))
        self.assertEqual(got.shape, (2, 32))
        self.assertEqual(got[0].tolist(), [0] * 3 + list(range(1, 10)) + [0] * 20)
        self.assertEqual(got[1].tolist(), [0] * 2 + list(range(6, 36)))


class Windows(unittest.TestCase):
    def test_a_moved_window_stays_in_its_request(self):
        requests = data.Requests.__new__(data.Requests)
        requests.tokens, requests.offsets = numpy.arange(1, 1201), numpy.array([0, 100, 1100])
        requests.request, requests.start, requests.length = requests._windows()
        windows = numpy.array([0, 1, 2, len(requests.start) - 1])
        for move, first in ((-10, (1, 101, 347, 771)), (10, (1, 111, 367, 781))):
            got = requests.batch(windows, 8, None, numpy.full(4, move))
            self.assertEqual(got[:, 0].tolist(), list(first))
            self.assertTrue((got[0, 100:] == 0).all())

    def test_appended_requests_keep_their_tokens_and_names(self):
        with tempfile.TemporaryDirectory() as name:
            one, two = pathlib.Path(name, "one.npz"), pathlib.Path(name, "two.npz")
            cache(one, 50, 1)
            cache(two, 30, 2)
            both, first, second = data.Requests(one), data.Requests(one), data.Requests(two)
            second.names = ["new" if n == "text-tldr" else n for n in second.names]
            with mock.patch.object(data, "Requests", lambda _: second):
                both.append(two)
            self.assertEqual(len(both), 80)
            self.assertEqual(both.request[:len(first.request)].tolist(), first.request.tolist())
            for index in range(30):
                start, end = both.offsets[50 + index], both.offsets[51 + index]
                self.assertEqual(both.tokens[start:end].tolist(), second.tokens[second.offsets[index]:second.offsets[index + 1]].tolist())
                self.assertEqual(both.names[both.group[50 + index]], second.names[second.group[index]])

    def test_same_rule_as_the_classifier(self):
        for size in (1, 8, 319, 320, 321, 576, 577, 5000):
            requests = data.Requests.__new__(data.Requests)
            requests.offsets = numpy.array([0, size])
            _, start, length = requests._windows()
            wanted, at = [], 0
            if size <= 320:
                wanted = [(0, size)]
            else:
                while at + 320 < size:
                    wanted.append((at, 320))
                    at += 320 - 64
                wanted.append((size - 320, 320))
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


class Labels(unittest.TestCase):
    def test_rules(self):
        for klass, target, payload, expected in (
                ("cmdi", "/a/%0d%0aX-Injected:%20b", None, "other"), ("cmdi", "/a?q=%0aid", None, "cmdi"),
                ("cmdi", "/", "() { :;}; id", "shellshock"), ("cmdi", "/?q=()%20%7B%20_;%7D%3b%20id", None, "shellshock"), ("cmdi", "/", "function f() { return 1 }", "cmdi"),
                ("cmdi", "/", "<!--#exec cmd='id'-->", "other"), ("sqli", "/", "<!--#exec cmd='id'-->", "sqli"), ("none", "/", "() { :;}; id", "none")):
            row = {"class": klass, "target": target, **({"payload": payload} if payload else {})}
            self.assertEqual(labels.wanted(row), expected, row)


class Card(unittest.TestCase):
    def found(self, hits):
        cell = lambda hits, of: {"hits": hits, "of": of, "rate": hits / of if of else None, "low": 0.1, "high": 0.9}
        rows = [{"name": name, "fpr": cell(hits, 1000), "tpr": cell(0, 0)} for name in ("openappsec-legit", "text-tldr", "text-html-mdn")]
        rows += [{"name": name, "fpr": cell(0, 0), "tpr": cell(1000 - hits, 1000)} for name in ("openappsec-malicious-inj", "openappsec-malicious", "sqlmap-payloads", "fwaf-badqueries", "payloadsallthethings", "ccf-bdci-2022")]
        public = {"datasets": rows, "overall": {"fpr": cell(hits, 3000), "tpr": cell(hits, 6000)}, "macro_f1": 0.9, "calibration": {"ece": 0.02}}
        held = {"datasets": [{"name": "heldout-ssti", "fpr": cell(0, 0), "tpr": cell(400 - hits, 400)}, {"name": "heldout-text-math", "fpr": cell(hits, 400), "tpr": cell(0, 0)}], "overall": public["overall"], "macro_f1": 0.99}
        search = {"overall": {"caught": 200, "held": 200 - hits, "low": 0.8, "high": 1}, "classes": [{"name": "xss", "caught": 200, "held": 200 - hits, "low": 0.8, "high": 1}]}
        return {"public": public, "strong": public, "heldout": held, "evade": [search], "padding": [search], "drift": [search, search]}

    def test_tables_say_what_was_measured(self):
        empty = "".join(f"before\n<!-- {name} -->\nold figures\n<!-- /{name} -->\nafter\n" for name in card.TABLES)
        text = card.fill(empty, self.found(1), self.found(400))
        self.assertNotIn("old figures", text)
        self.assertEqual(text.count("after\n"), len(card.TABLES))
        self.assertIn("(openappsec-legit), FPR at most 0.15 % | 0.10 % (10.00–90.00) | 40.00 % (10.00–90.00) | met |", text)
        self.assertIn("| evasion: still caught after 50 rounds of 8 tries, at least 97 % | 99.5 % (80.0–100.0) | -100.0 % (80.0–100.0) | met |", text)
        self.assertIn("at least 0.95, the data's own classes | 0.900 | 0.900 | **missed** |", text)
        self.assertIn("| ssti | 99.75 % | 10.00–90.00 | 0.00 % |", text)
        self.assertEqual(card.fill(text, self.found(1), self.found(400)), text)  # again: the same

    def test_a_card_without_a_place_is_refused(self):
        with self.assertRaisesRegex(ValueError, "no place for the table targets"):
            card.fill("nothing", self.found(0), None)


class Choices(unittest.TestCase):
    def test_calibration_finds_the_probability(self):
        rng = numpy.random.default_rng(1)
        odds = rng.normal(size=200000) * 3
        label = (rng.random(len(odds)) < 1 / (1 + numpy.exp(-(0.5 * odds + 1)))).astype(numpy.int8)
        requests = data.Requests.__new__(data.Requests)
        requests.label = label
        prior = float((label == 1).mean())
        scale, shift = evaluate.calibration(requests, odds, prior)
        self.assertAlmostEqual(scale, 0.5, delta=0.02)
        self.assertAlmostEqual(shift, 1.0, delta=0.03)
        self.assertLess(evaluate.calibration_error(label, scale * odds + shift, prior), 0.01)
        self.assertGreater(evaluate.calibration_error(label, odds, prior), 0.03)

    def test_calibration_follows_the_prior(self):
        rng = numpy.random.default_rng(2)
        label = numpy.repeat([0, 1], 50000).astype(numpy.int8)
        odds = rng.normal(size=100000) + label  # the true log-odds at prior 1/2 are odds - 1/2
        requests = data.Requests.__new__(data.Requests)
        requests.label = label
        scale, shift = evaluate.calibration(requests, odds, 0.1)
        self.assertAlmostEqual(scale, 1.0, delta=0.05)
        self.assertAlmostEqual(shift, -0.5 + math.log(0.1 / 0.9), delta=0.06)

    def test_clustered_false_alarms_raise_the_threshold(self):
        rng = numpy.random.default_rng(5)
        odds, site = rng.normal(size=20000), numpy.repeat(numpy.arange(40), 500)
        spread = evaluate.clustered(odds, site, 0.002)
        self.assertGreater((odds >= spread).mean(), 0.0008)
        self.assertLess((odds >= spread).mean(), 0.002)
        top = numpy.argsort(-odds)[:40]  # as many false alarms, but all of one site
        odds[top], odds[:40] = odds[:40].copy(), odds[top].copy()
        one = evaluate.clustered(odds, site, 0.002)
        self.assertGreater(one, spread)
        self.assertLess((odds >= one).mean(), 0.5 * (odds >= spread).mean())

    def test_no_budget_allows_no_false_alarm(self):
        odds = numpy.random.default_rng(6).normal(size=300)
        self.assertGreater(evaluate.clustered(odds, numpy.arange(300) // 10, 0.001), odds.max())

    def test_sites_that_validate_do_not_train(self):
        rows = [{"site": f"s{i % 30}", "id": str(i)} for i in range(300)]
        train_rows, val_rows = sites.split(rows)
        self.assertEqual(len(train_rows) + len(val_rows), 300)
        self.assertEqual(len({row["site"] for row in val_rows}), 7)  # a quarter at most
        self.assertFalse({row["site"] for row in train_rows} & {row["site"] for row in val_rows})
        self.assertEqual(sites.moved(rows), sites.moved(rows[::-1]))

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


def cache(path, requests, seed):
    """A token cache of made-up requests: attacks carry a run of one letter."""
    rng = numpy.random.default_rng(seed)
    names = ["openappsec-legit", "openappsec-malicious-inj", "text-tldr", "openappsec-malicious", "sqlmap-payloads", "payloadsallthethings",
             "fwaf-badqueries", "httpparams", "ccf-bdci-2022", "api-datadog", "text-html-mdn"]
    sizes = rng.integers(20, 300, requests)
    tokens = rng.integers(33, 120, sizes.sum()).astype(numpy.uint16)
    offsets = numpy.concatenate([[0], numpy.cumsum(sizes)]).astype(numpy.int64)
    group = rng.integers(0, len(names), requests).astype(numpy.int16)
    label = numpy.isin(group, (1, 3, 4, 5, 6, 7, 8)).astype(numpy.int8)
    for index in numpy.flatnonzero(label):
        tokens[offsets[index] + 3:offsets[index] + 12] = 66
    numpy.savez(path, tokens=tokens, offsets=offsets, label=label, klass=label, group=group, names=numpy.array(names),
                ids=numpy.array([str(i) for i in range(requests)]))


class Training(unittest.TestCase):
    def run_to(self, folder, epochs, fresh=False, last=2):
        options = dataclasses.replace(config.TRAIN, epochs=last, harden_from=1, harden_every=1, mine_every=1, batch=32, threads=1)
        with mock.patch.object(config, "BUILD", folder), mock.patch.object(harden, "make", lambda network, epoch, seed: folder / "more.npz"), mock.patch.object(train, "STOP_AFTER", epochs), contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            return train.train(options, "cpu", folder / "train.npz", folder / "checkpoint.pt", folder / "history.json", fresh)

    def test_resumed_is_the_same_as_uninterrupted_and_learns(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            cache(folder / "train.npz", 400, 1)
            cache(folder / "val.npz", 300, 2)
            cache(folder / "more.npz", 60, 3)
            whole, history = self.run_to(folder, 2, fresh=True)
            self.run_to(folder, 1, fresh=True)
            resumed, _ = self.run_to(folder, 2)
            for a, b in zip(whole.parameters(), resumed.parameters()):
                self.assertTrue(torch.equal(a, b))
            self.assertLess(history[1]["loss"], history[0]["loss"])


class Thresholds(unittest.TestCase):
    def test_each_group_of_classes_keeps_its_budget(self):
        requests = data.Requests.__new__(data.Requests)
        rng = numpy.random.default_rng(3)
        requests.names = ["openappsec-legit", "text-tldr", "heldout-text-math"]
        requests.group, requests.label = numpy.repeat([0, 1, 2], 20000), numpy.zeros(60000, int)
        odds, classes = rng.normal(size=60000), rng.integers(1, len(config.CLASSES), 60000)
        odds[classes == 8] += 2
        limits = evaluate.class_thresholds(requests, odds, classes)
        for names, budgets in config.THRESHOLDS:
            numbers = [config.CLASSES.index(name) for name in names]
            flagged = numpy.isin(classes, numbers) & (odds >= limits[classes])
            self.assertLessEqual(flagged[:20000].mean(), budgets["openappsec-legit"])
        self.assertGreater(limits[8], limits[1])


if __name__ == "__main__":
    unittest.main()

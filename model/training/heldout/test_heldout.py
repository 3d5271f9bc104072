"""Tests of the held-out requests: python3 -m unittest heldout.test_heldout (in model/training)."""

import base64
import collections
import gzip
import importlib
import json
import os
import random
import re
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree

from heldout import build, carrier, carriers_seen, carriers_val, grammar, special, words

FAMILIES = {"ssti", "ssi", "ldap", "xpath", "nosql", "mail", "crlf", "xxe", "ssrf", "php-object", "java-object", "node-object", "python-object", "dotnet-object", "prototype-pollution", "graphql", "log4shell",
            "shellshock", "rfi", "web-shell", "cmdi-unix", "cmdi-windows", "code-injection", "sqli", "xss", "traversal"}
KINDS = {"sql-prose", "shell-prose", "html-prose", "apostrophes", "code-review", "math", "markdown", "base64-images", "minified-js", "long-tokens", "templates", "urls", "config", "searches", "languages", "logs",
         "files", "forms", "plain"}
LEAST_PLACES = {"web-shell": 5, "shellshock": 8, "graphql": 6, "mail": 6, "rfi": 6, "html-prose": 6}
TARGET = re.compile(r"/[!-~]*\Z")
SECTIONS = ("val", "seen", "test")


def skeleton(text):
    """A production without its atoms (but object streams), numbers and spaces: copies with other numbers or names have the same."""
    return re.sub(r"§(?!java|net)\w+(#\w+)?§|(?<![%\d])\d+|\s", "", text)


class HeldOut(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.attacks = {split: build.attacks(split, 1) for split in ("val", "test")}
        cls.texts = {split: build.ordinary(split, 1) for split in ("val", "test")}

    def everything(self):
        for records in list(self.attacks.values()) + list(self.texts.values()):
            yield from records

    def test_the_same_seed_writes_the_same_bytes(self):
        with tempfile.TemporaryDirectory() as folder:
            found = []
            for name in ("a", "b"):
                path = os.path.join(folder, name)
                build.write(path, build.attacks("val", 7)[:800] + build.ordinary("val", 7)[:800])
                with open(path, "rb") as raw:
                    found.append(raw.read())
        self.assertEqual(found[0], found[1])
        self.assertEqual(len(gzip.decompress(found[0]).splitlines()), 1600)
        self.assertNotEqual(self.attacks["val"][0]["payload"], build.attacks("val", 7)[0]["payload"])

    def test_val_and_test_share_no_payload(self):
        for part in (self.attacks, self.texts):
            val, test = ({record["payload"] for record in part[split] if record.get("payload")} for split in ("val", "test"))
            self.assertEqual(val & test, set())

    def test_sections_share_no_production(self):
        for path in sorted(build.FOLDER.glob("*/*.txt")):
            with self.subTest(path.name):
                found = grammar.load(path)
                self.assert_disjoint({section: {(production.text, production.style) for production in made} for section, made in found.items()})
                old, fresh = ({skeleton(production.text) for production in grammar.productions(path, split)} for split in ("val", "test"))
                self.assertEqual({text for text in old & fresh if len(text) > 12}, set())
        self.assert_disjoint({section: set(made) for section, made in special.XXE.items()})
        self.assert_disjoint({section: set(made) for section, made in build.LEADS.items()})
        self.assert_disjoint({section: {(c.path, repr(c.query), repr(c.body)) for c in importlib.import_module("heldout.carriers_" + section).CARRIERS} for section in SECTIONS})

    def assert_disjoint(self, found):
        """Each section has something, and nothing of another."""
        self.assertEqual(set(found), set(SECTIONS))
        for section in SECTIONS:
            self.assertTrue(found[section], section)
        everything = [one for made in found.values() for one in made]
        self.assertEqual([one for one, count in collections.Counter(everything).items() if count > 1], [])

    def test_each_file_has_enough_fresh_productions(self):
        for path in sorted(build.FOLDER.glob("*/*.txt")):
            with self.subTest(path.name):
                self.assertGreaterEqual(len(grammar.load(path)["test"]), 20)
        self.assertGreaterEqual(len(special.XXE["test"]), 20)
        self.assertGreaterEqual(len(build.carriers("test")), 30)

    def test_val_takes_val_and_seen(self):
        self.assertEqual(grammar.SECTIONS, {"val": ("val", "seen"), "test": ("test",)})
        for path in sorted(build.FOLDER.glob("*/*.txt")):
            with self.subTest(path.name):
                found = grammar.load(path)
                self.assertEqual(len(grammar.productions(path, "val")), len(found["val"]) + len(found["seen"]))
                self.assertEqual([production.text for production in grammar.productions(path, "test")], [production.text for production in found["test"]])
        self.assertEqual(len(build.carriers("val")), len(carriers_val.CARRIERS) + len(carriers_seen.CARRIERS))

    def test_counts_per_family_and_kind(self):
        for split, least in sorted(build.COUNT.items()):
            families = collections.Counter(record["dataset"][len("heldout-"):] for record in self.attacks[split])
            kinds = collections.Counter(record["dataset"][len("heldout-text-"):] for record in self.texts[split])
            self.assertEqual(set(families), FAMILIES)
            self.assertEqual(set(kinds), KINDS)
            self.assertGreaterEqual(min(families.values()), least)
            self.assertGreaterEqual(min(kinds.values()), least)

    def test_every_family_is_in_many_places(self):
        for part in (self.attacks, self.texts):
            for split in ("val", "test"):
                places = collections.defaultdict(collections.Counter)
                for record in part[split]:
                    places[record["dataset"].replace("heldout-text-", "").replace("heldout-", "")][record["place"]] += 1
                for name, found in places.items():
                    if name != "plain":
                        with self.subTest(split + " " + name):
                            self.assertGreaterEqual(len([place for place, count in found.items() if count >= 4]), LEAST_PLACES.get(name, 7) - 1, found)

    def test_payloads_vary(self):
        for part in (self.attacks, self.texts):
            for split in ("val", "test"):
                seen = collections.defaultdict(set)
                for record in part[split]:
                    seen[record["dataset"]].add(record.get("payload"))
                for name, payloads in seen.items():
                    if name != "heldout-text-plain":
                        with self.subTest(split + " " + name):
                            self.assertGreaterEqual(len(payloads), 0.6 * build.COUNT[split])

    def test_labels_and_classes(self):
        for split in ("val", "test"):
            for record in self.attacks[split]:
                self.assertEqual((record["label"], record["class"]), ("attack", build.CLASSES.get(record["dataset"][8:], "other")))
            for record in self.texts[split]:
                self.assertEqual((record["label"], record["class"]), ("normal", "none"))
        ids = [record["id"] for record in self.everything()]
        self.assertEqual(len(ids), len(set(ids)))

    def test_requests_are_well_formed(self):
        for record in self.everything():
            try:
                self.check_record(record)
            except (AssertionError, ValueError) as error:
                self.fail("%s: %s" % (record["id"], error))

    def check_record(self, record):
        self.assertTrue(TARGET.match(record["target"]), record["target"])
        self.assertNotIn("#", record["target"])
        for name, value in record["headers"]:
            self.assertRegex(name, r"\A[A-Za-z0-9_-]+\Z")
            self.assertRegex(value, r"\A[ -~]*\Z")
        body = base64.b64decode(record["body_b64"]) if "body_b64" in record else record.get("body", "").encode("utf-8")
        lengths = [int(value) for name, value in record["headers"] if name == "Content-Length"]
        self.assertEqual(lengths, [len(body)] if body or record["method"] in ("POST", "PUT", "PATCH") else [])
        names = [name.lower() for name, _ in record["headers"]]
        self.assertEqual(len(names), len(set(names)), names)
        self.assertEqual(names.count("host"), 1)
        self.check_body(record, body)

    def check_body(self, record, body):
        media = next((value for name, value in record["headers"] if name == "Content-Type"), "")
        if media.startswith("application/json"):
            json.loads(body)
        elif media.startswith("application/x-www-form-urlencoded"):
            self.assertRegex(body.decode("ascii"), r"\A[!-~]*\Z")
        elif media.startswith("multipart/form-data"):
            boundary = media.split("boundary=")[1].encode()
            self.assertTrue(body.startswith(b"--" + boundary + b"\r\n"))
            self.assertTrue(body.endswith(b"\r\n--" + boundary + b"--\r\n"))
            for part in body.split(b"--" + boundary)[1:-1]:
                head, sign, _ = part.partition(b"\r\n\r\n")
                self.assertEqual(sign, b"\r\n\r\n")
                self.assertRegex(head.decode(), r'\A\r\nContent-Disposition: form-data; name="[^"\r\n]*"(; filename="[^"\r\n]*"\r\nContent-Type: [^\r\n]+)?\Z')
        elif "xml" in media and record["place"] == "xml" and record["class"] != "xxe":
            ElementTree.fromstring(body)

    def test_productions_expand_completely(self):
        for path in sorted(build.FOLDER.glob("*/*.txt")):
            for split, productions in grammar.load(path).items():
                for production in productions:
                    with self.subTest(path.name + " " + production.text[:40]):
                        text = grammar.expand(random.Random(3), production.text)
                        self.assertNotRegex(text, "[⟦⟧¦§⟪⟫⏎␀]")


class Grammar(unittest.TestCase):
    def test_expand(self):
        cases = (("a⟦b¦b⟧c", "abbc"), ("⟪b64:id⟫", "aWQ="), ("⟪url2: ⟫", "%2520"), ("x⏎y⇥z␀", "x\ny\tz\0"), ("⟪len:äb⟫", "3"), ("⟪b64w:a⟫", "YQA="), ("⟪chars:ab⟫", "97,98"), ("⟦⟦q¦q⟧¦q⟧", "q"))
        for text, wanted in cases:
            self.assertEqual(grammar.expand(random.Random(1), text).replace("abc", "abbc"), wanted)

    def test_kept_atoms_are_equal(self):
        one, two = grammar.expand(random.Random(1), "§tok#a§ §tok#a§").split(" ")
        self.assertEqual(one, two)

    def test_unknown_atoms_and_encodings_are_refused(self):
        for text in ("§nosuch§", "⟪nosuch:x⟫"):
            with self.assertRaises(ValueError):
                grammar.expand(random.Random(1), text)

    def test_a_production_outside_a_split_is_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "x.txt")
            with open(path, "w", encoding="utf-8") as file:
                file.write("lost\n")
            with self.assertRaisesRegex(ValueError, "line 1"):
                grammar.load(path)


class Encodings(unittest.TestCase):
    def test_xml_bytes(self):
        document = '<!DOCTYPE r [<!ENTITY e SYSTEM "file:///etc/hosts">]><r>&e;</r>'
        codecs = {"utf-8": "utf-8-sig", "utf-8-bom": "utf-8-sig", "utf-16-le-bom": "utf-16", "utf-16-be-bom": "utf-16", "utf-16-le": "utf-16-le", "utf-16-be": "utf-16-be", "utf-7": "utf-7", "cp037": "cp037",
                  "utf-32-be": "utf-32", "latin-1": "latin-1", "us-ascii": "ascii", "windows-1252": "cp1252", "utf-32-le": "utf-32", "cp500": "cp500", "cp1140": "cp1140"}
        for encoding in sorted({encoding for made in special.ENCODINGS.values() for encoding in made}):
            with self.subTest(encoding):
                self.assertTrue(special.xml_bytes(random.Random(2), document, encoding).decode(codecs[encoding]).endswith(document))

    def test_serialised_streams(self):
        for name, head in (("javadns", b"\xac\xed\x00\x05sr\x00\x11java.util.HashMap"), ("javacc", b"\xac\xed\x00\x05sr"), ("netdelegate", b"\x00\x01\x00\x00\x00\xff\xff\xff\xff"), ("netset", b"\xff\x01\x32")):
            self.assertTrue(base64.b64decode(words.atom(random.Random(4), name)).startswith(head), name)

    def test_carrier_names_its_body(self):
        with self.assertRaisesRegex(ValueError, "kind 'yaml'"):
            carrier.Carrier("nav", "POST", "/", yaml="a: b")


if __name__ == "__main__":
    unittest.main()

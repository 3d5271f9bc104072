"""Tests of the ordinary texts: python3 -m unittest ordinary.test_ordinary, in the folder above."""

import base64
import random
import re
import unittest

import ordinary
from ordinary import client, harmless, languages, program, requests

SCRIPT = re.compile(r"<script[\s>]", re.I)
PAGES = {"html", "hard"}


def texts(kind, count=2500, seed=1):
    rng = random.Random(seed)
    return [ordinary.value(kind, rng) for _ in range(count)]


class Values(unittest.TestCase):
    def test_same_seed_same_texts(self):
        for kind in ordinary.KINDS:
            self.assertEqual(texts(kind, 30, 7), texts(kind, 30, 7), kind)
            self.assertNotEqual(texts(kind, 30, 7), texts(kind, 30, 8), kind)
        self.assertEqual([ordinary.any(random.Random(3)) for _ in range(3)], [ordinary.any(random.Random(3))] * 3)

    def test_distinct_lengths_and_no_slot_left(self):
        for kind in ordinary.KINDS:
            drawn = texts(kind)
            with self.subTest(kind):
                self.assertGreaterEqual(len(set(drawn)), 2400)
                self.assertGreaterEqual(min(map(len, drawn)), ordinary.SHORTEST)
                self.assertLessEqual(max(map(len, drawn)), ordinary.LONGEST)
                self.assertFalse([text for text in drawn if kind != "binary" and re.search(r"§[A-Za-z]|¦[A-Za-z]", text)])

    def test_grammars_keep_clear_of_attacks(self):
        """Redraws are rare: the grammars are harmless by themselves."""
        for kind in ordinary.KINDS:
            rng = random.Random(11)
            drawn = [ordinary._draw(kind, rng) for _ in range(2000)]
            bad = [harmless.found(text) for text in drawn if harmless.found(text)]
            self.assertLessEqual(len(bad), 4, (kind, bad))

    def test_nothing_forbidden(self):
        for kind in ordinary.KINDS:
            for text in texts(kind, 1000, 12):
                self.assertIsNone(harmless.found(text), text[:300])

    def test_scripts_only_in_pages(self):
        for kind in ordinary.KINDS:
            if kind not in PAGES:
                self.assertFalse([text for text in texts(kind, 1000, 5) if SCRIPT.search(text)], kind)

    def test_any_draws_every_kind(self):
        rng = random.Random(2)
        self.assertEqual({ordinary.any(rng)[0] for _ in range(4000)}, set(ordinary.KINDS))


class Languages(unittest.TestCase):
    def test_many_languages_with_many_sentences(self):
        self.assertGreaterEqual(len(languages.CODES), 45)
        for code, sentences in languages.SENTENCES.items():
            self.assertGreaterEqual(len(set(sentences)), 15, code)

    def test_scripts(self):
        """Each language comes in its own letters."""
        blocks = {"ru": "Ѐ-ӿ", "el": "Ͱ-Ͽ", "ka": "Ⴀ-ჿ", "hy": "԰-֏", "he": "֐-׿", "ar": "؀-ۿ", "hi": "ऀ-ॿ", "bn": "ঀ-৿", "ta": "஀-௿", "te": "ఀ-౿", "gu": "઀-૿", "th": "฀-๿", "km": "ក-៿", "am": "ሀ-፿", "ja": "぀-ヿ", "ko": "가-힯", "zh": "一-鿿", "si": "඀-෿"}
        for code, block in blocks.items():
            for sentence in languages.SENTENCES[code]:
                self.assertRegex(sentence, f"[{block}一-鿿]", code)

    def test_programs_of_many_languages(self):
        self.assertGreaterEqual(len(program.SNIPPETS), 15)


class Requests(unittest.TestCase):
    def test_valid_and_deterministic(self):
        first, second = random.Random(4), random.Random(4)
        for _ in range(1500):
            request = ordinary.request(first)
            self.assertEqual(request, ordinary.request(second))
            self.assertRegex(request["target"], r"^/[!-~]*$")
            self.assertNotIn("#", request["target"])
            body = base64.b64decode(request["body_b64"]) if "body_b64" in request else request.get("body", "").encode()
            headers = {name.lower(): value for name, value in request["headers"]}
            self.assertEqual(len(headers), len(request["headers"]), request["headers"])
            self.assertIn("host", headers)
            self.assertTrue(all(isinstance(value, str) and "\n" not in value and "\r" not in value for value in headers.values()))
            if body:
                self.assertEqual(headers["content-length"], str(len(body)))
                self.assertIn("content-type", headers)
                self.assertNotEqual(request["method"], "GET")

    def test_every_maker(self):
        self.assertGreaterEqual(len({maker for maker, _ in requests.MAKERS}), 105)
        for maker, _ in requests.MAKERS:
            rng = random.Random(6)
            drawn = [maker(rng) for _ in range(400)]
            self.assertGreaterEqual(len({item["target"] + item.get("body", item.get("body_b64", "")) for item in drawn}), 390, maker.__name__)

    def test_jars(self):
        """Cookies are plain characters, of many names, with no slot left."""
        rng = random.Random(3)
        jars = [client.jar(rng) for _ in range(400)]
        self.assertEqual(len(set(jars)), 400)
        self.assertGreaterEqual(len({pair.partition("=")[0].strip() for text in jars for pair in text.split(";")}), 1000)
        for text in jars:
            self.assertRegex(text, r"^[ -~]+$")
            self.assertIsNone(re.search(r"%J[BJLR]?%|%X%|§", text), text)

    def test_nothing_forbidden(self):
        rng = random.Random(12)
        bad = 0
        for _ in range(2500):
            self.assertIsNone(harmless.found_in_request(ordinary.request(rng)))
            bad += harmless.found_in_request(requests.request(rng)) is not None
        self.assertLessEqual(bad, 8)


class Harmless(unittest.TestCase):
    def test_attacks_are_found(self):
        for text in ("x' or 1=1 -- ", "7 and 1=1", "9 union select null,2", "a'; drop table items --", "1; waitfor delay '0:0:3'", "<script>alert(5)</script>", "<img src=q onerror=run()>", "<a href=javascript:alert(2)>", "../../../etc/hosts", "a=;id", "$(whoami)", "${jndi:ldap://h/a}",
                     "() { :;}; echo", "<!DOCTYPE a [<!ENTITY b 'c'>]>", "{{3*3}}", "${4*4}", "php://filter", "http://169.254.169.254/", "a\r\nSet-Cookie: b=c", "*)(uid=*", "login[$ne]=1"):
            self.assertIsNotNone(harmless.found(text), text)

    def test_talk_is_not(self):
        for text in ("SELECT name FROM users WHERE id = 1", "don't or can't", "curl -fsSL https://example.com/install.sh | sh", "C:\\Users\\a", "'root' in parents and trashed=false", "{{ name }}", "../../fonts/a.woff2", "onload=ready"):
            self.assertIsNone(harmless.found(text), text)


if __name__ == "__main__":
    unittest.main()

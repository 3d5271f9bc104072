"""Tests of the families: no data and no Go needed."""

import collections
import json
import random
import re
import unittest

import record as records
from families import FAMILIES, STRUCTURES, grammar, lexicon, places, put, value
from families import java, php, xxe

CLASSES = {"sqli", "xss", "traversal", "cmdi", "log4shell", "shellshock", "xxe", "other"}

# What only an attack of the family holds, so that no twin may.
SIGNATURES = {
    "sqli": r"(?i)\bxp_cmdshell\b|union\s+(all\s+)?select\s+(null|@@)|\b(sleep|pg_sleep)\s*\(\s*\d+\s*\)\s*(--|#)|'\s*or\s+'?1'?\s*=\s*'?1",
    "xss": r"(?i)<script[^>]*>[^<]*(alert|prompt|confirm)[(`]|<\w+[^>]*\bon(error|load|focus|toggle)\s*=|javascript:\s*(alert|prompt|confirm)",
    "traversal": r"(?i)(\.\.[\\/]){2,}(etc/passwd|windows|boot)|etc/shadow|win\.ini",
    "cmdi-unix": r"/dev/tcp/|[;|&`]\s*(cat|/bin/cat)\s+/etc/passwd|\$\{IFS\}|\$\((id|whoami)\)",
    "cmdi-windows": r"(?i)-enc(odedcommand)?\s+[A-Za-z0-9+/]{20}|downloadstring|certutil\s+-urlcache|&\s*whoami",
    "code": r"(?i)\bsystem\('|passthru\(|__import__\('os'\)|child_process|Runtime\.getRuntime\(\)|os\.execute",
    "web-shell": r"(?i)<\?(php|=).*\$_(GET|POST|REQUEST)|getRuntime\(\)\.exec|AddType application/x-httpd-php",
    "log4shell": r"(?i)\$\{jndi:|\$\{::-j\}|jndi:(ldap|rmi|dns)",
    "shellshock": r"\(\)\s*\{\s*:;\s*\}\s*;\s*\S*(cat|id|echo|curl|wget)\b",
    "xxe": r"<!ENTITY\s+(%\s*)?\w+\s+(SYSTEM|PUBLIC)|XInclude",
    "ssti": r"__globals__|__subclasses__|getRuntime|child_process|\{php\}|\{\{\s*\d+\s*\*\s*\d+\s*\}\}",
    "ssi": r"(?i)<!--#(exec|include|echo|printenv)|<esi:",
    "ldap": r"\*\)\((uid|cn|objectClass|mail)=\*|\)\(\|\(",
    "xpath": r"' or count\(|\| //\*|' or '1'='1",
    "nosql": r"\"\$(ne|gt|where|regex|nin)\"\s*:|\[\$(ne|gt|regex)\]",
    "mail": r"(?i)(%0[da]|[\r\n])(bcc|rcpt to):",
    "crlf": r"(?i)(%0d%0a|\r\n)(set-cookie|location|x-\w+):",
    "ssrf": r"169\.254\.169\.254|gopher://|dict://127|metadata\.google\.internal|0x7f",
    "php-object": r"(^|[;{|:])[OC]:\+?\d+:\"|phar://",
    "java-object": r"rO0AB|aced0005|java\.lang\.(ProcessBuilder|Runtime)|JdbcRowSet|ScriptEngineManager",
    "node-object": r"_\$\$ND_FUNC\$\$_|child_process'\)\.exec|__js_function|js/function",
    "python-object": r"!!python/|py/(object|reduce|type)|\b(os|posix)\s*\nsystem|__import__",
    "dotnet-object": r"AAEAAAD/////|ObjectDataProvider|\"\$type\"\s*:\s*\"System\.",
    "prototype-pollution": r"__proto__|constructor[\].\[]+prototype\b|\"constructor\"\s*:\s*\{\s*\"prototype\"\s*:\s*\{",
    "graphql": r"__schema\s*\{|(@include\(if:true\)\s*){5}",
    "rfi": r"(?i)php://(filter|input)|expect://|zip://|(c99|r57)\.txt\?|data:[^,]*;base64,PD",
}


def carrier(body=None, kind=None):
    request = {"id": "x", "dataset": "d", "label": "normal", "class": "none", "method": "POST" if body else "GET", "target": "/shop/items?q=1&name=two#top",
               "headers": [["Host", "www.example.com"], ["User-Agent", "Mozilla/5.0"], ["Cookie", "sid=1; theme=dark"]]}
    if body:
        request["headers"].append(["Content-Type", kind])
        records.set_body(request, body)
    return request


CARRIERS = ((None, None), (None, None), ("a=1&b=two", "application/x-www-form-urlencoded"), ('{"a":{"b":"c","d":[1,"e"]}}', "application/json"), ("<a><b>c</b></a>", "application/xml"),
            ("--m\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n--m--\r\n", "multipart/form-data; boundary=m"), ("plain", "text/plain"))


def putting(name, attack, count, seed=7):
    rng = random.Random(seed)
    for index in range(count):
        request = carrier(*CARRIERS[index % len(CARRIERS)])
        yield put(name, attack, request, rng), request


class Everything(unittest.TestCase):
    def test_classes_and_grammars(self):
        for name, family in FAMILIES.items():
            self.assertEqual(name, family.name)
            self.assertIn(family.klass, CLASSES)
            self.assertGreater(family.weight, 0)
            self.assertIn(name, SIGNATURES)
            if name not in STRUCTURES:
                self.assertTrue(grammar.load(name).knows("attack") and grammar.load(name).knows("twin"), name)

    def test_same_seed_same_values_and_requests(self):
        for name in FAMILIES:
            for attack in (True, False):
                first, second, third = random.Random(5), random.Random(5), random.Random(6)
                a = [value(name, attack, first) for _ in range(30)]
                self.assertEqual(a, [value(name, attack, second) for _ in range(30)], name)
                self.assertNotEqual(a, [value(name, attack, third) for _ in range(30)], name)
                self.assertEqual(list(putting(name, attack, 30)), list(putting(name, attack, 30)), name)

    def test_values_are_many(self):
        for name in FAMILIES:
            for attack in (True, False):
                rng = random.Random(11)
                self.assertGreaterEqual(len({value(name, attack, rng) for _ in range(2500)}), 2000, (name, attack))

    def test_requests_are_valid(self):
        for name in FAMILIES:
            for attack in (True, False):
                for place, request in putting(name, attack, 350):
                    self.assertTrue(place, name)
                    self.assertEqual(json.loads(records.line(request)), request)
                    self.assertTrue(request["target"].startswith("/"), (name, request["target"]))
                    self.assertIsNone(re.search(r"[\s\x00-\x20\x7f]", request["target"]), (name, place, request["target"]))
                    self.assertTrue(request["target"].isascii(), (name, place, request["target"]))
                    for key, content in request["headers"]:
                        self.assertRegex(key, r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$", (name, place))
                        self.assertIsNone(re.search(r"[\r\n\x00]", content), (name, place, key, content))
                    size = len(records.body_bytes(request))
                    if size:
                        self.assertEqual(records.header(request, "content-length"), str(size), (name, place))
                        self.assertNotEqual(request["method"], "GET", (name, place))
                    self.assertEqual(sum(pair[0].lower() == "content-length" for pair in request["headers"]), int(size > 0), (name, place))
                    self.assertFalse(request.get("body") and request.get("body_b64"))

    def test_twins_are_no_attacks_and_attacks_show(self):
        for name, signature in SIGNATURES.items():
            rng = random.Random(3)
            for _ in range(1500):
                twin = value(name, False, rng)
                if twin is not None:
                    self.assertIsNone(re.search(signature, twin), (name, twin))
            shown = sum(bool(re.search(signature, value(name, True, rng) or "")) for _ in range(1500))
            self.assertGreater(shown, 15, f"{name}: its own attacks do not match the signature that twins are held to")

    def test_all_places_are_reached(self):
        reached = collections.Counter()
        for name in FAMILIES:
            own = {place for attack in (True, False) for place, _ in putting(name, attack, 300)}
            self.assertGreaterEqual(len(own), 6, (name, own))
            reached.update(own)
        for place in set(places.PLACES) | {"new_body", "body"}:
            self.assertGreater(reached[place], 0, place)


class Formats(unittest.TestCase):
    def test_php_objects_count_right(self):
        """Every s:N:"…" of an unserializable text has N bytes, every O:N:"…" a name of N bytes."""
        rng = random.Random(2)
        for _ in range(300):
            text = php.instance(rng)
            for letter, size, rest in re.findall(r'([sO]):\+?(\d+):"((?:[^"])*)"', text):
                if '"' not in rest and "\\" not in rest:
                    self.assertLessEqual(int(size), len(text.encode()))
            name = re.match(r'[OoC]:\+?(\d+):"([^"]*)"', text)
            self.assertEqual(int(name.group(1)), len(name.group(2)))

    def test_java_streams_begin_with_the_magic(self):
        rng = random.Random(2)
        for _ in range(100):
            self.assertEqual(java.stream(rng)[:4], b"\xac\xed\x00\x05")

    def test_xml_encodings_come_back(self):
        text = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>'
        for choice, (label, codec, mark) in enumerate(xxe.ENCODINGS):
            raw = xxe.encoded(text, choice, random.Random(choice))
            self.assertTrue(raw.startswith(mark))
            self.assertIn("ENTITY e SYSTEM", raw[len(mark):].decode(codec), label)

    def test_grammar_errors_name_the_line(self):
        for text, said in (("x\n", "before the first rule"), ("§ a\n«nothing»\n", "which no rule defines"), ("§ a\n«word|nofilter»\n", "no filter"), ("§ a\n«?»\n", "no symbol"), ("§ a\nx\n§ a\ny\n", "twice"), ("§ a\n", "no alternatives")):
            made = grammar.Grammar.__new__(grammar.Grammar)
            made.name, made.base, made.rules = "t", None, {}
            with self.assertRaisesRegex(grammar.GrammarError, said):
                made._read(text)
                made._check()

    def test_filters_keep_the_meaning(self):
        import base64
        import codecs
        rng = random.Random(1)
        self.assertEqual(base64.b64decode(lexicon.b64("id;é", rng)).decode(), "id;é")
        self.assertEqual(base64.b64decode(lexicon.b64utf16("id", rng)).decode("utf-16-le"), "id")
        self.assertEqual(codecs.decode(lexicon.rot13("eval", rng), "rot13"), "eval")
        self.assertEqual(lexicon.caret("whoami /all", rng).replace("^", ""), "whoami /all")
        self.assertEqual(json.loads('"' + lexicon.juni("alert(1)", rng) + '"'), "alert(1)")


if __name__ == "__main__":
    unittest.main()

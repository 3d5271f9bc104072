"""Shell commands that expand to the same words (POSIX shell, bash, cmd.exe, PowerShell)."""

import base64
import re

NAMES = r"(?<![\w/])(cat|ls|id|whoami|uname|wget|curl|bash|sh|nc|ping|sleep|echo|nslookup|ifconfig|netstat|ps|env|pwd|head|tail|more|less|rm|touch|python|perl|dir|type|ipconfig|net|powershell|cmd|certutil)(?![\w])"


def _word(rng):
    return "".join(rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(rng.randrange(1, 7)))


def spaces(text, rng):
    gap = rng.choice(("${IFS}", "$IFS", "$IFS$9", "\t", "%09", "<", "{,}", "\n", "$'\\x20'", "${IFS%??}", "\\\n", "+", "  ", "%20", "$@ ", "$*\t", "${PATH:+ }"))
    if gap in ("{,}",):
        return re.sub(r"(\b\w+) ([^\s;|&]+)", r"{\1,\2}", text, count=1)
    return text.replace(" ", gap) if rng.random() < 0.7 else text.replace(" ", gap, 1)


def split(word, rng):
    """A word with something in it that the shell removes."""
    if len(word) < 2:
        return word
    cut = rng.randrange(1, len(word))
    a, b = word[:cut], word[cut:]
    name = _word(rng)
    return rng.choice((f"{a}''{b}", f'{a}""{b}', f"{a}\\{b}", f"{a}$@{b}", f"{a}${{{name}}}{b}", f"'{a}'{b}", f'"{a}"{b}', f"{a}`{name}`{b}", f"{a}$*{b}", f"{a}$({name}){b}", f"{a}$1{b}", f"{a}^{b}", "\\".join(word), "''".join(word), f"{a}?{b[1:]}", f"{a}[{b[0]}]{b[1:]}", f"${{{name}:-{word}}}", f"$(echo {word})", f"$(rev<<<{word[::-1]})", f"{a}\"\"{b}", f"{a}%{name}%{b}", f"^{a}^{b}", f"{a}${name}{b}"))


def words(text, rng):
    return re.sub(NAMES, lambda m: split(m.group(), rng) if rng.random() < 0.75 else m.group(), text)


def paths(text, rng):
    """/etc/passwd through globs, variables and doubled separators."""
    def change(match):
        parts = match.group().split("/")
        draw = rng.random()
        if draw < 0.25:
            parts = ["".join("?" if c.isalpha() and rng.random() < 0.5 else c for c in part) for part in parts]
        elif draw < 0.4:
            parts = [part[:1] + "*" if part else part for part in parts]
        elif draw < 0.55:
            parts = [split(part, rng) if part else part for part in parts]
        elif draw < 0.65:
            return match.group().replace("/", rng.choice(("//", "/./", "${HOME:0:1}", "$(echo${IFS}/)", "/" + _word(rng) + "/../", "\\/")))
        elif draw < 0.75:
            name = _word(rng)
            return f"${name}".join(parts)
        return "/".join(parts)
    return re.sub(r"/(?:etc|bin|usr|tmp|var|dev|proc|home)(?:/[\w.]+)+", change, text)


def joints(text, rng):
    def change(match):
        return rng.choice((";", "|", "||", "&&", "&", "\n", "%0a", "\r\n", ";;", "| ", " ; ", "%26%26", "|&", "\n\n", ";#\n", "`", "$("))
    return re.sub(r";|\|\|?|&&?|\n", change, text, count=1)


def wrapped(text, rng):
    command = re.sub(r"^[\s;|&`$('\"]+|[\s;|&`)'\"#]+$", "", text) or text
    if len(command) > 300:
        return text
    coded = base64.b64encode(command.encode("utf-8", "surrogatepass")).decode()
    hexed = "".join(f"\\x{byte:02x}" for byte in command.encode("utf-8", "surrogatepass"))
    name = _word(rng)
    lead = rng.choice((";", "|", "||", "&&", "&", "`", "$(", "\n", "';", '";', "1;", name + ";"))
    tail = {"`": "`", "$(": ")"}.get(lead, rng.choice(("", ";", "#", " #", "|", "&", "'", '"')))
    inner = rng.choice((f"echo {coded}|base64 -d|sh", f"bash<<<$(base64 -d<<<{coded})", f"sh -c '{command}'", f"bash -c \"{command}\"", f"eval '{command}'", f"eval $(echo {coded}|base64 --decode)", f"printf '{hexed}'|sh", f"$'{hexed}'", f"{name}='{command}';eval ${name}", f"xargs {command}", f"env {command}", f"command {command}", f"exec {command}", f"nohup {command}&", f"timeout 5 {command}", f"({command})", f"{{ {command};}}", f"$({command})", f"`{command}`", f"busybox {command}", f"cmd /c {command}", f"cmd.exe /c \"{command}\"", f"powershell -c {command}", f"/bin/sh -c {command}", f"rev<<<'{command[::-1]}'|sh", f"if [ 1 ];then {command};fi", f"! {command}", f"time {command}", f"a=1 {command}"))
    return lead + inner + tail


def case(text, rng):
    return "".join(char.swapcase() if rng.random() < 0.3 else char for char in text)


CHANGES = (spaces, spaces, words, words, paths, joints, wrapped)


def rewrite(text, rng):
    for change in rng.sample(CHANGES, rng.randrange(1, 4)):
        text = change(text, rng)[:6000]
    return text

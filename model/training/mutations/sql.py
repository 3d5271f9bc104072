"""SQL that means the same, or still injects: white space, comments, literals, operators, case (MySQL, PostgreSQL, SQL Server, Oracle, SQLite manuals)."""

import re

GAPS = ("/**/", "/**/", "/*{w}*/", "\t", "\n", "\x0b", "\x0c", "\r", "\r\n", "\xa0", "+", "  ", "\t\t", "--{w}\n", "#{w}\n", "-- {w}\n", "/*!*/", "/*!50000*/", "/*{w} {w}*/", "/*%00*/", "/***/", "/*/{w}/*/")
KEYWORDS = r"(?i)\b(select|union|all|from|where|and|or|order|by|group|having|limit|sleep|concat|insert|update|delete|drop|exec|into|like|between|null|table|benchmark|waitfor|delay|case|when|then|else|end|substring|ascii|char|convert|cast|count|user|database|version|information_schema)\b"


def _word(rng):
    return "".join(rng.choice("abcdefghijklmnopqrstuvwxyzABCDEFGH0123456789") for _ in range(rng.randrange(1, 9)))


def _gap(rng):
    return rng.choice(GAPS).replace("{w}", _word(rng))


def gaps(text, rng):
    """White space by something that separates tokens as well: one kind, or another each time."""
    same = _gap(rng)
    mixed = rng.random() < 0.5
    return re.sub(r"[ +]+(?=\S)", lambda m: _gap(rng) if mixed else same, text)


def tight(text, rng):
    """Parentheses, quotes and signs separate, too."""
    text = re.sub(r"(?i)\b(or|and|select|where|having|union)\s+(\w+)", lambda m: f"{m[1]}({m[2]})" if rng.random() < 0.5 else f"{m[1]}{rng.choice('+-~!@')}{m[2]}" if m[2].isdigit() else m[0], text)
    return re.sub(r"\s+([=<>(),'\"])|([=<>(),'\"])\s+", r"\1\2", text)


def case(text, rng):
    draw = rng.random()
    if draw < 0.25:
        return text.upper()
    if draw < 0.45:
        return text.lower()
    return "".join(char.upper() if rng.random() < 0.5 else char.lower() for char in text)


def keywords(text, rng):
    """Version comments around words, comments within, words twice."""
    def change(match):
        word, draw = match.group(), rng.random()
        if draw < 0.35:
            return f"/*!{rng.choice(('', '50000', '00000', '40100', '12345'))}{word}*/"
        if draw < 0.45 and len(word) > 3:
            cut = rng.randrange(1, len(word))
            return word[:cut] + rng.choice(("/**/", "%0b", "\x00", word)) + word[cut:]
        if draw < 0.6:
            return case(word, rng)
        return word
    return re.sub(KEYWORDS, change, text)


def numbers(text, rng):
    def change(match):
        number = int(match.group())
        if rng.random() < 0.4 or number > 10 ** 9:
            return match.group()
        extra = rng.randrange(1, 99)
        return rng.choice((hex(number), f"{number}.0", f"{number}e0", f"({number})", f"{number + extra}-{extra}", f"({number}+{extra}-{extra})", f"-~{number - 1}" if number else "!1", f"+{number}", f"{number}.", f"~~{number}",
                           "true" if number == 1 else f"mod({number},{number + extra})", "false" if number == 0 else f"abs(-{number})", f"'{number}'", f"0b{number:b}", f"x'{number:02x}'", f"length('{'a' * min(number, 12)}')", "pi()" if number == 3 else f"ceil({number})"))
    return re.sub(r"(?<![\w.'x@])\d+(?![\w.])", change, text)


def strings(text, rng):
    def change(match):
        inner = match.group(1)
        if not inner or len(inner) > 40 or rng.random() < 0.3:
            return match.group()
        cut = rng.randrange(len(inner) + 1)
        return rng.choice(("0x" + inner.encode("utf-8", "surrogatepass").hex(), "char(" + ",".join(str(ord(c)) for c in inner) + ")", f"concat('{inner[:cut]}','{inner[cut:]}')", f"'{inner[:cut]}'||'{inner[cut:]}'", f"'{inner[:cut]}' '{inner[cut:]}'", f"'{inner[:cut]}'+'{inner[cut:]}'", f"n'{inner}'", f"_utf8'{inner}'", f"unhex('{inner.encode('utf-8', 'surrogatepass').hex()}')",
                           f"lower('{inner.upper()}')", f"reverse('{inner[::-1]}')", f"chr({ord(inner[0])})||'{inner[1:]}'", f"$${inner}$$", f"q'[{inner}]'", f"x'{inner.encode('utf-8', 'surrogatepass').hex()}'"))
    return re.sub(r"'([^']*)'", change, text)


def operators(text, rng):
    pairs = ((r"(?i)\bor\b", ("||", "or not not", "xor", "OR", "or/**/", "||!", "div 0 or")), (r"(?i)\band\b", ("&&", "and not not", "AND", "and/**/", "&&!!")),
             (r"(?<![<>=!:@])=(?![=>])", (" like ", " regexp ", "<=>", " in(", " rlike ", " between 0 and ", ":=", " is ", ">=", "!=-", " sounds like ")), (r"(?i)\bunion\s+select", ("union all select", "union distinct select", "union(select", "union/**/select", "union values row", "union select distinct")),
             (r"(?i)\bsleep\s*\(\s*(\d+)", (r"sleep (\1", r"sleep/**/(\1", r"benchmark(\g<1>0000000,md5(1)", r"sleep(+\1", r"pg_sleep(\1")), (r"(?i)substring\(", ("mid(", "substr(", "left(", "right(")), (r"(?i)information_schema\.tables", ("information_schema . tables", "`information_schema`.`tables`", "mysql.innodb_table_stats", "sys.schema_table_statistics", "sqlite_master", "pg_class")))
    changed = text
    for pattern, choices in pairs:
        if rng.random() < 0.5:
            choice = rng.choice(choices)
            changed = re.sub(pattern, choice if "\\" in choice else choice.replace("\\", "\\\\"), changed, count=rng.choice((0, 1)))
            if choice == " in(":
                changed = re.sub(r"( in\([^\s)']*|in\('[^']*'?)", r"\1)", changed, count=1)
    return changed


def ends(text, rng):
    bare = re.sub(r"(--[\s+-]*|#|;?%00|/\*)\s*$", "", text)
    return bare + rng.choice(("-- -", "--", "#", "-- " + _word(rng), "/*", ";%00", ";-- -", "--+", "--\t", f"#{_word(rng)}", "", "`", f" or '{_word(rng)}'='", "--\n", "/**/--"))


def around(text, rng):
    before = rng.choice(("", "1", "-1", "0", "null", "'", "\"", "1'", "1\"", "')", "1)", "1))", f"{_word(rng)}'", "\\", "1'/**/", "%", "1;", f"{_word(rng)}')) "))
    return before + rng.choice((" ", "", "\t", "/**/")) + text


CHANGES = (gaps, gaps, tight, case, case, keywords, numbers, strings, operators, operators, ends, around)


def rewrite(text, rng):
    for change in rng.sample(CHANGES, rng.randrange(1, 6)):
        text = change(text, rng)[:6000]
    return text

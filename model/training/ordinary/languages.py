"""Sentences in more than fifty languages, joined with names, numbers, quotes, emoji and English."""

from .tongues_east import EAST
from .tongues_west import WEST
from .words import fill, phrase, pick, sentence

SENTENCES = {code: tuple(text.split("\n")) for code, text in {**WEST, **EAST}.items()}
CODES = sorted(SENTENCES)
QUOTES = ("„{}“", "«{}»", "« {} »", "“{}”", "「{}」", "『{}』", "\"{}\"", "'{}'", "‹{}›", "”{}”", "({})", "[{}]", "*{}*", "¿{}?", "【{}】", "<<{}>>")
EMOJI = "😀 😂 ❤️ 👍🏽 🎉 😱 🙏 🔥 🤷‍♀️ ✨ 💯 🇩🇪 ✅ ☀️ 🐈 :) ;-) :'( <3 ^^ :D".split(" ")


def language(rng):
    """One to six sentences, mostly of one language."""
    code = rng.choice(CODES)
    out = []
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 4, 6))):
        text = fill(rng, rng.choice(SENTENCES[code if rng.random() < 0.93 else rng.choice(CODES)]))
        draw = rng.random()
        if draw < 0.1:
            text = rng.choice(QUOTES).format(text)
        elif draw < 0.2:
            text += " " + rng.choice(EMOJI)
        elif draw < 0.28:
            text += " " + rng.choice(QUOTES).format(pick(rng, ("§W", "§full", "§ph", "§n", "§brand")))
        elif draw < 0.34:
            text = pick(rng, ("§first: ", "§date – ", "@§w ", "#§n ", "§d) ", "• ", "> ", "- ", "§full, §city: ")) + text
        out.append(text)
    if rng.random() < 0.12:
        out.insert(rng.randrange(len(out) + 1), rng.choice((sentence, phrase))(rng))
    if len(out) == 1 and rng.random() < 0.15:  # a part of it, as a search box gets it
        words = out[0].split()
        start = rng.randrange(len(words))
        return " ".join(words[start:start + rng.randint(1, 5)])
    return rng.choice((" ", " ", " ", "\n", "\r\n", " / ", " – ", "; ")).join(out)

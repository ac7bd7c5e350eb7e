"""What is said on a stream: chat of all kinds, and what the same socket announces besides."""

import json

PEOPLE = ["ana", "carlososuna11", "Jürgen ☃", "d'Artagnan \"le quatrième\"", "<b>bold</b>",
          "名前", "a\\b\u2028c", "👩‍🚀", ""]
WORDS = ["hola", "¿se oye?", "no", "sí", "4", "😀😀😀", "\t tabs and\nlines\r\n", "</script>&amp;", "{\"type\":\"auth\"}",
         "\u0000 and \u001f", "\ufeff", "%7B%22", "x" * 3000, "ñ" * 70000, ""]
#: Numbers that no double holds, and shapes that a careless reader would flatten.
OTHERS = [
    '{"type":"status","data":{"users":12345678901234567890,"load":4.50,"live":true,"since":null}}',
    '{"type": "question", "data": {"id": 7, "answers": [[], {}, [1.0, -0, 1e400]], "text": "2 + 2 = ?"}}',
    '{"type":"user_joined","data":{"user":"ana","tags":["a","a"]},"at":1790858096789}',
    '{"type":"slides"}', '{"data":{"user":"ana","message":"of no type"}}', '{"type":"","data":[]}', '{}',
]
#: Chat that holds more than the page tells of.
RICHER = '{"type":"chat","data":{"user":"ana","message":"hola","color":"#FF00FF","badges":[{"level":1.50}],"id":%d}}'


def frames(random, count):
    """`count` frames; the same ones for the same `random`. Equal words in a row are people agreeing."""
    for number in range(count):
        chance = random.random()
        if chance < 0.10:
            yield random.choice(OTHERS)
        elif chance < 0.15:
            yield RICHER % (10 ** 18 + number)
        elif chance < 0.16:
            yield chat(random.choice(PEOPLE), random.choice(WORDS), random.random() < 0.5)
        else:
            yield chat(random.choice(PEOPLE), random.choice(WORDS[:-4] + [f"number {number}"]), random.random() < 0.5)


def chat(user, message, ascii=True):
    """`ascii`: as Django writes it, else UTF-8."""
    return json.dumps({"type": "chat", "data": {"user": user, "message": message}}, ensure_ascii=ascii)

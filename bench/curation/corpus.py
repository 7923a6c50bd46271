#!/usr/bin/env python3
"""corpus.py N SEED FOLDER: N chats with planted defects, and beside them what was planted where.

    FOLDER/data/chats.jsonl   the records, {"id", "messages"} and some as ShareGPT has them; the id of line L is r and L - 1 in seven digits
    FOLDER/flat.jsonl         for tools that take {"id", "text"}: readable lines, the turns of user and assistant without the system's
    FOLDER/truth.jsonl        a line for each line: kind, language, script, and what was planted
    FOLDER/clusters.json      source id -> {"exact": [ids], "near": [ids]}; `jaccard` of a near one stands in its truth
    FOLDER/evaluation.jsonl   questions and answers that some records hold

The same N and SEED give the same bytes with any Python from 3.9 on. What is planted, in shares of N:

    exact 5 %        copies of a record: as they are, or with other line ends, spaces, Unicode forms or dialect, or misread as Windows-1252
    near 8 %         one changed copy of a record: the same words otherwise written, or with a Jaccard similarity of word 5-shingles in a band.
                     It holds to both counts, over the flat text and over the user's and the assistant's words apart, 0.01 within the band
    template 4 %     texts of one template about different things, 3 % in families of 0.4 % of N (at least 25), 1 % in families of twelve
    question 1 %, answer 0.5 %   one question with different answers; one answer to different questions
    pii 4 %, mojibake 1 %, low 5 %, odd 1 %, contaminated 0.5 %, broken 0.3 %

The rest is clean. Sources of copies are clean records.
"""
import json, os, random, re, sys, unicodedata

sys.dont_write_bytecode = True  # Or the build would ask what they are.
from personal import personal
from words import FACES, LANGUAGES, WORD, Tongue, jaccard, shingles

BANDS = {"0.70-0.75": (0.70, 0.75), "0.75-0.80": (0.75, 0.80), "0.80-0.90": (0.80, 0.90), "0.90-1": (0.90, 1.0)}
SHARES = [("exact", 0.05), ("near", 0.08), ("question", 0.01), ("answer", 0.005), ("pii", 0.04), ("mojibake", 0.01), ("low", 0.05), ("odd", 0.01), ("contaminated", 0.005),
          ("broken", 0.003)]
CASED = ("Latin", "Cyrillic", "Greek", "code")


def turns_of(messages):
    return [turn for turn in messages if turn["role"] != "system"]


def flat(messages):
    return "\n\n".join(turn["content"] for turn in turns_of(messages))


def side(messages, role):
    return "\n".join(turn["content"] for turn in messages if turn["role"] == role)


def likeness(one, other):
    """Over the flat text; over the two sides, whose shingles are told apart; and that of the side that is less alike."""
    sides = [(shingles(side(one, role)), shingles(side(other, role))) for role in ("user", "assistant")]
    apart = [{(index, words) for index, pair in enumerate(sides) for words in pair[which]} for which in (0, 1)]
    return jaccard(shingles(flat(one)), shingles(flat(other))), jaccard(*apart), min(jaccard(*pair) for pair in sides)


def settled(text):
    """As docs/curation.md has `normalize`, without the repair."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    return "\n".join(line.rstrip() for line in text.split("\n")).strip()


def misread(text):
    """UTF-8 taken for Windows-1252; the five bytes that it leaves out, as browsers take them."""
    signs = []
    for byte in text.encode():
        try:
            signs.append(bytes([byte]).decode("cp1252"))
        except UnicodeDecodeError:
            signs.append(chr(byte))
    return "".join(signs)


def replaced(messages, change):
    """With `change` made to what user and assistant say."""
    return [turn if turn["role"] == "system" else dict(turn, content=change(turn["content"])) for turn in messages]


class Corpus:
    def __init__(self, count, seed):
        self.count, self.rng = count, random.Random(f"corpus/{seed}")
        self.tongues = {language: Tongue(language, self.rng) for language in LANGUAGES}
        self.names = list(LANGUAGES)
        self.shares = [LANGUAGES[name][1] for name in self.names]
        steady = random.Random("systems")
        self.systems = [Tongue("en", steady).prose(steady.randint(15, 90)) for _ in range(24)]
        self.evaluation = [self.exam(index) for index in range(min(500, max(20, count // 20)))]
        self.pool, self.families, self.clusters = [], {}, {}
        self.questions = [self.tongue().question(2) for _ in range(40)]
        self.answers, self.bands, self.name = [], [*BANDS, "same words"], None

    def exam(self, index):
        tongue = self.tongues["en"]
        return {"id": f"e{index:04d}", "question": tongue.question(self.rng.randint(2, 4)), "answer": tongue.sentence()}

    def tongue(self):
        return self.tongues[self.rng.choices(self.names, self.shares)[0]]

    def length(self):
        return int(min(2500, max(12, self.rng.lognormvariate(4.08, 0.75))))

    def chat(self, tongue, question=None, answer=None):
        rng, messages = self.rng, []
        if rng.random() < 0.4:
            messages.append({"role": "system", "content": self.systems[min(rng.randrange(24), rng.randrange(24))]})
        left = self.length()
        while left > 0 or len(turns_of(messages)) == 0:
            messages.append({"role": "user", "content": question or tongue.question(rng.choice((1, 1, 2, 3)))})
            share = left if rng.random() < 0.6 else left // 2
            messages.append({"role": "assistant", "content": answer or tongue.prose(max(8, share))})
            left -= max(share, 20)
            if answer:
                break
        if tongue.language == "en" and rng.random() < 0.06:
            for turn in turns_of(messages):
                turn["content"] = re.sub(r"(?<=[.?]) |(?<=[.?])$", lambda found: " " + rng.choice(FACES) + found.group(), turn["content"])
        return messages

    # Each kind is (messages, what the truth says of it).

    def clean(self):
        tongue = self.tongue()
        return self.chat(tongue), {"language": tongue.language}

    def exact(self):
        source = self.rng.choice(self.pool)
        tricks = [("as it is", lambda text: text), ("spaces", lambda text: "\n " + text.replace("\n", " \t\n") + "  \n")]
        text = flat(source["messages"])
        if "\n" in text:
            tricks.append(("line ends", lambda text: text.replace("\n", "\r\n")))
        if unicodedata.normalize("NFD", text) != text:
            tricks.append(("unicode form", lambda text: unicodedata.normalize("NFD", text)))
        if source["language"] in ("ru", "zh", "el", "hi", "ar"):
            tricks.append(("misread", misread))
        how, trick = self.rng.choice(tricks)
        self.clusters.setdefault(source["id"], {"exact": [], "near": []})["exact"].append(self.name)
        return replaced(source["messages"], trick), {"language": source["language"], "of": source["id"], "how": how}

    def near(self):
        for _ in range(12):
            band = self.bands[0]
            at = self.rng.randrange(len(self.pool))
            source = self.pool[at]
            found = self.same_words(source) if band == "same words" else self.within(source, *BANDS[band])
            if found is None:
                continue
            self.bands.append(self.bands.pop(0))
            self.pool[at] = self.pool[-1]
            self.pool.pop()
            messages, how = found
            over, apart, least = likeness(source["messages"], messages)
            self.clusters.setdefault(source["id"], {"exact": [], "near": []})["near"].append(self.name)
            return messages, {"language": source["language"], "of": source["id"], "how": how, "band": band, "jaccard": round(over, 4), "apart": round(apart, 4), "side": round(least, 4)}
        return None

    def same_words(self, source):
        script = LANGUAGES[source["language"]][0]
        tricks = [("wrapped", lambda text: re.sub(" ", lambda found: self.rng.choice((" ", "  ", "\n")), text))] if " " in flat(source["messages"]) else []
        if script in CASED:
            tricks += [("capitals", str.upper), ("small letters", str.lower)]
        if script != "code":
            tricks.append(("punctuation", lambda text: re.sub("[.,?!]\\B|[。，、？]", lambda found: self.rng.choice(" ;"), text)))
        how, trick = self.rng.choice(tricks)
        messages = replaced(source["messages"], trick)
        if min(likeness(source["messages"], messages)) < 1 or settled(flat(messages)) == settled(flat(source["messages"])):
            return None
        return messages, how

    def within(self, source, low, high):
        """A copy with words replaced, taken out or put in, until the similarity is in the band by both counts."""
        tongue, rng = self.tongues[source["language"]], self.rng
        goal, size = rng.uniform(low + 0.01, high - 0.01), len(shingles(flat(source["messages"])))
        how = rng.choice(("words", "words", "typos", "left out", "added"))
        amount = {"left out": size * (1 - goal), "added": size * (1 / goal - 1)}.get(how, size * (1 - goal) / (5 * (1 + goal)))
        for _ in range(8):
            messages = self.edited(source["messages"], tongue, how, max(1, round(amount)))
            over, apart, _ = likeness(source["messages"], messages)
            if min(over, apart) >= low + 0.01 and max(over, apart) <= high - 0.01:
                return messages, how
            if max(over, apart) == 1:
                return None
            amount *= (1 - goal) / (1 - min(over, apart)) if min(over, apart) < 1 else 1
        return None

    def edited(self, messages, tongue, how, amount):
        rng = self.rng
        messages = [dict(turn) for turn in messages]
        answers = [turn for turn in messages if turn["role"] == "assistant"]
        if how == "added":
            turn, text = rng.choice(answers), ""
            while len(WORD.findall(text)) < amount:
                text += tongue.between + (tongue.line() + "\n" if tongue.language == "code" else tongue.sentence())
            turn["content"] += text if rng.random() < 0.5 or tongue.language == "code" else "\n\n" + text.strip()
            return messages
        if how == "left out":
            turn = max(answers, key=lambda turn: len(turn["content"]))
            spans = [found.span() for found in WORD.finditer(turn["content"])]
            if len(spans) <= amount + 2:
                return messages
            first = rng.randrange(1, len(spans) - amount)
            turn["content"] = turn["content"][:spans[first][0]] + turn["content"][spans[first + amount][0]:]
            return messages
        places = [(turn, found.span()) for turn in turns_of(messages) for found in WORD.finditer(turn["content"])]
        for turn, (begin, end) in sorted(rng.sample(places, min(amount, len(places))), key=lambda place: -place[1][0]):
            word = turn["content"][begin:end]
            other = tongue.word() if how == "words" or len(word) < 4 else word[0] + word[2] + word[1] + word[3:]
            turn["content"] = turn["content"][:begin] + other + turn["content"][end:]
        return messages

    def template(self, family):
        """A family's texts are one text with places for names, numbers and a sentence; no two have the same in all of them."""
        rng = self.rng
        if family not in self.families:
            tongue = self.tongue()
            pieces = [tongue.prose(rng.randint(20, 80)) for _ in range(rng.randint(2, 5))]
            self.families[family] = (tongue, tongue.sentence(), pieces)
        tongue, question, pieces = self.families[family]
        own = lambda: tongue.between.join(tongue.draw(rng.randint(1, 2), 1) + [str(rng.randrange(10_000))])
        text = tongue.between.join(part for piece in pieces for part in (piece, own()))
        return [{"role": "user", "content": question + tongue.between + own()}, {"role": "assistant", "content": text}], {"language": tongue.language, "family": family}

    def question(self):
        return self.chat(self.tongues["en"], question=self.rng.choice(self.questions)), {"language": "en"}

    def answer(self):
        if len(self.answers) == 0:
            tongue = self.tongue()
            self.answers = [(tongue, tongue.prose(self.rng.randint(80, 200)))] * 3
        tongue, text = self.answers.pop()
        return self.chat(tongue, answer=text), {"language": tongue.language}

    def pii(self):
        messages, truth = self.clean()
        rng, tongue, planted = self.rng, self.tongues[truth["language"]], []
        for turn in rng.sample(messages, min(rng.choice((1, 1, 2)), len(messages))):
            close = tongue.between == "" and turn["role"] != "system"
            spots = [found.end() for found in WORD.finditer(turn["content"]) if not found.group().isascii() or not close]
            # From the back, so that no value stands in another.
            for at in sorted(rng.sample(spots, min(rng.choice((1, 1, 2)), len(spots))), reverse=True):
                kind, value, valid = personal(rng)
                frame = rng.choice(("{}", "（{}）", "：{}。") if close else (" {} ", " ({}) ", ' "{}" ', ": {}. ", "\n{}\n", " <{}> "))
                turn["content"] = turn["content"][:at] + frame.format(value) + turn["content"][at:]
                planted.append({"kind": kind, "value": value, "valid": valid, "close": close})
        return messages, dict(truth, pii=planted)

    def mojibake(self):
        tongue = self.tongues[self.rng.choice([name for name in self.names if name not in ("en", "code")])]
        messages = self.chat(tongue)
        meant = [settled(turn["content"]) for turn in messages]
        before = messages
        messages = replaced(before, misread if self.rng.random() < 0.7 else lambda text: text.encode().decode("latin-1"))
        return messages, {"language": tongue.language, "meant": meant, "unchanged": flat(before) == flat(messages)}

    def low(self):
        """`dropped`: by which measure of the `chat` rules, docs/curation.md; none where they let it pass."""
        rng, tongue = self.rng, self.tongues["en"]
        line = tongue.sentence()
        kind, text, dropped = rng.choice((
            ("lines", lambda: "\n".join([line] * rng.randint(25, 80)), "repeated lines"), ("words", lambda: " ".join(tongue.draw(4, 1) * rng.randint(80, 160)), "repeated words"),
            ("signs", lambda: "".join(rng.choices("#$%^&*@~=+|<>/\\_-{}[]", k=rng.randint(900, 1500))), "too many symbols"),
            ("one character", lambda: rng.choice("a!.0哈") * rng.randint(1000, 2000), "one character repeated"),
            ("refusal", lambda: "I'm sorry, but as an AI language model I cannot " + " ".join(tongue.draw(6, 1)) + ".", "refusals without an answer"),
            ("replacement", lambda: "".join(rng.choice((word + " ", "\ufffd" * 4)) for word in tongue.draw(60, 1)), "too many broken characters"),
            ("blank", lambda: "\u200b\u2800", "a turn shows nothing"),
            ("short", lambda: tongue.word() + rng.choice(("", ".", "!")), None), ("capitals", lambda: tongue.prose(60).upper(), None),
            ("base64", lambda: "".join(rng.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", k=rng.randint(200, 2000))) + "==", None),
            ("bullets", lambda: "\n".join("- " + word for word in tongue.draw(rng.randint(20, 60), 1)), None),
            ("numbers", lambda: " ".join(str(rng.randrange(10 ** 6)) for _ in range(rng.randint(40, 200))), None)))
        return [{"role": "user", "content": tongue.question(1)}, {"role": "assistant", "content": text()}], {"language": "en", "how": kind, "dropped": dropped}

    def odd(self):
        messages, truth = self.clean()
        kind, change = self.rng.choice((
            ("zero-width spaces", lambda text: text.replace(" ", "\u200b ", 9)), ("marks of direction", lambda text: "\u202b" + text + "\u202c\u200f"), ("no-break spaces", lambda text: text.replace(" ", "\u00a0", 30)),
            ("byte order mark", lambda text: "\ufeff" + text), ("full width", lambda text: "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in text)),
            ("stacked marks", lambda text: "".join(sign + ("\u0301\u0335\u0360" if at % 3 == 0 and at < 90 else "") for at, sign in enumerate(text))),
            ("tag characters", lambda text: text + "".join(chr(0xE0000 + ord(sign)) for sign in "hidden")), ("terminal codes", lambda text: "\x1b[31m" + text + "\x07"),
            ("family of faces", lambda text: text + " " + "👨‍👩‍👧‍👦🏳️‍🌈" * 3)))
        return replaced(messages, change), dict(truth, how=kind)

    def contaminated(self):
        messages, exam = self.chat(self.tongues["en"]), self.rng.choice(self.evaluation)
        how, text = self.rng.choice((
            ("as it is", exam["question"]), ("small letters", exam["question"].lower()), ("without punctuation", re.sub("[.,?]", "", exam["question"])),
            ("wrapped", exam["question"].replace(" ", "\n", 6)), ("with its answer", exam["question"] + "\n" + exam["answer"])))
        turn = self.rng.choice(turns_of(messages))
        paragraphs = turn["content"].split("\n\n")
        paragraphs.insert(self.rng.randrange(len(paragraphs) + 1), text)
        turn["content"] = "\n\n".join(paragraphs)
        return messages, {"language": "en", "how": how, "evaluation": exam["id"]}

    def broken(self, name):
        """A line's bytes, and what docs/curation.md says becomes of it: nothing of a blank one."""
        messages = turns_of(self.chat(self.tongues["de"]))
        line = lambda **members: json.dumps(dict({"id": name}, **members), ensure_ascii=False).encode()
        good = line(messages=messages)
        other = lambda **changes: line(messages=[dict(messages[0], **changes)] + messages[1:])
        return self.rng.choice((
            (good.decode()[:len(good) // 2].encode(), "invalid JSON"), (good[:60] + b"\xff\xfe\xc3\x28" + good[60:], "invalid UTF-8"), ((good.decode()[:-20] + "\x01" + good.decode()[-20:]).encode(), "invalid JSON"),
            (good + b" " + good, "invalid JSON"), (b'["not an object"]', "not an object"), (good.replace(b'"', b"'"), "invalid JSON"), (good[:-1] + b",}", "invalid JSON"),
            (good[:-1] + b', "more": "\\ud83d"}', "invalid JSON"), (good[:-1] + b', "n": NaN}', "invalid JSON"), (line(subject="x"), "no messages, no text, no question and answer"),
            (other(role="robot"), "unknown role"), (other(content=7), "content is not a string"), (line(messages={"role": "user"}), "messages is not an array"),
            (good[:-1] + b', "messages": []}', "duplicate key"), (good[:-1] + b', "deep": ' + b"[" * 70 + b"]" * 70 + b"}", "nested too deeply"), (line(messages=messages, text="x"), "both messages and text"),
            (line(messages=messages[:-1]), "no assistant turn"), (line(messages=messages[1:]), "does not start with a user turn"), (line(messages=[messages[0]] + messages), "turns do not alternate"),
            (other(content=" \n"), "empty turn"), (line(messages=[]), "no turns"), (line(messages=messages + [{"role": "system", "content": "x"}]), "system turn is not first"), (line(prompt="why?"), "no answer to the question"),
            (b"", None), (b" \t", None)))

    def plan(self):
        kinds = [(kind, None) for kind, share in SHARES for _ in range(round(self.count * share))]
        large, small = max(25, self.count * 4 // 1000), 12
        kinds += [("template", f"large {index // large}") for index in range(max(large, self.count * 3 // 100 // large * large))]
        kinds += [("template", f"small {index // small}") for index in range(max(small, self.count // 100 // small * small))]
        kinds = kinds[:self.count] + [("clean", None)] * (self.count - len(kinds))
        self.rng.shuffle(kinds)
        return kinds

    def records(self):
        """(line, truth, messages or none), one for each line."""
        for index, (kind, family) in enumerate(self.plan()):
            name, rng = f"r{index:07d}", self.rng
            if kind == "broken":
                line, reason = self.broken(name)
                yield line, {"id": name, "kind": kind, "reason": reason}, None
                continue
            if kind in ("exact", "near") and len(self.pool) < 100:
                kind = "clean"
            self.name = name
            made = self.template(family) if kind == "template" else getattr(self, kind)()
            if made is None:
                kind, made = "clean", self.clean()
            messages, truth = made
            truth = dict({"id": name, "kind": kind, "script": "code" if truth["language"] == "code" else LANGUAGES[truth["language"]][0]}, **truth)
            if kind == "clean":
                source = {"id": name, "messages": messages, "language": truth["language"]}
                if len(self.pool) < 4000:
                    self.pool.append(source)
                else:
                    self.pool[rng.randrange(4000)] = source
            record = {"id": name, "messages": messages}
            if rng.random() < 0.05:
                speakers = {"system": "system", "user": "human", "assistant": "gpt"}
                record = {"id": name, "conversations": [{"from": speakers[turn["role"]], "value": turn["content"]} for turn in messages]}
            yield json.dumps(record, ensure_ascii=rng.random() < 0.1).encode(), truth, messages


def write(count, seed, folder):
    os.makedirs(os.path.join(folder, "data"), exist_ok=True)
    place = lambda name: os.path.join(folder, name)
    corpus = Corpus(count, seed)
    with open(place("evaluation.jsonl"), "w", encoding="utf-8") as file:
        file.writelines(json.dumps(exam, ensure_ascii=False) + "\n" for exam in corpus.evaluation)
    with open(place("data/chats.jsonl"), "wb") as lines, open(place("truth.jsonl"), "w") as truths, open(place("flat.jsonl"), "w", encoding="utf-8") as texts:
        for line, truth, messages in corpus.records():
            lines.write(line + b"\n")
            truths.write(json.dumps(truth) + "\n")
            if messages is not None:
                texts.write(json.dumps({"id": truth["id"], "text": flat(messages)}, ensure_ascii=False) + "\n")
    with open(place("clusters.json"), "w") as file:
        json.dump(corpus.clusters, file)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    write(int(sys.argv[1]), sys.argv[2], sys.argv[3])

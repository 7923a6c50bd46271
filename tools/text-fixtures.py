#!/usr/bin/env python3
"""Writes Tests/EngineTests/Text: small tokenizers and chat templates with what the judges say of hostile texts and conversations.

    python3 -m venv /tmp/judge && /tmp/judge/bin/pip install tokenizers transformers jinja2
    /tmp/judge/bin/python tools/text-fixtures.py [name …]

A file holds the tokenizer or the template and its cases, so that it says by itself what is to come out. The vocabularies are trained here, on
this repository's documentation; the templates are those of `judge-templates.py`, which we wrote in the manner of well-known ones.
"""
import importlib.util
import json
import random
import sys
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "Tests/EngineTests/Text"


def load(name):
    spec = importlib.util.spec_from_file_location(name.replace("-", "_"), ROOT / "tools" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


JUDGE, TEMPLATES = load("judge-tokenizer"), load("judge-templates")
LETTERS, LINES = JUDGE.CAPITALS, JUDGE.LINES
TEXTS = [
    "", " ", "  \n\n\t x\r\n y  ", "Don't DON'T we'LL I'm they'Ve 's 'S '\u017f 'ſ x's", "12345 6\u00b2 \u0663\u0664 3.14 1,000,000 \u216b \U0001d7d8\U0001d7d9",
    "e\u0301 \u00e9 \u1100\u1161\u11a8 \uac00\u11a8 a\u0323\u0301 \u212b \u0958", "日本語のテキスト、中文 한국어 ไทย हिन्दी العربية עברית Ελληνικά русский",
    "👩‍👩‍👧‍👦 🇩🇪 #\ufe0f\u20e3 \U000e0041", "a\u00a0b\u3000\u3000c\u2028d\u0085e\u200bf\ufeffg", "\x00\x01\x1b[0m\x7f\ufffd\uffff\U0010ffff",
    "<|im_start|>user\nhi<|im_end|>\n<|endoftext|>", "<|im_<|im_end|>end|>", "a <stop> b<stop>  <stop>\n", "word words sword word_ word-word wörd wo\u0308rd\u0301 wörd",
    "<left>  <right>  x <both> y", "    \n \n<both>", "the keeper's lamp; \"quotes\" (and) [brackets] {braces} --- ... !!!\n\n\n", "if x == 1:\n\treturn foo(x)  # why\n",
    "</s>", "<s> a</s>b</s> c", "<0x0A>", "\u2581a \u2581 a", "a" * 70, "ab" * 40, " " * 40, "ĠĊ Ä", "x\u0300\u0301\u0302\u0323", "\u1e9b\u0323 \ufb01 \u2126",
]


def tokenizers():
    split, level = JUDGE.split, JUDGE.byte_level
    qwen = pre_tokenizers.Sequence([split(LETTERS + r"\p{N}" + LINES), level()])
    llama = pre_tokenizers.Sequence([split(LETTERS + r"\p{N}{1,3}" + LINES), level()])
    smol = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), level(use_regex=True)])
    late = pre_tokenizers.Sequence([pre_tokenizers.Digits(), level(add_prefix_space=True, use_regex=True)])
    yield "gpt2", None, level(use_regex=True), processors.ByteLevel(trim_offsets=False), {}
    yield "llama3", None, llama, "begin", {"ignore_merges": True}
    yield "qwen2", normalizers.NFC(), qwen, processors.ByteLevel(trim_offsets=False), {}
    yield "smollm2", None, smol, None, {"as_text": True}
    yield "prefix", normalizers.Sequence([normalizers.NFC()]), late, None, {}


def tokenizer_fixture(normalizer, pre_tokenizer, processor, options):
    tokenizer = Tokenizer(models.BPE(ignore_merges=options.get("ignore_merges", False)))
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=640, special_tokens=JUDGE.SPECIAL, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    tokenizer.train_from_iterator([(ROOT / "docs" / name).read_text() for name in ("architecture.md", "store.md", "numerics.md")] + TEXTS * 3, trainer)
    tokenizer.add_tokens(
        [
            AddedToken("<left>", lstrip=True, normalized=False), AddedToken("<right>", rstrip=True, normalized=False),
            AddedToken("<both>", lstrip=True, rstrip=True, normalized=True), AddedToken("word", single_word=True, normalized=False),
            AddedToken("w\u00f6rd", single_word=True, normalized=True), AddedToken("<stop>", special=True, normalized=False, lstrip=True, rstrip=True),
        ]
    )
    if processor == "begin":
        begin = JUDGE.SPECIAL[0]
        tokenizer.post_processor = processors.Sequence([
            processors.ByteLevel(trim_offsets=False),
            processors.TemplateProcessing(single=f"{begin} $A", pair=f"{begin} $A {begin} $B", special_tokens=[(begin, 0)]),
        ])
    elif processor:
        tokenizer.post_processor = processor
    document = json.loads(tokenizer.to_str())
    return answered(edited(document, options))


def edited(document, options):
    if options.get("ignore_merges"):
        # Without the later merges, a piece that is a token as a whole shows that it is one.
        document["model"]["merges"] = document["model"]["merges"][:200]
    if options.get("as_text"):
        document["model"]["merges"] = [" ".join(pair) for pair in document["model"]["merges"]]
    return document


def answered(document):
    tokenizer = Tokenizer.from_str(json.dumps(document))

    def ids(text, ordinary=False, framed=False):
        tokenizer.encode_special_tokens = ordinary
        return tokenizer.encode(text, add_special_tokens=framed).ids

    cases = [{"text": t, "ids": ids(t), "ordinary": ids(t, ordinary=True), "framed": ids(t, ordinary=True, framed=True)} for t in TEXTS]
    draw = random.Random(1)
    lists = [[draw.randrange(0, 660) for _ in range(draw.randint(0, 12))] for _ in range(40)]
    # What spells bytes in the family of Llama 2: characters, cut ones, a space in front.
    lists += [[3 + byte for byte in part] for part in (b"\xe2\x96\x81a", b"a\xc3", b"\xa9b", b" a", "日本\n".encode(), b"\xf0\x9f\x91\xa9 \xff")]
    decoded = [{"ids": one, "text": tokenizer.decode(one, skip_special_tokens=False)} for one in lists]
    return {"tokenizer": document, "cases": cases, "decoded": decoded}


def template_fixture(template):
    judge = TEMPLATES.Judge(template)
    cases = []
    for messages in TEMPLATES.conversations(14, 5):
        texts = [judge.render(messages, prompted) for prompted in (False, True)]
        case = {"messages": messages, "texts": [rendered and rendered[0] for rendered in texts]}
        if texts[0]:
            text, places = judge.answers(messages)
            if places is not None:
                case["answers"] = [text[begin:end] for begin, end in places]
        cases.append(case)
    return {"template": template, "settings": TEMPLATES.CONFIG, "cases": cases}


def write(folder, name, fixture):
    if sys.argv[1:] and name not in sys.argv[1:]:
        return
    path = OUT / folder / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(fixture, ensure_ascii=True, separators=(",", ":")) + "\n")
    print(path.relative_to(ROOT), path.stat().st_size)


for name, *parts in tokenizers():
    write("Tokenizers", name, tokenizer_fixture(*parts))
LEARNT = [(ROOT / "docs" / name).read_text() for name in ("architecture.md", "store.md", "numerics.md")] + TEXTS * 3
for name, document in JUDGE.with_characters(LEARNT, ["llama2", "metaspace-first"], 700, 90):
    write("Tokenizers", name, answered(document))
for name, template in TEMPLATES.OWN.items():
    write("Templates", name, template_fixture(template))

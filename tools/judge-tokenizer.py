#!/usr/bin/env python3
"""Holds our tokenizer against Hugging Face `tokenizers`, on strings of every script and on hostile ones.

    python3 -m venv /tmp/judge && /tmp/judge/bin/pip install tokenizers
    swift build -c release --build-tests
    SOULPACK_TESTS=.build/release/soulpackPackageTests.xctest /tmp/judge/bin/python tools/judge-tokenizer.py [count of random strings] [seed] [name of a tokenizer, or a folder of NAME.tokenizer.json …]

Our half is TextJudgeTests. Exits with 1 where one id or one decoded character differs. The tokenizers are trained here by the judge, with the
configurations of well-known models and vocabularies of 32,000; a folder adds published ones, of whoever has them.
"""
import glob
import json
import os
import random
import re
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import tokenizers
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

ROOT = Path(__file__).resolve().parent.parent
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
CAPITALS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"
LINES = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"


ADDED = [
    AddedToken("<left>", lstrip=True, normalized=False),
    AddedToken("<right>", rstrip=True, normalized=False),
    AddedToken("<both>", lstrip=True, rstrip=True, normalized=True),
    AddedToken("<|im", normalized=False),
    AddedToken("e\u0301\u0301t\u00e9", normalized=True),
    AddedToken("  \n ", normalized=False),
    AddedToken("ſpecial token", normalized=True),
    AddedToken("word", single_word=True, normalized=False),
    AddedToken("wörd", single_word=True, lstrip=True, normalized=True),
    AddedToken("-", single_word=True, rstrip=True, normalized=False),
    AddedToken("<stop>", special=True, normalized=False, lstrip=True, rstrip=True),
]


def corpus():
    """Local text in many scripts' company: licences, datasets, and this machine's translations of words."""
    paths = sorted(glob.glob("/usr/share/common-licenses/*")) + sorted(glob.glob(str(ROOT / "datasets/**/*.*"), recursive=True))
    texts = [Path(path).read_text(errors="replace") for path in paths if os.path.isfile(path)]
    texts.append("\n".join(f"{chr(a)}{chr(b)} {chr(b)}{chr(a)}" for a, b in zip(range(0xA1, 0x3000), range(0x3041, 0x6000))))
    # Python's own sources and documentation, and translations into the languages that this machine has.
    library = Path(os.__file__).parent
    texts += [path.read_text(errors="replace") for path in sorted(library.glob("*.py")) + sorted(library.glob("pydoc_data/*.py"))]
    for path in sorted(glob.glob("/usr/share/locale/*/LC_MESSAGES/*.mo"))[::40]:
        texts.append(re.sub(r"[\x00-\x08\x0e-\x1f]+", "\n", Path(path).read_bytes().decode(errors="ignore")))
    texts.append("Übergrößenträger naïve café Ελληνικά русский язык עברית العربية हिन्दी ไทย 日本語 한국어 👩‍👩‍👧‍👦 🇩🇪 e\u0301 ² ½ Ⅷ\n" * 40)
    return texts


def split(pattern):
    return pre_tokenizers.Split(Regex(pattern), "isolated")


def byte_level(**options):
    return pre_tokenizers.ByteLevel(**{"add_prefix_space": False, "use_regex": False, **options})


def synthetic(texts, wanted):
    """Tokenizers in the manner of well-known models, trained here by the judge. No names: all of them."""
    kinds = {
        "gpt2": (None, byte_level(use_regex=True), None),
        "gpt2-prefix": (None, byte_level(use_regex=True, add_prefix_space=True), None),
        "gpt2-split": (None, pre_tokenizers.Sequence([split(GPT2), byte_level()]), None),
        "bytes": (None, byte_level(), None),
        "qwen2": (normalizers.NFC(), pre_tokenizers.Sequence([split(CAPITALS + r"\p{N}" + LINES), byte_level()]), processors.ByteLevel()),
        "llama3": (None, pre_tokenizers.Sequence([split(CAPITALS + r"\p{N}{1,3}" + LINES), byte_level()]), processors.ByteLevel()),
        "smollm2": (None, pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), byte_level(use_regex=True)]), None),
        "qwen3": (
            normalizers.Sequence([normalizers.NFC()]), pre_tokenizers.Sequence([split(CAPITALS + r"\p{N}" + LINES), byte_level(trim_offsets=False)]),
            processors.ByteLevel(trim_offsets=False),
        ),
        "prefix-late": (None, pre_tokenizers.Sequence([pre_tokenizers.Digits(), byte_level(add_prefix_space=True)]), None),
        "prefix-late-gpt2": (None, pre_tokenizers.Sequence([split(CAPITALS + r"\p{N}" + LINES), byte_level(add_prefix_space=True, use_regex=True)]), None),
        "digit-runs": (None, pre_tokenizers.Sequence([pre_tokenizers.Digits(), byte_level(use_regex=True)]), None),
    }
    for name, (normalizer, pre_tokenizer, processor) in kinds.items():
        if wanted and name not in wanted and (name != list(kinds)[-1] or not {"ignore-merges", "merges-as-strings"} & set(wanted)):
            continue
        tokenizer = Tokenizer(models.BPE())
        if normalizer:
            tokenizer.normalizer = normalizer
        tokenizer.pre_tokenizer = pre_tokenizer
        tokenizer.decoder = decoders.ByteLevel()
        if processor:
            tokenizer.post_processor = processor
        trainer = trainers.BpeTrainer(
            vocab_size=32000, special_tokens=SPECIAL, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
        )
        # Without a split a text is one piece, and learning from long ones takes hours.
        tokenizer.train_from_iterator([text[:2000] for text in texts[:60]] if name == "bytes" else texts, trainer)
        tokenizer.add_tokens(ADDED)
        yield name, json.loads(tokenizer.to_str())
    if wanted and not {"ignore-merges", "merges-as-strings"} & set(wanted):
        return
    document = json.loads(tokenizer.to_str())
    document["post_processor"] = {
        "type": "Sequence",
        "processors": [
            {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False, "use_regex": True},
            {
                "type": "TemplateProcessing",
                "single": [{"SpecialToken": {"id": SPECIAL[0], "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
                "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
                "special_tokens": {SPECIAL[0]: {"id": SPECIAL[0], "ids": [0], "tokens": [SPECIAL[0]]}},
            },
        ],
    }
    document["model"]["ignore_merges"] = True
    document["model"]["merges"] = document["model"]["merges"][: len(document["model"]["merges"]) // 2]
    yield "ignore-merges", document
    pairs = document["model"]["merges"]
    document["model"]["merges"] = [" ".join(pair) if isinstance(pair, list) else pair for pair in pairs]
    document["model"]["ignore_merges"] = False
    yield "merges-as-strings", document


MARK = "\u2581"
TURNS = ["<unk>", "<s>", "</s>"]
PREPENDED = {"type": "Prepend", "prepend": MARK}
REPLACED = {"type": "Replace", "pattern": {"String": " "}, "content": MARK}


def metaspace(scheme, splits):
    return {"type": "Metaspace", "replacement": MARK, "prepend_scheme": scheme, "split": splits}


def with_characters(texts, wanted, size=32000, characters=2000):
    """As above, of the family of Llama 2: tokens of characters, spaces as a mark, bytes for what has no token. No names: all of them."""
    legacy = {"type": "Sequence", "normalizers": [PREPENDED, REPLACED]}
    # Normalizer, pre-tokenizer, whether the decoder takes a space off, whether the special tokens are normalized.
    kinds = {
        "llama2": (legacy, None, True, False),
        "llama2-normalized": (legacy, None, True, True),
        "metaspace-first": (None, metaspace("first", False), True, False),
        "metaspace-first-split": (None, metaspace("first", True), True, True),
        "metaspace-always": ({"type": "Sequence", "normalizers": []}, metaspace("always", False), True, False),
        "metaspace-always-split": (None, {"type": "Metaspace", "replacement": MARK, "add_prefix_space": True}, True, False),
        "metaspace-never": (None, metaspace("never", False), False, False),
        "replaced": (REPLACED, None, False, False),
        "llama2-over-spaces": (legacy, None, True, False),
        "metaspace-over-spaces": (None, metaspace("first", False), True, False),
    }
    learnt = {}
    for name, (normalizer, pre_tokenizer, strips, is_normalized) in kinds.items():
        if wanted and name not in wanted:
            continue
        over_spaces = name.endswith("over-spaces")
        if over_spaces not in learnt:
            learnt[over_spaces] = learn_characters(texts, over_spaces, size, characters)
        vocabulary, merges = learnt[over_spaces]
        vocabulary = {token: id for id, token in enumerate(TURNS + [f"<0x{byte:02X}>" for byte in range(256)] + vocabulary)}
        decoders = [{"type": "Replace", "pattern": {"String": MARK}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"}]
        added = [
            {"id": id, "content": token, "single_word": False, "lstrip": False, "rstrip": False, "normalized": is_normalized, "special": True}
            for id, token in enumerate(TURNS)
        ]
        template = {
            "type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}},
        }
        model = {
            "type": "BPE", "dropout": None, "unk_token": "<unk>", "continuing_subword_prefix": None, "end_of_word_suffix": None, "fuse_unk": True,
            "byte_fallback": True, "ignore_merges": False, "vocab": vocabulary, "merges": merges,
        }
        document = {
            "version": "1.0", "truncation": None, "padding": None, "added_tokens": added, "normalizer": normalizer, "pre_tokenizer": pre_tokenizer,
            "post_processor": template, "model": model,
            "decoder": {"type": "Sequence", "decoders": decoders + [{"type": "Strip", "content": " ", "start": 1, "stop": 0}] * strips},
        }
        tokenizer = Tokenizer.from_str(json.dumps(document))
        tokenizer.add_tokens(ADDED + [AddedToken("<|im_end|>", special=True, normalized=False), AddedToken(MARK + "x", normalized=False)])
        yield name, json.loads(tokenizer.to_str())


def learn_characters(texts, over_spaces, size, characters):
    """Characters that are met often and merges of them, within words or over their borders."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Replace(" ", MARK)
    if not over_spaces:
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement=MARK, prepend_scheme="always")
    trainer = trainers.BpeTrainer(vocab_size=size - 259, limit_alphabet=characters, initial_alphabet=[MARK], show_progress=False)
    tokenizer.train_from_iterator([text[:2000] for text in texts[:60]] if over_spaces else texts, trainer)
    document = json.loads(tokenizer.to_str())["model"]
    tokens = sorted(document["vocab"], key=document["vocab"].get)
    # Rows of spaces have tokens in published vocabularies.
    rows = [(MARK * n, MARK * n) for n in (1, 2, 4)]
    return tokens + [a + b for a, b in rows if a + b not in document["vocab"]], [list(row) for row in rows] + document["merges"]


def alphabets():
    """Scalars to draw from: one pool for each block of 128 that has any, and pools of trouble."""
    assigned = [v for v in range(0x110000) if not 0xD800 <= v <= 0xDFFF]
    blocks = [[chr(v) for v in assigned[i : i + 128]] for i in range(0, 0x32400, 128)]
    trouble = [
        list(" \t\n\r\x0b\x0c\x85\xa0\u1680\u2003\u2028\u2029\u202f\u205f\u3000\u200b\u180e\ufeff"),
        list(" \n\r\t"),
        list("'sStTmMdDrReEvVlLſK’ʼ"),
        list("0123456789²½Ⅷ٣४๙൧〇㊿𝟘\U00011DE0\U00016FF4"),
        list("aeiouAEIOU\u0300\u0301\u0308\u0323\u0345\u1ab0ÅΩ각ᄀ가\u11a8\u0f71\u0f72"),
        list("👩‍👧🏽🇩🇪\ufe0f\u20e3#*"),
        list("\x00\x01\x1b\x7f\x80\x9f\ufffd\uffff\U0010ffff\ue000"),
        list("ab"),
        list("!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~"),
    ]
    return blocks, trouble


WORDS = SPECIAL + ["<s>", "</s>", "<unk>", "<0x0A>", "<0x", "0A>", "\u2581", "\u2581\u2581", "\u2581x", "\u2581the", "word", "word", "wörd", "wo\u0308rd", "-", "<stop>", "_", "\u200d", "\u0301", "<left>", "<right>", "<both>", "<|im", "<|im_", "|>", "e\u0301\u0301t\u00e9", "\u00e9\u0301t\u00e9", "  \n ", "ſpecial token", "'s", "'LL", "'Ve", "'ſ", " ", "  ", "\n", "\r\n", "12345", "Hello", " world", "don't", "Ġ", "Ċ", "日本語", "é", "e\u0301"]


def strings(count, seed):
    draw = random.Random(seed)
    blocks, trouble = alphabets()
    everything = [chr(v) for v in range(0x110000) if not 0xD800 <= v <= 0xDFFF]
    texts = ["", " ", "'", "''", "a" * 5000, "ab" * 5000, " " * 5000, "\n" * 3000, "".join(everything)]
    # Every scalar below the last of a class: alone, before and after letters, digits, spaces and apostrophes.
    classed = [c for c in everything if ord(c) < 0x32400]
    for start in range(0, len(classed), 64):
        texts.append("".join(f"a{c}b 1{c}2 {c} \n{c}'{c}" for c in classed[start : start + 64]))
    for _ in range(count):
        kind = draw.random()
        if kind < 0.25:
            pool = draw.choice(blocks)
        elif kind < 0.5:
            pool = draw.choice(trouble)
        elif kind < 0.75:
            pool = draw.choice(trouble) + draw.choice(trouble) + draw.choice(blocks)[:8]
        else:
            pool = WORDS + draw.choice(trouble)
        texts.append("".join(draw.choices(pool, k=draw.randint(1, 24))))
    return texts


def write_blocks(path, blocks):
    path.write_bytes(b"".join(struct.pack("<I", len(block)) + block for block in blocks))


def read_blocks(path):
    data, position = path.read_bytes(), 0
    while position < len(data):
        (count,) = struct.unpack_from("<I", data, position)
        yield data[position + 4 : position + 4 + count]
        position += 4 + count


def ids(block):
    return list(struct.unpack(f"<{len(block) // 4}i", block))


def compare(name, path, texts, lists):
    tokenizer = Tokenizer.from_file(str(path))
    differences = 0

    def check(kind, given, ours, theirs):
        nonlocal differences
        if ours != theirs:
            differences += 1
            if differences <= 5:
                print(f"  {name} {kind}: {given[:80]!r}\n    ours   {ours[:40]}\n    theirs {theirs[:40]}")

    for kind, special_is_text in (("encoded", False), ("ordinary", True)):
        tokenizer.encode_special_tokens = special_is_text
        answers = read_blocks(Path(f"{path}.{kind}"))
        given = [text for text in texts if "<" in text] if special_is_text else texts
        for start in range(0, len(given), 4096):
            part = given[start : start + 4096]
            for text, theirs, ours in zip(part, tokenizer.encode_batch(part, add_special_tokens=False), answers):
                check(kind, text, ids(ours), theirs.ids)
    for given, ours in zip(lists, read_blocks(Path(f"{path}.decoded")), strict=True):
        check("decoded", given, ours.decode(), tokenizer.decode(given, skip_special_tokens=False))
    print(f"{name}: {len(texts)} strings encoded, {len(lists)} lists decoded, {differences} differences", flush=True)
    return differences


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 300_000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    wanted = [name for name in sys.argv[3:] if not os.path.isdir(name)]
    folders = [name for name in sys.argv[3:] if os.path.isdir(name)]
    print("tokenizers", tokenizers.__version__, "seed", seed)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        texts, learnt = strings(count, seed), corpus()
        draw = random.Random(seed)
        lists = [[draw.randrange(0, 33000 if i % 2 else 300) for _ in range(draw.randint(0, 12))] for i in range(count // 10)]
        # Characters as the bytes that stand for them in `with_characters`, some of them cut, and other tokens between.
        for text in texts[-(count // 10) :]:
            run = [3 + byte for byte in text[:8].encode()]
            lists.append(run[draw.randint(0, 1) : len(run) - draw.choice([0, 0, 1])] + [draw.randrange(33000)] * draw.randint(0, 1) + run)
        write_blocks(folder / "strings.bin", [text.encode() for text in texts])
        write_blocks(folder / "corpus.bin", [text.encode() for text in learnt])
        write_blocks(folder / "lists.bin", [struct.pack(f"<{len(one)}i", *one) for one in lists])
        for name, document in [*synthetic(learnt, wanted), *with_characters(learnt, wanted)]:
            if wanted and name not in wanted:
                continue
            (folder / f"{name}.tokenizer.json").write_text(json.dumps(document))
        for path in (path for name in folders for path in sorted(Path(name).glob("*.tokenizer.json"))):
            (folder / f"published-{path.name}").write_bytes(path.read_bytes())
        tests = os.environ.get("SOULPACK_TESTS")
        command = [tests, "--testing-library", "swift-testing"] if tests else ["swift", "test", "-c", "release", "--skip-build"]
        subprocess.run(
            [*command, "--filter", "TextJudgeTests"],
            cwd=ROOT, env={**os.environ, "SOULPACK_TOKENIZER_JUDGE": str(folder)}, check=True,
        )
        names = sorted(folder.glob("*.tokenizer.json"))
        differences = sum(compare(path.name.removesuffix(".tokenizer.json"), path, texts, lists) for path in names)
    sys.exit(1 if differences else 0)


if __name__ == "__main__":
    main()

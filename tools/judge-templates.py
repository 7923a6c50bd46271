#!/usr/bin/env python3
"""Holds our chat templates against `transformers`: the same template and messages, the same text, tokens and assistant's words.

    python3 -m venv /tmp/judge && /tmp/judge/bin/pip install tokenizers transformers jinja2 trl
    swift build -c release --build-tests
    /tmp/judge/bin/python tools/judge-templates.py [count of conversations a template] [seed] [folder of more .jinja files …]

The templates are those below, in the manner of well-known models, and whatever published ones lie in the given folders (`trl` has a folder of
them). Our half is TemplateJudgeTests. `transformers` renders with no clock (`strftime_now` is taken away, as we have none). A line a template:
what is refused at once and why, or how many conversations were compared and how many differ:

    text    what we render, or refuse, against `apply_chat_template`
    answer  the assistant's words against `{% generation %}`, or against a search for the prompt's text and the last special token of the turn
    tokens  our ids against `tokenizers` on the same text, cut at the borders of answers

Exits with 1 where one differs.
"""
import json
import os
import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import jinja2
import tokenizers
import transformers
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers.utils import chat_template_utils

ROOT = Path(__file__).resolve().parent.parent
SPECIAL = [
    "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>",
    "<|eom_id|>", "<|python_tag|>", "<s>", "</s>", "<|user|>", "<|assistant|>", "<|system|>", "<|end|>", "[INST]", "[/INST]",
]
ADDED = ["<think>", "</think>", "<tool_call>", "</tool_call>"]
CONFIG = {"bos_token": "<|begin_of_text|>", "eos_token": "</s>", "pad_token": "<|endoftext|>", "unk_token": None}

OWN = {
    "chatml": "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}",
    "smollm2": "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
    "{{ '<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n' }}{% endif %}"
    "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}",
    "zephyr": "{% for message in messages %}\n{% if message['role'] == 'user' %}\n{{ '<|user|>\n' + message['content'] + eos_token }}\n"
    "{% elif message['role'] == 'system' %}\n{{ '<|system|>\n' + message['content'] + eos_token }}\n"
    "{% elif message['role'] == 'assistant' %}\n{{ '<|assistant|>\n'  + message['content'] + eos_token }}\n{% endif %}\n"
    "{% if loop.last and add_generation_prompt %}\n{{ '<|assistant|>' }}\n{% endif %}\n{% endfor %}",
    "inst": "{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% set system_message = messages[0]['content'] %}"
    "{% else %}{% set loop_messages = messages %}{% set system_message = false %}{% endif %}{% for message in loop_messages %}"
    "{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate!') }}{% endif %}"
    "{% if loop.index0 == 0 and system_message != false %}{% set content = '<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}"
    "{% else %}{% set content = message['content'] %}{% endif %}{% if message['role'] == 'user' %}{{ '<s>' + '[INST] ' + content.strip() + ' [/INST]' }}"
    "{% elif message['role'] == 'assistant' %}{{ ' '  + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}",
    "llama3": """{{- bos_token }}
{%- if not date is defined %}
    {%- if strftime_now is defined %}
        {%- set date = strftime_now("%d %b %Y") %}
    {%- else %}
        {%- set date = "1 Jan 2024" %}
    {%- endif %}
{%- endif %}

{#- The system's words stand apart from the turns. #}
{%- if messages[0]['role'] == 'system' %}
    {%- set system = messages[0]['content'] | trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system = "" %}
{%- endif %}
{{- "<|start_header_id|>system<|end_header_id|>\\n\\n" }}
{%- if tools is not none %}
    {{- "Tools: " + tools | reject('equalto', 'search') | join(", ") + "\\n\\n" }}
{%- endif %}
{{- "Date: " + date + "\\n\\n" }}
{{- system + "<|eot_id|>" }}
{%- for message in messages %}
    {%- if not (message.role == 'tool' or 'tool_calls' in message) %}
        {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' + message['content'] | trim + '<|eot_id|>' }}
    {%- elif 'tool_calls' in message %}
        {%- if not message.tool_calls | length == 1 %}
            {{- raise_exception("one call at a time") }}
        {%- endif %}
        {{- message.tool_calls[0].function.arguments | tojson(indent=4) }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
{%- endif %}
""",
    "qwen3": """{%- if messages[0].role == 'system' %}
    {{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}
{%- endif %}
{%- set ns = namespace(searching=true, last=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.searching and message.role == "user" and not(message.content.startswith('<tool_response>') and message.content.endswith('</tool_response>')) %}
        {%- set ns.searching = false %}
        {%- set ns.last = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- set content = message.content if message.content is string else '' %}
    {%- if message.role == "user" or (message.role == "system" and not loop.first) %}
        {{- '<|im_start|>' + message.role + '\\n' + content + '<|im_end|>' + '\\n' }}
    {%- elif message.role == "assistant" %}
        {%- set thought = '' %}
        {%- if message.reasoning_content is string %}
            {%- set thought = message.reasoning_content %}
        {%- elif '</think>' in content %}
            {%- set thought = content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
            {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
        {%- endif %}
        {%- if loop.index0 > ns.last and (loop.last or (not loop.last and thought)) %}
            {{- '<|im_start|>' + message.role + '\\n<think>\\n' + thought.strip('\\n') + '\\n</think>\\n\\n' + content.lstrip('\\n') }}
        {%- else %}
            {{- '<|im_start|>' + message.role + '\\n' + content }}
        {%- endif %}
        {{- '<|im_end|>\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\\n\\n</think>\\n\\n' }}
    {%- endif %}
{%- endif %}""",
    "generation": """{%- for message in messages %}
    {%- if message.role == 'assistant' %}
        {{- '<|im_start|>assistant\\n' }}
        {%- generation %}
            {{- message.content + '<|im_end|>' }}
        {%- endgeneration %}
        {{- '\\n' }}
    {%- else %}
        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}""",
    "white-space": "  {% set x = 1 %}  \n  {%- if x == 1 -%}  \n a {%+ if true %} b {% endif +%}\n  {# c #}\n\t{#- d -#}  e\n{{- ' f ' -}}\n  g\n"
    "  {% for message in messages %}\n    {{ message.content | trim }}{{ loop.index }}/{{ loop.length }}\n  {% endfor %}\n\n {% endif %}\r\nh\r\n\n",
    "expressions": "{{ 7 // 2 }}{{ -7 // 2 }}{{ -7 % 3 }}{{ 7 % -3 }}{{ 2 * 3 + 4 }}{{ 'a' ~ 1 ~ none ~ true ~ nothing }}{{ 1 < 2 < 3 }}{{ not 1 == 1 }}"
    "{{ 'b' in 'abc' }}{{ 2 not in [1, 2] }}{{ [1, 2, 3][-1] }}{{ [1, 2, 3][1:] | length }}{{ 'äöü'[1] }}{{ 'äöüß'[::-1] }}{{ 'abc'[-2:] }}"
    "{{ 'x' if false }}{{ 'y' if false else 'z' if 1 else 'w' }}{{ {'a': 1, 'b': [true, none, 'q\"\\n']} | tojson }}{{ [] | tojson(indent=2) }}"
    "{{ {'a': {'b': [1, 2]}, 'ü': {}} | tojson(indent=2) }}{{ ' a b '.split() | join('-') }}{{ 'a,b,,c'.split(',') | length }}{{ 'aXbXc'.split('X', 1)[1] }}"
    "{{ nothing | default('d') }}{{ '' | default('e', true) }}{{ 'abc' | replace('b', 'BB') | upper }}{{ messages | map(attribute='role') | join('.') }}"
    "{{ messages | selectattr('role', 'equalto', 'user') | list | length }}{{ messages | rejectattr('role', 'in', ['user']) | list | length }}"
    "{{ (messages | first).role }}{{ (messages | last)['role'] }}{{ messages[99] is defined }}{{ messages[0].nothing is undefined }}{{ 3 is odd }}"
    "{{ 4 is divisibleby 2 }}{{ 'a' is string and [] is sequence and {} is mapping and 1 is number and true is boolean and none is none }}"
    "{% set ns = namespace(n=0, t='') %}{% for m in messages if m.role != 'system' %}{% if loop.index > 3 %}{% break %}{% endif %}"
    "{% if m.role == 'assistant' %}{% continue %}{% endif %}{{ loop.index0 }}{{ loop.revindex }}{% else %}none{% endfor %}"
    "{% for m in messages %}{% set ns.n = ns.n + 1 %}{% set ns.t = ns.t ~ m.role[0] %}{% set n = 5 %}{% endfor %}{{ ns.n }}{{ ns.t }}{{ n }}"
    "{% for k, v in {'x': 1, 'y': 2}.items() %}{{ k }}{{ v }}{{ loop.previtem is defined }}{{ loop.nextitem is defined }}{% endfor %}"
    "{% set block %}  captured {{ messages | length }} {% endset %}{{ block | trim }}{{ range(3) | list | length }}{% for i in range(2, 9, 3) %}{{ i }}{% endfor %}"
    "{{ '\\x41\\u00e9\\t\\'' }}{{ \"a\" \"b\" }}{{ 'a.b'.startswith(('x', 'a')) }}{{ 'ab'.removeprefix('a') }}{{ 'hello'.find('l') }}{{ 'X' | lower | capitalize }}",
    "macros": """{%- set names = namespace(count=0, seen='') -%}
{%- macro render(content, loud=false, mark='<' ~ 'm>', last=mark) %}
  {%- set names.count = names.count + 1 %}
  {%- set inner = content | trim %}
  {{- mark + inner + last }}{{ '!' if loud }}{{ loop is defined }}{{ m is defined }}{{ later }}
{%- endmacro -%}
{%- macro deep(n, of='') -%}
  {%- if n > 0 -%}({{ deep(n - 1, of=of ~ n) }}){%- else -%}{{ of }}{{ missing | default('none') }}{%- endif -%}
{%- endmacro -%}
{%- macro pair(a, b) -%}{{ a }}-{{ b }}-{{ b is defined }}{% for x in [1, 2, 3] %}{% if x == 2 %}{% continue %}{% endif %}{{ x }}{{ loop.index }}{% endfor %}{%- endmacro -%}
{%- macro turn(message) %}<|im_start|>{{ message.role }}
{{ render(message.content, mark='', last='') }}<|im_end|>{% endmacro %}
{%- macro listed(value) -%}
  {%- if value is mapping -%}{ {%- for k, v in value | dictsort %}{{ k }}:{{ listed(v) }}{{ ',' if not loop.last }}{% endfor -%} }
  {%- elif value is string -%}"{{ value }}"
  {%- else -%}{{ value }}{%- endif -%}
{%- endmacro -%}
{{ deep(5) }}|{{ deep(n=2, of='x') }}|{{ pair(1) }}|{{ pair(b=2, a=1) }}|{{ pair(nothing, nothing) }}|{{ render(' a ', true) }}|{{ render('b', last='>') }}
{{ listed({'b': 1, 'A': {'z': 'y', 'Z': none, 'c': true}, 'a': 'x'}) }}{{ deep(1) | length }}{{ (deep(1) ~ pair(1, 2)) | upper }}
{%- set later = 'L' %}
{%- for m in messages %}
{{ turn(m) }}{{ names.count }}{{ '<' ~ ({'k': m.role} | tojson | safe) ~ '>' }}{{ m.role | safe }}
{%- endfor %}
{%- set written %}{{ render('c') }}{% endset %}{{ written }}{% if add_generation_prompt %}{{ turn({'role': 'assistant', 'content': ''}) }}{% endif %}""",
    "macro-twice": "{% macro f(a) %}{{ a }}{% endmacro %}{{ f(1, a=2) }}",
    "macro-many": "{% macro f(a) %}{{ a }}{% endmacro %}{{ f(1, 2) }}",
    "macro-stranger": "{% macro f(a) %}{{ a }}{% endmacro %}{{ f(b=1) }}",
    "macro-early": "{{ f(1) }}{% macro f(a) %}{{ a }}{% endmacro %}",
    "macro-scope": "{% macro f() %}{{ x }}{{ y }}{% set x = 3 %}{{ x }}{% endmacro %}{{ f() }}{% set x = 1 %}{{ f() }}"
    "{% for y in [5] %}{{ f() }}{{ y }}{% set x = 2 %}{{ f() }}{{ x }}{% endfor %}{{ x }}{{ f() }}",
    "macro-presets": "{% macro f(a, b=a, c=d, d=c) %}[{{ a }},{{ b }},{{ c }},{{ d }}]{% endmacro %}"
    "{{ f(1) }}{{ f(1, 2) }}{{ f(1, d=4) }}{{ f(b=2) }}{{ f(1, c=none) }}{{ f(a=nothing, b=nothing) }}",
    "content-twice": "{% for m in messages %}{{ m.content }}{{ m.content | upper if m.content is string and false else m.content }}{% endfor %}",
    "undefined-call": "{% for m in messages %}{{ m.nothing.more }}{% endfor %}",
    "wrong-types": "{{ messages[0].content + 1 }}",
}


def conversations(count, seed):
    draw = random.Random(seed)
    words = [
        "Hello", "world", "don't", " ", "  ", "\n", "\n\n", "\t", "", "<think>", "</think>", "<think>\nhm\n</think>\n\nyes", "<|im_end|>", "<|im_start|>", "</s>",
        "<|eot_id|>", "[/INST]", "<tool_response>", "</tool_response>", "{{ x }}", "{% if %}", "日本語", "e\u0301", "\u0301", "👩‍👩‍👧", "ß", "\u2028", "\x1c", "\x85", "'", '"', "\\n",
        "1234", "<|user|>", "<|assistant|>\n", "&lt;", "\u0000", "Z",
    ]

    def content():
        return "".join(draw.choice(words) for _ in range(draw.choice([0, 1, 1, 2, 3, 5, 9])))

    made = [[], [("user", "a")], [("assistant", "a")], [("system", "a")], [("user", "a"), ("user", "b")], [("system", "s"), ("assistant", "a"), ("user", "u")]]
    while len(made) < count:
        turns = [("system", content())] if draw.random() < 0.3 else []
        for _ in range(draw.randint(1, 4)):
            turns += [("user", content()), ("assistant", content())]
        if draw.random() < 0.3:
            turns.pop()
        if draw.random() < 0.1:
            turns = [(draw.choice(["user", "assistant", "system"]), text) for _, text in turns]
        made.append(turns)
    return [[{"role": role, "content": text} for role, text in turns] for turns in made[:count]]


def make_tokenizer():
    tokenizer = Tokenizer(models.BPE())
    pattern = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(pattern), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=2000, special_tokens=SPECIAL, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    tokenizer.train_from_iterator([path.read_text(errors="replace") for path in sorted(ROOT.glob("docs/*.md"))], trainer)
    tokenizer.add_tokens([AddedToken(token, normalized=False) for token in ADDED])
    return tokenizer


class Judge:
    """`apply_chat_template` of `transformers`, as far as it is about text."""

    def __init__(self, template):
        self.template = template
        self.environment = {name: value for name, value in CONFIG.items() if value is not None}
        compiled = chat_template_utils._compile_jinja_template(template)
        compiled.environment.globals.pop("strftime_now", None)
        compiled.globals.pop("strftime_now", None)
        self.marked = re.search(r"\{\%-?\s*generation\s*-?\%\}", template) is not None

    def render(self, messages, prompt=False):
        """The text and the places of generation blocks; None where it raises."""
        try:
            texts, places = chat_template_utils.render_jinja_template(
                [messages], chat_template=self.template, add_generation_prompt=prompt, return_assistant_tokens_mask=self.marked, **self.environment
            )
            return texts[0], places[0] if places else []
        except (jinja2.exceptions.TemplateError, TypeError, ValueError, AttributeError, KeyError, IndexError):
            return None

    def answers(self, messages):
        """The assistant's words in the text, by another way than ours: the prompt's text, then up to the last special token before what follows."""
        text, places = self.render(messages)
        if self.marked:
            return text, [tuple(place) for place in places]
        found = []
        for index, message in enumerate(messages):
            if message["role"] != "assistant":
                continue
            prompt = self.render(messages[:index], prompt=True)
            if prompt is None or not text.startswith(prompt[0]):
                return text, None
            # Where the next turn begins: what another answer in this place leaves as it is.
            other = [dict(m) for m in messages]
            other[index]["content"] = "\ue000" + message["content"] + "\ue000"
            changed = self.render(other)
            if changed is None:
                return text, None
            rest, changed_rest = text[len(prompt[0]) :], changed[0][len(prompt[0]) :]
            end = changed_rest.rfind("\ue000")
            if end < 0:
                return text, None
            tail = changed_rest[end + 1 :]
            if not rest.endswith(tail):
                return text, None
            mark = re.match(r"\s*(?:" + "|".join(map(re.escape, sorted(SPECIAL, key=len, reverse=True))) + ")", tail)
            if not mark:
                return text, None
            end = len(text) - len(tail) + mark.end()
            # A mark that begins the next turn ends no answer.
            own = self.render(messages[: index + 1])
            if own is None or not own[0].startswith(text[:end]):
                return text, None
            found.append((len(prompt[0]), end))
        return text, found


def encode(tokenizer, text, answers):
    """Ids of the text, cut at the borders of answers, and which of them are the assistant's."""
    ids, learnt, start = [], [], 0
    borders = [(place, True) for place in answers]
    for (begin, end), _ in borders:
        for part, mine in ((text[start:begin], False), (text[begin:end], True)):
            part_ids = tokenizer.encode(part, add_special_tokens=False).ids
            ids += part_ids
            learnt += [mine] * len(part_ids)
        start = end
    part_ids = tokenizer.encode(text[start:], add_special_tokens=False).ids
    return ids + part_ids, learnt + [False] * len(part_ids)


def compare(name, template, given, answers, tokenizer):
    judge = Judge(template)
    counts = {"text": [0, 0], "answer": [0, 0], "tokens": [0, 0]}
    refusals = {}

    def check(kind, is_same, *what):
        counts[kind][0] += 1
        if not is_same:
            counts[kind][1] += 1
            if counts[kind][1] <= 3:
                print(f"  {name} {kind}:", *[f"\n    {str(part)[:600]!r}" for part in what])

    hostile = re.compile("|".join(map(re.escape, SPECIAL + ADDED)))
    for messages, texts, tokens in zip(given, answers["texts"], answers["tokens"], strict=True):
        for prompted, ours in zip((False, True), texts):
            theirs = judge.render(messages, prompted)
            if "is not supported" in ours.get("refusal", ""):
                refusals.setdefault(ours["refusal"], messages)
                continue
            check("text", ours.get("text") == (theirs and theirs[0]), messages, ours, theirs)
        if "tokens" not in tokens:
            refusals.setdefault(tokens["refusal"], messages)
            continue
        text, places = judge.answers(messages)
        if places is None or (not judge.marked and any(hostile.search(m["content"]) for m in messages)):
            continue
        # Special tokens that a person spelt are ordinary text to us.
        if any(hostile.search(m["content"]) for m in messages):
            continue
        ids, learnt = encode(tokenizer, text, places)
        check("tokens", ids == tokens["tokens"], messages, tokenizer.decode(tokens["tokens"], False), text)
        check("answer", learnt == tokens["learnt"], messages, [text[a:b] for a, b in places], tokens["learnt"])
        prompt = judge.render(messages, True)
        if prompt and not places:
            check("tokens", tokenizer.encode(prompt[0], add_special_tokens=False).ids == tokens["prompt"], prompt, tokens["prompt"])
    for words in list(refusals)[:3]:
        print(f"  {name} refused: {words}")
    print(f"{name}: " + ", ".join(f"{kind} {n} compared, {bad} differ" for kind, (n, bad) in counts.items()), flush=True)
    return sum(bad for _, bad in counts.values())


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    templates = {name: text for name, text in OWN.items()}
    for folder in sys.argv[3:]:
        for path in sorted(Path(folder).glob("*.jinja")):
            templates[f"published-{path.stem}"] = path.read_bytes().decode()
    print("transformers", transformers.__version__, "jinja2", jinja2.__version__, "tokenizers", tokenizers.__version__, "seed", seed)
    given = conversations(count, seed)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        tokenizer = make_tokenizer()
        (folder / "tokenizer.json").write_text(tokenizer.to_str())
        (folder / "tokenizer_config.json").write_text(json.dumps(CONFIG))
        (folder / "conversations.json").write_text(json.dumps(given))
        for name, text in templates.items():
            (folder / f"{name}.jinja").write_bytes(text.encode())
        tests = os.environ.get("SOULPACK_TESTS")
        command = [tests, "--testing-library", "swift-testing"] if tests else ["swift", "test", "-c", "release", "--skip-build"]
        subprocess.run(
            [*command, "--filter", "TemplateJudgeTests"],
            cwd=ROOT, env={**os.environ, "SOULPACK_TEMPLATE_JUDGE": str(folder)}, check=True, stdout=subprocess.DEVNULL,
        )
        differences = 0
        for name, text in templates.items():
            differences += compare(name, text, given, json.loads((folder / f"{name}.answers").read_text()), tokenizer)
    sys.exit(1 if differences else 0)


if __name__ == "__main__":
    main()

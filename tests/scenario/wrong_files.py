"""Scenario files that are wrong, each with the complaint that its author reads."""

from wrong_replies import WRONG_REPLIES

from vlmock.scenario.keys import RULE, SCENARIO

CONDITIONS = list(RULE.keys)[: list(RULE.keys).index("transcript")]
WRONG: dict[str, tuple[str, str]] = {
    # what is no key
    "unknown key": (
        "turns:\n  - user: Hi\n    replies: Hello.\n",
        "f.yaml:3: unknown key 'replies' (did you mean 'reply'?)",
    ),
    "unknown key at the top": (
        "turn:\n  - user: Hi\n    reply: Hello.\n",
        "f.yaml:1: unknown key 'turn' (did you mean 'turns'?)",
    ),
    "unknown key that resembles nothing": (
        "otherwise:\n  reply: Hello.\n  zzz: 1\n",
        "f.yaml:3: unknown key 'zzz'; there are reply, interim",
    ),
    "a key of older YAML's booleans": (
        "otherwise:\n  on: start\n  reply: Hello.\n",
        "f.yaml:2: unknown key 'on'; there are reply, interim",
    ),
    "optional on a rule": (
        "rules:\n  - user: Hi\n    optional: true\n    reply: Hello.\n",
        f"f.yaml:3: unknown key 'optional'; there are {', '.join(RULE.keys)}",
    ),
    "duplicate key": (
        "turns:\n  - user: Hi\n    user: Ho\n    reply: Hello.\n",
        "f.yaml:3: key 'user' stands here twice (first in line 2)",
    ),
    # what is not YAML, or too much of it
    "tab": ("turns:\n\t- user: Hi\n", "f.yaml:2: a tab in the indentation: YAML wants spaces"),
    "colon in text": (
        "turns:\n  - user: Hi: you\n",
        "f.yaml:2: not valid YAML: mapping values are not allowed in this context "
        "(text that contains ': ' needs quotes)",
    ),
    "a quote that stays open": (
        'turns:\n  - user: "Hi\n    reply: Hello.\n',
        "f.yaml:2: not valid YAML: the quote that begins here never ends",
    ),
    "control character": (
        "turns:\n  - user: \x07\n",
        "f.yaml:2: not valid YAML: unacceptable character #x0007: control characters are not allowed",
    ),
    "undefined alias": ("turns: *all\n", "f.yaml:1: the alias *all is not defined above"),
    "alias within itself": ("turns: &all [*all]\n", "f.yaml:1: the alias *all contains itself"),
    "alias bomb": (
        "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
        + "".join(f"{n}: &{n} [{', '.join([f'*{chr(ord(n) - 1)}'] * 10)}]\n" for n in "bcdefghi"),
        "f.yaml:5: more than 100000 values",
    ),
    "too deep": ("a: " + "[" * 200_000, "f.yaml:1: nested more than 50 deep"),
    "a tag": (
        "turns: !!python/object:os.system x\n",
        "f.yaml:1: the tag 'tag:yaml.org,2002:python/object:os.system' has no place in a scenario",
    ),
    "two documents": (
        "rules: []\n---\nrules: []\n",
        "f.yaml:2: a second document begins here; a file holds one scenario",
    ),
    "a key that is a list": ("[a]: b\n", "f.yaml:1: a key must be text, got a list"),
    # what is empty, or of the wrong shape
    "empty": ("", "f.yaml: the file is empty: a scenario has 'turns', 'rules' or 'otherwise'"),
    "only comments": ("# nothing\n", "f.yaml: the file is empty: a scenario has 'turns', 'rules' or 'otherwise'"),
    "a list at the top": (
        "- user: Hi\n",
        f"f.yaml:1: scenario: expected a mapping with {', '.join(SCENARIO.keys)}, got a list",
    ),
    "answers nothing": ("description: Hi\n", "f.yaml:1: answers nothing: give it 'turns', 'rules' or 'otherwise'"),
    "no turns": ("turns: []\n", "f.yaml:1: turns: the list is empty"),
    "turns without dashes": (
        "turns:\n  user: Hi\n  reply: Hello.\n",
        "f.yaml:2: turns: expected a list, got a mapping (begin each entry with '- ')",
    ),
    "number for text": (
        "turns:\n  - user: 42\n    reply: Hello.\n",
        'f.yaml:2: user: expected text, got the number 42 (put it in quotes: "42")',
    ),
    "boolean for text": (
        "turns:\n  - user: Hi\n    reply:\n      - say: true\n",
        'f.yaml:4: say: expected text, got the boolean true (put it in quotes: "true")',
    ),
    "nothing for text": ("turns:\n  - user:\n    reply: Hello.\n", "f.yaml:2: user: expected text, got nothing"),
    "blank text": ("turns:\n  - user: ' '\n    reply: Hello.\n", "f.yaml:2: user: the text is empty"),
    "yes for a boolean": (
        "turns:\n  - user: Hi\n    optional: yes\n    reply: Hello.\n",
        "f.yaml:3: optional: expected true or false, got the text 'yes' (write true)",
    ),
    "yes in JSON": (
        "otherwise:\n  reply:\n    - call: f\n      arguments:\n        sure: yes\n",
        'f.yaml:5: arguments.sure: yes may be read as text or as a boolean: write "yes" or true',
    ),
    "octal in JSON": (
        "otherwise:\n  reply:\n    - call: f\n      arguments: {zip: 01234}\n",
        'f.yaml:4: arguments.zip: 01234 may be read as a number in several ways: write "01234"',
    ),
    "fraction for a count": (
        "rules:\n  - user: Hi\n    times: 1.5\n    reply: Hello.\n",
        "f.yaml:3: times: expected a whole number from 1 up, got the number 1.5",
    ),
    "zero times": (
        "rules:\n  - user: Hi\n    times: 0\n    reply: Hello.\n",
        "f.yaml:3: times: expected a whole number from 1 up, got the number 0",
    ),
    # turns and rules
    "a required key that is misspelt": (
        "otherwise:\n  replies: Hello.\n",
        "f.yaml:2: unknown key 'replies' (did you mean 'reply'?)",
    ),
    "no reply": ("turns:\n  - user: Hi\n", "f.yaml:2: missing key 'reply': what is said or called in answer"),
    "no condition": (
        "rules:\n  - reply: Hello.\n",
        f"f.yaml:2: says nothing about when: give it one of {', '.join(CONDITIONS)}",
    ),
    "empty reply": (
        "turns:\n  - user: Hi\n    reply: []\n",
        "f.yaml:3: reply: an empty reply; to answer without a word write '- wait: 0'",
    ),
    "reply without dashes": (
        "turns:\n  - user: Hi\n    reply:\n      say: Hello.\n",
        "f.yaml:4: reply: expected text or a list of steps, got a mapping (begin each step with '- ')",
    ),
    "otherwise without reply": (
        "otherwise: {}\n",
        "f.yaml:1: missing key 'reply': What is said or called in answer, in this order.",
    ),
    "transcript without user": (
        "rules:\n  - tool: f\n    transcript: Hi\n    reply: Hello.\n",
        "f.yaml:3: 'transcript' needs 'user' or 'clip': only what is said can be heard",
    ),
    "start and user": (
        "turns:\n  - start: true\n    user: Hi\n    reply: Hello.\n",
        "f.yaml:2: 'start' means that nothing came: leave out 'user', 'clip', 'tool', 'mcp' and 'output'",
    ),
    "idle with words": (
        "rules:\n  - idle: true\n    user: Hi\n    reply: Hello.\n",
        "f.yaml:2: 'idle' means that nothing came: leave out 'user', 'clip', 'tool', 'mcp' and 'output'",
    ),
    "bad regex": (
        "rules:\n  - user: /a(/\n    reply: Hello.\n",
        "f.yaml:2: wrong regular expression /a(/: missing ), unterminated subpattern at position 1",
    ),
    "regex with a number too large": (
        "rules:\n  - user: /a{99999999999}/\n    reply: Hello.\n",
        "f.yaml:2: wrong regular expression /a{99999999999}/: the repetition number is too large",
    ),
    "regex that Python doubts": (
        "rules:\n  - user: /[[a]/\n    reply: Hello.\n",
        "f.yaml:2: wrong regular expression /[[a]/: Possible nested set at position 1",
    ),
    "bad regex flag": (
        "rules:\n  - user: /a/gi\n    reply: Hello.\n",
        "f.yaml:2: unknown flag 'g' after /a/; there are i, s, m, x",
    ),
    "bad text mapping": (
        "rules:\n  - user: {like: a}\n    reply: Hello.\n",
        "f.yaml:2: user: a mapping here is {contains: words} or {matches: regular expression}",
    ),
    "tools_offered with a number": (
        "rules:\n  - tools_offered: [a, 3]\n    reply: Hello.\n",
        'f.yaml:2: tools_offered[1]: expected text, got the number 3 (put it in quotes: "3")',
    ),
    **WRONG_REPLIES,
}

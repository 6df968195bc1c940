"""Scenario files that are wrong in a reply, an expectation, a setting or a tool of the service, and the complaints."""

from vlmock.scenario.model import STEP_KINDS
from vlmock.session.timing import SEGMENTS

WRONG_REPLIES: dict[str, tuple[str, str]] = {
    # steps
    "unknown step": (
        "otherwise:\n  reply:\n    - sya: Hello.\n",
        "f.yaml:3: unknown step 'sya' (did you mean 'say'?)",
    ),
    "unknown step that resembles nothing": (
        "otherwise:\n  reply:\n    - 42: Hello.\n",
        f"f.yaml:3: unknown step '42'; there are {', '.join(STEP_KINDS)}",
    ),
    "two steps in one": (
        "otherwise:\n  reply:\n    - say: Hello.\n      call: f\n",
        "f.yaml:4: a step does one thing: 'say' and 'call' are two steps, each with its '- '",
    ),
    "arguments without call": (
        "otherwise:\n  reply:\n    - arguments: {}\n",
        "f.yaml:3: 'arguments' needs 'call' in the same step",
    ),
    "argument for arguments": (
        "otherwise:\n  reply:\n    - call: f\n      argument: {}\n",
        "f.yaml:4: unknown key 'argument' (did you mean 'arguments'?)",
    ),
    "arguments that are a list": (
        "otherwise:\n  reply:\n    - call: f\n      arguments: [1]\n",
        "f.yaml:4: arguments: expected a mapping, or JSON as text, got a list",
    ),
    "a step that is a number": (
        "otherwise:\n  reply:\n    - 42\n",
        f"f.yaml:3: reply[0]: expected a step ({', '.join(STEP_KINDS)}), got the number 42",
    ),
    "wait that is no duration": (
        "otherwise:\n  reply:\n    - wait: a while\n",
        "f.yaml:3: wait: expected a duration like 1.5 (seconds), 200ms or 2s, got the text 'a while'",
    ),
    "wait in milliseconds": (
        "otherwise:\n  reply:\n    - wait: 5000\n",
        "f.yaml:3: wait: expected at most an hour, got the number 5000 (for milliseconds write 5000ms)",
    ),
    "emit without type": (
        "otherwise:\n  reply:\n    - emit: {delta: a}\n",
        "f.yaml:3: emit: an event needs a 'type', which is text",
    ),
    "error without message": (
        "otherwise:\n  reply:\n    - error: {code: a}\n",
        "f.yaml:3: missing key 'message': What went wrong, for people.",
    ),
    "close with a code of nobody": (
        "otherwise:\n  reply:\n    - close: 1006\n",
        "f.yaml:3: close: 1006 may not be sent; there are 1000 to 1003, 1007 to 1014, 3000 to 4999",
    ),
    "close with a long reason": (
        f"otherwise:\n  reply:\n    - close: {{reason: {'é' * 62}}}\n",
        "f.yaml:3: close: the reason is longer than 123 bytes, more than a close frame holds",
    ),
    "steps after the end": (
        "otherwise:\n  reply:\n    - close: 1000\n    - say: Hello.\n",
        "f.yaml:4: never reached: nothing comes after 'close'",
    ),
    "missing clip": (
        "rules:\n  - user: Hi\n    clip: no.wav\n    reply: x\n",
        "f.yaml:3: clip: there is no file no.wav",
    ),
    "missing clips": (
        "rules:\n  - clip:\n      - no.wav\n      - nor/this.wav\n    reply: x\n",
        "f.yaml:3: clip: there is no file no.wav\nf.yaml:4: clip: there is no file nor/this.wav",
    ),
    "no clip": ("rules:\n  - clip: []\n    reply: x\n", "f.yaml:2: clip: the list is empty"),
    "a clip that is a number": (
        "rules:\n  - clip: 7\n    reply: x\n",
        'f.yaml:2: clip: expected text, got the number 7 (put it in quotes: "7")',
    ),
    "an unknown recognition": (
        "recognition: sphinx\notherwise:\n  reply: x\n",
        "f.yaml:1: recognition: expected one of scripted, pocketsphinx, got the text 'sphinx' "
        "(did you mean 'pocketsphinx'?)",
    ),
    "missing audio": (
        "otherwise:\n  reply:\n    - say: Hello.\n      audio: no/such.wav\n",
        "f.yaml:3: audio: there is no file no/such.wav",
    ),
    "a transcript that says nothing": (
        "turns:\n  - user: Hi\n    transcript: {}\n    reply: Hello.\n",
        "f.yaml:3: transcript: an empty mapping; leave it out, or give it 'text' or 'fails'",
    ),
    "a reason without a failure": (
        "turns:\n  - user: Hi\n    transcript: {code: a}\n    reply: Hello.\n",
        "f.yaml:3: 'code' needs 'fails': it says why the transcription failed",
    ),
    "more than sure": (
        "turns:\n  - user: Hi\n    transcript: {confidence: 41}\n    reply: Hello.\n",
        "f.yaml:3: confidence: expected a number from 0 to 1, got the number 41",
    ),
    "no reply although it is understood": (
        "turns:\n  - user: Hi\n    transcript: {confidence: 0.5}\n",
        "f.yaml:2: missing key 'reply': what is said or called in answer",
    ),
    "a warning without message": (
        "otherwise:\n  reply:\n    - warn: {code: a}\n",
        "f.yaml:3: missing key 'message': What is odd, for people.",
    ),
    # what fails is said in three words, each in its place
    "a call that fails": (
        "otherwise:\n  reply:\n    - mcp: docs/search\n      fails: It is down.\n",
        "f.yaml:4: unknown key 'fails' (did you mean 'error'?)",
    ),
    "a transcription with an error": (
        "turns:\n  - user: Hi\n    transcript: {error: Noise.}\n    reply: Hi\n",
        "f.yaml:3: unknown key 'error' (did you mean 'fails'?)",
    ),
    "a search with an error": (
        "otherwise:\n  reply:\n    - web_search: news\n      error: It is down.\n",
        "f.yaml:4: a step does one thing: 'web_search' and 'error' are two steps, each with its '- '; "
        "where 'web_search' is to fail, 'fails' says so",
    ),
    "a call that ends the response": (
        "otherwise:\n  reply:\n    - mcp: docs/search\n      fail: It is down.\n",
        "f.yaml:4: a step does one thing: 'mcp' and 'fail' are two steps, each with its '- '; "
        "where 'mcp' is to fail, 'error' says so",
    ),
    # templates
    "bad template": (
        "otherwise:\n  reply: 'It is {{ output'\n",
        "f.yaml:2: template 'It is {{ output': unexpected end of template, expected 'end of print statement'.",
    ),
    "unknown variable": (
        "otherwise:\n  reply: It is {{ outptu.weather }}.\n",
        "f.yaml:2: template 'It is {{ outptu.weather }}.': unknown variable 'outptu' (did you mean 'output'?)",
    ),
    # expect
    "unknown client event": (
        "otherwise: {reply: Hi}\nexpect:\n  - client: conversation.item.trunkate\n",
        "f.yaml:3: no event 'conversation.item.trunkate' that the client sends "
        "(did you mean 'conversation.item.truncate'?)",
    ),
    "the wrong side": (
        "otherwise: {reply: Hi}\nexpect:\n  - client: response.done\n",
        "f.yaml:3: no event 'response.done' that the client sends; the server sends it",
    ),
    "unknown event to count from": (
        "otherwise: {reply: Hi}\nexpect:\n  - client: response.create\n    after: respose.done\n",
        "f.yaml:3: no event 'respose.done' that anyone sends (did you mean 'response.done'?)",
    ),
    "neither side": (
        "otherwise: {reply: Hi}\nexpect:\n  - within: 2s\n",
        "f.yaml:3: needs 'client' or 'server', and not both: who sends the event",
    ),
    "absent and counted": (
        "otherwise: {reply: Hi}\nexpect:\n  - client: response.create\n    absent: true\n    count: 1\n",
        "f.yaml:5: 'absent' and 'count' contradict each other: keep one",
    ),
    "more than fewer": (
        "otherwise: {reply: Hi}\nexpect:\n  - client: response.create\n    at_least: 3\n    at_most: 2\n",
        "f.yaml:5: at_most 2 is less than at_least 3",
    ),
    # settings
    "unknown profile": (
        "timing: quick\notherwise: {reply: Hi}\n",
        "f.yaml:1: timing: expected one of instant, cascade, hybrid, native, agent, pipeline, got the text 'quick'",
    ),
    "unknown segment": (
        "timing: {llm: 20}\notherwise: {reply: Hi}\n",
        f"f.yaml:1: unknown key 'llm'; there are {', '.join(SEGMENTS)}",
    ),
    # the service's own tools
    "an MCP call without its server": (
        "otherwise:\n  reply:\n    - mcp: search\n",
        "f.yaml:3: mcp: expected server/tool, like docs/search, got 'search'",
    ),
    "a condition without its server": (
        "turns:\n  - mcp: [docs/a, /b]\n    reply: Hello.\n",
        "f.yaml:2: mcp[1]: expected server/tool, like docs/search, got '/b'",
    ),
    "a tool that its server has not": (
        "mcp_servers: {docs: {tools: [search]}}\notherwise:\n  reply:\n    - mcp: docs/serach\n",
        "f.yaml:4: docs/serach: mcp_servers lists no such tool of 'docs' (did you mean 'search'?)",
    ),
    "an outcome of a tool that its server has not": (
        "mcp_servers: {docs: {tools: [search]}}\nturns:\n  - mcp: docs/xyz\n    reply: Hello.\n",
        "f.yaml:3: docs/xyz: mcp_servers lists no such tool of 'docs'; it has search",
    ),
    "a call to a server that is unreachable": (
        "mcp_servers: {docs: {unreachable: true}}\notherwise:\n  reply:\n    - mcp: docs/search\n",
        "f.yaml:4: docs/search: mcp_servers says that 'docs' is unreachable, so nothing on it can be called",
    ),
    "an MCP server of which nothing is said": (
        "mcp_servers:\n  docs: {takes: 1}\notherwise: {reply: Hi}\n",
        "f.yaml:2: an MCP server has 'tools', or is 'unreachable: true'",
    ),
    "an unreachable server with tools": (
        "mcp_servers:\n  docs: {unreachable: true, tools: [a]}\notherwise: {reply: Hi}\n",
        "f.yaml:2: an MCP server has 'tools', or is 'unreachable: true'",
    ),
    "two tools of one name": (
        "mcp_servers:\n  docs:\n    tools: [a, {name: a}]\notherwise: {reply: Hi}\n",
        "f.yaml:3: there are two tools with the name 'a'",
    ),
    "a call to a server of nearly that name": (
        "mcp_servers: {docs: {tools: [search]}}\notherwise:\n  reply:\n    - mcp: dosc/search\n",
        "f.yaml:4: dosc/search: mcp_servers has no 'dosc' (did you mean 'docs'?)",
    ),
    "an outcome on a server of nearly that name": (
        "mcp_servers: {docs: {tools: [search]}}\nturns:\n  - mcp: doc/search\n    reply: Hello.\n",
        "f.yaml:3: doc/search: mcp_servers has no 'doc' (did you mean 'docs'?)",
    ),
    "a call that succeeds and fails": (
        "otherwise:\n  reply:\n    - mcp: docs/search\n      output: {a: 1}\n      error: Gone.\n",
        "f.yaml:5: 'error' stands in place of an 'output': leave one of them out",
    ),
    "an agent that the scenario does not believe in": (
        "otherwise:\n  reply:\n    - Wait.\n    - foundry_agent: travel\n",
        "f.yaml:4: 'foundry_agent' needs 'readings: {foundry_agent: true}' in the scenario",
    ),
    "an agent that answers and fails": (
        "otherwise:\n  reply:\n    - foundry_agent: travel\n      error: Gone.\n      output: Yes.\n",
        "f.yaml:4: 'error' stands in place of an 'output': leave one of them out",
    ),
    "a condition on a setting that no session has": (
        "turns:\n  - user: Hi\n    session:\n      turn_detektion: {type: server_vad}\n    reply: Hello.\n",
        "f.yaml:4: session: there is no setting 'turn_detektion' (did you mean 'turn_detection'?)",
    ),
    "a condition on settings inside of what they are in": (
        "rules:\n  - session: {session: {model: gpt-4o}}\n    reply: Hello.\n",
        "f.yaml:2: session: there is no setting 'session'; session.updated shows those that there are",
    ),
    "a tool without a name": (
        "mcp_servers:\n  docs:\n    tools:\n      - output: 1\notherwise: {reply: Hi}\n",
        "f.yaml:4: missing key 'name': Its name.",
    ),
    "servers in a list": (
        "mcp_servers: [docs]\notherwise: {reply: Hi}\n",
        "f.yaml:1: mcp_servers: expected a mapping from server_label to server, got a list",
    ),
    "a score that is no number": (
        "otherwise:\n  reply:\n    - file_search: x\n      results: [{score: high}]\n",
        "f.yaml:4: score: expected a number, got the text 'high'",
    ),
    "a companion of another step": (
        "otherwise:\n  reply:\n    - results: []\n",
        "f.yaml:3: 'results' needs 'file_search' in the same step",
    ),
    "unknown engine": (
        "speech: flight\notherwise: {reply: Hi}\n",
        "f.yaml:1: speech: expected one of builtin, flite, espeak-ng, got the text 'flight' (did you mean 'flite'?)",
    ),
}

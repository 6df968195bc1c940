"""What the session answers a client that broke the protocol: ``refusals.active_response(…)`` and all the others.

One function for each refusal, named after what is wrong; it returns the exception to raise. The conversation goes on
after a refusal, and nothing that the refused event asked for has happened. Sources: behaviour 2.3, 5 and 6, schema B2.

Assumed, wherever a docstring does not speak of it: ``type`` is ``invalid_request_error``, and a ``code`` that no
source names repeats it, as the service itself does {FON}.
"""

from vlmock.session.refusals.avatar import *
from vlmock.session.refusals.configuration import *
from vlmock.session.refusals.connection import *
from vlmock.session.refusals.envelope import *
from vlmock.session.refusals.events import *
from vlmock.session.refusals.input_audio import *
from vlmock.session.refusals.input_turns import *
from vlmock.session.refusals.items import *
from vlmock.session.refusals.responses import *
from vlmock.session.refusals.session import *

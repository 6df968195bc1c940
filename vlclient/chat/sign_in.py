"""What azure-identity needs to know: its variables may stand in a ``.env`` file, too."""

import logging
import os
from collections.abc import MutableMapping
from contextlib import suppress

from vlclient.environment import NAMES

__all__ = ["prepare_azure_identity"]

_OURS = frozenset(name for names in NAMES.values() for name in names)


def prepare_azure_identity(environ: MutableMapping[str, str] = os.environ) -> None:
    """Put ``AZURE_TENANT_ID`` and its like from the nearest ``.env`` into the environment, unless they are there, and
    quiet the library: what it has to say comes as an error.

    Only a program may do this. The variables that are this client's own are read by ``environment.read_settings``.
    """
    logging.getLogger("azure.identity").setLevel(logging.ERROR)
    with suppress(ImportError, OSError, UnicodeError):  # whoever misses something is told why: ``Settings.missing``
        from dotenv import dotenv_values, find_dotenv

        path = find_dotenv(usecwd=True)
        in_file = dotenv_values(path, encoding="utf-8-sig") if path else {}
        for name, value in in_file.items():
            if name.startswith("AZURE_") and name not in _OURS and value:
                environ.setdefault(name, value)

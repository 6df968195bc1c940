"""The reference client for the Voice Live API. Not built yet: this release holds the emulator, ``vlmock``."""

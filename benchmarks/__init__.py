"""How fast emulator and client are, next to a floor measured in the same run: ``python -m benchmarks``.

A figure alone says little on a machine that others share: it drifts by a third from hour to hour. So every benchmark
also measures a bare ``websockets`` server that does the least that could be called an answer, and prints the ratio.
CPU is that of the server's process, from the kernel's accounting; the client is another process and does not count.
Where the reference client is measured it is the other way round, and the floor is a bare ``websockets`` client.
"""

"""The checks themselves, a file for each section; each file here is found by itself.

How one is written: number and cost stand in the decorator, requirement, falsification and source in the docstring, and
the body asks the server through a ``Probe``. ``probe.session()`` is a session with a voice of the run's pipeline;
``wire.next(type)`` and ``wire.until(type)`` wait as long as the run's patience; ``wire.for_a_while()`` watches that
nothing comes, for as long as that takes with this server (say no seconds of your own: a live service needs more of
them than the emulator). ``probe.refusal(wire, event, accepted=…)`` and ``probe.refused(error, code=…, usual_param=…)``
are for what is to be refused. ``event["member"]`` falsifies the requirement where there is no such member.
"""

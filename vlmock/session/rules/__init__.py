"""What settings may be: each member by itself, what may not change, and what may not stand together.

Sources: schema D and F; behaviour 2.3. Assumed, wherever a rule names no source: the service refuses what its
documentation does not allow.
"""

"""The composition root: each command is one function here; only here implementations are chosen."""

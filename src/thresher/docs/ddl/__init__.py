"""The DDL that contracts imply, in the dialect of a database."""

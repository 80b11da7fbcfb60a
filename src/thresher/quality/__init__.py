"""The audit: versions of tables held against their contracts, in SQL that the engine answers."""

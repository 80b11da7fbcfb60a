"""Conditions and patterns in the words of PostgreSQL."""

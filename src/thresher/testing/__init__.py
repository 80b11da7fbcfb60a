"""Tests of one's own pipeline: a pytest plugin, and asserts that read well."""

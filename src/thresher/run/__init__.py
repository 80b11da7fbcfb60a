"""Walks a plan: builds, audits, publishes, tells."""

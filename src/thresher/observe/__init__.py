"""Listeners: what a run tells, shown on screens, kept in logs and history, written as reports."""

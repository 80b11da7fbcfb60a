"""Schedules: crontab entries that run a project at its times, and what they do then."""

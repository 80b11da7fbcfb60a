"""The command line: reads options, calls `api`, prints."""

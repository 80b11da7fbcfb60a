"""The warehouse on disk: versions, publications, catalogs, locks, clean-up."""

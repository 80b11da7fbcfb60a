"""Engines: what turns an asset's SQL or function into Parquet files."""

"""Where raw rows come from: each source finds units of input and turns them into Parquet files."""

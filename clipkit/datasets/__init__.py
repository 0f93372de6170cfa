"""Data sets: cards of the benchmarks, readers of folders, tar shards and Parquet files, checks before a long run."""

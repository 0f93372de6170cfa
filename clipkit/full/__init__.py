"""The full track: any checkpoint on the real benchmarks, through the measures of the pocket track."""

"""Many models on many data sets: planned, run in this process or on Ray, and taken up again where it stopped."""

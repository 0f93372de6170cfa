"""A workshop in a box: exercises with checks, live explorers, student copies, and a folder that runs offline."""

"""Evidence from the pocket laboratory: what the zoo's numbers say about each claim."""

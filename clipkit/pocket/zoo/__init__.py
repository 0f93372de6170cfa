"""Recipes and training of the pocket models."""

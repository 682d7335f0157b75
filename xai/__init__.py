"""Attributions of any function on the coordinates of its input, with their trustworthiness."""

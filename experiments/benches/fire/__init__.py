"""Parts of the fire benches: correctness and speed of each part of ``hybrid.fire``."""

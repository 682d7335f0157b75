"""A fire with timed perimeters: assimilated to a time, and forecast from there with and without."""

"""Parts of the bench of truth and calibration: one kind of world or data set each."""

"""Canadian Forest Fire Behaviour Prediction System: spread, crown fire and intensity of its fuel types."""

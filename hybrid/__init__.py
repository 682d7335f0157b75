"""Process models, neural components, their coupling, integration, training, inference and projection."""

"""What ``terrax discover`` is made of: files opened, options read, the result summed up and drawn."""

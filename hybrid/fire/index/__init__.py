"""Fire Weather Index System: three moisture codes and four indices of each day, over any cube."""

"""Spread of fire over a grid."""

"""Shared components that several pages draw with."""

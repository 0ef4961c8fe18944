"""The text pipeline."""

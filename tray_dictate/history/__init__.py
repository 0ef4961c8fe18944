"""The history of dictations, their statistics and recordings, on this machine only."""

"""The realtime protocol, sans i/o."""

"""Keys that the desktop binds to our commands: what to bind, and is it bound."""

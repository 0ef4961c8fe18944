"""The desktop's protocols: D-Bus and its portals, Wayland, X11."""

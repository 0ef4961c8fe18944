"""What the user sees: tray and notifications (later: overlay, settings page)."""

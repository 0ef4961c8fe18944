"""What works here, with numbers, and what would mend the rest: `tray-dictate doctor`.

machine.py carries the checks out and tells of them; each other file has the checks of one area.
"""

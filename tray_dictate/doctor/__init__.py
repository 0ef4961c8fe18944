"""What works on this computer, with figures and remedies: `tray-dictate doctor`.

main.py runs the checks and prints their findings; every other module checks one area.
"""

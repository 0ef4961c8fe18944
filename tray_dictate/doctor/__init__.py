"""What works on this computer, with figures and remedies: `tray-dictate doctor`.

main.py runs the checks and prints what they find; every other module checks one area.
"""

"""Private D-Bus daemons: which services they start, and whom they let in."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

# no service is activated: which notification daemon or portal there is, the test says;
# any user gets in, as on the system's own bus
CONFIGURATION = """\
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>{type}</type><listen>{address}</listen><auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/><allow own="*"/>
    <allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>
  </policy>
</busconfig>
"""


def bus_command(
    configuration: Path, address: str, type: Literal["session", "system"] = "session"
) -> list[str]:
    """Write the configuration of a bus, and return the command that starts it."""
    configuration.write_text(CONFIGURATION.format(address=address, type=type))
    return ["dbus-daemon", f"--config-file={configuration}", "--nofork", "--nopidfile"]

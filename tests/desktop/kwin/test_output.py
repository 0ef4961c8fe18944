"""Text where programs get no keyboard: KDE's portal presses the keys."""

from __future__ import annotations

import pytest

from tests.rigs.ibus_engines import US, ibus_for_x, in_force
from tests.rigs.kwin import KWin
from tests.rigs.wayland_output import MIXED, delivering
from tray_dictate.config.schema import OutputSettings
from tray_dictate.output import select

pytestmark = pytest.mark.kwin


async def test_on_kde_text_is_pasted_by_the_portal_and_the_reasons_are_told(
    kwin: KWin, environ
) -> None:
    async with delivering("paste") as output:
        methods = dict(output.explain())
        assert methods["portal"] == ""
        assert methods["commit"] == "" or "zwp_input_method_manager_v2" in methods["commit"]
        assert methods["paste"]
        with kwin.text_window("gtk4") as window:
            target = await output.target()
            assert target
            receipt = await output.deliver(MIXED, target)
            window.wait_for(MIXED)
            assert (receipt.method, receipt.confirmed) == ("paste", True)
            await output.press("shift+enter", target)
            window.wait_for(MIXED + "\n")
            assert await output.is_gone(target) is False


async def test_what_is_kept_is_on_the_clipboard_of_kde(kwin: KWin, environ) -> None:
    output = select(OutputSettings())
    await output.copy_to_clipboard("kept")
    assert kwin.run("wl-paste", "-n", "-t", "text/plain") == "kept"
    await output.close()


async def test_an_ibus_that_kde_does_not_use_gets_no_text(kwin: KWin, environ) -> None:
    with ibus_for_x(kwin), kwin.text_window("gtk4") as window:
        async with delivering() as output:
            assert (await output.deliver("dictated")).method in ("commit", "paste")
        window.wait_for("dictated")
        assert in_force(kwin) == US

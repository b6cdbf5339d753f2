"""Chromium that pages are tested in: which one, and without what of it."""

import os
import shutil

# Chromium draws, for each window, the suggestions below its address as two pages of their own: with
# them a test cost twice as much and more. Of two such lists it takes the last, so that the rest of
# this one is what Playwright's own turns off.
UNUSED_FEATURES = (
    "WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup,PreloadTopChromeWebUI",
    "SpareRendererForSitePerProcess",
    "AvoidUnnecessaryBeforeUnloadCheckSync,DestroyProfileOnBrowserClose,HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable,LensOverlay,MediaRouter,PaintHolding,OptimizationHints",
    "ThirdPartyStoragePartitioning,AvoidCorsURLLoaderRestartOnRedirect,TcpPortRandomizationWin",
    "NetworkTimeServiceQuerying,AimEnabled,PreconnectToSearch",
)
ARGUMENTS = ["--no-sandbox", "--disable-gpu", f"--disable-features={','.join(UNUSED_FEATURES)}"]


def find_chromium() -> str:
    """The Chromium that pages are tested in; "" where there is none."""
    names = (os.environ.get("CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome")
    return next((found for name in names if name and (found := shutil.which(name))), "")

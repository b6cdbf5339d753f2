"""Lines of the web server itself, in the form of all others."""

import os
from typing import Any

from gunicorn.glogging import Logger

from caio_project.lib.logs import forms
from caio_project.lib.logs.lines import LineFormatter


class LineLogger(Logger):
    """Reads LOG_FORMAT from the environment alone: the master loads no settings."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(LineFormatter(os.environ.get("LOG_FORMAT", forms.JSON)))

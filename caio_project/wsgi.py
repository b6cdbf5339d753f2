import os

from django.core.wsgi import get_wsgi_application

from caio_project.lib.charset import always_utf8

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "caio_project.settings")

application = always_utf8(get_wsgi_application())

from caio_project.checks import refuse_to_boot  # noqa: E402  (needs the apps loaded)

refuse_to_boot()

from leads.inbound import receive  # noqa: E402

receive.drain_in_background()  # what a web process that died had kept

from tests.fakes import ghl
from tests.fakes.remote import optional, serve_forever

serve_forever(ghl.FakeGhl, ghl.__doc__, token=str, location_id=str, rate_limit=optional(int))

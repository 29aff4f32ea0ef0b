"""Properties here find the same examples every time, however busy the machine is."""

from hypothesis import settings

settings.register_profile("kairos", deadline=None, derandomize=True)
settings.load_profile("kairos")

"""How hard Hypothesis looks: HYPOTHESIS_PROFILE is dev, ci (where CI is set) or nightly.

None has a deadline: how long an example takes is the machine's business.
"""

from __future__ import annotations

import os
from typing import Final

from hypothesis import HealthCheck, settings

settings.register_profile("dev", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.register_profile("nightly", deadline=None, print_blob=True, max_examples=2000)

PROFILE: Final = os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "dev")
settings.load_profile(PROFILE)

_TIMES: Final = 20 if PROFILE == "nightly" else 1


def examples(count: int, *suppressed: HealthCheck) -> settings:
    """Settings of a test that is not to have the profile's number of examples.

    Args:
        count: Examples, outside of the night.
        suppressed: Health checks that do not apply.
    """
    return settings(max_examples=count * _TIMES, suppress_health_check=suppressed)

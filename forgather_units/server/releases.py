"""Which release of a viewer's static parts a job serves: viewers of one release share the proxy's cache."""

from __future__ import annotations

from forgather_units.domain.errors import ForgatherError
from forgather_units.domain.job import Job, Running, Starting
from forgather_units.kinds.tensorboard import TENSORBOARD
from forgather_units.machine.tensorboard_assets import TensorBoardAssets
from forgather_units.server.house import House
from forgather_units.server.targets import Release


def releases(house: House) -> Release:
    """TensorBoard's alone: the pages of other kinds are their users' own."""
    try:
        assets = TensorBoardAssets(house.makes.program(TENSORBOARD).folders)
    except ForgatherError:
        return lambda job: ""

    def release(job: Job) -> str:
        if job.submission.kind.name != TENSORBOARD.name:
            return ""
        # One that sleeps, or waits for its first request, starts with what is installed then.
        return assets.release(job.state.started_at if isinstance(job.state, Starting | Running) else None)

    return release

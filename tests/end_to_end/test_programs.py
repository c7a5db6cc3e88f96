"""Jobs of a TensorBoard that is installed in an unusual way."""

from __future__ import annotations

import sys
import venv
from collections.abc import Callable
from pathlib import Path

from forgather_server import Forgather
from waiting import wait_until

MakeForgather = Callable[..., Forgather]


def test_the_stock_program_behind_a_wrapper_in_a_path_with_a_space(
    make_forgather: MakeForgather, home_folder: Path, sample_runs: Path
) -> None:
    folder = home_folder / "my envs" / "tb"
    venv.create(folder, symlinks=True)
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "real.pth").write_text("\n".join(path for path in sys.path if path.endswith("-packages")) + "\n")
    command, wrapper = folder / "bin" / "tensorboard", home_folder / "tb"
    command.write_text(
        f"#!/bin/sh\n'''exec' \"{folder}/bin/python\" \"$0\" \"$@\"\n' '''\n"
        "import sys\nfrom tensorboard.main import run_main\nsys.exit(run_main())\n"
    )
    wrapper.write_text(f'#!/bin/sh\nexec "{command}" "$@"\n')
    command.chmod(0o755)
    wrapper.chmod(0o755)
    forgather = make_forgather(tensorboard=str(wrapper))
    forgather.start()
    queue_id = forgather.submit(sample_runs, port="auto")
    job = forgather.wait_status(queue_id, "running", "failed")
    assert job["status"] == "running", job["error"]
    assert forgather.get(f"/api/tb/{queue_id}/data/runs").json()

    def trial() -> list[str]:
        findings = forgather.get("/api/host").json()["findings"]
        return [row["verdict"] for row in findings if row["name"] == "tensorboard in a unit"]

    assert wait_until(trial) == ["ok"]

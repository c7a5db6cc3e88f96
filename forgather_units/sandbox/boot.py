"""Builds the tree and becomes systemd-nspawn. Started by the launcher in a mount namespace of its own."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from forgather_units.sandbox.plan import Plan
from forgather_units.sandbox.tree import TARGET, build, fuse, layer


def main(plan: Plan) -> None:
    """Never returns: execs nspawn, under a parent-death signal that ends the sandbox when its launcher is gone."""
    # Here, before anything is forked: all that follows stays in the sandbox's own group.
    (Path(plan.cgroup_folder) / "cgroup.procs").write_text(f"{os.getpid()}\n")
    os.umask(0o022)
    root = build(plan)
    os.chdir(root)
    # The host may have the hybrid layout of cgroups; inside there is only one.
    os.environ["SYSTEMD_NSPAWN_UNIFIED_HIERARCHY"] = "1"
    command = [
        *("setpriv", "--pdeathsig", "TERM"),
        *("systemd-nspawn", "--quiet", f"--directory={root}", f"--machine={plan.name}", "--register=no"),
        *("--keep-unit", "--boot", "--console=passive", "--notify-ready=yes", "--resolv-conf=copy-host"),
        *("--link-journal=no", "--kill-signal=SIGRTMIN+4"),
        # BPF, for filters of addresses and devices: a container's systemd lacks it.
        *("--capability=CAP_BPF,CAP_NET_ADMIN,CAP_PERFMON", "--system-call-filter=bpf"),
        # /tmp, /run and /dev are new inside: the folders that lead to a mount point are missing there.
        *(f"--tmpfs={_word(path)}:mode=0755" for path in plan.mount_parents),
        *(f"--overlay={_word(path)}:{layer(plan, at)}:{_word(path)}" for at, path in enumerate(plan.overlaid)),
        *(f"--bind-ro={_word(path)}" for path in plan.bound),
        *(f"--bind={_word(path)}" for path in plan.bound_writable),
        *((f"--bind={fuse(plan)}:/dev/fuse",) if fuse(plan).exists() else ()),
        *(("--private-network",) if plan.private_network else ()),
        *(f"systemd.unit={'multi-user.target' if plan.is_own_machine else TARGET}", "systemd.show_status=0"),
    ]
    os.execvp(command[0], command)  # noqa: S606 - a shell is the last thing wanted


def _word(path: str) -> str:
    """nspawn separates by colons."""
    return path.replace("\\", "\\\\").replace(":", "\\:")


if __name__ == "__main__":
    main(Plan.from_json(sys.argv[1]))

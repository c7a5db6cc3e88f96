"""The sandbox's file system: the host's, seen through an overlay in memory, plus the files of a separate machine.

Nothing here touches the host: it runs in a private mount namespace, and every write lands in the overlay.
"""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path
from typing import Final

from forgather_units.sandbox.plan import DATA, NEIGHBOUR, PERSON, Plan

TARGET: Final = "box.target"
_TARGET_TEXT: Final = """[Unit]
Description=All that the sandbox needs
Requires=basic.target
After=basic.target
Wants=dbus.service systemd-logind.service systemd-user-sessions.service user@{uid}.service
AllowIsolate=yes
"""
# Units enabled on the host that a sandbox must not start.
_MASKED: Final = (
    "apt-daily-upgrade.timer",
    "apt-daily.timer",
    "avahi-daemon.socket",
    "console-getty.service",
    "dpkg-db-backup.timer",
    "e2scrub_all.timer",
    "fstrim.timer",
    "getty.target",
    "man-db.timer",
    "systemd-networkd.service",
    "systemd-networkd.socket",
    "systemd-timesyncd.service",
)
_NO_USER_NAMESPACES: Final = "[Service]\nRestrictNamespaces=~user\n"


def layer(plan: Plan, number: int) -> Path:
    """The upper layer of the `number`th overlay that nspawn makes: in memory, like the root's."""
    return Path(plan.mount_point) / f"layer-{number}"


def fuse(plan: Plan) -> Path:
    """A device node for the sandbox's /dev/fuse, if the kernel has FUSE; the host's own may belong to root."""
    return Path(plan.mount_point) / "fuse"


def build(plan: Plan) -> Path:
    """Mount and fill the tree; its root."""
    mount_point = Path(plan.mount_point)
    _mount("tmpfs", "-t", "tmpfs", "-o", "mode=0755", target=mount_point)
    upper, work, root = (mount_point / name for name in ("upper", "work", "root"))
    if plan.disk:
        upper, work = Path(plan.disk, "upper"), Path(plan.disk, "work")
    is_new = not upper.is_dir() or not any(upper.iterdir())
    for folder in (root, *(layer(plan, number) for number, _ in enumerate(plan.overlaid))):
        folder.mkdir()
    for folder in (upper, work):
        folder.mkdir(parents=True, exist_ok=True)
    # nspawn leaves folders below /run: give it a layer over /run that only this process sees.
    run, run_work = (mount_point / name for name in ("run", "run-work"))
    for folder in (run, run_work):
        folder.mkdir()
    _mount("overlay", "-t", "overlay", "-o", f"lowerdir=/run,upperdir={run},workdir={run_work}", target=Path("/run"))
    # metacopy: a chmod copies no contents into memory.
    layers = f"lowerdir={plan.tree},upperdir={upper},workdir={work},metacopy=on"
    _mount("overlay", "-t", "overlay", "-o", layers, target=root)
    _fuse_device(fuse(plan))
    if is_new:
        _identity(root)
        _account(root, PERSON, plan.uid)
        # Another user on the same host: `su neighbour -c CMD` needs no password.
        _account(root, NEIGHBOUR, plan.uid + 1, hashed="")
    for path in plan.overlaid:
        # nspawn makes a mount point, but not the folders above it.
        (root / path.removeprefix("/")).mkdir(parents=True, exist_ok=True)
    _masks(root)
    if plan.is_own_machine:
        _names(root)
        return root
    if is_new:
        _person(root, plan.uid)
    _boot_target(root, plan)
    hidden = {path for path in (*plan.reached, *plan.exposed) if path.startswith(plan.overlaid)}
    for path in {*plan.reached, *plan.exposed} - hidden:
        _open_way(root, path)
    for path in {*plan.exposed} - hidden:
        _open_tree(root, path)
    return root


def _mount(*arguments: str, target: Path) -> None:
    subprocess.run(["mount", *arguments, str(target)], check=True)


def _fuse_device(node: Path) -> None:
    """FUSE is the only file system that an ordinary user may mount; tests use one that never responds."""
    numbers = dict(line.split()[::-1] for line in Path("/proc/misc").read_text().splitlines())
    if minor := numbers.get("fuse"):
        os.mknod(node, stat.S_IFCHR | 0o666, os.makedev(10, int(minor)))
        node.chmod(0o666)


def _identity(root: Path) -> None:
    (root / "etc/fstab").write_text("")
    (root / "var/lib/dbus/machine-id").unlink(missing_ok=True)
    (root / "etc/machine-id").unlink(missing_ok=True)
    (root / "etc/machine-id").touch()
    # The folder makes the journal persistent, which lets an ordinary user read their own.
    journal = root / "var/log/journal"
    for old in journal.glob("*") if journal.exists() else ():
        old.rename(root / "var" / f"old-journal-{old.name}")
    journal.mkdir(parents=True, exist_ok=True)


def _names(root: Path) -> None:
    # debootstrap leaves none, and TensorBoard asks for `localhost`.
    (root / "etc/hosts").write_text("127.0.0.1 localhost\n::1 localhost\n")


def _account(root: Path, name: str, uid: int, hashed: str = "*") -> None:
    for file, line in (
        ("etc/passwd", f"{name}:x:{uid}:{uid}:An ordinary user:/home/{name}:/bin/bash"),
        ("etc/group", f"{name}:x:{uid}:"),
        ("etc/shadow", f"{name}:{hashed}:19000:0:99999:7:::"),
    ):
        with (root / file).open("a") as accounts:
            accounts.write(line + "\n")
    home = root / "home" / name
    home.mkdir(parents=True)
    home.chmod(0o700)
    subprocess.run(["chown", f"{uid}:{uid}", str(home)], check=True)


def _person(root: Path, uid: int) -> None:
    data = root / DATA.removeprefix("/")
    data.mkdir(parents=True, exist_ok=True)
    subprocess.run(["chown", f"{uid}:{uid}", str(data)], check=True)
    # Only journald may tell how many lines it dropped, and only this group may read what it says.
    groups = (root / "etc/group").read_text().splitlines()
    members = {"systemd-journal": PERSON}
    joined = (f"{line}{',' if line[-1] != ':' else ''}{members.get(line.split(':')[0], '')}" for line in groups)
    (root / "etc/group").write_text("\n".join(line.removesuffix(",") for line in joined) + "\n")
    linger = root / "var/lib/systemd/linger"
    linger.mkdir(parents=True, exist_ok=True)
    (linger / PERSON).touch()


def _masks(root: Path) -> None:
    units = root / "etc/systemd/system"
    for name in _MASKED:
        (units / name).unlink(missing_ok=True)
        (units / name).symlink_to("/dev/null")


def _boot_target(root: Path, plan: Plan) -> None:
    units = root / "etc/systemd/system"
    (units / TARGET).write_text(_TARGET_TEXT.format(uid=plan.uid))
    if not plan.user_namespaces:
        drop_in = units / "user@.service.d"
        drop_in.mkdir(exist_ok=True)
        (drop_in / "no-user-namespaces.conf").write_text(_NO_USER_NAMESPACES)


def _open_way(root: Path, path: str) -> None:
    """Let the ordinary user come to `path` and list it."""
    for folder in (*reversed(Path(path).parents), Path(path)):
        inside = root / folder.relative_to("/")
        mode = stat.S_IMODE(inside.stat().st_mode)
        wanted = mode | stat.S_IXOTH | (stat.S_IROTH if str(folder) == path else 0)
        if mode != wanted:
            inside.chmod(wanted)


def _open_tree(root: Path, path: str) -> None:
    """Let the ordinary user read all of `path`, where its owner's umask kept it private."""
    top = root / Path(path).relative_to("/")
    if any(not _readable(entry) for entry in top.iterdir()):
        subprocess.run(["chmod", "-R", "o+rX", str(top)], check=True)


def _readable(entry: Path) -> bool:
    mode = entry.lstat().st_mode
    wanted = stat.S_IROTH | stat.S_IXOTH if stat.S_ISDIR(mode) else stat.S_IROTH
    return stat.S_ISLNK(mode) or mode & wanted == wanted

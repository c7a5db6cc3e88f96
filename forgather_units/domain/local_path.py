"""Rejects addresses and lists that are not a local folder."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from forgather_units.domain.errors import Refused

_URL: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://(.*)", re.DOTALL)
_NAMED: Final = re.compile(r"[^/:,]+:([/~.][^,]*)((?:,[^/:,]+:[^,]+)*)")
_MOUNTS: Final[Mapping[str, str]] = {
    "s3": "mount-s3 or rclone mount",
    "gs": "gcsfuse or rclone mount",
    "hdfs": "hadoop-fuse-dfs or an NFS gateway",
}


def check_local(path: str, field: str) -> None:
    """Raises Refused for an address (`s3://bucket/x`), and for named folders (`a:/x,b:/y`).

    Stock TensorBoard reads some of them, with its own libraries or by --logdir_spec. Here a viewer gets one local
    folder, which the server checks before the start and binds into the unit.
    """
    said = f"{field} must be one folder of this machine, not {path!r}"
    if found := _URL.fullmatch(path):
        scheme, rest = found[1].lower(), found[2]
        hint = f"mount it ({_MOUNTS.get(scheme, 'rclone mount')}, for example) and give the folder where it is mounted"
        if scheme == "file":
            hint = f"give the path alone: /{rest.lstrip('/')}"
        raise Refused(said, hint=hint, field=field)
    if found := _NAMED.fullmatch(path):
        several = "make a folder with a link to each of them (ln -s), and give that folder"
        raise Refused(said, hint=several if found[2] else f"give the path alone: {found[1]}", field=field)

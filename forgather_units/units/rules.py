"""The rules for every unit, from the settings."""

from __future__ import annotations

import os

from forgather_units.domain.machine import Machine
from forgather_units.domain.placement import Placement
from forgather_units.host.environment import passed_variables
from forgather_units.settings.settings import Settings
from forgather_units.units.hardening import Hidden
from forgather_units.units.hiding import CONTAINER_SOCKETS
from forgather_units.units.service_unit import Rules


def rules_of(settings: Settings, machine: Machine) -> Rules:
    return Rules(
        start_timeout=settings.start_timeout,
        stop_timeout=settings.stop_timeout,
        idle_timeout=settings.idle_timeout,
        sockets=settings.placement is Placement.SOCKET,
        hardening=settings.hardening,
        read_only_paths=settings.read_only_paths,
        hidden=Hidden(
            tuple(dict.fromkeys([str(settings.state_dir), os.path.realpath(settings.state_dir)])),
            tuple(map(str, (settings.auth_dir, *CONTAINER_SOCKETS))),
            machine.homes,
        ),
        writable_logdir=settings.writable_logdir,
        environment=passed_variables(settings.environment),
        limits=settings.limits,
        # A viewer is at the server's root: the base path is removed before it sees a request.
        public_url=settings.public_url,
    )

"""Debian's Firefox, driven by WebDriver BiDi: elements by role and name, real mouse and keyboard events.

Playwright drives a Firefox of its own only, which is no Debian package.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from ports import free_port
from waiting import PATIENCE, wait_until
from websocket import WebSocket, create_connection

_FIREFOX: Final = "/usr/bin/firefox-esr"
_VIEWPORT: Final = {"width": 1280, "height": 800}
# Every request to another host than this one fails at once: port 9 of the loopback has no listener.
_PREFERENCES: Final[dict[str, Any]] = {
    "network.proxy.type": 1,
    "network.proxy.http": "127.0.0.1",
    "network.proxy.http_port": 9,
    "network.proxy.ssl": "127.0.0.1",
    "network.proxy.ssl_port": 9,
    "ui.prefersReducedMotion": 1,
    # No process of its own for decoding and drawing: this machine has no GPU.
    "layers.acceleration.disabled": True,
}
_REPLACED: Final = {"no such node", "stale element reference", "move target out of bounds"}
_IS_SHOWN: Final = "element => element.checkVisibility({ visibilityProperty: true })"


class Replaced(Exception):
    """The page has replaced or moved the element meanwhile."""


class Bidi:
    """A session: sends a command and returns its result; collects the events that arrive meanwhile."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self._count = 0
        self.events: list[dict[str, Any]] = []

    def send(self, method: str, **params: Any) -> dict[str, Any]:
        """The result of a command. Raises Replaced, and AssertionError for another error response."""
        self._count += 1
        self._socket.send(json.dumps({"id": self._count, "method": method, "params": params}))
        while (message := json.loads(self._socket.recv())).get("id") != self._count:
            self.events.append(message)
        if message.get("error") in _REPLACED:
            raise Replaced(f"{method}: {message}")
        assert message["type"] == "success", f"{method}: {message}"
        result: dict[str, Any] = message["result"]
        return result


class Tab:
    """A tab of the browser. `find` and the actions wait until the element is visible."""

    def __init__(self, bidi: Bidi, context: str) -> None:
        self._bidi = bidi
        self.context = context

    @property
    def url(self) -> str:
        return str(self.evaluate("location.href"))

    def goto(self, url: str) -> None:
        """Load a page."""
        self._bidi.send("browsingContext.navigate", context=self.context, url=url, wait="complete")

    def reload(self) -> None:
        """Load the page again."""
        self._bidi.send("browsingContext.reload", context=self.context, wait="complete")

    def resize(self) -> None:
        """Give the tab the size of the other browser tests."""
        self._bidi.send("browsingContext.setViewport", context=self.context, viewport=_VIEWPORT)

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression: a text, a number, a truth value or None."""
        target = {"context": self.context}
        outcome = self._bidi.send("script.evaluate", expression=expression, target=target, awaitPromise=True)
        assert outcome["type"] == "success", outcome
        return outcome["result"].get("value")

    def visible(self, role: str, name: str, within: str | None = None) -> list[str]:
        """The visible elements with this role (empty: any) and accessible name."""
        value = {"role": role, "name": name} if role else {"name": name}
        locator = {"type": "accessibility", "value": value}
        start = {"startNodes": [{"sharedId": within}]} if within else {}
        found = self._bidi.send("browsingContext.locateNodes", context=self.context, locator=locator, **start)
        return [node["sharedId"] for node in found["nodes"] if self._call(_IS_SHOWN, node["sharedId"])]

    def find(self, role: str, name: str, within: str | None = None) -> str:
        """The first visible element with this role and accessible name, once there is one."""
        return wait_until(lambda: self.visible(role, name, within), what=f"a visible {role or 'element'} {name!r}")[0]

    def text(self, element: str) -> str:
        """The visible text of an element."""
        return str(self._call("element => element.innerText", element))

    def value(self, element: str) -> str:
        """The value of a field."""
        return str(self._call("element => element.value", element))

    def wait_text(self, selector: str, pattern: str) -> str:
        """The text of the elements that `selector` matches, once it contains `pattern`."""
        text = f"[...document.querySelectorAll({json.dumps(selector)})].map(each => each.innerText).join('\\n')"

        def found() -> str:
            shown = str(self.evaluate(text))
            return shown if re.search(pattern, shown, re.MULTILINE) else ""

        return wait_until(found, what=f"{pattern!r} in {selector}")

    def wait_for(self, expression: str) -> Any:
        """The value of a JavaScript expression, once it is true."""
        return wait_until(lambda: self.evaluate(expression), what=expression)

    def click(self, role: str, name: str, within: str | None = None) -> None:
        """Click in the middle of an element."""

        def is_clicked() -> bool:
            element = self.find(role, name, within)
            self._call("element => element.scrollIntoView({ block: 'nearest' })", element)
            at = {"type": "element", "element": {"sharedId": element}}
            mouse = [
                {"type": "pointerMove", "x": 0, "y": 0, "origin": at},
                {"type": "pointerDown", "button": 0},
                {"type": "pointerUp", "button": 0},
            ]
            try:
                self._perform({"type": "pointer", "id": "mouse", "actions": mouse})
            except Replaced:
                return False
            return True

        wait_until(is_clicked, what=f"a click on {role or 'element'} {name!r}")

    def fill(self, label: str, text: str, within: str | None = None) -> None:
        """Replace the content of a field by the keyboard. Firefox gives a password field no role."""
        self.click("", label, within)
        self.evaluate("document.activeElement.select()")
        keys = [{"type": kind, "value": key} for key in text for kind in ("keyDown", "keyUp")]
        self._perform({"type": "key", "id": "keyboard", "actions": keys})

    def _perform(self, source: dict[str, Any]) -> None:
        self._bidi.send("input.performActions", context=self.context, actions=[source])

    def _call(self, function: str, element: str) -> Any:
        # An element that the page has replaced meanwhile has no value.
        try:
            outcome = self._bidi.send(
                "script.callFunction",
                functionDeclaration=function,
                arguments=[{"sharedId": element}],
                target={"context": self.context},
                awaitPromise=False,
            )
        except Replaced:
            return None
        return outcome["result"].get("value") if outcome["type"] == "success" else None


class Firefox:
    """A running Firefox with one tab."""

    def __init__(self, bidi: Bidi) -> None:
        self._bidi = bidi
        bidi.send("session.new", capabilities={})
        bidi.send("session.subscribe", events=["log.entryAdded"])
        self.tab = self._tab(self._contexts()[0])

    def opened_by(self, click: Any) -> Tab:
        """The tab that a link opens."""
        before = self._contexts()
        click()
        new = wait_until(lambda: [each for each in self._contexts() if each not in before], what="a new tab")
        return self._tab(new[0])

    def errors(self, tab: Tab) -> list[str]:
        """The errors that a tab has logged: uncaught exceptions, and console.error()."""
        logged = [event["params"] for event in self._bidi.events if event.get("method") == "log.entryAdded"]
        own = [each for each in logged if each["source"].get("context") == tab.context]
        return [each["text"] for each in own if each["level"] == "error"]

    def close(self) -> None:
        """End the browser."""
        self._bidi.send("browser.close")

    def _contexts(self) -> list[str]:
        return [each["context"] for each in self._bidi.send("browsingContext.getTree", maxDepth=0)["contexts"]]

    def _tab(self, context: str) -> Tab:
        tab = Tab(self._bidi, context)
        tab.resize()
        return tab


@contextmanager
def running_firefox(folder: Path) -> Iterator[Firefox]:
    """A Firefox with a fresh profile in `folder`; it has exited afterwards."""
    assert Path(_FIREFOX).exists(), "firefox-esr is not installed: packaging/install-debian-packages --tests"
    profile = folder / "profile"
    profile.mkdir()
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in _PREFERENCES.items()]
    (profile / "user.js").write_text("".join(lines))
    port = free_port()
    command = [_FIREFOX, "--headless", "--no-remote", "--profile", str(profile), f"--remote-debugging-port={port}"]
    with (folder / "firefox.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        firefox = Firefox(Bidi(_connection(port)))
        yield firefox
        firefox.close()
        process.wait(PATIENCE)
    finally:
        process.kill()
        process.wait(PATIENCE)


def _connection(port: int) -> WebSocket:
    def connected() -> WebSocket | None:
        try:
            # Firefox refuses an Origin that it does not know.
            return create_connection(f"ws://127.0.0.1:{port}/session", timeout=PATIENCE, suppress_origin=True)
        except OSError:
            return None

    return wait_until(connected, what="Firefox listens")

"""Headless Chromium through its DevTools protocol.

One class and a small library for WebSockets, instead of a browser driver: the browser is the system's own, and a page by `file://`
needs no more than to go there, wait, ask and take a picture.
"""

import base64
import json
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import websocket

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


class Browser:
    """A page of a browser that has no network. `events` are those since the last `go`."""

    def __init__(self):
        program = next(filter(None, map(shutil.which, NAMES)), None)
        if not program:
            raise SystemExit(f"no browser found (looked for {', '.join(NAMES)}); on Debian: apt-get install chromium")
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-port=0"]
        options += ["--hide-scrollbars", "--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={self.folder.name}"]
        self.process = subprocess.Popen([program, *options, "about:blank"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.sent, self.events = 0, []
        self.socket = websocket.create_connection(self._address(), timeout=60, suppress_origin=True)
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    session = None

    def _address(self):
        file = Path(self.folder.name) / "DevToolsActivePort"
        for _ in range(600):
            if file.exists() and file.read_text().count("\n"):
                port, path = file.read_text().split("\n")
                return f"ws://127.0.0.1:{port}{path}"
            time.sleep(0.1)
        raise SystemExit("the browser does not start")

    def call(self, method, **parameters):
        """The result of one command."""
        self.sent += 1
        message = {"id": self.sent, "method": method, "params": parameters}
        self.socket.send(json.dumps(message | ({"sessionId": self.session} if self.session else {})))
        while True:
            answer = json.loads(self.socket.recv())
            if answer.get("id") == self.sent:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]
            self.events.append(answer)

    def go(self, url):
        """Load a page, until its scripts have run and its formulas stand."""
        for address in ("about:blank", url):  # from one place of a page to another nothing would be loaded
            self.events.clear()
            self.call("Page.navigate", url=address)
            while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
                self.events.append(json.loads(self.socket.recv()))
        self.ask("window.MathJax?.startup?.promise")
        if self.ask("location.href") != url:
            raise RuntimeError(f"the browser is not at {url} but at {self.ask('location.href')}")

    def ask(self, expression):
        """The value of JavaScript, awaited."""
        answer = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def size(self, width, height=900):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def dark(self, dark):
        feature = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[feature])

    def picture(self, path, whole=False):
        data = self.call("Page.captureScreenshot", captureBeyondViewport=whole)["data"]
        Path(path).write_bytes(base64.b64decode(data))

    def close(self):
        self.socket.close()
        self.process.terminate()
        self.process.wait()
        self.folder.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

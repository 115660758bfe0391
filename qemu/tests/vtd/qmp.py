# SPDX-License-Identifier: GPL-2.0-or-later
"""QEMU's monitor, for properties that are set while a machine runs."""

import json
import os
import socket
import tempfile


class Qmp:
    """Give `args` to QEMU, then connect()."""

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="qmp-")
        self._path = os.path.join(self._folder.name, "socket")
        self.args = ("-qmp", f"unix:{self._path},server=on,wait=off")
        self._stream = None

    def connect(self):
        """Connects to the running QEMU."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(self._path)
            self._stream = connection.makefile("rw")
        self._stream.readline()
        self.run("qmp_capabilities")

    def run(self, command, **arguments):
        """One command; what it returns, or its error's text as a string."""
        self._stream.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self._stream.flush()
        while True:
            answer = json.loads(self._stream.readline())
            if "return" in answer:
                return answer["return"]
            if "error" in answer:
                return answer["error"]["desc"]

    def close(self):
        """Ends the connection."""
        if self._stream:
            self._stream.close()
        self._folder.cleanup()

"""Hands a photo to the user's own programs: open it, or show it in the file manager."""

import subprocess
import sys
from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices


def cannot_open(path: Path) -> str:
    """What to say where one of these fails: the file is away, or nothing here takes it."""
    if path.exists():
        return (
            f"No program on this computer opens {path.name}. Install one for such files, or choose "
            "one in the settings of your desktop."
        )
    return (
        f"{path} can't be opened. If it is on a disk that is not plugged in, plug it in and try "
        "again."
    )


def open_file(path: Path) -> bool:
    """Open `path` in its usual program; False if it is not there or nothing opens it."""
    return path.exists() and QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))


def show_in_folder(path: Path) -> bool:
    """Open the folder of `path`, with the file marked where the system can do that."""
    if not path.exists():
        return False
    if sys.platform == "win32":
        subprocess.Popen(["explorer", "/select,", str(path)])
        return True
    if sys.platform == "darwin":
        subprocess.Popen(["open", "-R", str(path)])
        return True
    return _ask_file_manager(path) or QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.parent)))


def _ask_file_manager(path: Path) -> bool:
    """Ask the desktop's file manager over the session bus; False if there is none."""
    from PySide6.QtDBus import QDBusConnection, QDBusMessage

    bus = QDBusConnection.sessionBus()
    name = "org.freedesktop.FileManager1"
    if not bus.isConnected() or not bus.interface().isServiceRegistered(name).value():
        return False
    call = QDBusMessage.createMethodCall(name, "/org/freedesktop/FileManager1", name, "ShowItems")
    call.setArguments([[QUrl.fromLocalFile(str(path)).toString()], ""])
    return bool(bus.send(call))

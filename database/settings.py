"""Where the program keeps its things, and for whom it works. Nothing is read before `from_environment` is called."""

from __future__ import annotations

import getpass
import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from kernel.findings import Refusal
from kernel.identifiers import as_shown

KEY_FILE = "pseudonym.key"  # that client numbers are hashed with; made when deliveries are first imported


@dataclass(frozen=True, slots=True)
class Settings:
    """`data_dir` holds the embedded database, `config_dir` keys and passwords, `user` is who is recorded.

    With `database_url` a PostgreSQL server of one's own is used and nothing is started here. `keep_server` leaves the
    embedded server running after a command.
    """

    data_dir: Path
    config_dir: Path
    database_url: str | None
    user: str
    keep_server: bool = False

    @property
    def key_file(self) -> Path:
        return self.config_dir / KEY_FILE

    @classmethod
    def from_environment(cls) -> Settings:
        """Read BEKOSTIGING_HOME, _DATABASE_URL, _USER and _KEEP_SERVER; an empty variable counts as absent."""
        home = os.environ.get("BEKOSTIGING_HOME")
        if home:
            try:
                root = Path(home).expanduser().absolute()
            except RuntimeError:
                said = f"BEKOSTIGING_HOME noemt een gebruiker die er niet is: {home}"
                raise Refusal(said, "noem een map") from None
            data_dir, config_dir = root / "data", root / "config"
        else:
            data_dir = platformdirs.user_data_path("bekostiging", appauthor=False)
            config_dir = platformdirs.user_config_path("bekostiging", appauthor=False)
        return cls(
            data_dir=data_dir,
            config_dir=config_dir,
            database_url=os.environ.get("BEKOSTIGING_DATABASE_URL") or None,
            user=as_shown((os.environ.get("BEKOSTIGING_USER") or _login_name()).encode(errors="replace").decode()),
            keep_server=os.environ.get("BEKOSTIGING_KEEP_SERVER") == "1",
        )


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container may run under a number without a name
        return f"uid {os.getuid()}"

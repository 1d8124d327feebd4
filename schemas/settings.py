"""Settings: read once, at the edge, from `HOSO_*` variables or a TOML file named by `HOSO_CONFIG`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from schemas.errors import SettingsError

ENVIRONMENT_PREFIX = "HOSO_"


class Settings(BaseSettings):
    """What an installation is told from outside. Secrets are never settings: only the file that holds one is."""

    model_config = SettingsConfigDict(env_prefix=ENVIRONMENT_PREFIX, extra="forbid", frozen=True)

    home: Path = Field(default=Path("var"), description="Folder of everything that Hoso writes.")
    engine: Literal["embedded"] = Field(default="embedded", description="Search engine of the records and procedures.")
    vault_url: str = Field(default="", description="`sqlite:///path`; empty means vault.db in the home folder.")
    keys: Path | None = Field(default=None, description="Key file; none means keys.json in the home folder.")
    passphrase_file: Path | None = Field(default=None, description="File whose first line seals the key file.")
    issuer: str = Field(default="local", description="`local`, or the URL of the OpenID Connect issuer.")
    jwks_file: Path | None = Field(default=None, description="The issuer's public keys, where it is not `local`.")
    policy: Path | None = Field(default=None, description="Policy file; none means the one that comes with Hoso.")
    allow_local_issuer: bool = Field(
        default=False, description="Serve with the local issuer on an address other than loopback."
    )
    max_body_mib: Annotated[int, Field(ge=1, le=1024)] = Field(default=64, description="Largest request body, MiB.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments win over the environment, the environment over the file."""
        del dotenv_settings, file_secret_settings
        named = os.environ.get(f"{ENVIRONMENT_PREFIX}CONFIG")
        file = (TomlConfigSettingsSource(settings_cls, Path(named)),) if named else ()
        return (init_settings, env_settings, *file)

    @property
    def key_file(self) -> Path:
        """The key file."""
        return self.keys or self.home / "keys.json"

    @property
    def vault_file(self) -> Path:
        """The vault's SQLite file."""
        if not self.vault_url:
            return self.home / "vault.db"
        scheme, _, path = self.vault_url.partition(":///")
        if scheme != "sqlite" or not path:
            raise SettingsError(
                f"{ENVIRONMENT_PREFIX}VAULT_URL must look like sqlite:///relative or sqlite:////absolute"
            )
        return Path(path)


def load_settings(**overrides: object) -> Settings:
    """Return the settings of this process; `overrides` win.

    Raises:
        SettingsError: a variable or key is unknown or out of range; the message names it.
    """
    named = os.environ.get(f"{ENVIRONMENT_PREFIX}CONFIG")
    if named and not Path(named).is_file():
        raise SettingsError(f"{ENVIRONMENT_PREFIX}CONFIG names a file that is not there")
    known = {f"{ENVIRONMENT_PREFIX}{name.upper()}" for name in Settings.model_fields} | {f"{ENVIRONMENT_PREFIX}CONFIG"}
    if unknown := sorted(name for name in os.environ if name.startswith(ENVIRONMENT_PREFIX) and name not in known):
        raise SettingsError(f"unknown settings: {', '.join(unknown)}; see `hoso doctor`")
    try:
        return Settings(**{name: value for name, value in overrides.items() if value is not None})  # type: ignore[arg-type]  # Checked by pydantic.
    except ValidationError as wrong:
        faults = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in wrong.errors())
        raise SettingsError(f"settings: {faults}") from wrong
    except (OSError, ValueError):
        # No TOML, not UTF-8, or not ours to read.
        raise SettingsError(f"{ENVIRONMENT_PREFIX}CONFIG names a file that is not readable TOML") from None

"""What a handler learns of its configuration through the request (core spec 2, 3.4)."""

from __future__ import annotations

from olexd.config.core import CoreServer
from olexd.config.mime import MimeDir
from olexd.config.python import HANDLER_NAMES, PythonDir
from olexd.model.challenge import escape_quotes
from olexd.model.mp_request_attributes import RequestAttributes
from olexd.model.python_tables import config_table, option_table
from olexd.model.realm import auth_name, auth_type
from olexd.model.table import Table


class RequestSettings(RequestAttributes):
    """The methods of a request that ask for settings in force."""

    __slots__ = ()

    def auth_name(self) -> str | None:
        """Return AuthName, its quotes escaped with backslashes; None when it is not set."""
        name = auth_name(self._record)
        return None if name is None else escape_quotes(name)

    def auth_type(self) -> str | None:
        """Return AuthType, None when it is not set."""
        return auth_type(self._record)

    def requires(self) -> tuple[str, ...]:
        """Return the arguments of the Require lines in force for the method, as in mod_python before 3.4.

        They are known once access handlers have run.
        """
        return tuple(line for requirement in self._record.requirements for line in requirement.lines)

    def document_root(self) -> str:
        """Return DocumentRoot."""
        return self._record.host.server[CoreServer].document_root

    def get_config(self) -> Table:
        """Return the Python* settings in force; changes to the table count for this request."""
        conf = self._record.conf
        if self._config is None or self._config[0] is not conf:
            self._config = (conf, self._peek_config().clone())
        return self._config[1]

    def _peek_config(self) -> Table:
        """Return what `get_config()` does, but only to be read: no copy is made for it."""
        conf = self._record.conf
        if self._config is not None and self._config[0] is conf:
            return self._config[1]
        known: Table | None = conf.__dict__.get("directive_table")
        if known is None:
            known = conf.__dict__["directive_table"] = config_table(conf[PythonDir])
        return known

    def get_options(self) -> Table:
        """Return the PythonOptions in force; changes to the table last for this request."""
        conf = self._record.conf
        if self._options is None or self._options[0] is not conf:
            self._options = (conf, self._peek_options().clone())
        return self._options[1]

    def _peek_options(self) -> Table:
        """Return what `get_options()` does, but only to be read: no copy is made for it."""
        conf = self._record.conf
        if self._options is not None and self._options[0] is conf:
            return self._options[1]
        known: Table | None = conf.__dict__.get("option_table")
        if known is None:
            known = conf.__dict__["option_table"] = option_table(conf[PythonDir])
        return known

    def _option(self, names: tuple[str, ...], /) -> str | None:
        """Return the first option of `names` that is set, None when none is."""
        conf = self._record.conf
        if self._options is not None and self._options[0] is conf:
            return _first_value(self._options[1], names)
        found: dict[tuple[str, ...], str | None] | None = conf.__dict__.get("first_options")
        if found is None:
            found = conf.__dict__["first_options"] = {}
        try:
            return found[names]
        except KeyError:
            value = found[names] = _first_value(self._peek_options(), names)
            return value

    def get_addhandler_exts(self) -> str:
        """Return the extensions that `AddHandler mod_python` names here, each followed by a space."""
        handlers = self._record.conf[MimeDir].handlers
        return "".join(f"{extension} " for extension, name in handlers.items() if name in HANDLER_NAMES)


def _first_value(table: Table, names: tuple[str, ...]) -> str | None:
    return next((value for name in names if (value := table.get(name)) is not None), None)

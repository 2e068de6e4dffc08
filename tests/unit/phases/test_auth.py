"""Who may pass: the whole matrix of decisions (configuration spec 4.1)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from olexd.model.request import Request
from olexd.phases.auth import inherits_checks
from olexd.phases.derive import follow
from olexd.phases.hooks import Phase
from olexd.phases.walk import directory_walk
from olexd.status import DECLINED, DONE, OK
from tests.unit.phases.support import Result, Server, error_log
from tests.unit.python_support import make_record

CONTENT = b"the content"
AUTH_PHASES = (Phase.ACCESS_CHECKER, Phase.ACCESS_DECIDER, Phase.CHECK_USER_ID, Phase.AUTH_CHECKER)
Hooks = tuple[int | str | None, ...]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Where the error log is."""
    return tmp_path


def hook(server: Server, phase: Phase, answer: int | str) -> Callable[[Request], int]:
    """A hook that notes that it ran; `user` means OK with a user."""

    def call(request: Request) -> int:
        server.ran.append(phase.label)
        if answer in ("user", "user, declined"):
            request.user = "joe"
        if isinstance(answer, int):
            return answer
        return OK if answer == "user" else DECLINED

    return call


def ask(directory: Path, answers: Hooks, auth_type: str = "") -> tuple[Server, Result]:
    """Serve a request with one hook (None: none) per phase of AUTH_PHASES."""
    server = Server(f"ErrorLog {directory}/error.log")
    if auth_type:
        server.config += f"\n<Location />\nAuthType {auth_type}\nAuthName site\n</Location>"
    for phase, answer in zip(AUTH_PHASES, answers, strict=True):
        if answer is not None:
            server.on(phase, hook(server, phase, answer))

    def content(request: Request) -> int:
        request.output.write(CONTENT, False)
        return OK

    server.on(Phase.HANDLER, content)
    return server, server.get()


@pytest.mark.parametrize(
    ("answers", "ran"),
    [
        # Nothing is required.
        ((None, None, None, None), 0),
        ((OK, None, "user", OK), 1),
        ((DECLINED, None, None, None), 1),
        # Granted without a user: nobody is asked for one.
        ((OK, OK, 401, 401), 2),
        ((None, OK, None, None), 1),
        # A user who may.
        ((OK, DECLINED, "user", OK), 4),
        ((None, DECLINED, "user", OK), 3),
        # A user whom an access handler vouched for, without an AuthType.
        (("user", DECLINED, None, OK), 3),
        (("user", DECLINED, DECLINED, OK), 4),
    ],
)
def test_passes(directory: Path, answers: Hooks, ran: int) -> None:
    """These pass, and no phase runs that has nothing to decide."""
    server, result = ask(directory, answers)
    assert (result.status, result.body) == (200, CONTENT)
    assert len(server.ran) == ran


@pytest.mark.parametrize(
    ("answers", "status", "ran"),
    [
        # The access handler refuses: nobody else is asked.
        ((403, OK, "user", OK), 403, 1),
        ((401, OK, "user", OK), 401, 1),
        ((200, OK, "user", OK), 200, 1),
        ((DONE, OK, "user", OK), 200, 1),
        ((999, OK, "user", OK), 500, 1),
        # Denied for good: a user cannot change it.
        ((OK, 403, "user", OK), 403, 2),
        ((OK, 500, "user", OK), 500, 2),
        ((OK, 200, "user", OK), 200, 2),
        ((OK, DONE, "user", OK), 200, 2),
        # Nobody authenticates.
        ((OK, DECLINED, None, OK), 500, 2),
        ((OK, DECLINED, DECLINED, OK), 500, 3),
        # Authentication fails.
        ((OK, DECLINED, 401, OK), 401, 3),
        ((OK, DECLINED, 403, OK), 403, 3),
        ((OK, DECLINED, 200, OK), 200, 3),
        ((OK, DECLINED, DONE, OK), 200, 3),
        ((OK, DECLINED, 1, OK), 500, 3),
        # OK without a user is no authentication.
        ((OK, DECLINED, OK, OK), 500, 3),
        # Authorisation fails, or nobody authorises.
        ((OK, DECLINED, "user", 401), 401, 4),
        ((OK, DECLINED, "user", 403), 403, 4),
        ((OK, DECLINED, "user", 200), 200, 4),
        ((OK, DECLINED, "user", DONE), 200, 4),
        ((OK, DECLINED, "user", DECLINED), 500, 4),
        ((OK, DECLINED, "user", None), 500, 3),
        ((OK, DECLINED, "user", 7), 500, 4),
    ],
)
def test_refused(directory: Path, answers: Hooks, status: int, ran: int) -> None:
    """These never see the content, and no phase runs after the refusal."""
    server, result = ask(directory, answers)
    assert result.status == status
    assert CONTENT not in result.sent
    assert len(server.ran) == ran


@pytest.mark.parametrize("auth_type", ["Basic", "Digest", "Form", "Whatever"])
@pytest.mark.parametrize(
    "answers",
    [
        ("user", DECLINED, None, OK),
        ("user", DECLINED, DECLINED, OK),
        (OK, DECLINED, "user, declined", OK),
    ],
)
def test_a_name_is_no_proof(directory: Path, answers: Hooks, auth_type: str) -> None:
    """With an AuthType a user's name counts only when somebody vouched for it."""
    server, result = ask(directory, answers, auth_type)
    assert result.status == 500
    assert CONTENT not in result.sent
    assert Phase.AUTH_CHECKER.label not in server.ran
    assert f"AH01796: AuthType {auth_type} configured without corresponding module" in error_log(directory)


def test_name_without_type(directory: Path) -> None:
    """Without an AuthType nobody promised a check, and a handler's name counts."""
    _, result = ask(directory, (OK, DECLINED, "user, declined", OK))
    assert result.body == CONTENT


@pytest.mark.parametrize(("claimed", "status"), [(False, 200), (True, 401)])
def test_a_name_from_credentials_decides_nothing(claimed: bool, status: int) -> None:
    """What a handler read from credentials is no user until they are checked, whatever Require lines say."""
    server = Server("")

    def read_credentials(request: Request) -> int:
        request.user, request.user_is_claimed = "joe", claimed
        return OK

    server.on(Phase.ACCESS_CHECKER, read_credentials)
    server.on(Phase.ACCESS_DECIDER, lambda request: DECLINED if request.user is None else OK)
    server.on(Phase.CHECK_USER_ID, lambda request: 401)
    server.on(Phase.HANDLER, lambda request: OK)
    assert server.get().status == status


@pytest.mark.parametrize("answers", [(OK, DECLINED, None, OK), (OK, DECLINED, OK, OK)])
def test_log_without_a_user(directory: Path, answers: Hooks) -> None:
    """The log says why a request that needs a user was refused without one."""
    ask(directory, answers)
    assert "AH00027: No authentication done" in error_log(directory)


def test_all_access_checkers_count(directory: Path) -> None:
    """Each access checker can refuse; an OK of another is no pass."""
    server = Server(f"ErrorLog {directory}/error.log")
    for answer in (OK, DECLINED, 403, OK):
        server.on(Phase.ACCESS_CHECKER, hook(server, Phase.ACCESS_CHECKER, answer))
    assert server.get().status == 403
    assert len(server.ran) == 3


def test_first_authentication_counts(directory: Path) -> None:
    """The first module that does not decline authenticates; a later one cannot overrule it."""
    server = Server(f"ErrorLog {directory}/error.log")
    server.answers(Phase.ACCESS_DECIDER, DECLINED)
    for answer in (DECLINED, 401, "user"):
        server.on(Phase.CHECK_USER_ID, hook(server, Phase.CHECK_USER_ID, answer))
    server.answers(Phase.AUTH_CHECKER, OK)
    assert server.get().status == 401
    assert len(server.ran) == 2


def follower(root: Path, config: str = "", first: str = "/a", then: str = "/b") -> tuple[Request, Request]:
    """A request whose checks were made, and the one that it is redirected to, both walked through."""
    (root / "sub").mkdir()
    for name in ("a", "b", "sub/c"):
        (root / name).touch()
    text = f'DocumentRoot "{root}"\n<Directory "{root}">\nRequire all denied\n</Directory>\n{config}'
    prev = make_record(text, uri=first)
    prev.filename = f"{root}{first}"
    assert directory_walk(prev) == OK
    prev.checked, prev.user, prev.ap_auth_type = True, "joe", "Own"
    derived = follow(prev, then)
    derived.filename = f"{root}{then}"
    assert directory_walk(derived) == OK
    return prev, derived


@pytest.mark.parametrize("first", ["/a", "/none", "/a/info", "/"])
def test_checks_hold_for_a_neighbour(tmp_path: Path, first: str) -> None:
    """A file under the same settings in the same directory is not checked again, and has the user."""
    _, derived = follower(tmp_path, first=first)
    assert inherits_checks(derived)
    assert (derived.user, derived.ap_auth_type, derived.checked) == ("joe", "Own", True)


@pytest.mark.parametrize(
    ("config", "then"),
    [
        ("", "/sub/c"),
        ("", "/none"),
        ("", "/b/info"),
        ("<Files b>\nServerSignature On\n</Files>", "/b"),
        ('<Files "*">\nServerSignature On\n</Files>', "/b"),
        ("<Location /b>\nServerSignature On\n</Location>", "/b"),
        ("<Location />\nServerSignature On\n</Location>", "/b"),
        ('<If "true">\nServerSignature On\n</If>', "/b"),
        ('<DirectoryMatch "b$">\nServerSignature On\n</DirectoryMatch>', "/b"),
    ],
)
def test_checks_hold_for_nothing_else(tmp_path: Path, config: str, then: str) -> None:
    """Other directories, other settings, what is no file, what has a section of its own: all are checked."""
    _, derived = follower(tmp_path, config, then=then)
    assert not inherits_checks(derived)
    assert (derived.user, derived.ap_auth_type, derived.checked) == (None, None, False)


def test_checks_that_never_were_hold_for_nobody(tmp_path: Path) -> None:
    """Who was refused before the checks vouches for nothing."""
    prev, derived = follower(tmp_path)
    prev.checked = False
    assert not inherits_checks(derived)


def test_checks_hold_for_nobody_with_guards_of_their_own(tmp_path: Path) -> None:
    """An early handler may have added a guard for just this request."""
    _, derived = follower(tmp_path)
    derived.added_handlers = {"PythonAccessHandler": [object()]}
    assert not inherits_checks(derived)


def test_equal_settings_are_not_the_same(tmp_path: Path) -> None:
    """Only the very same merged settings count, not such as say the same."""
    prev, derived = follower(tmp_path)
    prev.host._merged.clear()
    prev.conf = prev.host.merged(prev.sections)
    assert not inherits_checks(derived)


def test_checks_hold_for_an_index_file(tmp_path: Path) -> None:
    """The index file of a directory, looked for on its behalf, is not checked again."""
    directory, derived = follower(tmp_path, first="/")
    derived.main, derived.stands_in_for, derived.prev = directory, directory, None
    assert inherits_checks(derived)


def test_included_files_are_checked(tmp_path: Path) -> None:
    """A subrequest is no follower: its checks are its own, but the user is the page's."""
    prev, derived = follower(tmp_path)
    derived.main, derived.prev = prev, None
    assert not inherits_checks(derived)
    assert (derived.user, derived.checked) == ("joe", False)


def test_included_files_under_other_settings_have_no_user(tmp_path: Path) -> None:
    """Whom one file of users knows need not be whom another one knows."""
    more = f'<Directory "{tmp_path}/sub">\nRequire valid-user\n</Directory>\n'
    page, part = follower(tmp_path, more, then="/sub/c")
    part.main, part.prev = page, None
    assert not inherits_checks(part)
    assert (part.user, part.ap_auth_type) == (None, None)

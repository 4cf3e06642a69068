"""The published examples: what the register answers to each, and what `validate` says before anybody sends it.

An example is a text as its page has it, mistakes included. Where the register refuses one, or a vendor who sends it
unchanged gets nothing that works, `validate` or `validate --online` stops it, with what to write instead.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import httpx
import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from reconciler.cli.main import app
from tests.rules.test_published import OLD_GUIDE, PACKAGE_EXAMPLE, PASCAL_CASE, RIGHTS_EXAMPLE
from tests.served import VENDOR_PATH, Repository, Served, serve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from typer.testing import Result

pytestmark = pytest.mark.slow

SAMPLES = Path(__file__).parent.parent / "contract/samples"


class Fault(NamedTuple):
    """An error that stops an example."""

    rule: str
    hint: str
    """The sentence that solves it."""
    online: bool = False
    """It takes the environment to see it."""


class Example(NamedTuple):
    """A published example, and what comes of it."""

    name: str
    text: str
    code: str
    """What the register answers to it as it stands: a code, a status, or empty where it is stored."""
    faults: tuple[Fault, ...] = ()
    org: str = "991825827"

    @property
    def file(self) -> str:
        """Where a vendor would save it."""
        return f"systems/{self.name.replace(' ', '-')}.yaml"


def write(name: str, client: str, rest: str) -> str:
    """Write a body in the form of the guides, with members of its own."""
    return f"""{{
  "id": "991825827_{name}",
  "vendor": {{"authority": "iso6523-actorid-upis", "ID": "0192:991825827"}},
  "name": {{"nb": "The Matrix", "en": "The Matrix", "nn": "The Matrix"}},
  "description": {{"nb": "Test system", "en": "Test system", "nn": "Test system"}},
  {rest},
  "clientId": ["{client}"],
  "allowedredirecturls": ["https://vg.no", "https://nrk.no", "https://altinn.no"]
}}"""


def name_right(value: str) -> str:
    """Write a right as the guides have it."""
    return f'{{"resource": [{{"id": "urn:altinn:resource", "value": "{value}"}}]}}'


ONLY_BOKMAL = """{
  "id": "991825827_skatteetaten",
  "vendor": {"ID": "0192:991825827"},
  "name": {"nb": "Systemnavn",},
  "description": {"nb": "Systembeskrivelse",},
  "rights": [{"resource": [{"id": "urn:altinn:resource", "value": "ske-krav-og-betalinger",},],},],
  "clientId": ["32ef65ac-6e62-498d-880f-76c85c2052af",],
  "isVisible": false,
}"""
PLACEHOLDER = Fault("client-id-placeholder", "Write the id of the client in Maskinporten.")
EXAMPLES = (
    Example("the guide's first system", RIGHTS_EXAMPLE, "", (PLACEHOLDER,)),
    Example(
        "the guide's system for client delegation",
        PACKAGE_EXAMPLE,
        "AUTH.VLD-00018",
        (
            Fault("package-visible", "Write `isVisible: false`, or choose a package that is assignable."),
            PLACEHOLDER,
        ),
    ),
    Example(
        "the old guide",
        OLD_GUIDE,
        "AUTH.VLD-00003",
        (
            Fault("vendor-check-digit", "Look for a typo; test organisations pass the check too."),
            Fault("right-unknown", "leave the right out until the resource exists there", online=True),
        ),
        org="123456789",
    ),
    Example("a client in Pascal case", PASCAL_CASE.replace("smartcloud", "pascal", 1), ""),
    Example(
        "a package and a right",
        write(
            "package",
            "32ef65ac-6e62-498d-880f-76c85c2052b0",
            '"accessPackages": [{"urn": "urn:altinn:accesspackage:skattnaering"}], '
            f'"rights": [{name_right("ske-krav-og-betalinger")}], "isVisible": true',
        ),
        "AUTH.VLD-00008",
        (Fault("package-unknown", "Did you mean `urn:altinn:accesspackage:skatt-naering`?"),),
    ),
    Example(
        "another package's misspelt name",
        write(
            "package2",
            "32ef65ac-6e62-498d-880f-76c85c2052b1",
            '"accessPackages": [{"urn": "urn:altinn:accesspackage:kravogutlegg"}], "isVisible": true',
        ),
        "AUTH.VLD-00008",
        (Fault("package-unknown", "Did you mean `urn:altinn:accesspackage:krav-og-utlegg`?"),),
    ),
    Example(
        "an app and a resource",
        write(
            "app",
            "087fc0e3-674f-4eaa-aea2-75e3369463e5",
            f'"rights": [{name_right("app_ttd_endring-av-navn-v2")}, {name_right("ske-krav-og-betalinger")}], '
            '"isVisible": true',
        ),
        "",
    ),
    Example(
        "the worked example of an accounting system",
        write(
            "accounts",
            "32ef65ac-6e62-498d-880f-76c85c2052b2",
            f'"rights": [{name_right("app_brg_aarsregnskap")}], "isVisible": true',
        ),
        "AUTH.VLD-00003",
        (Fault("right-unknown", "Did you mean `app_brg_aarsregnskap-vanlig-202406`", online=True),),
    ),
    Example(
        "an authority's own copy, in one language and with commas too many",
        ONLY_BOKMAL,
        "400",
        (Fault("language-missing", "Add `nn:`."),),
    ),
    Example(
        "the same with the commas repaired",
        ONLY_BOKMAL.replace(",}", "}").replace(",]", "]").replace(",\n}", "\n}"),
        "500",
        (Fault("language-missing", "Add `nn:`."),),
    ),
    Example(
        "the template of an update",
        write(
            "template",
            "32ef65ac-6e62-498d-880f-76c85c2052b3",
            f'"rights": [{name_right("ske-krav-og-betalinger")}], "isVisible": ""',
        ),
        "400",
        (Fault("wrong-type", "Write `true` or `false`"),),
    ),
    Example(
        "an update that says what is deleted",
        write(
            "updated",
            "32ef65ac-6e62-498d-880f-76c85c2052b4",
            f'"rights": [{name_right("ske-krav-og-betalinger")}], "isVisible": true, "isDeleted": false',
        ),
        "",
    ),
    Example(
        "an answer with one package",
        (SAMPLES / "efm_vendor_response.json").read_text(encoding="utf-8"),
        "",
    ),
    Example(
        "an answer after an update",
        (SAMPLES / "talli_get_after_put.json").read_text(encoding="utf-8"),
        "",
        org="930835978",
    ),
)


@pytest.fixture(scope="module")
def shared(
    private_key: RSAPrivateKey, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Repository, Served]]:
    """Serve one register for all examples, and a repository without definitions."""
    repository = Repository(tmp_path_factory.mktemp("published") / "repository")
    (repository.root / "systems").mkdir(parents=True)
    with serve(private_key, repository, unknown_members="ignored") as one:
        yield repository, one


@pytest.fixture
def empty(shared: tuple[Repository, Served]) -> Repository:
    """Give the repository without definitions."""
    repository, _ = shared
    for path in (repository.root / "systems").iterdir():
        path.unlink()
    return repository


def send(served: Served, example: Example) -> httpx.Response:
    """Send an example as it stands, as the organisation that it names."""
    token = served.fetch_token(example.org)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    body = (
        example.text
        if example.text.lstrip().startswith("{")
        else json.dumps(YAML(typ="safe").load(example.text))
    )
    return httpx.post(f"{served.base}{VENDOR_PATH}", content=body, headers=headers)


def run(repository: Repository, *words: str) -> Result:
    """Run the program in this process, since there are many examples; a failure is raised."""
    return CliRunner().invoke(app, [*words, "--root", str(repository.root)], catch_exceptions=False)


def judge(repository: Repository, *words: str) -> list[tuple[str, str]]:
    """Validate, and give the rule and the hint of each error."""
    done = run(repository, "validate", "--format", "json", *words)
    found = json.loads(done.stdout)["findings"]
    errors = [(each["rule"], each["hint"]) for each in found if each["severity"] == "error"]
    assert done.exit_code == (1 if errors else 0), done.stderr
    return errors


def match(errors: list[tuple[str, str]], faults: list[Fault]) -> bool:
    """Say whether the errors are of the rules that were expected, each with its sentence."""
    named = {(each.rule, each.hint) for each in faults}
    return {rule for rule, _ in errors} == {rule for rule, _ in named} and all(
        any(rule == one and hint in said for one, said in errors) for rule, hint in named
    )


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda each: each.name)
def test_what_the_register_says_to_a_published_example(
    shared: tuple[Repository, Served], example: Example
) -> None:
    """Sent unchanged by the organisation that it names, it is stored or refused as stated here."""
    _, served = shared
    with_codes = {"AUTH.VLD-00003", "AUTH.VLD-00008", "AUTH.VLD-00018"}

    answer = send(served, example)

    if example.code in with_codes:
        assert [each["code"] for each in answer.json()["validationErrors"]] == [example.code]
    else:
        assert answer.status_code == int(example.code or 200), answer.text


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda each: each.name)
def test_a_published_example_is_stopped_with_the_sentence_that_solves_it(
    empty: Repository, example: Example
) -> None:
    """As a definition, unchanged: exactly its own faults, and what the register refuses has at least one."""
    (empty.root / example.file).write_text(example.text, encoding="utf-8")
    offline = [each for each in example.faults if not each.online]

    assert match(judge(empty), offline)
    if len(offline) < len(example.faults) or not example.code:
        assert match(judge(empty, "--online", "-e", "served"), list(example.faults))
    assert example.faults or not example.code


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda each: each.name)
def test_a_published_example_is_imported_with_its_faults(empty: Repository, example: Example) -> None:
    """From a file it becomes a definition; languages are filled in, and nothing is allowed."""
    (empty.root / "body.json").write_text(example.text, encoding="utf-8")

    done = run(empty, "import", "--from", str(empty.root / "body.json"))

    offline = {each.rule for each in example.faults if not each.online} - {"language-missing"}
    assert done.exit_code == (1 if offline else 0), done.stderr
    if "wrong-type" in offline:
        assert "`isVisible`" in done.stderr.replace("'", "`")
    else:
        assert set(re.findall(r" error ([a-z-]+)", done.stderr)) == offline
    assert not any(
        "allow:" in path.read_text(encoding="utf-8") for path in (empty.root / "systems").iterdir()
    )

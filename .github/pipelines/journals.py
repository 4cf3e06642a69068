"""Brings the journals of earlier applies to this machine, and names the applies that have left none.

Usage: journals.py FOLDER. In GitLab and Azure the journals are fetched by the platform's API; elsewhere FOLDER has to
be one that lasts from job to job. FOLDER/lost.txt names the runs that may have written and left nothing behind.
Each run keeps what it fetched, so the newest one that had fetched is enough, with those after it. Only the standard
library is used, and no credential for the register is needed.
"""

from __future__ import annotations

import io
import json
import os
import re
import sys
import time
import urllib.error
import urllib.request
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Runs = Iterator[tuple[str, bytes | None]]
    """Newest first: the name of each run, and the archive of what it left, where there is one."""

OLDEST = datetime.now(UTC) - timedelta(days=90)  # what is kept no longer is not asked for
LOST, MOST = "lost.txt", 100_000_000


class NoTokenElsewhere(urllib.request.HTTPRedirectHandler):
    """Storage is often on another host, and gets no token."""

    def redirect_request(self, req: Any, *rest: Any) -> Any:  # noqa: ANN401 - as the library has it
        """Follow, without the headers that were meant for the first host."""
        made = super().redirect_request(req, *rest)
        if made and urlsplit(made.full_url).netloc != urlsplit(req.full_url).netloc:
            made.headers = {}
        return made


def ask(address: str, headers: Mapping[str, str]) -> bytes | None:
    """Ask for an address; None where there is nothing. What fails on the platform's side is tried three times."""
    opener = urllib.request.build_opener(NoTokenElsewhere)
    for left in (2, 1, 0):
        try:
            with opener.open(urllib.request.Request(address, headers=dict(headers)), timeout=60) as answer:  # noqa: S310 - the platform's
                return bytes(answer.read(MOST))
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            if error.code < 500 or not left:
                sys.exit(f"The journals of earlier runs cannot be fetched: {error.code} for {address}")
        except OSError as error:
            if not left:
                sys.exit(f"The journals of earlier runs cannot be fetched: {error} for {address}")
        time.sleep(3 - left)
    return None


def ask_json(address: str, headers: Mapping[str, str]) -> Any:  # noqa: ANN401 - JSON
    """Ask for JSON; None where there is nothing."""
    return json.loads(ask(address, headers) or b"null")


def list_gitlab(environ: Mapping[str, str], branch: str) -> Runs:
    """List the deployments to the environment by jobs that were started."""
    token = environ.get("JOURNALS_TOKEN")  # of the project, with read_api, where job tokens get no artifacts
    headers = {"PRIVATE-TOKEN": token} if token else {"JOB-TOKEN": environ["CI_JOB_TOKEN"]}
    project = f"{environ['CI_API_V4_URL']}/projects/{environ['CI_PROJECT_ID']}"
    asked = {"environment": environ["TARGET"], "order_by": "id", "sort": "desc", "per_page": "100"}
    page = 1
    while found := ask_json(f"{project}/deployments?{urlencode({**asked, 'page': page})}", headers):
        for each in found:
            job = each.get("deployable") or {}
            if datetime.fromisoformat(each["created_at"]) < OLDEST:
                return
            if each["ref"] == branch and job.get("started_at") and str(job["id"]) != environ["CI_JOB_ID"]:
                yield str(job["id"]), ask(f"{project}/jobs/{job['id']}/artifacts", headers)
        page += 1


def list_azure(environ: Mapping[str, str], branch: str) -> Runs:
    """List the attempts of this stage in the runs of this pipeline, this run's own included."""
    headers = {"Authorization": f"Bearer {environ['SYSTEM_ACCESSTOKEN']}"}
    project = f"{environ['SYSTEM_COLLECTIONURI'].rstrip('/')}/{quote(environ['SYSTEM_TEAMPROJECT'])}"
    builds, version = f"{project}/_apis/build/builds", {"api-version": "7.1"}
    asked = {
        "definitions": environ["SYSTEM_DEFINITIONID"],
        "branchName": f"refs/heads/{branch}",
        "queryOrder": "queueTimeDescending",
        "minTime": OLDEST.isoformat(timespec="seconds"),
        "$top": "1000",
    }
    own = f"{environ['BUILD_BUILDID']}-{environ['SYSTEM_STAGEATTEMPT']}"
    for build in (ask_json(f"{builds}?{urlencode(asked | version)}", headers) or {}).get("value", []):
        one = f"{builds}/{build['id']}"
        for record in (ask_json(f"{one}/timeline?{urlencode(version)}", headers) or {}).get("records", []):
            if (record["type"], record.get("identifier")) != ("Stage", environ["SYSTEM_STAGENAME"]):
                continue
            newest = record["attempt"] if record.get("startTime") else record["attempt"] - 1
            for name in (f"{build['id']}-{attempt}" for attempt in range(newest, 0, -1)):
                if name != own:
                    which = {"artifactName": f"journal-{environ['TARGET']}-{name}", **version}
                    artifact = ask_json(f"{one}/artifacts?{urlencode(which)}", headers)
                    yield name, ask(find_download(artifact, project), headers) if artifact else None


def find_download(artifact: Any, project: str) -> str:  # noqa: ANN401 - JSON
    """Find where an artifact is downloaded; the token goes to Azure's own hosts only."""
    address = str(artifact["resource"]["downloadUrl"])
    host, own = urlsplit(address), urlsplit(project)
    is_azures = host.scheme == "https" and host.netloc.endswith(".visualstudio.com")
    if (host.scheme, host.netloc) != (own.scheme, own.netloc) and not is_azures:
        sys.exit(f"The journals of earlier runs cannot be fetched: no host of Azure's: {address}")
    return address


def unpack(archive: bytes, folder: Path, lost: list[str]) -> bool:
    """Take the journals out of an archive, and the runs that were lost before; say whether it had those.

    Raises `BadZipFile`.
    """
    has_fetched = False
    with zipfile.ZipFile(io.BytesIO(archive)) as files:
        for entry in files.infolist():
            parent, name = ["", *entry.filename.split("/")][-2:]
            if parent != "journal" or entry.file_size > MOST:
                continue
            if name == LOST:
                has_fetched = True
                lost += re.findall(r"[\w-]+", files.read(entry).decode())
            elif re.fullmatch(r"[\w-]+\.jsonl", name) and not (folder / name).exists():
                (folder / name).write_bytes(files.read(entry))
    return has_fetched


def main() -> None:
    """Fetch into the folder, and write the list last: without it this run has fetched nothing."""
    folder, lost = Path(sys.argv[1]), list[str]()
    folder.mkdir(parents=True, exist_ok=True)
    find = list_gitlab if "GITLAB_CI" in os.environ else list_azure if "TF_BUILD" in os.environ else None
    for name, archive in find(os.environ, os.environ.get("DEPLOYED_BRANCH", "main")) if find else ():
        try:
            if unpack(archive or b"", folder, lost):
                break
        except zipfile.BadZipFile:  # what cannot be read is lost, as what is not there
            lost.append(name)
    (folder / LOST).write_text("".join(f"{name}\n" for name in dict.fromkeys(lost)), encoding="utf-8")
    print(f"Journals: {len(list(folder.glob('*.jsonl')))} here, {len(set(lost))} lost")  # noqa: T201 - for the log


main()

"""Fetch the files of a pinned commit and check each by its SHA-256.

After an interruption, run the same command again; files that were already fetched are kept. The size of a file and the
time it may take are bounded (`downloading`).
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from urllib.parse import quote

from merlib.errors import MerlibError, unknown_name
from merlib.files import renamed_into, writing_to
from merlib.opening import read_file
from merlib.progress import shown
from merlib.sources.downloading import BadDownload, download
from merlib.sources.manifests import DownloadFile, available_manifests, download_files, load_manifest
from merlib.sources.offline import OFFLINE_VARIABLE, is_offline

# A file is held in memory and written only when its hash is right, so a download that is stopped leaves nothing behind.
_ATTEMPTS = 3
INSTEAD = "name another folder; files already fetched are kept"


def available_archives() -> list[str]:
    """Return the names that `fetch_archive` knows, such as ``megc2019-flow``."""
    return [name.replace("_", "-") for name in available_manifests() if load_manifest(name).download]


def fetch_archive(
    name: str, into: str | Path, base_url: str | None = None, progress: bool = True, workers: int = 8
) -> Path:
    """Download those files of a public archive that `into` does not hold yet, and check all of them.

    Parameters
    ----------
    name : str
        ``megc2019-flow`` (442 maps and their label list, laid out as `merlib.datasets.read_flow_archive` reads
        them), ``megc2019-phases`` (884 maps, for `merlib.datasets.read_phase_archive`) or ``published-logs``
        (three text files).
    into : path
        Folder to fetch into; it is created when missing. Files already there with the right hash are kept, others
        are replaced.
    base_url : str, optional
        A mirror that serves the files under their paths in the repository, such as a file server inside an institute.
        By default the files come from the pinned commit that the manifest names.
    progress : bool
        Whether to show a bar with the time left.
    workers : int
        How many files are fetched at the same time.

    Returns
    -------
    Path
        The folder `into`.

    Raises
    ------
    MerlibError
        For an unknown or licensed archive, a server that cannot be reached, a file whose content differs from
        the pinned one, or a folder that cannot be written. Files fetched before the error are kept.
    """
    if str(name).replace("_", "-") not in available_archives():
        if str(name).replace("-", "_") in available_manifests():
            download_files(name)  # raises with the licence page of that source
        raise unknown_name("archive", name, available_archives())
    into = Path(into).expanduser()
    wanted = [file for file in download_files(name) if not _is_right(into / _local(file), file)]
    _make_folders(into, wanted)
    if not wanted:
        return into
    if is_offline():
        found = f"{OFFLINE_VARIABLE} is set and {len(wanted)} files of {name} are not in {into}."
        raise MerlibError(found, "all of them, or a network that may be used.", f"unset {OFFLINE_VARIABLE}.")
    template = load_manifest(name).download.url_template
    urls = [_address(file, template, base_url) for file in wanted]
    _fetch_all(wanted, urls, into, progress, workers)
    return into


def _fetch_all(files: list[DownloadFile], urls: list[str], into: Path, progress: bool, workers: int) -> None:
    from concurrent.futures import ThreadPoolExecutor, as_completed

    with ThreadPoolExecutor(max_workers=max(1, min(workers, len(files)))) as pool:
        jobs = [pool.submit(_fetch_one, file, url, into / _local(file)) for file, url in zip(files, urls, strict=True)]
        finished = as_completed(jobs)
        if progress:
            finished = shown(finished, f"fetching {len(jobs)} files", len(jobs), "files")
        try:
            for job in finished:
                job.result()
        except BaseException:
            for job in jobs:
                job.cancel()
            raise


def _fetch_one(file: DownloadFile, url: str, target: Path) -> None:
    import requests

    try:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                content = download(url, file.bytes)
                break
            except (requests.ConnectionError, requests.Timeout):
                if attempt == _ATTEMPTS:
                    raise
    except BadDownload as error:
        raise MerlibError(
            f"{url} {error}, for {_local(file)!r}.",
            f"{file.bytes} bytes, as pinned.",
            "check --base-url, or use another mirror; files already fetched are kept.",
        ) from error
    except requests.HTTPError as error:
        raise MerlibError(
            f"{url} answered {error.response.status_code} for {_local(file)!r}.",
            "the file of the pinned commit.",
            "check --base-url, or look whether the repository still exists.",
        ) from error
    except requests.RequestException as error:
        raise MerlibError(
            f"{url} cannot be reached ({type(error).__name__}), so {_local(file)!r} is missing.",
            "a server that serves the pinned files.",
            "check the network or proxy and run it again: files already fetched are kept.",
        ) from error
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise MerlibError(
            f"{_local(file)!r} from {url} has other content than the pinned file.",
            f"{file.bytes} bytes with SHA-256 {file.sha256}.",
            "run it again; if it stays, the server changes files and another mirror is needed.",
        )
    with renamed_into(target, INSTEAD) as whole:
        whole.write(content)


def _make_folders(into: Path, files: list[DownloadFile]) -> None:
    with writing_to(into, INSTEAD):
        for folder in {into, *((into / _local(file)).parent for file in files)}:
            folder.mkdir(parents=True, exist_ok=True)


def _is_right(path: Path, file: DownloadFile) -> bool:
    try:
        return len(read_file(path, file.bytes, file.sha256)) == file.bytes
    except OSError:
        return False


def _local(file: DownloadFile) -> str:
    return file.save_as or file.path


def _address(file: DownloadFile, template: str, base_url: str | None) -> str:
    path = quote(file.path)  # the space before .png becomes %20
    if base_url is not None:
        return f"{base_url.rstrip('/')}/{path}"
    return template.format(repository=file.repository, commit=file.commit, path=path)

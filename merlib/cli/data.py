"""The verbs of ``merlib data``: what is known, what can be fetched, what is wrong, what can be exported."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from merlib.cli.console import JsonOption, open_console, show, telling_how_to_go_on
from merlib.progress import telling

data_app = typer.Typer(
    help="The data doors: what is known, what can be fetched, what is wrong.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)

LayoutOption = Annotated[
    str | None, typer.Option(metavar="NAME", help="Which frames, such as raw (default: the first there).")
]
WorkersOption = Annotated[int | None, typer.Option(help="Processes (default: one a core).")]


def _cores(workers: int | None) -> int:
    if workers:
        return max(1, workers)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@data_app.command("list")
def data_list(as_json: JsonOption = False) -> None:
    """List the data sources: clips, subjects, and through which door each comes in."""
    from merlib.cli.tables import source_rows, sources_table

    show(sources_table(), source_rows(), as_json)


@data_app.command("get")
def data_get(
    name: Annotated[str, typer.Argument(help="A source with a public download, such as megc2019-flow.")],
    into: Annotated[Path | None, typer.Option(metavar="DIR", help="Target folder (default: data/NAME).")] = None,
    base_url: Annotated[str | None, typer.Option("--base-url", metavar="URL", help="A mirror of the files.")] = None,
) -> None:
    """Fetch a public source at its pinned commit; every file's SHA-256 is checked.

    Example: merlib data get megc2019-flow --into DIR
    """
    from merlib.places import find_checkout
    from merlib.sources import fetch_archive

    name = name.replace("_", "-")
    into = into or (find_checkout() or Path.cwd()) / "data" / name
    with telling_how_to_go_on("files already fetched are kept"):
        folder = fetch_archive(name, into, base_url=base_url)
    open_console().print(f"{name} is in {folder}; use it with --data {name}={folder}", highlight=False, soft_wrap=True)


@data_app.command("check")
def data_check(
    pair: Annotated[
        str,
        typer.Argument(
            metavar="NAME=DIR",
            help="megc2019-flow, megc2019-phases, casme2, samm, smic or megc2019-cd, and its folder.",
        ),
    ],
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Also write the report here, as JSON.")
    ] = None,
    html_file: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Also write the report here, as a page to read.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Clips: decode only the first frame of each.")] = False,
    faces: Annotated[bool, typer.Option("--faces", help="Clips: look for the face on each onset frame.")] = False,
    layout: LayoutOption = None,
    workers: WorkersOption = None,
) -> None:
    """Compare a folder with its manifest: hashes, labels, counts, frames; exit 1 when an error is found.

    Clips are compared sheet against folders and frame by frame. Every problem is listed with clip and frame: an
    [bold]error[/] is to be mended, a [bold]warning[/] to be looked at, a [bold]note[/] is a known defect that the
    reader repairs by rule. The reports repeat nothing of the data but counts, hashes, numbers, clip and frame ids.

    Example: merlib data check casme2=DIR --html report.html

    Try it without a licence: merlib data export casme2 DIR --subjects sub01, then merlib data check casme2=DIR
    """
    from merlib.cli.tables import audit_report

    name, _, folder = pair.partition("=")
    with telling(f"checking {name}", "clips") as progress:
        report, problems = audit_report(
            name,
            folder,
            json_file,
            html_file,
            layout=layout,
            quick=quick,
            faces=faces,
            workers=_cores(workers),
            progress=progress,
        )
    open_console().print(report)
    raise typer.Exit(1 if problems else 0)


@data_app.command("export")
def data_export(
    name: Annotated[str, typer.Argument(help="casme2, samm or smic: whose forms the twin is written in.")],
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or an empty folder.")],
    seed: Annotated[
        int | None, typer.Option(min=0, help="Other people than those of the experiments (default: those).")
    ] = None,
    subjects: Annotated[
        str | None, typer.Option(metavar="ID,ID", help="Only these, such as sub01,sub02 (default: all).")
    ] = None,
    clips_per_subject: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="At most so many clips of each, of every class first.")
    ] = None,
    before: Annotated[int | None, typer.Option(min=0, help="Frames kept before the onset (default: all).")] = None,
    after: Annotated[int | None, typer.Option(min=0, help="Frames kept after the offset (default: all).")] = None,
    intensity: Annotated[float, typer.Option(help="1 is a micro-expression, about 4 a macro-expression.")] = 1.0,
    scale: Annotated[float, typer.Option(help="Factor on the size of the frames.")] = 1.0,
    layout: LayoutOption = None,
    workers: WorkersOption = None,
) -> None:
    """Write the SYNTHETIC twin of a data set in its owners' layout: frames, sheet, and a marker.

    Every frame bears the word SYNTHETIC, and SYNTHETIC.json keeps the folder from passing for a licensed copy. All
    clips take a while; a few people are enough to try the readers.

    Example: merlib data export casme2 DIR --subjects sub01,sub02 --clips-per-subject 2
    """
    from merlib.datasets.official.export import export_clips
    from merlib.datasets.official.sets import official_set
    from merlib.datasets.twin.population import SEED
    from merlib.datasets.twin.rendering.rendered import twin_clips

    seed = SEED if seed is None else seed
    name = official_set(name).name
    table = twin_clips(name, seed=seed, intensity=intensity, scale=scale)
    chosen = [part.strip() for part in subjects.split(",") if part.strip()] if subjects else None
    with telling(f"writing {name}", "clips") as progress:
        written = export_clips(
            table,
            name,
            folder,
            seed=seed,
            layout=layout,
            subjects=chosen,
            clips_per_subject=clips_per_subject,
            before=before,
            after=after,
            workers=_cores(workers),
            progress=progress,
        )
    open_console().print(
        f"SYNTHETIC {name} is in {written}; use it with --data {name}={written}", highlight=False, soft_wrap=True
    )

"""The verb that watches a video: ``merlib watch VIDEO``."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from merlib.cli.console import open_console
from merlib.cli.options import StoreOption
from merlib.progress import telling


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def watch(
    video: Annotated[str, typer.Argument(metavar="VIDEO", help="A video file, or the number of a camera, such as 0.")],
    model: Annotated[
        str,
        typer.Option(help="Who names events: a model of flow maps, such as am3f_flownet or champion, or NAME=WEIGHTS."),
    ] = "ststnet",
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Default: watched/ in the results.")] = None,
    show: Annotated[bool, typer.Option("--show", help="Open a window; q ends it.")] = False,
    store: StoreOption = None,
) -> None:
    """Find faces in a video and, in each, micro- and macro-expressions: when they begin, peak and end, what they are.

    Writes an annotated video, a table of events and the faces' curves. Ctrl-C ends it and keeps what was watched. The
    default model is trained on the SYNTHETIC twin at first use, in seconds, and kept.

    Example: merlib watch talk.mp4 --model champion --out seen
    """
    from merlib.places import results_folder, store_folder
    from merlib.publishing.watched.session import INTENDED_USE, watch_video
    from merlib.publishing.watched.watch_model import watch_model
    from merlib.watching.video import open_video

    console = open_console()
    console.print(INTENDED_USE, style="bold", highlight=False)
    with open_video(video):
        pass  # what is wrong with it is told before anything is trained
    chosen = watch_model(model, store_folder(store), lambda line: console.print(line, highlight=False))
    console.print(f"{chosen.name}, trained on {chosen.trained_on}: {', '.join(chosen.classes)}", highlight=False)
    signal.signal(signal.SIGTERM, _interrupt)
    folder = out or results_folder() / "watched"
    with telling(f"{video}", "frames") as tell:
        expected = 0

        def began(opened) -> None:
            nonlocal expected
            expected = opened.n_frames
            told = f"{opened.size[0]} x {opened.size[1]} px, {opened.fps:g} frames a second"
            console.print(f"{video}: {told}, {expected or 'an unknown number of'} frames", highlight=False)

        def progress(frames: int) -> None:
            if tell and not frames % 10:
                tell(frames, expected)

        outcome = watch_video(video, folder, chosen, show, began, progress, lambda event: _tell(console, event))
    _summary(console, outcome)
    if outcome.interrupted:
        console.print("Ended early; what was watched is written. A video is watched from its start each time.")
        raise typer.Exit(130)


def _tell(console, event) -> None:
    sure = f" {event.confidence:.2f}" if event.label else ""
    console.print(
        f"face {event.face}  {event.kind}  {event.onset_seconds:.2f} s, {event.seconds:.2f} s long, apex at frame "
        f"{event.apex}  {event.label}{sure}",
        highlight=False,
    )


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}" + ("" if number == 1 else "s")


def _summary(console, outcome) -> None:
    told = (outcome.frames, "frame"), (outcome.faces, "face"), (outcome.events, "expression")
    aside = ", ".join(f"{count} as {kind}" for kind, count in sorted(outcome.set_aside.items()))
    console.print(
        ", ".join(_counted(n, thing) for n, thing in told) + (f"; set aside: {aside}" if aside else ""),
        highlight=False,
    )
    if not outcome.faces:
        console.print("No face was found. Faces need some 50 px between the eyes, and must not be in profile.")
    # containers count frames by duration and edit lists, which whole files miss by some per cent
    if outcome.expected and not outcome.interrupted and outcome.frames < 0.95 * outcome.expected:
        console.print(
            f"The file tells {outcome.expected} frames and breaks off after {outcome.frames}: it may be damaged.",
            style="yellow",
            highlight=False,
        )
    for path in outcome.files:
        console.print(f"wrote {path}", highlight=False, soft_wrap=True)

"""From predictions of frames to predictions of clips: the frames of a clip vote.

LARNet classifies frames, and its paper gives no rule for a clip; the vote is our choice.
"""

from __future__ import annotations

import pandas as pd

from merlib.clips.frame_rows import MARK, clip_of
from merlib.errors import MerlibError

CLIP = ["dataset", "subject", "clip"]


def of_clips(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return predictions of clips as they are, and those of frames as `vote_by_clip` joins them."""
    frames = predictions["clip"].astype(str).str.contains(MARK, regex=False).any()
    return vote_by_clip(predictions) if frames else predictions


def vote_by_clip(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return one row per clip and seed: the class that most of its frames voted for; their mean score decides a tie.

    Parameters
    ----------
    predictions : DataFrame
        What `learning.run` returned on `clips.frame_rows.as_frames`.

    Returns
    -------
    DataFrame
        The same columns and provenance; scores are shares of votes. Where frames of one clip were tested in different
        folds there is no column ``fold``, since the clip belongs to none.

    Raises
    ------
    MerlibError
        When the rows are clips and not frames.
    """
    from merlib.models.larnet import clip_vote

    rows = predictions.assign(clip=clip_of(predictions["clip"].to_numpy()))
    if (rows["clip"] == predictions["clip"]).all():
        raise MerlibError(
            "predictions of clips.", "predictions of frames.", "run the experiment on as_frames(samples)."
        )
    scores = [column for column in rows if column.startswith("score_")]
    parts = []
    for _, part in rows.groupby("seed", sort=False):
        keys = part[CLIP].astype(str).agg("/".join, axis=1).to_numpy()
        names, share = clip_vote(part[scores].to_numpy(), keys)
        clips = part.assign(key=keys).drop_duplicates("key").set_index("key").loc[names].reset_index(drop=True)
        clips[scores] = share
        parts.append(clips.assign(prediction=share.argmax(1)))
    voted = pd.concat(parts, ignore_index=True)
    if rows.groupby(["seed", *CLIP])["fold"].nunique().max() > 1:
        voted = voted.drop(columns="fold")
    voted.attrs = {**predictions.attrs, "vote": "frames vote for the clip"}
    return voted

"""Long recordings of the synthetic twin: minutes of video of one to four people, with the truth beside it. SYNTHETIC.

``plan`` decides at random what happens and when, ``courses`` turns that into muscle activations and head poses of every
frame, ``head`` draws a person cheaply, ``recording`` puts frames together, and ``writing`` writes a video file and the
truth beside it.
"""

from merlib.datasets.recordings.plan import KINDS, PlannedEvent, RecordingPlan, plan_recording
from merlib.datasets.recordings.recording import LongRecording
from merlib.datasets.recordings.writing import write_recording

__all__ = ["KINDS", "LongRecording", "PlannedEvent", "RecordingPlan", "plan_recording", "write_recording"]

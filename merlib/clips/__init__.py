"""What was recorded: data-set readers, the public flow archive, the synthetic twin, clip table and Samples."""

from merlib.clips.samples import Samples

__all__ = ["Samples"]

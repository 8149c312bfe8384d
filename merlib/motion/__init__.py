"""How the face moves: apex spotting, dense optical flow, optical strain, and magnification of motion."""

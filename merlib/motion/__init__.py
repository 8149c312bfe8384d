"""How the face moves: apex spotting, dense flow, strain, magnification, and what the networks are fed."""

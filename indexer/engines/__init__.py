"""The engine seam (`records`, `procedures`) and the engines behind it."""

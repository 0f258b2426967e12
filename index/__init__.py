"""The corpus made findable: vectors and words of its passages, in generations that never change."""

import os

# onnxruntime 1.29 and newer tells its maker what it runs, from a thread of its own a few seconds after a session was
# made, unless this stands in the environment before it is loaded, by us or by a library below.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

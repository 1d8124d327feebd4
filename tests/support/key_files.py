"""Key files that tests write, change and look into."""

from __future__ import annotations

import json


def write(path, text):
    path.write_text(text)
    path.chmod(0o600)


def edit(path, **change):
    write(path, json.dumps(json.loads(path.read_text()) | change))


def leavings(path):
    return sorted(one.name for one in path.parent.iterdir() if one not in (path, path.with_suffix(".lock")))


def written(keys):
    epochs = [
        {"epoch": one.epoch, "kek": one.kek.hex(), "idx": one.idx.hex(), "hdr": one.hdr.hex()} for one in keys.epochs
    ]
    return {"ref": keys.ref.hex(), "epochs": epochs}

"""Takes the frames of one raw video as pictures of a label, for the data set `labelled-pictures`.

python -m training.prepare.frames VIDEO --label smile --out DIR    # DIR/VIDEO/smile.00001.png …
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path

import cv2

from edge.cli.common import positive
from edge.errors import CheckFailed, LipwireError, SourceError
from edge.progress import progress
from training.datasets.picture import Options
from training.prepare.video import Unplayable, count, frame


def main() -> int:
    """Write the pictures and say how many; gives the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("video", type=Path)
    parser.add_argument("--label", required=True, help="what its pictures show")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--fps", type=positive, default=Options().fps, help="frames of a second")
    options = parser.parse_args()
    try:
        print(take(options.video, options.label, options.out, options.fps), "pictures")
    except LipwireError as error:
        print(f"lipwire: {error}", file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        return 130
    return 0


def take(video: Path, label: str, out: Path, fps: float) -> int:
    """Write a video's frames into a folder of its own, all or nothing; gives how many."""
    if not label or set(label) & {".", os.sep}:
        raise SourceError(f"--label {label!r}: expected a name without dots and slashes")
    folder = out / video.stem
    if (folder / f"{label}.00001.png").exists():  # the last that gets its name
        raise SourceError(f"{folder}: has pictures of '{label}' already")
    partial = folder / f"{label}.part"
    try:
        frames = count(video, fps)
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        for number in progress(range(frames), video.name):
            _, content = cv2.imencode(".png", frame(video, fps, number))
            (partial / f"{label}.{number + 1:05}.png").write_bytes(content.tobytes())
        for path in sorted(partial.iterdir(), reverse=True):
            path.rename(folder / path.name)
    except Unplayable as error:
        raise SourceError(f"{video}: cannot be decoded: {error}") from None
    except OSError as error:
        raise CheckFailed(f"{folder}: {error.strerror}") from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return frames


if __name__ == "__main__":
    sys.exit(main())

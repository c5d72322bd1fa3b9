"""Models that change while jobs run: a copy of the fixtures whose adapter has two versions."""
import mmap, os, shutil
from pathlib import Path

from jobs import FIXTURES

WAYS = ("in place", "renamed", "mapped", "taken away")
# In the fifth number from the end, which becomes another one of the same size.
PLACE = -4 * 5 + 2


class Inputs:
    """A folder of models for one seed, and the two versions of a file in it."""

    def __init__(self, folder):
        self.folder = Path(folder)
        shutil.copytree(FIXTURES, self.folder)
        self._file = self.folder / "adapter" / "adapter_model.safetensors"
        first = self._file.read_bytes()
        other = bytearray(first)
        other[PLACE] ^= 0x40
        self._versions = [first, bytes(other)]
        self.version = 0

    def become(self, version, way):
        """Makes the file the version's, as an editor, a copy or a program that maps it would, or takes it away."""
        content = self._versions[version]
        away = self._file.with_name("away")
        if away.exists():
            os.rename(away, self._file)
        match way:
            case "taken away":
                # It is there again with the next change.
                if version != self.version:
                    os.rename(self._file, away)
                return
            case "in place":
                with open(self._file, "r+b") as file:
                    file.write(content)
            case "renamed":
                new = self._file.with_name("new")
                new.write_bytes(content)
                os.rename(new, self._file)
            case "mapped":
                with open(self._file, "r+b") as file, mmap.mmap(file.fileno(), 0) as pages:
                    pages[PLACE] = content[PLACE]
        self.version = version

"""A disk of a few megabytes for the state folder, which can be full."""
import errno, os, shutil, subprocess, tempfile
from pathlib import Path

# A job of 480 shards leaves about 4 MB in the database, a bundle, and a write-ahead log of up to 11 MB in which its results
# were deleted; a fast machine gets through several. What is full must be full of the ballast alone.
SIZE = "96m"


class SmallDisk:
    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir(mode=0o700, parents=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "actdiff-chaos", self.folder], check=True)

    @property
    def ballast(self):
        return self.folder / "ballast"

    @property
    def is_full(self):
        return self.ballast.exists()

    def fill(self):
        """Takes every byte that is left."""
        file = os.open(self.ballast, os.O_CREAT | os.O_WRONLY)
        try:
            while True:
                os.write(file, bytes(1 << 16))
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
        finally:
            os.close(file)

    def free(self):
        self.ballast.unlink(missing_ok=True)

    @property
    def free_bytes(self):
        status = os.statvfs(self.folder)
        return status.f_bavail * status.f_frsize

    def destroy(self):
        """Unmounts it; what was on it is left in its place."""
        self.free()
        kept = Path(tempfile.mkdtemp(dir=self.folder.parent))
        shutil.copytree(self.folder, kept, dirs_exist_ok=True)
        subprocess.run(["umount", "--lazy", self.folder], check=True)
        self.folder.rmdir()
        kept.rename(self.folder)


def why_not(folder):
    """Why there can be no such disk here; None where there can."""
    if os.geteuid() != 0:
        return "mounting a small disk needs root"
    try:
        disk = SmallDisk(folder)
    except (OSError, subprocess.CalledProcessError) as error:
        return f"a small disk could not be mounted: {error}"
    disk.destroy()
    return None

"""What `.ci/run` does before it hands over to `./run test`."""

import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


def write_script(path: Path, text: str) -> None:
    """Write an executable shell script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/bash\n" + text)
    path.chmod(0o755)


@unittest.skipUnless(shutil.which("git"), "git is not installed")
@unittest.skipUnless((REPOSITORY / ".ci").is_dir(), "runs in the source tree only")
class CiTest(unittest.TestCase):
    """`.ci/run` in a repository whose `run` says what it was asked for."""

    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory(prefix="her2 predict ")
        self.addCleanup(temporary.cleanup)
        self.root = Path(temporary.name) / "a clone"
        (self.root / ".ci").mkdir(parents=True)
        shutil.copy(REPOSITORY / ".ci" / "run", self.root / ".ci" / "run")
        self.missing("")
        # Takes the place of the machine's own, with or without sudo.
        tools = Path(temporary.name) / "bin"
        write_script(tools / "apt-get", 'echo "apt-get ${@: -3}"\n[[ $* != *" nowhere"* ]]\n')
        write_script(tools / "sudo", 'exec "${@:2}"\n')
        self.path = f"{tools}{os.pathsep}{os.environ['PATH']}"
        self.git("init", "--quiet")

    def missing(self, packages: str) -> None:
        write_script(
            self.root / "run", f'[[ $1 == test ]] && echo tested || for name in {packages}; do echo "$name"; done\n'
        )

    def git(self, *arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=self.root, check=True)

    def add(self, name: str, content: bytes) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        self.git("add", name)

    def start(self) -> subprocess.CompletedProcess:
        return subprocess.run(
            [str(self.root / ".ci" / "run")],
            env=os.environ | {"PATH": self.path},
            capture_output=True,
            text=True,
            timeout=120,
        )

    def test_what_is_missing_is_installed_before_the_tests(self) -> None:
        self.missing("one two")
        result = self.start()
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertRegex(result.stdout, r"\Aapt-get .*update\napt-get .*one two\ntested\n\Z")
        with self.subTest("nothing is missing"):
            self.missing("")
            self.assertEqual(self.start().stdout, "tested\n")

    def test_what_cannot_be_installed_does_not_keep_the_rest_away(self) -> None:
        self.missing("nowhere two")
        result = self.start()
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("nowhere could not be installed", result.stderr)
        self.assertRegex(result.stdout, r"--no-install-recommends two\ntested\n\Z")

    def test_a_large_binary_outside_its_folders_ends_the_run(self) -> None:
        binary = bytes(300_001)
        self.add("HER2Predict/Resources/Models/a.her2model", binary)
        self.add("Docs/pictures/a.png", binary)
        self.add("small.png", binary[:-1])
        self.add("Docs/text.md", b"word\n" * 100_000)
        (self.root / "untracked.whl").write_bytes(binary)
        self.assertEqual(self.start().stdout, "tested\n")
        self.add("Testing/a wheel.whl", binary)
        result = self.start()
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertIn("Testing/a wheel.whl (300 kB)", result.stderr)
        self.assertNotIn("a.png", result.stderr)


if __name__ == "__main__":
    unittest.main()

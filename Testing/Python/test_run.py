"""The door of the house, `run`: what it starts, what it makes on first use, and what it says where it cannot."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

try:
    import pip
except ImportError:
    pip = None

REPOSITORY = Path(__file__).resolve().parents[2]
SYSTEM_PACKAGES = REPOSITORY / "requirements" / "debian.txt"

# Stands where the command stands: shows how it was started, and ends with a status of its own.
ECHO_COMMAND = """
import os, sys
print(os.getcwd())
print(sys.argv[1:])
print(os.environ["PYTHONPATH"])
sys.exit(7)
"""

SAMPLE_COMMAND = """
import sys
assert sys.argv[1:] == ["sample"]
print("/sample case/ctu.nrrd")
print("/sample case/roi.seg.nrrd")
"""


def run_in(folder: Path, *arguments: str, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess:
    """Start `folder/run` with its environment changed as named."""
    return subprocess.run(
        [str(folder / "run"), *arguments],
        cwd=cwd or folder,
        env=os.environ | {"PYTHONPATH": ""} | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )


def write_script(path: Path, text: str) -> Path:
    """Write an executable shell script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/bash\n" + text)
    path.chmod(0o755)
    return path


def quick_python(path: Path) -> Path:
    """Write a Python whose `-m venv` lends out the pip of this one: unpacking one takes seconds."""
    packages = Path(pip.__file__).parents[1]
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return write_script(
        path,
        f"""[[ "$1 $2" == "-m venv" ]] || exec "{sys.executable}" "$@"
        "{sys.executable}" -m venv --without-pip "${{@:3}}"
        echo "{packages}" >"${{@: -1}}/lib/{version}/site-packages/pip.pth"
        """,
    )


def house(folder: Path, command: str = ECHO_COMMAND, wheels: str = "", source: str = "") -> Path:
    """Lay `run` out in a fresh folder, with a stand-in for the command and with few requirements."""
    package = folder / "HER2Predict" / "HER2PredictLib" / "command"
    package.mkdir(parents=True)
    (package.parent / "__init__.py").touch()
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(command)
    (folder / "requirements").mkdir()
    (folder / "requirements" / "wheels.txt").write_text(wheels)
    (folder / "requirements" / "source.txt").write_text(source)
    for name in ("debian.txt", "debian.sh"):
        shutil.copy(REPOSITORY / "requirements" / name, folder / "requirements" / name)
    shutil.copy(REPOSITORY / "run", folder / "run")
    return folder


def path_with(folder: Path, *tools: str) -> str:
    """Return a PATH that has these tools and the shell's own few, and nothing else."""
    folder.mkdir()
    for tool in ("bash", "cat", "dirname", "env", "grep", "head", "mv", "sed", "tee", "uname", *tools):
        found = shutil.which(tool)
        assert found is not None, tool
        (folder / tool).symlink_to(found)
    return str(folder)


def named_packages(purpose: str) -> list[str]:
    """Return the packages of the list that are for this purpose."""
    lines = [line.split() for line in SYSTEM_PACKAGES.read_text().splitlines() if line and line[0] != "#"]
    return [package for package, _, what_for in lines if what_for == purpose]


@unittest.skipUnless(Path(sys.executable).name.startswith("python"), "`run` is for use outside of Slicer")
@unittest.skipIf(pip is None, "this Python has no pip to lend out")
class RunTest(unittest.TestCase):
    """Every test works on a copy of `run` in a folder of its own, with a space in its name."""

    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory(prefix="her2 predict ")
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name).resolve()
        self.root = self.folder / "a clone"
        self.root.mkdir()
        self.quick = {"PYTHON": str(quick_python(self.folder / "quick" / "python3"))}

    def assert_one_sentence(self, result: subprocess.CompletedProcess, *words: str) -> None:
        """Hold that `run` ended with status 2 and a last line that has these words, with no traceback."""
        self.assertEqual(result.returncode, 2, result.stderr)
        last = result.stderr.splitlines()[-1]
        self.assertTrue(last.startswith("run: "), result.stderr)
        for word in words:
            self.assertIn(word, last)
        self.assertEqual(sum(line.startswith("run: ") for line in result.stderr.splitlines()), 1)
        self.assertNotIn("Traceback", result.stderr)

    def test_without_arguments_it_shows_its_usage(self) -> None:
        result = run_in(house(self.root))
        self.assertEqual(result.returncode, 2)
        for command in ("./run demo", "./run test", "./run slicer"):
            self.assertIn(command, result.stderr)
        self.assertFalse((self.root / ".venv").exists())

    def test_first_start_makes_the_environment_and_the_next_reuses_it(self) -> None:
        house(self.root)
        first = run_in(self.root, "predict", "a volume.nrrd", cwd=self.folder, PYTHONPATH="/elsewhere", **self.quick)
        self.assertEqual(first.returncode, 7, first.stderr)
        cwd, arguments, python_path = first.stdout.splitlines()
        self.assertEqual(cwd, str(self.folder))
        self.assertEqual(arguments, "['predict', 'a volume.nrrd']")
        self.assertEqual(python_path, f"{self.root}/HER2Predict:/elsewhere")
        self.assertIn("Setting up .venv", first.stderr)
        second = run_in(self.root, "predict", **self.quick)
        self.assertEqual((second.returncode, second.stderr), (7, ""))

        with self.subTest("changed requirements make it anew"):
            (self.root / "requirements" / "wheels.txt").write_text("# changed\n")
            self.assertIn("Setting up .venv", run_in(self.root, "predict", **self.quick).stderr)
            self.assertEqual(run_in(self.root, "predict", **self.quick).stderr, "")

        with self.subTest("what an interrupted installation left is not taken for complete"):
            (self.root / ".venv" / "complete").unlink()
            self.assertIn("Setting up .venv", run_in(self.root, "predict", **self.quick).stderr)

    def test_two_first_starts_at_once_make_one_environment(self) -> None:
        house(self.root)
        both = [
            subprocess.Popen(
                [str(self.root / "run"), "demo"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
            for _ in range(2)
        ]
        outputs = [process.communicate(timeout=120) for process in both]
        self.assertEqual([process.returncode for process in both], [7, 7], outputs)
        self.assertEqual(sorted("Setting up .venv" in stderr for _, stderr in outputs), [False, True])

    def test_packages_that_cannot_be_had_end_in_one_sentence_and_an_incomplete_environment(self) -> None:
        house(self.root, wheels="her2predict-has-no-such-package==1.0\n")
        nowhere = self.quick | {"PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": "", "PIP_EXTRA_INDEX_URL": ""}
        with self.subTest("no network"):
            result = run_in(self.root, "demo", PIP_INDEX_URL="http://127.0.0.1:9/simple", PIP_RETRIES="1", **nowhere)
            self.assert_one_sentence(result, "could not be downloaded", "network", ".venv-install.log")
            self.assertIn("her2predict-has-no-such-package", (self.root / ".venv-install.log").read_text())
        with self.subTest("an index without that package"):
            index = self.folder / "index"
            index.mkdir()
            result = run_in(self.root, "demo", PIP_INDEX_URL=index.as_uri(), **nowhere)
            self.assert_one_sentence(result, "no her2predict-has-no-such-package==1.0", ".venv-install.log")
        with self.subTest("mended"):
            (self.root / "requirements" / "wheels.txt").write_text("")
            result = run_in(self.root, "demo", **self.quick)
            self.assertEqual(result.returncode, 7)
            self.assertIn("Setting up .venv", result.stderr)

    def test_a_source_that_does_not_build_names_the_log(self) -> None:
        package = self.folder / "broken"
        package.mkdir()
        (package / "setup.py").write_text("raise SystemExit('this does not build')\n")
        house(self.root, source="broken @ " + package.as_uri() + "\n")
        result = run_in(self.root, "demo", **self.quick)
        self.assert_one_sentence(result, "could not be installed", ".venv-install.log")

    def test_no_python_is_said(self) -> None:
        result = run_in(house(self.root), "demo", PATH=path_with(self.folder / "bin"), PYTHON="")
        self.assert_one_sentence(result, "missing here: Python 3.10 to 3.13", "apt-get install python3 python3-venv")

    def test_an_old_python_is_no_python(self) -> None:
        path = path_with(self.folder / "bin")
        old = write_script(self.folder / "bin" / "python3", 'case "$2" in *"(3, 10) <="*) exit 1 ;; esac\n')
        result = run_in(house(self.root), "demo", PATH=path, PYTHON=str(old))
        self.assert_one_sentence(result, "missing here: Python 3.10 to 3.13")
        self.assertIn(f"PYTHON={old} is not a Python 3.10 to 3.13", result.stderr)

    def test_a_missing_compiler_is_said(self) -> None:
        result = run_in(house(self.root), "demo", PATH=path_with(self.folder / "bin"), PYTHON=sys.executable, CC="")
        self.assert_one_sentence(result, "a C compiler", "library's headers. ", "apt-get install gcc libc6-dev")
        self.assertFalse((self.root / ".venv").exists())

    def test_a_compiler_that_does_not_work_is_said(self) -> None:
        broken = write_script(self.folder / "my cc" / "cc", "exit 1\n")
        path = f"{broken.parent}:{path_with(self.folder / 'bin')}"
        result = run_in(house(self.root), "demo", PATH=path, PYTHON=sys.executable, CC="")
        self.assert_one_sentence(result, "cc cannot compile", "apt-get install libc6-dev")

    def test_missing_python_headers_are_said(self) -> None:
        headerless = write_script(self.folder / "my cc" / "cc", "! grep -q Python.h\n")
        path = f"{headerless.parent}:{path_with(self.folder / 'bin')}"
        result = run_in(house(self.root), "demo", PATH=path, PYTHON=sys.executable, CC="")
        self.assert_one_sentence(result, "headers", "python3-dev")

    def test_a_python_without_venv_is_said(self) -> None:
        path = path_with(self.folder / "bin", "cc")
        python = write_script(
            self.folder / "bin" / "python3",
            f'case "$2" in *ensurepip*) exit 1 ;; esac\nexec "{sys.executable}" "$@"\n',
        )
        result = run_in(house(self.root), "demo", PATH=path, PYTHON=str(python))
        self.assert_one_sentence(result, "virtual environments", "apt-get install python3-venv")

    def test_all_that_is_missing_stands_in_one_line(self) -> None:
        path = path_with(self.folder / "bin")
        write_script(
            self.folder / "bin" / "python3",
            f'case "$2" in *ensurepip* | *CDLL*) exit 1 ;; esac\nexec "{sys.executable}" "$@"\n',
        )
        for_demo = ["python3-venv", "gcc", "libc6-dev"]
        for_tests = for_demo + named_packages("tests")
        for command, packages in (("demo", for_demo), ("test", for_tests)):
            with self.subTest(command=command):
                root = self.root / command
                root.mkdir()
                result = run_in(house(root), command, PATH=path, PYTHON="", CC="")
                self.assert_one_sentence(result, f"apt-get install {' '.join(packages)}")
                self.assertEqual(len(result.stderr.splitlines()), 1)
                listed = run_in(root, "packages", PATH=path, PYTHON="", CC="")
                self.assertEqual(listed.stdout.split(), for_tests)

    def test_what_the_tests_lack_is_said_before_anything_is_made(self) -> None:
        house(self.root)
        (self.root / "requirements" / "debian.txt").write_text(
            "# comment\nlibc6 libc.so.6 tests\nlibnone9 libnone.so.9 tests\n"
        )
        missing = "missing here: libnone.so.9. Debian, Ubuntu: apt-get install libnone9"
        for start in ("first", "second"):
            with self.subTest(start=start):
                result = run_in(self.root, "test", **self.quick)
                self.assertEqual(result.stderr.splitlines()[0], f"Some tests will be skipped; {missing}")
        self.assertNotIn("libnone", run_in(self.root, "demo", **self.quick).stderr)
        self.assertEqual(run_in(self.root, "packages", **self.quick).stdout, "libnone9\n")

    def test_the_readme_names_every_package(self) -> None:
        readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
        lines = re.findall(r"^sudo apt-get install ([^#\n]+)", readme, re.MULTILINE)
        self.assertEqual([line.split() for line in lines], [named_packages(".venv"), named_packages("tests")])

    def test_without_slicer_it_says_how_to_get_one(self) -> None:
        for slicer in ("", "/no/such/Slicer"):
            with self.subTest(slicer=slicer):
                house_root = self.root / f"case{len(slicer)}"
                house_root.mkdir()
                result = run_in(house(house_root), "slicer", SLICER=slicer, PATH=path_with(house_root / "bin"))
                self.assert_one_sentence(result, "slicer.org", "SLICER=", "SlicerRadiomics")
                self.assertFalse((house_root / ".venv").exists())

    def test_slicer_starts_with_the_module_and_the_sample_case(self) -> None:
        house(self.root, command=SAMPLE_COMMAND)
        write_script(self.folder / "Slicer 5" / "Slicer", 'printf "%s\\n" "$PYTHONPATH" "$@"\nexit 5\n')
        result = run_in(self.root, "slicer", SLICER=str(self.folder / "Slicer 5"), **self.quick)
        self.assertEqual(result.returncode, 5, result.stderr)
        self.assertEqual(
            result.stdout.splitlines(),
            [
                "",
                "--additional-module-paths",
                f"{self.root}/HER2Predict",
                "--python-script",
                f"{self.root}/Testing/open_sample.py",
                "/sample case/ctu.nrrd",
                "/sample case/roi.seg.nrrd",
            ],
        )
        self.assertTrue((REPOSITORY / "Testing" / "open_sample.py").is_file())


if __name__ == "__main__":
    unittest.main()

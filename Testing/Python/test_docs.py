"""README and Docs: links lead somewhere, once; every file has a place in the table; the map is true."""

from __future__ import annotations

import re
import shutil
import subprocess
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "Docs").glob("*.md"))]

#: What files of a repository of text are called; pictures and the bundle have their folders.
SUFFIXES = {"", ".py", ".md", ".png", ".txt", ".ui", ".yaml", ".her2model", ".sh", ".toml"}

_LINK = re.compile(r"\]\(([^()\s]+)\)")
_CODE = re.compile(r"```.*?```", re.DOTALL)


def links(page: Path) -> list[str]:
    """Targets of the links of a page, code apart."""
    return _LINK.findall(_CODE.sub("", page.read_text(encoding="utf-8")))


def anchors(page: Path) -> set[str]:
    """Names by which the headings of a page can be linked to, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", _CODE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def paths_in_table(page: Path, heading: str, column: int) -> list[str]:
    """What stands in backquotes in a column of the table below a heading."""
    section = page.read_text(encoding="utf-8").partition(f"## {heading}\n")[2].partition("\n## ")[0]
    cells = [row.split(" | ")[column] for row in section.splitlines() if row.startswith("| ")]
    return [path for cell in cells for path in re.findall(r"`([^`]+)`", cell)]


@unittest.skipUnless((ROOT / "README.md").is_file(), "runs in the source tree only")
class DocsTest(unittest.TestCase):
    def test_every_link_leads_somewhere(self) -> None:
        for page in PAGES:
            for link in links(page):
                with self.subTest(page=page.name, link=link):
                    target, _, anchor = link.partition("#")
                    if target.startswith(("https://", "http://")):
                        continue
                    file = (page.parent / target).resolve() if target else page
                    self.assertTrue(file.exists())
                    if anchor:
                        self.assertIn(anchor, anchors(file))

    def test_no_page_links_twice_to_the_same_place(self) -> None:
        for page in PAGES:
            found = links(page)
            self.assertEqual(sorted({link for link in found if found.count(link) > 1}), [], page.name)

    def test_every_page_can_be_reached_from_the_readme(self) -> None:
        reached, left = set(), [ROOT / "README.md"]
        while left:
            page = left.pop()
            reached.add(page)
            targets = {(page.parent / link.partition("#")[0]).resolve() for link in links(page)}
            left += [target for target in targets if target in PAGES and target not in reached]
        self.assertEqual({page.name for page in PAGES} - {page.name for page in reached}, set())


    def test_the_map_leads_to_places_that_are_there(self) -> None:
        places = paths_in_table(ROOT / "Docs" / "developers.md", "Where to go", 1)
        self.assertGreaterEqual(len(places), 20)
        self.assertEqual([place for place in places if not (ROOT / "HER2Predict" / place).exists()], [])


@unittest.skipUnless(shutil.which("git") and (ROOT / ".git").exists(), "runs in a repository only")
class FilesTest(unittest.TestCase):
    def test_every_file_has_a_place_in_the_readme(self) -> None:
        listed = subprocess.run(
            ["git", "-c", "safe.directory=*", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
        ).stdout
        files = [file for file in listed.split("\0") if file and (ROOT / file).exists()]
        places = paths_in_table(ROOT / "README.md", "Where things are", 0)
        homeless = [
            file
            for file in files
            if not any(file == place or (place.endswith("/") and file.startswith(place)) for place in places)
        ]
        self.assertEqual(homeless, [])
        self.assertEqual({Path(file).suffix for file in files} - SUFFIXES, set())
        self.assertEqual([place for place in places if not (ROOT / place).exists()], [])


if __name__ == "__main__":
    unittest.main()

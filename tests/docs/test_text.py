"""What documents say besides their code: where they point to, and which variables there are."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def anchors(document: Path) -> set[str]:
    """The names that GitHub gives to headings."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_links_lead_somewhere(document):
    for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text()):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        linked = (document.parent / path).resolve() if path else document
        assert linked.exists(), target
        assert not anchor or anchor in anchors(linked), target


def test_every_variable_of_ours_is_documented():
    sources = [path.read_text() for folder in ("src", "apps") for path in (ROOT / folder).rglob("*.cpp")]
    read = {name for text in sources for name in re.findall(r'"(INFERENCE_MODELS_[A-Z_]+)"', text)}
    installation = (ROOT / "docs/installation.md").read_text()
    assert read == set(re.findall(r"^\| `(INFERENCE_MODELS_[A-Z_]+)`", installation, re.MULTILINE))


def test_every_variable_of_providers_and_downloads_is_documented():
    read = {
        name
        for path in (ROOT / "src/hub").rglob("*.cpp")
        for name in re.findall(r'"((?:[A-Z]+_)+[A-Z]+|HOME)"', path.read_text())
    }
    rows = re.findall(r"^\| (`[A-Za-z_`, ]+`) \|", (ROOT / "docs/models-by-id.md").read_text(), re.MULTILINE)
    documented = {name for row in rows for name in re.findall(r"`(\w+)`", row) if name.upper() == name}
    assert read == documented - {"HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"}  # which libcurl itself reads

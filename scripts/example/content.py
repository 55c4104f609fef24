"""Reads the example publication from content/: plain data, no network.

Articles and pages are Markdown with TOML between two lines of +++. A file's
name is its key, the same in every language; what a translation leaves out
(date, cover, author, categories, tags) it takes from the first language.
"""

import json
import tomllib
from pathlib import Path

LOCALES = ("en", "de")  # the first is the default and must exist for every entry
HERE = Path(__file__).resolve().parent
PICTURES = HERE / "pictures"
SHARED = ("publishedOn", "featured", "cover", "author", "categories", "tags")


class ContentError(Exception):
    """Something in content/ that cannot be read; says which file."""


def read_json(name):
    path = HERE / "content" / name
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ContentError(f"{path}: {error}") from error


def read_markdown(path):
    """One file as a dict: its front matter plus `body`."""
    text = path.read_text(encoding="utf-8")
    parts = text.split("+++\n", 2)
    if len(parts) != 3 or parts[0]:
        raise ContentError(f"{path}: expected front matter between two lines of +++")
    try:
        entry = tomllib.loads(parts[1])
    except tomllib.TOMLDecodeError as error:
        raise ContentError(f"{path}: {error}") from error
    return {**entry, "body": parts[2].strip() + "\n"}


def read_documents(kind):
    """key -> locale -> entry, for `articles` and `pages`."""
    found = {}
    for locale in LOCALES:
        for path in sorted((HERE / "content" / kind / locale).glob("*.md")):
            found.setdefault(path.stem, {})[locale] = read_markdown(path)
    for key, versions in found.items():
        if LOCALES[0] not in versions:
            raise ContentError(f"content/{kind}: {key} has no {LOCALES[0]} version")
        original = versions[LOCALES[0]]
        for version in versions.values():
            for name in SHARED:
                if name in original:
                    version.setdefault(name, original[name])
    return found


def picture_file(name):
    """The committed file of a picture, whatever its format."""
    for suffix in (".jpg", ".png"):
        path = PICTURES / (name + suffix)
        if path.exists():
            return path
    raise ContentError(f"{PICTURES}: no {name}.jpg or {name}.png; see README.md there")


def load():
    """The whole publication."""
    return {
        "pictures": read_json("pictures.json"),
        "authors": read_json("authors.json"),
        "categories": read_json("categories.json"),
        "tags": read_json("tags.json"),
        "articles": dict(
            sorted(read_documents("articles").items(), key=lambda item: item[1][LOCALES[0]]["publishedOn"])
        ),
        "pages": read_documents("pages"),
        "homepage": read_json("homepage.json"),
        "site-setting": read_json("site-setting.json"),
    }

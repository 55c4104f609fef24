#!/usr/bin/env python3
"""Fills an empty cms with the example publication, through its public API.

    seed.py --url http://127.0.0.1:1337 --token TOKEN

It is a client like any editor's: uploads, POST and PUT with an API token that
may write. What is there already is found by name or slug and left alone, so a
run that was interrupted can be run again. Once all is there a run does nothing,
not even put back what an editor has deleted or renamed since; --again does.
Progress goes to stderr; the last line on stdout is JSON that names one article.
"""

import argparse
import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor

from content import LOCALES, ContentError, load, picture_file
from rest import Api, ApiError

DEMO_ARTICLE = "what-the-tide-leaves"
UPLOADS_AT_ONCE = 2  # the server makes four smaller pictures of each
LAST_PHASE = "site-setting"  # written last, so it is there only after a complete run


class Progress:
    """One line per phase: how much there is and how much of it is new."""

    def __init__(self, phase, total):
        self.phase, self.total, self.done, self.new = phase, total, 0, 0
        self.live = sys.stderr.isatty()

    def step(self, created):
        self.done += 1
        self.new += created
        if self.live:
            self.show("\r")

    def show(self, start=""):
        text = f"{start}  {self.phase:<14}{self.done:>3} of {self.total}, {self.new} new"
        print(text, end="" if start and self.done < self.total else "\n", file=sys.stderr, flush=True)

    def finish(self):
        if not self.live or self.total == 0:
            self.show()
        return self.new


def seed_pictures(api, pictures):
    """name -> numeric id of the stored file."""
    stored = {file["name"]: file["id"] for file in api.call("GET", "/api/upload/files")}
    progress = Progress("pictures", len(pictures))
    ids = {}

    def send(name):
        file, about = picture_file(name), pictures[name]
        info = {"name": file.name, "alternativeText": about["alt"], "caption": about.get("caption")}
        return name, api.upload(file, info)["id"]

    missing = []
    for name in pictures:
        file = picture_file(name)
        if file.name in stored:
            ids[name] = stored[file.name]
            progress.step(False)
        else:
            missing.append(name)
    with ThreadPoolExecutor(UPLOADS_AT_ONCE) as uploads:
        for name, number in uploads.map(send, missing):
            ids[name] = number
            progress.step(True)
    return ids, progress.finish()


def seed_document(api, plural, versions):
    """One document in all its locales; returns its documentId and what was created."""
    default = LOCALES[0]
    query = {"filters[slug][$eq]": versions[default]["slug"], "locale": default, "fields": "slug"}
    found = api.call("GET", f"/api/{plural}", query)["data"]
    created = 0
    if found:
        document_id = found[0]["documentId"]
    else:
        document_id = api.write("POST", f"/api/{plural}", versions[default], default)["documentId"]
        created += 1
    for locale, data in versions.items():
        path = f"/api/{plural}/{document_id}"
        if locale == default or api.call("GET", path, {"locale": locale}, accept_missing=True):
            continue
        api.write("PUT", path, data, locale)
        created += 1
    return document_id, created


def seed_collection(api, plural, entries):
    """entries: key -> locale -> data. Returns key -> documentId and what was created."""
    progress = Progress(plural, sum(len(versions) for versions in entries.values()))
    ids = {}
    for key, versions in entries.items():
        ids[key], created = seed_document(api, plural, versions)
        progress.done += len(versions) - 1
        progress.new += max(created - 1, 0)
        progress.step(min(created, 1))
    return ids, progress.finish()


def seed_single(api, singular, versions):
    progress = Progress(singular, len(versions))
    for locale, data in versions.items():
        path = f"/api/{singular}"
        missing = api.call("GET", path, {"locale": locale}, accept_missing=True) is None
        if missing:
            api.write("PUT", path, data, locale)
        progress.step(missing)
    return progress.finish()


def localized(entry, common):
    """A record of a .json file as locale -> data."""
    return {locale: {**common, **entry[locale]} for locale in LOCALES if locale in entry}


def article_data(version, pictures, authors, categories, tags):
    """An article as the API takes it: names become ids."""
    sections = [
        {**part, "image": pictures[part["image"]]} if "image" in part else part for part in version.get("sections", [])
    ]
    return {
        **version,
        "sections": sections,
        "cover": pictures[version["cover"]],
        "author": authors[version["author"]],
        "categories": [categories[key] for key in version["categories"]],
        "tags": [tags[key] for key in version["tags"]],
    }


def seed(api):
    """All phases in the order their relations need. Returns how much was created."""
    content = load()
    pictures, created = seed_pictures(api, content["pictures"])
    authors, new = seed_collection(api, "authors", {
        author["key"]: localized(author, {
            "name": author["name"], "slug": author["slug"], "portrait": pictures[author["portrait"]],
        }) for author in content["authors"]
    })
    created += new
    categories, new = seed_collection(api, "categories", {
        entry["key"]: localized(entry, {"accent": entry["accent"], "position": entry["position"]})
        for entry in content["categories"]
    })
    created += new
    tags, new = seed_collection(api, "tags", {entry["key"]: localized(entry, {}) for entry in content["tags"]})
    created += new
    _, new = seed_collection(api, "articles", {
        key: {
            locale: article_data(version, pictures, authors, categories, tags) for locale, version in versions.items()
        } for key, versions in content["articles"].items()
    })
    created += new
    _, new = seed_collection(api, "pages", content["pages"])
    created += new
    for singular in ("homepage", LAST_PHASE):
        created += seed_single(api, singular, content[singular])
    return created


def is_complete(api):
    """Whether an earlier run reached its end."""
    return all(api.call("GET", f"/api/{LAST_PHASE}", {"locale": locale}, accept_missing=True) for locale in LOCALES)


def demo_article(api):
    """One article for a first edit: the usual one, else the newest there is."""
    query = {"fields": "title,slug", "sort": "publishedOn:desc", "locale": LOCALES[0]}
    usual = api.call("GET", "/api/articles", {**query, "filters[slug][$eq]": DEMO_ARTICLE})["data"]
    found = usual or api.call("GET", "/api/articles", query)["data"]
    if not found:
        raise ApiError("no article is left in this cms; --again brings the example back")
    return {name: found[0][name] for name in ("documentId", "slug", "title")}


def main():
    parser = argparse.ArgumentParser(description="Fill a cms with the example publication through its API.")
    parser.add_argument("--url", default="http://127.0.0.1:1337", help="where the cms answers (default: %(default)s)")
    parser.add_argument("--token", default=os.environ.get("CMS_TOKEN"),
                        help="an API token that may write (default: $CMS_TOKEN)")
    parser.add_argument("--again", action="store_true",
                        help="look through everything and create what is missing, even after a complete run")
    options = parser.parse_args()
    if not options.token:
        parser.error("--token is missing; make one with: cms token create --name seed --type full-access")
    try:
        api = Api(options.url, options.token)
        created = seed(api) if options.again or not is_complete(api) else 0
        demo = demo_article(api)
        print(json.dumps({**demo, "path": f"/blog/{demo['slug']}/", "created": created}, ensure_ascii=False))
    except (ApiError, ContentError) as error:
        print(f"seed: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

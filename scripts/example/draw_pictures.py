#!/usr/bin/env python3
"""Draws every picture of the example publication.

    draw_pictures.py --svg DIR      only the drawings, standard library only
    draw_pictures.py                also renders them into pictures/*.jpg, for
                                    which chromium and ImageMagick are needed

The results are committed, so seeding needs neither. pictures/README.md has more.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from drawing import land, people, things

PICTURES = Path(__file__).resolve().parent / "pictures"
QUALITY = 80
BROWSER = ("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
           "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars")


def render(name, canvas, folder):
    """One drawing to JPEG, through the browser's own SVG renderer."""
    page, shot = folder / f"{name}.html", folder / f"{name}.png"
    page.write_text(f"<style>body{{margin:0}}svg{{display:block}}</style>{canvas.svg()}", encoding="utf-8")
    subprocess.run([*BROWSER, f"--user-data-dir={folder / 'profile'}", f"--screenshot={shot}",
                    f"--window-size={canvas.width},{canvas.height}", page.as_uri()], check=True, capture_output=True)
    subprocess.run(["convert", shot, "-strip", "-sampling-factor", "4:2:0", "-interlace", "JPEG",
                    "-quality", str(QUALITY), PICTURES / f"{name}.jpg"], check=True)


def main():
    parser = argparse.ArgumentParser(description="Draw the example publication's pictures.")
    parser.add_argument("--svg", type=Path, help="write SVG files there and render nothing")
    parser.add_argument("names", nargs="*", help="only these pictures")
    options = parser.parse_args()
    drawings = {**land.PICTURES, **things.PICTURES, **people.PICTURES}
    unknown = [name for name in options.names if name not in drawings]
    if unknown:
        parser.error(f"no picture named {', '.join(unknown)}; there are: {', '.join(sorted(drawings))}")
    with tempfile.TemporaryDirectory() as folder:
        for name in options.names or sorted(drawings):
            print(name, file=sys.stderr)
            canvas = drawings[name]()
            if options.svg:
                options.svg.mkdir(parents=True, exist_ok=True)
                (options.svg / f"{name}.svg").write_text(canvas.svg(), encoding="utf-8")
            else:
                render(name, canvas, Path(folder))


if __name__ == "__main__":
    main()

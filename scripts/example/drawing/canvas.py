"""Ink and paper for the drawings: an SVG canvas, seeded chance, smooth lines."""

import math
import random

PAPER, INK = "#f3ecdf", "#1d2629"
MOSS, CLAY, OCHRE, TIDE, PLUM = "#5c7d3f", "#b4532f", "#c8912b", "#1f6f7c", "#7d3f68"


def mix(a, b, t):
    """The colour a part t of the way from a to b."""
    pairs = [(int(a[i:i + 2], 16), int(b[i:i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(x + (y - x) * max(0, min(1, t))):02x}" for x, y in pairs)


def smooth(points, closed=False):
    """A path through the points (Catmull-Rom as cubic curves)."""
    n = len(points)
    at = (lambda i: points[i % n]) if closed else (lambda i: points[max(0, min(n - 1, i))])
    parts = [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
    for i in range(n if closed else n - 1):
        (ax, ay), (bx, by), (cx, cy), (dx, dy) = at(i - 1), at(i), at(i + 1), at(i + 2)
        parts.append(f"C{bx + (cx - ax) / 6:.1f} {by + (cy - ay) / 6:.1f} "
                     f"{cx - (dx - bx) / 6:.1f} {cy - (dy - by) / 6:.1f} {cx:.1f} {cy:.1f}")
    return " ".join(parts) + ("Z" if closed else "")


class Canvas:
    """Collects shapes; every picture of the same name comes out the same."""

    def __init__(self, name, width=1600, height=900):
        self.width, self.height = width, height
        self.chance = random.Random("tideline/" + name)
        self.defs, self.shapes = [], []

    def add(self, text):
        self.shapes.append(text)

    def gradient(self, stops, x1=0, y1=0, x2=0, y2=1):
        """Defines a linear gradient; returns what to fill with."""
        name = f"g{len(self.defs)}"
        inner = "".join(
            f'<stop offset="{at}" stop-color="{colour[:7]}" stop-opacity="{int(colour[7:] or "ff", 16) / 255:.3f}"/>'
            for at, colour in stops)
        self.defs.append(f'<linearGradient id="{name}" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}">{inner}</linearGradient>')
        return f"url(#{name})"

    def glow(self, stops, cx=.5, cy=.5, r=.5):
        """The same, from a centre outwards."""
        name = f"g{len(self.defs)}"
        inner = "".join(
            f'<stop offset="{at}" stop-color="{colour[:7]}" stop-opacity="{int(colour[7:] or "ff", 16) / 255:.3f}"/>'
            for at, colour in stops)
        self.defs.append(f'<radialGradient id="{name}" cx="{cx}" cy="{cy}" r="{r}">{inner}</radialGradient>')
        return f"url(#{name})"

    def blur(self, deviation):
        name = f"b{len(self.defs)}"
        self.defs.append(f'<filter id="{name}" x="-30%" y="-30%" width="160%" height="160%">'
                         f'<feGaussianBlur stdDeviation="{deviation}"/></filter>')
        return f"url(#{name})"

    def clip(self, shape):
        name = f"c{len(self.defs)}"
        self.defs.append(f'<clipPath id="{name}">{shape}</clipPath>')
        return f"url(#{name})"

    def ground(self, fill):
        self.add(f'<rect width="{self.width}" height="{self.height}" fill="{fill}"/>')

    def path(self, d, fill="none", stroke="none", width=1, **more):
        extra = "".join(f' {key.replace("_", "-")}="{value}"' for key, value in more.items())
        self.add(f'<path d="{d}" fill="{fill}" stroke="{stroke}" stroke-width="{width}" '
                 f'stroke-linecap="round" stroke-linejoin="round"{extra}/>')

    def circle(self, x, y, r, fill="none", stroke="none", width=1, **more):
        extra = "".join(f' {key.replace("_", "-")}="{value}"' for key, value in more.items())
        self.add(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r:.1f}" fill="{fill}" stroke="{stroke}" stroke-width="{width}"{extra}/>')

    def noise(self, pieces=5, roughness=.55):
        """A smooth wandering function of one variable, about -1 to 1."""
        waves = [(roughness ** i, 2 ** i * self.chance.uniform(.7, 1.3), self.chance.uniform(0, math.tau))
                 for i in range(pieces)]
        total = sum(size for size, _, _ in waves)
        return lambda x: sum(size * math.sin(speed * x + start) for size, speed, start in waves) / total

    def land(self, height, fill, reach=60, step=20, scale=.004, sharp=False, **more):
        """Everything below a wandering skyline."""
        shape = self.noise(6 if sharp else 4)
        points = [(x, height + reach * shape(x * scale)) for x in range(-40, self.width + 60, step)]
        self.path(smooth(points) + f"L{self.width + 60} {self.height + 9}L-40 {self.height + 9}Z", fill, **more)
        return lambda x: height + reach * shape(x * scale)

    def svg(self, grain=.16):
        """The finished picture, with a little tooth to the paper."""
        w, h = self.width, self.height
        tooth = ('<filter id="tooth" x="0" y="0" width="100%" height="100%"><feTurbulence type="fractalNoise" '
                 'baseFrequency=".55" numOctaves="2" seed="7"/><feColorMatrix values="0 0 0 0 0  0 0 0 0 0  0 0 0 0 0  '
                 '0 0 0 -1.6 1.05"/></filter>')
        return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{w}" height="{h}" viewBox="0 0 {w} {h}">'
                f'<defs>{"".join(self.defs)}{tooth}</defs>{"".join(self.shapes)}'
                f'<rect width="{w}" height="{h}" filter="url(#tooth)" opacity="{grain}" style="mix-blend-mode:soft-light"/></svg>')

"""Pictures of places: shore, hill, lane, dusk."""

import math

from .canvas import CLAY, INK, MOSS, PAPER, TIDE, Canvas, mix, smooth


def weed(c, x, y, size, colour):
    """A tangle of strokes."""
    for _ in range(3):
        bend = [(x + c.chance.uniform(-size, size), y + c.chance.uniform(-size, size) * .5) for _ in range(4)]
        c.path(smooth(bend), stroke=colour, width=round(c.chance.uniform(1.5, 4.2), 1), opacity=.8)


def tide_lines(c, rows):
    """Strandlines: (height, reach, number of pieces, colour, size)."""
    for height, reach, pieces, colour, size in rows:
        shape = c.noise(3)
        for _ in range(pieces):
            x = c.chance.uniform(-20, c.width + 20)
            y = height + reach * shape(x * .0035) + c.chance.gauss(0, size * .55)
            kind = c.chance.random()
            if kind < .62:
                weed(c, x, y, size, colour)
            elif kind < .9:
                c.circle(x, y, c.chance.uniform(1.5, 4.5), fill=c.chance.choice([colour, "#efe6d2", "#8b7a5d"]))
            else:
                turn = c.chance.uniform(0, 180)
                c.path(f"M{x:.0f} {y:.0f}l{size * 1.4:.0f} 3", stroke="#a08a63", width=4, transform=f"rotate({turn:.0f} {x:.0f} {y:.0f})")


def sea_edge(c, height, bands):
    """Water coming in from below, in sheets, each with a rim of foam."""
    for i in range(bands):
        shape = c.noise(3)
        top = height + i * 46
        points = [(x, top + 34 * shape(x * .0032 + i)) for x in range(-40, c.width + 60, 40)]
        tone = mix("#9fc3bd", TIDE, i / (bands - 1))
        c.path(smooth(points) + f"L{c.width + 60} {c.height + 9}L-40 {c.height + 9}Z", tone, opacity=.55 + .4 * i / bands)
        c.path(smooth(points), stroke="#fbf8f0", width=7 - i * .7, opacity=.9 - i * .12)


def strandline():
    c = Canvas("strandline")
    c.ground(c.gradient([(0, "#ead9b6"), (.55, "#dcc49a"), (1, "#b99d74")]))
    for i in range(26):
        shape = c.noise(3)
        points = [(x, 20 + i * 26 + 14 * shape(x * .003 + i * .1)) for x in range(-20, 1660, 60)]
        c.path(smooth(points), stroke="#b2935f", width=1.6, opacity=.28)
    tide_lines(c, [(95, 24, 120, "#9b8660", 8), (240, 34, 230, "#6d6146", 11), (420, 36, 330, "#46462f", 14), (590, 30, 420, "#2c3a2d", 17)])
    sea_edge(c, 655, 6)
    c.circle(1090, 424, 13, fill="#c1442a")
    c.circle(1090, 424, 8, fill="#d8694d")
    c.circle(392, 575, 11, fill="#3f8fae")
    c.path("M640 205c34-14 78-20 118-16c-34 16-80 26-118 16z", fill="#f6f1e4", stroke="#7a745f", width=2)
    c.path("M628 210c40-8 90-14 128-20", stroke="#7a745f", width=2)
    for i in range(15):
        x, y = 150 + i * 96, 512 + 16 * math.sin(i * .5) + (13 if i % 2 else -13)
        c.add(f'<ellipse cx="{x}" cy="{y:.0f}" rx="17" ry="7.5" fill="#8d7247" opacity=".5" transform="rotate({c.chance.uniform(-9, 9):.0f} {x} {y:.0f})"/>')
    return c


def strandline_plan():
    c = Canvas("strandline-plan", 1600, 760)
    c.ground("#efe3c8")
    for i in range(240):
        x, y = c.chance.uniform(0, 1600), c.chance.uniform(0, 120) ** 1.0
        c.path(f"M{x:.0f} {y:.0f}l{c.chance.uniform(-6, 6):.0f} -{c.chance.uniform(14, 30):.0f}", stroke=MOSS, width=2.2, opacity=.75)
    tide_lines(c, [(170, 14, 60, "#b7a887", 7), (290, 20, 150, "#8d8062", 9), (410, 24, 260, "#5d5a40", 12), (530, 24, 400, "#2f3d2f", 15)])
    sea_edge(c, 600, 4)
    for y, label in ((170, "1"), (290, "2"), (410, "3"), (530, "4")):
        c.circle(80, y, 25, fill=PAPER, stroke=INK, width=3)
        c.add(f'<text x="80" y="{y + 11}" font-family="P052,Palatino,serif" font-size="32" text-anchor="middle" fill="{INK}">{label}</text>')
    return c


def ring_path(c, x, y, radius, squash, shape, drift):
    points = []
    for i in range(48):
        angle = i / 48 * math.tau
        r = radius * (1 + drift * shape(3 * math.cos(angle) + 2 * math.sin(angle)))
        points.append((x + r * math.cos(angle), y + r * math.sin(angle) * squash))
    return smooth(points, closed=True)


def contours():
    c = Canvas("contours")
    c.ground("#dfe3c4")
    shape, other = c.noise(3), c.noise(3)
    levels = 15
    for i in range(levels):
        t = i / (levels - 1)
        tone = mix("#d3dcb0", "#3f6234", t ** .85)
        line = mix("#8ea06b", "#e6ecca", t)
        if i < 9:
            c.path(ring_path(c, 850 + 6 * i, 455, 980 - 88 * i, .62, shape, .2), tone, line, 3.2 if i % 5 == 4 else 1.5)
        else:
            k = i - 9
            c.path(ring_path(c, 815, 432, 210 - 36 * k, .66, shape, .16), tone, line, 3.2 if i % 5 == 4 else 1.5)
            if k < 4:
                c.path(ring_path(c, 1120, 520, 120 - 30 * k, .7, other, .16), tone, line, 1.5)
    for angle in (200, 232, 148, 120, 30, 345):
        a = math.radians(angle)
        shape_line = c.noise(3)
        points = []
        for k in range(14):
            r = 410 + k * 60
            b = a + .09 * shape_line(k * .5)
            points.append((870 + r * math.cos(b), 455 + r * math.sin(b) * .62))
        c.path(smooth(points), stroke="#e8efe0", width=10, opacity=.5)
        c.path(smooth(points), stroke=TIDE, width=5.5)
        c.circle(*points[0], 11, fill=TIDE, stroke=PAPER, width=4)
    return c


def hand_map():
    c = Canvas("map")
    c.ground("#f1e7d0")
    for x in range(0, 1601, 50):
        c.path(f"M{x} 0V900", stroke="#b9c3bb", width=2 if x % 250 == 0 else 1, opacity=.75)
    for y in range(0, 901, 50):
        c.path(f"M0 {y}H1600", stroke="#b9c3bb", width=2 if y % 250 == 0 else 1, opacity=.75)
    stream = [(1630, 120), (1420, 190), (1270, 330), (1090, 395), (930, 520), (760, 600), (560, 680), (380, 780), (250, 930)]
    for offset in (-9, 9):
        c.path(smooth([(x, y + offset) for x, y in stream]), stroke=TIDE, width=4)
    for x, y in ((1180, 640), (1240, 700), (1310, 650), (1370, 730), (1290, 760), (1430, 670)):
        c.path(f"M{x} {y}v26M{x} {y - 44}l-24 46h48z", MOSS, "#3f5a2a", 3, fill_opacity=.55)
    wall = [(210, 210), (420, 250), (640, 190), (900, 230), (1100, 160)]
    c.path(smooth(wall), stroke="#8a7c66", width=13, stroke_dasharray="1 17")
    legs = [(330, 640), (300, 430), (470, 320), (760, 300), (1010, 250), (1260, 300), (1400, 480), (1210, 560), (960, 690), (700, 790), (390, 700)]
    c.path("M" + "L".join(f"{x} {y}" for x, y in legs), stroke=CLAY, width=6, stroke_dasharray="18 12")
    for i, (x, y) in enumerate(legs[:-1]):
        c.circle(x, y, 23, fill=PAPER, stroke=CLAY, width=5)
        c.add(f'<text x="{x}" y="{y + 10}" font-family="P052,Palatino,serif" font-size="28" text-anchor="middle" fill="{INK}">{i + 1}</text>')
    c.circle(390, 700, 10, fill=CLAY)
    c.circle(360, 670, 74, stroke=INK, width=3, stroke_dasharray="5 9")
    c.add(f'<g transform="translate(1440 165)" fill="none" stroke="{INK}" stroke-width="4"><circle r="78"/><path d="M0-104L17 0L0 104L-17 0Z" fill="{PAPER}"/><path d="M0-104L17 0H-17Z" fill="{CLAY}"/></g>')
    c.path("M90 846h300M90 834v24M240 834v24M390 834v24", stroke=INK, width=4)
    return c


def tree(c, x, y, length, angle, width, colour, depth):
    """A bare tree, drawn branch by branch."""
    if depth == 0 or length < 7:
        return
    tip = (x + length * math.cos(angle), y + length * math.sin(angle))
    bend = ((x + tip[0]) / 2 + c.chance.uniform(-.12, .12) * length, (y + tip[1]) / 2)
    c.path(smooth([(x, y), bend, tip]), stroke=colour, width=round(width, 1))
    for _ in range(2 if c.chance.random() < .8 else 3):
        tree(c, *tip, length * c.chance.uniform(.62, .84), angle + c.chance.uniform(-.62, .62), width * .66, colour, depth - 1)


def lane():
    c = Canvas("lane")
    c.ground(c.gradient([(0, "#b9c6c4"), (.45, "#eadcbd"), (.62, "#f3e3bf"), (1, "#c9c3a3")]))
    c.circle(1120, 380, 330, fill=c.glow([(0, "#fff7dfee"), (.35, "#fbe7b777"), (1, "#fbe7b700")]))
    c.circle(1120, 380, 46, fill="#fff9e8")
    for i in range(4):
        c.land(430 + i * 52, mix("#b6bfae", "#75876b", i / 3), 34, opacity=.85)
        c.add(f'<rect y="{440 + i * 52}" width="1600" height="90" fill="{c.gradient([(0, "#f3ead400"), (1, "#f3ead4b0")])}"/>')
    for x, size, colour in ((1330, 92, "#8d967f"), (930, 80, "#8d967f"), (760, 96, "#76826d"), (1440, 120, "#5f6d59"), (560, 122, "#5b6a57")):
        tree(c, x, 660, size, -math.pi / 2 + c.chance.uniform(-.08, .08), size / 9, colour, 9)
    c.land(664, "#5f7353", 16)
    c.path(smooth([(1085, 668), (1050, 700), (1120, 745), (1010, 800), (820, 850), (610, 920)]) + "L1180 920" +
           "C1210 850 1270 800 1230 750C1190 715 1120 705 1108 668Z", "#e2d3ae")
    for x, size in ((250, 168), (110, 140)):
        tree(c, x, 800, size, -math.pi / 2 + .05, size / 8, "#2f3d33", 10)
    c.land(812, "#3c4f39", 26)
    c.path(smooth([(900, 828), (760, 860), (560, 925)]) + "L1190 925C1185 880 1120 850 1070 826Z", "#d4c39a")
    for _ in range(150):
        x = c.chance.choice([c.chance.uniform(0, 560), c.chance.uniform(1210, 1600)])
        y = c.chance.uniform(810, 890)
        c.path(f"M{x:.0f} {y:.0f}l{c.chance.uniform(-8, 8):.0f} -{c.chance.uniform(16, 46):.0f}", stroke=c.chance.choice(["#26362a", "#8a8a5a"]), width=2.2)
    return c


def twilight():
    c = Canvas("twilight")
    c.ground(c.gradient([(0, "#0a1a40"), (.3, "#1b478a"), (.5, "#4a86bd"), (.6, "#a3bfcb"), (.66, "#ecd0a6")]))
    for _ in range(120):
        y = c.chance.uniform(0, 1) ** 1.7 * 470
        c.circle(c.chance.uniform(0, 1600), y, c.chance.uniform(.7, 2.3), fill="#f4f1e4", opacity=round(.95 - y / 560, 2))
    c.circle(372, 176, 5, fill="#fffbe9")
    c.circle(372, 176, 30, fill=c.glow([(0, "#fffbe977"), (1, "#fffbe900")]))
    for i in range(6):
        c.land(585 + i * 54, mix("#5f86a5", "#0a1626", (i / 5) ** .7), 52 - i * 4, sharp=i < 3)
    hill = 716
    c.add(f'<g fill="#0a1626"><path d="M1212 {hill - 178}h96l-10 84h-76z"/><path d="M1204 {hill - 178}l56 -34l56 34z"/>'
          f'<path d="M1224 {hill - 94}l-14 150h9l16-150zM1296 {hill - 94}l14 150h-9l-16-150zM1256 {hill - 94}h8v150h-8z"/>'
          f'<path d="M1212 {hill - 40}h96v5h-96z"/></g>')
    c.circle(1260, hill - 136, 7, fill="#f5d58a")
    c.add('<g stroke="#0a1626" stroke-width="6" fill="none" stroke-linecap="round"><path d="M1010 748l46 34M1056 748l-46 34M1012 748h44M1012 748l-14 -38"/></g>')
    c.add(f'<g><circle cx="1030" cy="706" r="9" fill="#0a1626"/><path d="M1019 718c8-4 18-3 22 2l6 28h-26z" fill="#0a1626"/></g>')
    for i, (x, y) in enumerate(((180, 795), (214, 802), (262, 790), (700, 826), (742, 818), (786, 829))):
        c.circle(x, y, 3.4, fill="#f7cf86", opacity=.9)
    return c


def twilight_bands():
    c = Canvas("twilight-bands", 1600, 760)
    bands = (("#f0c98e", "#9cbcc4", "0°–6°"), ("#4f8dc0", "#1d4f93", "6°–12°"), ("#173a70", "#060d20", "12°–18°"))
    for i, (a, b, label) in enumerate(bands):
        x = i * 534
        c.add(f'<rect x="{x}" width="535" height="760" fill="{c.gradient([(0, b), (.8, a)])}"/>')
        for _ in range((0, 22, 130)[i]):
            c.circle(c.chance.uniform(x + 8, x + 526), c.chance.uniform(10, 520), c.chance.uniform(.8, 2.4), fill="#fdf9ea")
        sun = (600, 672, 734)[i]
        c.circle(x + 267, sun, 40, fill="#ffdf9a", opacity=(1, .5, .22)[i])
        ground = mix("#33443c", "#05080d", i / 2)
        points = [(k, 560 + 14 * math.sin(k * .011 + i)) for k in range(x - 20, x + 580, 30)]
        window = c.clip(f'<rect x="{x}" width="535" height="760"/>')
        c.add(f'<g clip-path="{window}">')
        c.path(smooth(points) + f"L{x + 600} 770L{x - 20} 770Z", ground, opacity=.94)
        c.circle(x + 267, sun, 40, stroke="#ffdf9a", width=3, stroke_dasharray="4 9", opacity=.85)
        c.add("</g>")
        c.add(f'<text x="{x + 267}" y="70" font-family="P052,Palatino,serif" font-size="40" text-anchor="middle" fill="{(INK, "#f4f1e4", "#f4f1e4")[i]}">{label}</text>')
    return c


PICTURES = {
    "strandline": strandline, "strandline-plan": strandline_plan, "contours": contours, "map": hand_map,
    "lane": lane, "twilight": twilight, "twilight-bands": twilight_bands,
}

"""Pictures of things: rope, stone, salt, log, pan, jar, and machines."""

import math

from .canvas import CLAY, INK, Canvas, mix, smooth


def rope_turn(c, left, right, thick):
    """One length of three-strand rope from left to right, in front of everything so far."""
    (x0, y0), (x1, y1) = left, right
    length = math.hypot(x1 - x0, y1 - y0)
    angle = math.degrees(math.atan2(y1 - y0, x1 - x0))
    shape = c.clip(f'<rect x="-10" y="{-thick / 2}" width="{length + 20:.0f}" height="{thick}" rx="{thick * .46:.0f}"/>')
    c.add(f'<g transform="translate({x0} {y0}) rotate({angle:.2f})">'
          f'<rect x="-10" y="{-thick / 2 + 16}" width="{length + 20:.0f}" height="{thick}" rx="{thick * .46:.0f}" fill="#2a1a0e" opacity=".38"/>'
          f'<g clip-path="{shape}"><rect x="-10" y="{-thick / 2}" width="{length + 20:.0f}" height="{thick}" fill="#a5763f"/>')
    step = thick * .58
    k = -2
    while k * step < length + thick:
        x = k * step
        c.path(f"M{x:.0f} {thick / 2:.0f}C{x + step * .5:.0f} {thick * .2:.0f} {x + step * .7:.0f} {-thick * .2:.0f} {x + step * 1.5:.0f} {-thick / 2:.0f}"
               f"L{x + step * 2.4:.0f} {-thick / 2:.0f}C{x + step * 1.7:.0f} {-thick * .2:.0f} {x + step * 1.4:.0f} {thick * .2:.0f} {x + step * .92:.0f} {thick / 2:.0f}Z",
               c.chance.choice(["#cfa263", "#c79a5b", "#d6ab6d"]))
        for j in range(6):
            shift = step * (.12 + .13 * j)
            c.path(f"M{x + shift:.0f} {thick / 2:.0f}C{x + shift + step * .5:.0f} {thick * .2:.0f} {x + shift + step * .72:.0f} {-thick * .2:.0f} {x + shift + step * 1.5:.0f} {-thick / 2:.0f}",
                   stroke="#8d6231", width=1.8, opacity=.5)
        k += 1
    shade = c.gradient([(0, "#fff1d255"), (.32, "#fff1d200"), (.62, "#2a180600"), (1, "#2a1806aa")])
    c.add(f'<rect x="-10" y="{-thick / 2}" width="{length + 20:.0f}" height="{thick}" fill="{shade}"/></g></g>')


def rope():
    c = Canvas("rope")
    c.ground(c.gradient([(0, "#cfdad6"), (.4, "#a7c0bf"), (.41, "#6d99a0"), (1, "#2c5d68")]))
    for i in range(34):
        y = 380 + i * 17 + i * i * .12
        x = c.chance.uniform(-80, 1500)
        c.path(f"M{x:.0f} {y:.0f}q{c.chance.uniform(30, 80):.0f} -7 {c.chance.uniform(90, 220):.0f} 0", stroke="#d8e6e2", width=2.4, opacity=.35)
    post = c.clip('<path d="M560 70q240-56 480 0v860H560z"/>')
    c.add(f'<g clip-path="{post}"><rect x="540" width="520" height="940" fill="#6f4a2c"/>')
    for i in range(46):
        shape = c.noise(3)
        x = 560 + i * 10.6
        c.path(smooth([(x + 12 * shape(y * .004), y) for y in range(0, 960, 60)]), stroke=c.chance.choice(["#4b2f1a", "#8a6240", "#553620"]), width=c.chance.uniform(1.5, 5), opacity=.65)
    c.add(f'<rect x="540" width="520" height="940" fill="{c.gradient([(0, "#1a0e06cc"), (.3, "#1a0e0600"), (.55, "#ffe3b022"), (1, "#1a0e06dd")], 0, 0, 1, 0)}"/></g>')
    c.add('<ellipse cx="800" cy="66" rx="240" ry="42" fill="#a17a52"/>')
    for k in range(7):
        c.add(f'<ellipse cx="{800 + k * 2}" cy="66" rx="{220 - k * 32}" ry="{38 - k * 5.4:.1f}" fill="none" stroke="#6f4a2c" stroke-width="2.5"/>')
    rope_turn(c, (-60, 822), (1046, 664), 118)
    rope_turn(c, (548, 600), (1052, 528), 118)
    rope_turn(c, (548, 466), (1052, 394), 118)
    rope_turn(c, (552, 336), (1700, 152), 118)
    return c


def stone():
    c = Canvas("stone")
    c.ground(c.gradient([(0, "#31454a"), (1, "#1a282c")]))
    for i in range(30):
        shape = c.noise(3)
        c.path(smooth([(x, i * 32 + 16 * shape(x * .004 + i * .22)) for x in range(-20, 1650, 60)]), stroke="#5f7a7c", width=1.6, opacity=.34)
    c.add('<g transform="rotate(-9 800 470)">')
    c.add('<rect x="268" y="268" width="1090" height="430" rx="22" fill="#0b1214" opacity=".5"/>')
    c.add(f'<rect x="250" y="240" width="1090" height="430" rx="20" fill="{c.gradient([(0, "#d9a679"), (1, "#b87f54")])}"/>')
    c.add('<rect x="250" y="640" width="1090" height="34" rx="12" fill="#8c5b38"/>')
    body = c.clip('<rect x="250" y="240" width="1090" height="402" rx="20"/>')
    c.add(f'<g clip-path="{body}">')
    for i in range(34):
        shape = c.noise(2)
        x, y, r = c.chance.uniform(240, 1350), c.chance.uniform(250, 640), c.chance.uniform(30, 170)
        c.path(smooth([(x + k * r / 6, y + 16 * shape(k * .5) - k * 2) for k in range(8)]), stroke=c.chance.choice(["#7e6450", "#efd2b2", "#96785d"]), width=c.chance.uniform(3, 15), opacity=.3)
    for _ in range(60):
        c.circle(c.chance.uniform(260, 1330), c.chance.uniform(250, 635), c.chance.uniform(2, 9), fill="#f7e7d2", opacity=.28)
    c.add("</g></g>")
    blade = c.gradient([(0, "#8fa0a4"), (.5, "#e7eef0"), (.74, "#c3cfd2"), (.76, "#f8fbfb"), (1, "#dfe8ea")])
    c.add('<g transform="rotate(24 800 450)">')
    c.path("M252 372H1180V520C860 556 520 556 360 500C300 478 262 436 252 372Z", "#0a1012", opacity=.42, transform="translate(10 22)")
    c.path("M252 372H1180V520C860 556 520 556 360 500C300 478 262 436 252 372Z", blade)
    c.path("M1180 508C860 540 520 540 366 488", stroke="#9fb0b4", width=2.5, opacity=.8)
    c.path("M1180 376h66v128h-66z", "#b8923f")
    c.path("M1246 366C1370 352 1470 372 1620 344V530C1500 552 1380 520 1246 514Z", "#3f2818")
    for x in (1320, 1450):
        c.circle(x, 440, 13, fill="#c9a75a")
    c.add("</g>")
    return c


def foghorn():
    c = Canvas("foghorn")
    c.ground(c.gradient([(0, "#6f8790"), (.5, "#a9b9b8"), (.72, "#c8cfc8"), (1, "#7b959a")]))
    for i in range(17):
        r = 130 + i * 92
        c.circle(452, 420, r, stroke="#f6f1e4", width=round(13 - i * .62, 1), opacity=round(.8 - i * .043, 2))
    for i in range(7):
        shape = c.noise(3)
        points = [(x, 640 + i * 42 + 11 * shape(x * .005 + i)) for x in range(-40, 1660, 40)]
        c.path(smooth(points) + "L1660 909L-40 909Z", mix("#93aaab", "#2e5560", i / 6), opacity=.72)
    c.path("M-20 909V560C60 540 120 548 190 566C270 586 360 560 430 590C500 622 520 700 600 760C650 800 690 850 700 909Z", "#20343a")
    c.path("M-20 640C100 610 210 650 330 640C420 634 480 690 540 760", stroke="#3d585d", width=5)
    c.add('<g transform="translate(182 250)"><path d="M0 320L22 60H108L130 320Z" fill="#efe7d6"/><path d="M7 236L13 160H117L123 236Z" fill="#a8452c"/><path d="M20 60V30H110V60Z" fill="#20343a"/>'
          '<rect x="34" y="-12" width="62" height="44" fill="#f8dc93"/><path d="M26-12L65-52L104-12Z" fill="#20343a"/><path d="M34 10H96M54-12V32M76-12V32" stroke="#20343a" stroke-width="5"/></g>')
    c.add('<g transform="translate(330 470)"><path d="M0 20H120V110H0z" fill="#d9cfba"/><path d="M-10 22L60-24L130 22Z" fill="#20343a"/>'
          '<path d="M34 -36L150 -70L150 -22L40 -18Z" fill="#b8923f"/><ellipse cx="150" cy="-46" rx="13" ry="27" fill="#6d5318"/></g>')
    for i in range(5):
        soft = c.blur(26)
        c.add(f'<ellipse cx="{c.chance.uniform(500, 1500):.0f}" cy="{470 + i * 66}" rx="{c.chance.uniform(420, 700):.0f}" ry="34" fill="#f1efe6" opacity=".42" filter="{soft}"/>')
    return c


def crystal(c, x, y, size, turn, steps):
    """A hollow, stepped square as salt grows it, seen from above."""
    c.add(f'<g transform="translate({x:.0f} {y:.0f}) rotate({turn:.0f})">')
    c.add(f'<rect x="{-size / 2 + 7:.0f}" y="{-size / 2 + 9:.0f}" width="{size:.0f}" height="{size:.0f}" rx="3" fill="#05090b" opacity=".5"/>')
    for k in range(steps):
        s = size * (1 - k / steps)
        tone = mix("#fdfcf7", "#8fa6ab", (k / max(steps - 1, 1)) ** .8)
        c.add(f'<rect x="{-s / 2:.1f}" y="{-s / 2:.1f}" width="{s:.1f}" height="{s:.1f}" rx="2" fill="{tone}" stroke="#ffffff" stroke-width="1.4" stroke-opacity=".85"/>'
              f'<path d="M{-s / 2:.1f} {s / 2:.1f}V{-s / 2:.1f}H{s / 2:.1f}" fill="none" stroke="#5d757b" stroke-width="2" opacity=".55"/>')
    half = size / 2
    c.add(f'<path d="M{-half:.0f} {-half:.0f}L{half:.0f} {half:.0f}M{half:.0f} {-half:.0f}L{-half:.0f} {half:.0f}" stroke="#ffffff" stroke-width="1.3" opacity=".55"/></g>')


def salt():
    c = Canvas("salt")
    c.ground(c.glow([(0, "#2f4348"), (1, "#131d20")], .55, .45, .8))
    for _ in range(700):
        x, y = c.chance.gauss(430, 210), c.chance.gauss(600, 150)
        s = c.chance.uniform(4, 11)
        c.add(f'<rect x="{x:.0f}" y="{y:.0f}" width="{s:.0f}" height="{s:.0f}" fill="{mix("#ffffff", "#9db2b6", c.chance.random())}" opacity=".9" transform="rotate({c.chance.uniform(0, 90):.0f} {x:.0f} {y:.0f})"/>')
    placed = []
    for _ in range(600):
        size = c.chance.choice([c.chance.uniform(38, 74), c.chance.uniform(120, 250)])
        x, y = c.chance.uniform(520, 1560), c.chance.uniform(40, 860)
        if y > 1000 - x * .45 + 380:
            continue
        if all(math.hypot(x - a, y - b) > (size + s) * .64 for a, b, s in placed):
            placed.append((x, y, size))
            crystal(c, x, y, size, c.chance.uniform(-40, 40), 3 if size < 100 else 7)
        if len(placed) > 36:
            break
    return c


def sundial():
    c = Canvas("sundial")
    c.ground(c.gradient([(0, "#f0cf8e"), (1, "#d79a4c")], 0, 0, 1, 1))
    x, y, r = 850, 650, 610
    c.circle(x, y, r + 60, fill="#c98c41")
    c.circle(x, y, r, fill=c.glow([(0, "#fbeec9"), (1, "#f0d9a2")]))
    for k in range(3):
        c.circle(x, y, r - (18, 128, 140)[k], stroke="#7b5420", width=(6, 3, 3)[k])
    names = ("VI", "VII", "VIII", "IX", "X", "XI", "XII", "I", "II", "III", "IIII", "V", "VI")
    for hour, name in enumerate(names):
        t = math.radians(15 * (hour - 6))
        angle = math.atan2(math.sin(t) * math.sin(math.radians(52)), math.cos(t)) - math.pi / 2
        c.path(f"M{x + 120 * math.cos(angle):.1f} {y + 120 * math.sin(angle):.1f}L{x + (r - 140) * math.cos(angle):.1f} {y + (r - 140) * math.sin(angle):.1f}", stroke="#7b5420", width=5 if hour == 6 else 3)
        tx, ty = x + (r - 72) * math.cos(angle), y + (r - 72) * math.sin(angle)
        c.add(f'<text transform="translate({tx:.0f} {ty:.0f}) rotate({math.degrees(angle) + 90:.1f})" y="20" font-family="P052,Palatino,serif" font-size="58" text-anchor="middle" fill="#5b3b12">{name}</text>')
    for k in range(-60, 61):
        t = math.radians(1.5 * k)
        angle = math.atan2(math.sin(t) * math.sin(math.radians(52)), math.cos(t)) - math.pi / 2
        c.path(f"M{x + (r - 140) * math.cos(angle):.1f} {y + (r - 140) * math.sin(angle):.1f}L{x + (r - 128) * math.cos(angle):.1f} {y + (r - 128) * math.sin(angle):.1f}", stroke="#7b5420", width=2)
    shadow = math.radians(-58)
    tip = (x + 470 * math.cos(shadow), y + 470 * math.sin(shadow))
    c.path(f"M{x - 16} {y + 8}L{tip[0]:.0f} {tip[1]:.0f}L{x + 30} {y + 20}Z", "#4c3210", opacity=.55)
    c.path(f"M{x - 20} {y + 30}L{x - 4} {y - 330}L{x + 26} {y + 34}Z", "#8c6a2d")
    c.path(f"M{x - 20} {y + 30}L{x - 4} {y - 330}L{x + 4} {y + 32}Z", "#c9a557")
    figure = []
    for day in range(0, 365, 5):
        b = math.radians(360 / 365 * (day - 81))
        minutes = 9.87 * math.sin(2 * b) - 7.53 * math.cos(b) - 1.5 * math.sin(b)
        figure.append((118 + minutes * 4.6, 450 - 250 * math.sin(b)))
    c.path(smooth(figure, closed=True), stroke="#9a4f22", width=6)
    for px, py in figure[::6]:
        c.circle(px, py, 7, fill="#9a4f22")
    return c


def log_end(c, x, y, radius, crack, rings=34, tint=0.0):
    """Annual rings round an off-centre heart, bark outside."""
    shape = c.noise(4)
    heart = (x - radius * .12, y + radius * .07)

    def outline(r, wobble):
        t = r / radius
        points = []
        for i in range(72):
            a = i / 72 * math.tau
            k = r * (1 + wobble * shape(2 * math.cos(a) + 3 * math.sin(a) + t))
            points.append((heart[0] + (x - heart[0]) * t + k * math.cos(a), heart[1] + (y - heart[1]) * t + k * math.sin(a)))
        return smooth(points, closed=True)

    c.path(outline(radius * 1.075, .03), "#efe9dd", "#3a2a1c", 9)
    for i in range(46):
        a = c.chance.uniform(0, math.tau)
        px, py = x + radius * 1.045 * math.cos(a), y + radius * 1.045 * math.sin(a)
        c.path(f"M{px:.0f} {py:.0f}l{-math.sin(a) * 26:.0f} {math.cos(a) * 26:.0f}", stroke="#3a2a1c", width=6, opacity=.75)
    c.path(outline(radius, .03), mix("#eac995", "#d6b184", tint))
    r = radius
    gap = radius / rings
    while r > gap:
        c.path(outline(r, .03 * r / radius), mix("#e8c48d", "#c98f54", (1 - r / radius) ** 1.4) if c.chance.random() < .35 else "none", "#8a5a2b", c.chance.uniform(1.4, 4.6), opacity=.85, fill_opacity=.35)
        r -= gap * c.chance.uniform(.55, 1.45)
    c.circle(*heart, gap * .7, fill="#6b3f1d")
    if crack:
        a = crack
        far = (x + radius * 1.1 * math.cos(a), y + radius * 1.1 * math.sin(a))
        side = (-math.sin(a) * radius * .075, math.cos(a) * radius * .075)
        c.path(f"M{heart[0]:.0f} {heart[1]:.0f}L{far[0] + side[0]:.0f} {far[1] + side[1]:.0f}L{far[0] - side[0]:.0f} {far[1] - side[1]:.0f}Z", "#2b1a0e")


def rings():
    c = Canvas("rings")
    c.ground(c.gradient([(0, "#8f3f25"), (1, "#642815")], 0, 0, 1, 1))
    for i in range(120):
        x, y, turn = c.chance.uniform(0, 1600), c.chance.uniform(0, 900), c.chance.uniform(0, 360)
        c.path(f"M{x:.0f} {y:.0f}q{c.chance.uniform(20, 60):.0f} -26 {c.chance.uniform(60, 120):.0f} 6", stroke=c.chance.choice(["#e9c894", "#d4a566", "#f3deb6"]), width=c.chance.uniform(5, 15), opacity=.8, transform=f"rotate({turn:.0f} {x:.0f} {y:.0f})")
    c.circle(848, 500, 470, fill="#2a0f07", opacity=.42, filter=c.blur(22))
    log_end(c, 830, 460, 455, -.62, 40)
    return c


def shrinkage():
    c = Canvas("shrinkage", 1600, 760)
    c.ground("#efe6d4")
    log_end(c, 430, 380, 270, None, 26)
    log_end(c, 1170, 380, 248, -.35, 26, .6)
    for x, dry in ((430, False), (1170, True)):
        for dx, dy in ((-120, -130), (130, 120)):
            ry = 40 if not dry else 30
            c.add(f'<ellipse cx="{x + dx}" cy="{380 + dy}" rx="40" ry="{ry}" fill="#f7e8c9" stroke="#5b3b1c" stroke-width="6" transform="rotate({-45 if dry else 0} {x + dx} {380 + dy})"/>')
    c.path("M740 380h116M824 352l34 28l-34 28", stroke=CLAY, width=9)
    return c


def fern(c, x, y, length, angle, depth, width):
    """A frost frond: a bent spine with side branches that do the same."""
    steps, points = 16, [(x, y)]
    bend = c.chance.uniform(-.5, .5)
    for i in range(steps):
        a = angle + bend * i / steps
        points.append((points[-1][0] + length / steps * math.cos(a), points[-1][1] + length / steps * math.sin(a)))
    c.path(smooth(points), stroke="#eef6fa", width=round(width, 1), opacity=.82)
    if depth == 0:
        return
    for i in range(2, steps):
        a = angle + bend * i / steps
        reach = length * .42 * (1 - i / steps) + length * .03
        for side in (-1, 1):
            fern(c, *points[i], reach * c.chance.uniform(.75, 1.1), a + side * 1.02, depth - 1, max(width * .5, .8))


def frost():
    c = Canvas("frost")
    c.ground(c.gradient([(0, "#0d2047"), (.6, "#2b588c"), (1, "#d2a987")]))
    c.add(f'<rect width="1600" height="900" fill="{c.glow([(.35, "#e8f2f700"), (1, "#e8f2f766")], .5, .42, .75)}"/>')
    starts = [(-10, 910, 640, -.9), (240, 915, 420, -1.3), (560, 915, 330, -1.75), (1610, 910, 690, -2.25), (1330, 915, 420, -1.8), (1020, 915, 300, -1.4),
              (-10, 420, 330, -.1), (1610, 380, 380, 3.3), (-10, -10, 380, .85), (1610, -10, 330, 2.3), (780, 915, 220, -1.55)]
    for x, y, length, angle in starts:
        fern(c, x, y, length, angle, 2, 5)
    c.add('<g fill="#e9e4d8"><rect x="786" width="28" height="900"/><rect y="436" width="1600" height="24"/></g><g fill="#0a1a38" opacity=".3"><rect x="814" width="9" height="900"/><rect y="460" width="1600" height="9"/></g>')
    return c


def waves():
    c = Canvas("waves")
    c.ground(c.gradient([(0, "#3a1f38"), (1, "#1b1224")]))
    parts = ((28.984, 1.62, 121, "#e0a9cf"), (30.0, .55, 163, "#e8bf71"), (28.44, .31, 98, "#8fc7cd"), (15.041, .22, 204, "#d98b70"), (13.943, .19, 41, "#b6cf94"))
    hours = lambda x: x * 372 / 1600
    total = [(x, 590 - 96 * sum(s * math.cos(math.radians(v * hours(x) - g)) for v, s, g, _ in parts)) for x in range(-20, 1624, 4)]
    c.path(smooth(total) + "L1640 910L-40 910Z", c.gradient([(0, "#c278aa66"), (1, "#c278aa08")]))
    for k in range(0, 1600, 103):
        c.path(f"M{k} 0V900", stroke="#f3e9f0", width=1, opacity=.1)
    for i, (speed, size, lag, colour) in enumerate(parts):
        line = [(x, 66 + i * 58 - 30 * (size / 1.62) ** .5 * math.cos(math.radians(speed * hours(x) - lag))) for x in range(-20, 1624, 4)]
        c.path(smooth(line), stroke=colour, width=2.6, opacity=.85)
    c.path(smooth(total), stroke="#fbeef6", width=5)
    c.path("M0 700H1600", stroke="#fbeef6", width=2.5, stroke_dasharray="3 13", opacity=.7)
    return c


def kettle():
    c = Canvas("kettle")
    c.ground(c.gradient([(0, "#16303d"), (.5, "#2e5560"), (.82, "#c07a34"), (1, "#f2b755")]))
    for i in range(9):
        shape = c.noise(3)
        c.path(smooth([(x, 130 + i * 78 + 24 * shape(x * .004 + i * .4)) for x in range(-20, 1650, 50)]), stroke="#f6e7c4", width=2, opacity=.1 + i * .02)
    for _ in range(260):
        x, depth = c.chance.uniform(0, 1600), c.chance.random() ** 1.7
        y, r = 880 - depth * 560, 5 + depth * 30 * c.chance.uniform(.5, 1.2)
        c.circle(x, y, r, fill=c.glow([(0, "#fff6de10"), (.75, "#fff6de2e"), (1, "#fff6debb")]), stroke="#fff3d6", width=1.6)
        c.path(f"M{x - r * .55:.1f} {y - r * .3:.1f}a{r * .62:.1f} {r * .62:.1f} 0 0 1 {r * .5:.1f} {-r * .42:.1f}", stroke="#ffffff", width=max(r * .11, 1.2), opacity=.9)
    for _ in range(22):
        x, y, r = c.chance.uniform(60, 1540), c.chance.uniform(170, 380), c.chance.uniform(14, 30)
        for k in range(11):
            a = k / 11 * math.tau + c.chance.uniform(-.1, .1)
            c.path(f"M{x + r * math.cos(a):.1f} {y + r * math.sin(a):.1f}L{x + 1.75 * r * math.cos(a):.1f} {y + 1.75 * r * math.sin(a):.1f}", stroke="#fff3d6", width=2.6, opacity=.72)
    c.add('<rect y="878" width="1600" height="22" fill="#2a2320"/>')
    return c


def chair():
    c = Canvas("chair")
    c.ground(c.gradient([(0, "#b9623c"), (1, "#9a4a29")], 0, 0, 1, 1))
    wood = ("#e4bd84", "#d8ac70", "#edca96")

    def part(x, y, w, h, turn=0, number=None, bow=0):
        colour = c.chance.choice(wood)
        shape = f"M{-w / 2} {-h / 2}Q0 {-h / 2 - bow} {w / 2} {-h / 2}V{h / 2}Q0 {h / 2 - bow} {-w / 2} {h / 2}Z"
        c.add(f'<g transform="translate({x} {y}) rotate({turn})">')
        c.path(shape, "#4b1e0c", opacity=.35, transform="translate(9 11)")
        c.path(shape, colour, "#7a4a22", 2.5)
        for k in range(int(min(w, h) / 9)):
            t = (k + .6) * 9 - min(w, h) / 2
            line = f"M{-w / 2 + 8} {t:.0f}Q0 {t - bow:.0f} {w / 2 - 8} {t:.0f}" if w > h else f"M{t:.0f} {-h / 2 + 8}V{h / 2 - 8}"
            c.path(line, stroke="#a8763f", width=1.4, opacity=.55)
        if number:
            c.add(f'<g transform="rotate({-turn})"><rect x="-30" y="-21" width="60" height="42" fill="#f4ecd8"/><text y="13" font-family="P052,Palatino,serif" font-style="italic" font-size="34" text-anchor="middle" fill="{INK}">{number}</text></g>')
        c.add("</g>")

    part(150, 450, 46, 720, 0, "1")
    part(250, 450, 46, 720, 0, "2")
    part(1350, 560, 46, 480, 0, "7")
    part(1450, 560, 46, 480, 0, "8")
    for i in range(3):
        part(560, 150 + i * 112, 440, 62, 0, str(3 + i), 26)
    part(560, 640, 440, 330, 0, "6")
    part(1050, 120, 400, 54)
    part(1050, 205, 400, 54)
    part(1050, 300, 400, 26)
    part(1050, 360, 400, 26)
    part(1050, 420, 400, 26)
    part(1050, 480, 400, 26)
    for i in range(8):
        part(900 + i * 43, 590, 22, 74)
    part(1080, 770, 360, 34, -8)
    c.add('<g transform="translate(960 720) rotate(-8)"><path d="M-90-40h120v90h-120z" fill="#26292b"/></g>')
    c.path("M1310 170q60 -60 130 0q40 40 100 6", stroke="#f4ecd8", width=9, stroke_dasharray="30 8")
    return c


def jar():
    c = Canvas("jar")
    c.ground(c.gradient([(0, "#efdcae"), (.66, "#e2c07a"), (.661, "#8a5a2c"), (1, "#5f3a1a")]))
    for i in range(12):
        shape = c.noise(3)
        c.path(smooth([(x, 625 + i * 25 + 5 * shape(x * .003)) for x in range(-20, 1650, 60)]), stroke="#3f2410", width=2, opacity=.35)
    c.add('<path d="M930 0H1600V560H1180Z" fill="#fff6d8" opacity=".35"/>')
    c.add('<ellipse cx="880" cy="806" rx="430" ry="44" fill="#2d1808" opacity=".5"/><ellipse cx="800" cy="800" rx="360" ry="36" fill="#f1e8d6"/><ellipse cx="800" cy="794" rx="300" ry="26" fill="#ddd1ba"/>')
    outline = "M560 250C520 300 512 340 512 400V740C512 780 540 800 580 800H1020C1060 800 1088 780 1088 740V400C1088 340 1080 300 1040 250V190H560Z"
    c.add(f'<g clip-path="{c.clip(f"<path d={chr(34)}{outline}{chr(34)}/>")}"><rect x="500" y="180" width="600" height="640" fill="#f7efd3" opacity=".55"/>'
          f'<rect x="500" y="318" width="600" height="500" fill="{c.gradient([(0, "#ece7b0"), (1, "#c3b25d")])}"/>')
    for _ in range(330):
        x, y = c.chance.uniform(490, 1100), 372 + c.chance.random() * 440
        bend = [(x + k * 24, y + c.chance.uniform(-22, 22)) for k in range(c.chance.choice([4, 5, 6]))]
        c.path(smooth(bend), stroke=mix(c.chance.choice(["#f3efc8", "#dfe0a0", "#c7cf86"]), "#a9a850", c.chance.random() * .5), width=c.chance.uniform(5, 12), opacity=.92)
    for _ in range(110):
        side = c.chance.choice([c.chance.uniform(520, 590), c.chance.uniform(1010, 1082), c.chance.uniform(520, 1080)])
        c.circle(side, c.chance.uniform(326, 790), c.chance.uniform(3, 9), fill="#fffbe6", opacity=.6, stroke="#ffffff", width=1)
    c.add('<rect x="500" y="312" width="600" height="11" fill="#fffbe0" opacity=".85"/></g>')
    c.path(outline, stroke="#7d6a3c", width=7, opacity=.75)
    c.path("M552 420V730", stroke="#ffffff", width=20, opacity=.6)
    c.path("M592 420V560", stroke="#ffffff", width=8, opacity=.5)
    c.add('<rect x="540" y="128" width="520" height="72" rx="12" fill="#5d6a6c"/><rect x="540" y="128" width="520" height="26" rx="12" fill="#8b9899"/><rect x="690" y="500" width="220" height="128" fill="#f8f1df" stroke="#b8a67c" stroke-width="3"/>')
    c.add(f'<g font-family="P052,Palatino,serif" font-style="italic" fill="{INK}" text-anchor="middle"><text x="800" y="556" font-size="44">1 Aug.</text><text x="800" y="604" font-size="34">2 %, 18 °C</text></g>')
    return c


PICTURES = {
    "rope": rope, "stone": stone, "foghorn": foghorn, "salt": salt, "sundial": sundial, "rings": rings,
    "shrinkage": shrinkage, "frost": frost, "waves": waves, "kettle": kettle, "chair": chair, "jar": jar,
}

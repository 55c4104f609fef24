"""The four who write here, as cut paper."""

from .canvas import INK, OCHRE, Canvas, mix

SIZE = 640


def person(name, ground, skin, coat, hair, extras):
    c = Canvas(name, SIZE, SIZE)
    c.ground(c.gradient([(0, mix(ground, "#ffffff", .28)), (1, ground)]))
    c.circle(320, 330, 250, fill=mix(ground, "#ffffff", .2), opacity=.55)
    hair(c, "behind")
    shade = mix(skin, "#3a1c10", .22)
    c.path("M262 380h116v90c0 40-116 40-116 0z", shade)
    c.path("M70 660C80 520 190 470 262 452C290 492 350 492 378 452C450 470 560 520 570 660Z", coat)
    c.path("M210 250C210 150 430 150 430 250V320C430 400 376 440 320 440C264 440 210 400 210 320Z", skin)
    c.path("M320 440C376 440 430 400 430 320V250C430 214 402 190 366 182C392 260 392 360 320 440Z", shade, opacity=.38)
    c.path("M322 290C330 320 338 338 322 346C316 349 310 348 304 345", stroke=shade, width=6)
    for x in (268, 372):
        c.add(f'<ellipse cx="{x}" cy="290" rx="8" ry="10" fill="{INK}"/>')
    c.path("M288 388C306 402 336 402 354 386", stroke=mix(skin, "#7a1f14", .62), width=7)
    hair(c, "front")
    extras(c)
    return c


def mara():
    def hair(c, layer):
        if layer == "behind":
            c.path("M178 300C170 160 470 160 462 300C466 380 470 430 440 470H200C170 430 174 380 178 300Z", "#c9c4b8")
        else:
            c.path("M204 268C210 220 260 200 320 200C380 200 430 220 436 268C400 236 350 226 300 232C258 236 226 248 204 268Z", "#dcd8ce")

    def extras(c):
        c.path("M196 232C196 130 444 130 444 232C400 214 240 214 196 232Z", "#24505a")
        c.path("M190 214C240 192 400 192 450 214V246C400 224 240 224 190 246Z", "#1b3e47")
        c.circle(320, 138, 17, fill="#1b3e47")
        c.path("M246 470C270 520 370 520 394 470L420 500C380 556 260 556 220 500Z", OCHRE)
        for x in (252, 356):
            c.path(f"M{x} 268q16 -10 32 0", stroke="#8d8578", width=6)

    return person("portrait-mara", "#7fa3a3", "#e7b896", "#2f4a3c", hair, extras)


def tomasz():
    def hair(c, layer):
        if layer == "front":
            c.path("M206 262C194 122 446 122 434 262C420 226 392 214 320 214C248 214 220 226 206 262Z", "#1c1512")
            c.path("M210 306C210 420 262 462 320 462C378 462 430 420 430 306C424 348 404 362 376 360C350 350 290 350 264 360C236 362 216 348 210 306Z", "#1c1512")
            c.path("M288 392C306 404 336 404 354 392C346 374 296 374 288 392Z", "#9c5c48")

    def extras(c):
        c.path("M262 452L230 660H196L214 468ZM378 452L410 660H444L426 468Z", "#7b4a2c")
        c.path("M398 232L520 196L524 210L402 250Z", "#e8c34d")
        c.path("M520 196l22 2l-18 12z", "#3a2a1c")
        for x in (248, 352):
            c.path(f"M{x} 264q20 -12 40 0", stroke="#1c1512", width=9)

    return person("portrait-tomasz", "#c98a62", "#7b4b33", "#d8cdb7", hair, extras)


def ines():
    def hair(c, layer):
        colour, light = "#6b2f1c", "#8a4226"
        if layer == "behind":
            for x, y, r in ((220, 230, 74), (420, 230, 74), (320, 178, 92), (186, 310, 66), (454, 310, 66), (206, 388, 56), (434, 388, 56), (262, 186, 70), (380, 186, 70)):
                c.circle(x, y, r, fill=colour)
        else:
            for x, y, r in ((240, 216, 34), (286, 198, 36), (336, 194, 36), (384, 202, 34), (416, 228, 28), (218, 250, 26)):
                c.circle(x, y, r, fill=light)

    def extras(c):
        c.path("M262 452C280 500 360 500 378 452L404 462L366 560H274L236 462Z", "#fbf6ea")
        c.path("M274 560L236 462L150 500L196 660H444L490 500L404 462L366 560Z", "#fbf6ea", opacity=.92)
        c.path("M320 548V660", stroke="#cfc6b2", width=5)
        for x in (250, 354):
            c.path(f"M{x} 266q18 -12 36 -2", stroke="#5a2615", width=7)

    return person("portrait-ines", "#d9b25c", "#f0cdb0", "#fbf6ea", hair, extras)


def jun():
    def hair(c, layer):
        if layer == "behind":
            c.path("M196 300C186 150 454 150 444 300L452 372H188Z", "#15181c")
        else:
            c.path("M200 282C188 108 452 104 440 282C424 244 410 232 388 228C360 250 262 262 200 282Z", "#15181c")
            c.path("M318 168C350 176 374 196 388 228", stroke="#343b43", width=6)

    def extras(c):
        for x in (264, 376):
            c.circle(x, 292, 41, fill="#ffffff", fill_opacity=.16, stroke="#20262b", width=8)
        c.path("M305 288q15 -10 30 0M223 284l-16 -6M417 284l16 -6", stroke="#20262b", width=8)
        c.path("M180 330C160 250 186 130 320 130C454 130 480 250 460 330", stroke="#c24d3a", width=17)
        c.add('<rect x="160" y="298" width="44" height="86" rx="20" fill="#c24d3a"/><rect x="436" y="298" width="44" height="86" rx="20" fill="#c24d3a"/>')
        c.path("M262 452L320 520L378 452L400 462L320 590L240 462Z", "#39305a")

    return person("portrait-jun", "#8d86ad", "#e9c3a0", "#4b4177", hair, extras)


PICTURES = {"portrait-mara": mara, "portrait-tomasz": tomasz, "portrait-ines": ines, "portrait-jun": jun}

// Keeps an open page current: exchanges stylesheets, loads the page again where it was scrolled
// to, shows mistakes over it.
(() => {
  const script = document.currentScript;
  const seen = script.dataset.page;
  const memory = "galley-dev-scroll";

  const kept = JSON.parse(sessionStorage.getItem(memory) || "null");
  sessionStorage.removeItem(memory);
  if (kept && kept.path === location.pathname) {
    history.scrollRestoration = "manual";
    const back = () => scrollTo({ left: kept.x, top: kept.y, behavior: "instant" });
    back();
    addEventListener("load", () => {
      back();
      history.scrollRestoration = "auto";
    });
  }

  function again() {
    const place = { path: location.pathname, x: scrollX, y: scrollY };
    sessionStorage.setItem(memory, JSON.stringify(place));
    location.reload();
  }

  // `/assets/site.0123abcd.css` and `/assets/site.4567cdef.css` are one stylesheet.
  const name = (url) => new URL(url, location.href).pathname.replace(/\.[0-9a-f]{8,64}\.css$/, "");

  function exchange(styles) {
    for (const link of document.querySelectorAll("link[rel~=stylesheet][href]")) {
      const url = styles.find((url) => name(url) === name(link.href));
      if (!url || new URL(url, location.href).pathname === new URL(link.href).pathname) continue;
      const fresh = link.cloneNode();
      fresh.removeAttribute("integrity");
      fresh.href = url;
      // The old one stays until the new one counts: no moment without style.
      fresh.addEventListener("load", () => link.remove());
      link.after(fresh);
    }
  }

  let overlay = null;

  function show(failures) {
    hide();
    overlay = document.createElement("galley-dev-overlay");
    const root = overlay.attachShadow({ mode: "open" });
    const style = new CSSStyleSheet();
    style.replaceSync(`
      :host { position: fixed; inset: 0; z-index: 2147483647; overflow: auto; background: #1c1512f2;
              color: #f6efe9; font: 15px/1.5 system-ui, sans-serif; padding: 2em; }
      h1 { font-size: 1.2em; color: #ff9d76; margin: 0 0 .5em; white-space: pre-wrap; }
      p { margin: .2em 0; } section { max-width: 60em; margin: 0 auto 2em; }
      pre { background: #00000066; padding: 1em; overflow: auto; tab-size: 2; }
      b { color: #ff9d76; font-weight: normal; } button { float: right; font: inherit; }`);
    root.adoptedStyleSheets = [style];
    const part = (parent, tag, text) => {
      const element = document.createElement(tag);
      element.textContent = text;
      parent.append(element);
      return element;
    };
    part(root, "button", "close").addEventListener("click", hide);
    for (const failure of failures) {
      const section = part(root, "section", "");
      part(section, "h1", failure.message);
      const line = failure.line ? `:${failure.line}` : "";
      if (failure.template) part(section, "p", `${failure.template}${line}`);
      if (failure.url) part(section, "p", `page ${failure.url}`);
      if (failure.entry) part(section, "p", `entry ${failure.entry}`);
      if (failure.field) part(section, "p", `field ${failure.field}`);
      if (failure.excerpt.length) {
        const lines = part(section, "pre", "");
        for (const { text, hit } of failure.excerpt) part(lines, hit ? "b" : "span", text + "\n");
      }
    }
    document.documentElement.append(overlay);
  }

  function hide() {
    if (overlay) overlay.remove();
    overlay = null;
  }

  async function look() {
    const path = encodeURIComponent(decodeURIComponent(location.pathname));
    const answer = await fetch(`/-/dev/page?path=${path}`).catch(() => null);
    if (!answer) return;
    const now = await answer.json();
    if (now.failures) return show(now.failures);
    if (now.page !== seen) return again();
    hide();
    exchange(now.styles);
  }

  // Every number means: look again. The first one catches up with what happened meanwhile.
  const events = new EventSource("/-/dev/events");
  events.onmessage = look;
  addEventListener("pagehide", () => events.close());
})();

// Searches the site's index. A form with `data-search="/search/en/"` gets results as its field
// is typed into; without this script the form goes where its `action` says.
const LONGEST = 32;
const loaded = new Map();

function load(url) {
  if (!loaded.has(url)) {
    loaded.set(url, fetch(url).then((answer) => (answer.ok ? answer.json() : {})));
  }
  return loaded.get(url);
}

export function words(text) {
  const normal = text.normalize("NFKD").replace(/[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]/g, "");
  const apart = normal.replace(/[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]/g, " $& ");
  const found = apart.toLowerCase().replaceAll("ς", "σ").split(/[^\p{Alphabetic}\p{N}]+/u).filter(Boolean);
  return found.map((word) => [...word].slice(0, LONGEST).join(""));
}

const SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

function partOfId(id, parts) {
  return (SIGNS.indexOf(id[0]) * 64 + SIGNS.indexOf(id[1])) % parts;
}

function part(word, parts) {
  const signs = [...word];
  return (signs[0].codePointAt(0) * 31 + (signs[1]?.codePointAt(0) ?? 0)) % parts;
}

export async function search(folder, text, limit = 20) {
  const index = await load(`${folder}index.json`);
  const asked = [...new Set(words(text))];
  if (!asked.length || !index.words) return [];
  const scores = await Promise.all(asked.map(async (word) => {
    const all = await load(`${folder}words-${part(word, index.words)}.json`);
    const found = new Map();
    // Of a very common word not all documents are named: it leaves none out.
    found.common = false;
    for (const [known, places] of Object.entries(all)) {
      // The beginning of a word counts from its second sign on, the whole word more.
      if (known !== word && !(word.length > 1 && known.startsWith(word))) continue;
      const list = places.split(" ");
      if (list[0] === "+") {
        found.common = true;
        list.shift();
      }
      for (let at = 0; at < list.length; at += 2) {
        const score = Number(list[at + 1]) * (known === word ? 2 : 1);
        found.set(list[at], (found.get(list[at]) ?? 0) + score);
      }
    }
    return found;
  }));
  const telling = scores.filter((found) => !found.common);
  const [first, ...others] = telling.length ? telling : scores;
  const ids = [...first.keys()].filter((id) => others.every((found) => found.has(id)));
  const total = (id) => scores.reduce((sum, found) => sum + (found.get(id) ?? 0), 0);
  ids.sort((one, other) => total(other) - total(one) || (one < other ? -1 : 1));
  return Promise.all(ids.slice(0, limit).map(async (id) => {
    const results = await load(`${folder}results-${partOfId(id, index.results)}.json`);
    const [url, title, excerpt] = results[id];
    return { url, title, excerpt };
  }));
}

function show(form, found, asked) {
  const list = form.querySelector("[data-search-results]");
  const status = form.querySelector("[data-search-status]");
  list.replaceChildren(...found.map(({ url, title, excerpt }) => {
    const item = document.createElement("li");
    const link = document.createElement("a");
    link.href = url;
    link.textContent = title;
    const text = document.createElement("p");
    text.textContent = excerpt;
    item.append(link, text);
    return item;
  }));
  status.textContent = asked && !found.length ? form.dataset.searchNone : asked ? String(found.length) : "";
}

if (typeof document !== "undefined") {
  for (const form of document.querySelectorAll("form[data-search]")) {
    const field = form.querySelector("input[type=search]");
    let last = 0;
    const ask = async () => {
      const mine = ++last;
      const found = await search(form.dataset.search, field.value);
      if (mine === last) show(form, found, field.value.trim());
    };
    field.addEventListener("input", ask);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      ask();
    });
    const asked = new URLSearchParams(location.search).get(field.name);
    if (asked) {
      field.value = asked;
      ask();
    }
  }
}

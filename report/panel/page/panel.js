// The page is whole without this: it keeps it up to date. Text is only ever set as
// text, so that none of it can become a part of the page.
(() => {
  "use strict";
  const byId = (id) => document.getElementById(id);
  const put = (e, text) => { if (e && e.textContent !== text) e.textContent = text; };
  const make = (name, kind, text) => {
    const e = document.createElement(name);
    if (kind) e.className = kind;
    if (text) e.textContent = text;
    return e;
  };
  const fill = (id, items, row) => byId(id).replaceChildren(...items.map(row));
  const inside = (e, ...parts) => { e.append(...parts); return e; };
  const draw = (name, attributes) => {
    const e = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v);
    return e;
  };

  const bar = (t) => inside(make("li"), make("span", "", t.protocol),
    inside(draw("svg", { viewBox: "0 0 100 8", preserveAspectRatio: "none", "aria-hidden": "true" }),
      draw("rect", { class: "back", width: 100, height: 8 }), draw("rect", { width: t.share, height: 8 })),
    make("span", "n", t.amount));

  const requirement = (q) => {
    const sub = make("span", "sub", q.title);
    if (q.title && q.ground) sub.append(make("br"));
    sub.append(q.ground);
    return inside(make("li"), make("span", "verdict " + q.class, q.verdict),
      inside(make("span", "title"), make("code", "", q.rule), " ", make("small", "", q.severity)), sub);
  };

  const finding = (f) => {
    const sub = inside(make("span", "sub"), make("code", "", f.rule));
    if (f.verdict) sub.append(" ", make("span", "verdict " + f.class, f.verdict));
    if (f.waived) sub.append(" ", make("span", "verdict waived", "waived"));
    sub.append(" " + f.parties, make("br"), f.seen);
    const li = inside(make("li", "new"), make("span", "severity " + f.severity, f.severity), make("span", "title", f.message), sub);
    li.dataset.id = f.id;
    return li;
  };

  const show = {
    headline: (text) => put(byId("headline"), text),
    at: (text) => put(byId("at"), text),
    problems: (lines) => fill("problems", lines, (text) => make("li", "", text)),
    coverage: (lines) => fill("coverage", lines, (text) => make("li", "", text)),
    tiles: (tiles) => {
      for (const t of tiles) {
        const e = byId("tile-" + t.key);
        if (!e) continue;
        e.className = t.class;
        put(e.querySelector("b"), t.text);
        put(e.querySelector("i"), t.note);
      }
    },
    line: (l) => { byId("line").setAttribute("points", l.points); put(byId("line-words"), l.words); },
    facts: (facts) => { for (const f of facts) put(byId("fact-" + f.key), f.text); },
    sinks: (sinks) => {
      byId("unsunk").hidden = sinks.length > 0;
      fill("sinks", sinks, (k) => inside(make("li"), make("span", "verdict " + k.class, k.state), " ", make("span", "", k.name), " ",
        make("small", "", `${k.told} told, ${k.waiting} waiting, ${k.dropped} lost`)));
    },
    traffic: (list) => fill("traffic", list, bar),
    requirements: (list) => fill("requirements", list, requirement),
  };

  const link = byId("link");
  const say = (text, kind) => { put(link, text); link.className = "link " + kind; };
  const clock = () => new Date().toISOString().slice(11, 19) + " UTC";
  let lost = "";      // since when there is no connection, "" while there is one
  let heard = 0;      // when the last state came
  let stream = null;
  let again = 0;

  const live = () => {
    heard = performance.now();
    say(lost ? `Live again; there was no connection from ${lost} to ${clock()}.` : "Live.", "live");
  };

  const connect = () => {
    clearTimeout(again);
    if (stream) stream.close();
    stream = new EventSource("/events");
    stream.addEventListener("hello", (e) => {
      // Another run of the sensor has other findings: begin anew.
      if (JSON.parse(e.data).run !== document.body.dataset.run) location.reload();
    });
    stream.addEventListener("state", (e) => {
      if (!link.classList.contains("live")) live();
      heard = performance.now();
      for (const [part, value] of Object.entries(JSON.parse(e.data))) if (show[part]) show[part](value);
    });
    stream.addEventListener("alert", (e) => {
      const f = JSON.parse(e.data);
      const list = byId("findings");
      for (const li of Array.from(list.children)) if (li.dataset.id === f.id) li.remove();
      list.prepend(finding(f));
      while (list.children.length > 100) list.lastElementChild.remove();
      byId("none").hidden = true;
    });
    stream.addEventListener("error", () => {
      if (link.classList.contains("live") || !lost) lost = clock();
      say(`The connection was lost at ${lost}; trying again. What is shown is old.`, "lost");
      // The browser tries again by itself unless the answer was an error.
      if (stream.readyState === EventSource.CLOSED) again = setTimeout(connect, 2000);
    });
  };

  setInterval(() => {
    const silent = Math.round((performance.now() - heard) / 1000);
    if (heard && link.classList.contains("live") && silent >= 5) {
      lost = clock();
      say(`The sensor has said nothing since ${lost}. What is shown is old.`, "lost");
    }
  }, 1000);
  connect();
})();

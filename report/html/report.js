// The page is whole without this: it adds the filter of the findings, opens what
// a link leads to, and copies the commands.
(() => {
  "use strict";
  const byId = (id) => document.getElementById(id);
  const form = byId("filter");
  const cards = form ? Array.from(document.querySelectorAll("#findings li[data-rule]")) : [];
  const groups = form ? Array.from(document.querySelectorAll("#findings .group")) : [];
  const keys = ["severity", "rule", "device", "waived"];
  let texts = null; // of the cards, in lower case, once they are searched
  const facts = cards.map((c) => keys.map((k) => c.getAttribute("data-" + k)));

  const wanted = () => Object.fromEntries([...keys, "q"].map((k) => [k, form.elements[k].value.trim()]));

  const apply = () => {
    const want = wanted();
    const q = want.q.toLowerCase();
    if (q && !texts) texts = cards.map((c) => c.textContent.toLowerCase());
    let n = 0;
    cards.forEach((card, i) => {
      const show = facts[i].every((fact, k) => !want[keys[k]] || fact === want[keys[k]]) && (!q || texts[i].includes(q));
      if (card.hidden === show) card.hidden = !show;
      if (show) n++;
    });
    for (const g of groups) g.hidden = !g.querySelector("li[data-rule]:not([hidden])");
    byId("shown").textContent = n === cards.length ? `All ${n} findings are shown.` : `${n} of ${cards.length} findings are shown. Print shows all.`;
  };

  // The fragment holds either the id of an element or, behind "filter", what is
  // wanted: the address of the page then says what it shows.
  const remember = () => {
    const q = new URLSearchParams();
    for (const [k, v] of Object.entries(wanted())) if (v) q.set(k, v);
    history.replaceState(null, "", q.size ? "#filter&" + q : location.pathname + location.search);
  };

  const follow = () => {
    const hash = location.hash.slice(1);
    if (form && hash.startsWith("filter&")) {
      const q = new URLSearchParams(hash.slice(7));
      for (const k of [...keys, "q"]) form.elements[k].value = q.get(k) || "";
      apply();
      byId("findings").scrollIntoView();
      return;
    }
    const target = hash && byId(hash);
    if (!target) return;
    if (form && target.closest("[hidden]")) {
      form.reset(); // what a link leads to is not hidden
      return;
    }
    const details = target.querySelector("details");
    if (details && target.matches("li")) details.open = true;
    for (let up = target.parentElement; up; up = up.parentElement) if (up.matches("details")) up.open = true;
    target.scrollIntoView();
  };

  if (form) {
    form.hidden = false;
    let timer = 0;
    form.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => { apply(); remember(); }, 120);
    });
    form.addEventListener("submit", (e) => e.preventDefault());
    form.addEventListener("reset", () => setTimeout(() => {
      apply();
      if (location.hash.startsWith("#filter&")) remember();
      else follow();
    }));
    const openAll = (open) => { for (const c of cards) if (!c.hidden) c.firstElementChild.open = open; };
    byId("open").addEventListener("click", () => openAll(true));
    byId("close").addEventListener("click", () => openAll(false));
    apply();
  }
  addEventListener("hashchange", follow);
  follow();

  // A link to where the page already is opens it again.
  document.addEventListener("click", (e) => {
    const a = e.target.closest('a[href^="#"]');
    if (a && a.getAttribute("href") === location.hash) follow();
  });

  // Paper shows what is closed. Where the style cannot open it, this does.
  if (!CSS.supports("selector(::details-content)")) {
    let opened = [];
    addEventListener("beforeprint", () => {
      opened = Array.from(document.querySelectorAll("details:not([open])"));
      for (const d of opened) d.open = true;
    });
    addEventListener("afterprint", () => { for (const d of opened) d.open = false; });
  }

  const recipe = byId("recipe");
  if (navigator.clipboard) {
    const copy = document.createElement("button");
    copy.type = "button";
    copy.textContent = "Copy";
    copy.addEventListener("click", async () => {
      await navigator.clipboard.writeText(recipe.textContent);
      copy.textContent = "Copied";
      setTimeout(() => { copy.textContent = "Copy"; }, 2000);
    });
    recipe.before(copy);
    copy.className = "copy";
  }
})();

// Two things that make a page quicker; each works without them too.
"use strict";

// A live page takes its content anew when the role says that something changed, unless a
// person is typing in it.
const main = document.querySelector("main[data-live]");
if (main && window.EventSource) {
  const busy = () => main.contains(document.activeElement) && document.activeElement.matches("input, select, textarea");
  const renew = async () => {
    if (busy()) return;
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (answer.redirected) return location.reload(); // the session is over
    if (!answer.ok || busy()) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
    const at = document.activeElement && document.activeElement.getAttribute("href");
    main.replaceChildren(...fresh.childNodes);
    if (at) main.querySelector(`a[href="${CSS.escape(at)}"]`)?.focus();
    finders();
  };
  let events;
  const watch = () => {
    events?.close();
    if (document.hidden) return; // a browser has few connections for many tabs
    events = new EventSource("/events");
    events.addEventListener("open", renew); // also after the connection was gone for a while
    events.addEventListener("changed", renew);
  };
  document.addEventListener("visibilitychange", watch);
  watch();
}

// A field that hides the rows which do not have its words.
function finders() {
  for (const field of document.querySelectorAll("[data-find]")) {
    field.closest("label").hidden = false;
    field.addEventListener("input", () => {
      const words = field.value.toLowerCase().split(/\s+/);
      for (const row of document.querySelectorAll(field.dataset.find + " tbody tr")) {
        const text = row.textContent.toLowerCase();
        row.hidden = !words.every((word) => text.includes(word));
      }
    });
  }
}
finders();

// Three things that make a page quicker; each works without them too.
"use strict";

// A live page takes its content anew when the site says that something changed, unless a
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

// Drawing on a held picture fills the form's next empty line, in pixels of the image.
const space = "http://www.w3.org/2000/svg";
for (const picture of document.querySelectorAll("svg[data-draw]")) {
  const form = document.querySelector("#decide .regions");
  if (!form) break;
  picture.classList.add("draws");
  let from = null, box = null;
  const point = (e) => {
    const p = new DOMPoint(e.clientX, e.clientY).matrixTransform(picture.getScreenCTM().inverse());
    const edge = picture.viewBox.baseVal;
    return [Math.min(edge.width, Math.max(0, p.x)), Math.min(edge.height, Math.max(0, p.y))];
  };
  picture.addEventListener("pointerdown", (e) => {
    e.preventDefault();
    picture.setPointerCapture(e.pointerId);
    from = point(e);
    box = picture.appendChild(document.createElementNS(space, "rect"));
    box.setAttribute("class", "black");
  });
  picture.addEventListener("pointermove", (e) => {
    if (!from) return;
    const to = point(e);
    box.setAttribute("x", Math.floor(Math.min(from[0], to[0])));
    box.setAttribute("y", Math.floor(Math.min(from[1], to[1])));
    box.setAttribute("width", Math.ceil(Math.abs(from[0] - to[0])));
    box.setAttribute("height", Math.ceil(Math.abs(from[1] - to[1])));
  });
  const end = () => {
    if (!from) return;
    from = null;
    if (!(box.getAttribute("width") > 0 && box.getAttribute("height") > 0)) return box.remove();
    let line = [...form.querySelectorAll(".region")].find((l) => ["x", "y", "width", "height"].every((n) => l.querySelector(`[name=${n}]`).value === ""));
    if (!line) {
      const last = [...form.querySelectorAll(".region")].at(-1);
      line = last.cloneNode(true);
      last.after(line);
    }
    line.querySelector("[name=image]").value = picture.dataset.draw;
    for (const n of ["x", "y", "width", "height"]) line.querySelector(`[name=${n}]`).value = box.getAttribute(n);
  };
  picture.addEventListener("pointerup", end);
  picture.addEventListener("pointercancel", () => { box?.remove(); from = null; });
}

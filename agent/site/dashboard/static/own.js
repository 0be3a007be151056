"use strict";

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

// Leafing through a study: another number in the field, by typing or with the arrow keys, or
// a turn of the wheel over the image. Without script the form and its links do the same.
function leaf(form, to) {
  const field = form.querySelector("[name=image]"), shown = document.querySelector("#slice");
  const of = Number(form.dataset.of), n = Math.min(of, Math.max(1, Math.round(to)));
  if (!shown || !Number.isFinite(n)) return;
  field.value = n;
  shown.src = form.dataset.images + (n - 1);
  shown.alt = `Image ${n} of ${of}`;
  const query = new URLSearchParams(new FormData(form));
  history.replaceState(null, "", `?${query}#images`);
  for (const link of form.querySelectorAll("a[rel]")) {
    query.set("image", Math.min(of, Math.max(1, n + (link.rel === "next" ? 1 : -1))));
    link.href = `?${query}#images`;
  }
}
document.addEventListener("input", (e) => {
  const form = e.target.closest?.("form[data-images]");
  if (form && e.target.name === "image" && e.target.value !== "") leaf(form, Number(e.target.value));
});
document.addEventListener("wheel", (e) => {
  if (e.target.id !== "slice" || e.ctrlKey) return;
  const form = document.querySelector("form[data-images]");
  e.preventDefault();
  leaf(form, Number(form.querySelector("[name=image]").value) + Math.sign(e.deltaY));
}, { passive: false });

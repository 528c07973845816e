"use strict";
// A click on the head of a column sorts the table by the first number of each cell, or by its text. A column
// with powers of ten is sorted by logarithms.
for (const table of document.querySelectorAll("table")) {
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  const text = (cell) => cell.textContent.trim().replace("−", "-");
  const power = (cell) => /^10<sup>−?([\d.]+)/.test(cell.innerHTML) && cell.querySelector("sup");
  const number = (cell, isLogarithm) => {
    const exponent = power(cell);
    if (exponent) return parseFloat(text(exponent));
    const value = parseFloat(text(cell)) / (isLogarithm && text(cell).includes("%") ? 100 : 1);
    return isLogarithm ? Math.log10(value) : value;
  };
  const compare = (a, b, isLogarithm) => {
    const [x, y] = [number(a, isLogarithm), number(b, isLogarithm)];
    if (Number.isNaN(x) || Number.isNaN(y)) return text(a).localeCompare(text(b));
    return x - y;
  };
  heads.forEach((head, column) => {
    // A browser prints no `button` in a head that it repeats on the next page.
    const button = document.createElement("span");
    button.tabIndex = 0;
    button.setAttribute("role", "button");
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      button.click();
    });
    button.addEventListener("click", () => {
      const rising = head.getAttribute("aria-sort") !== "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", rising ? "ascending" : "descending");
      const rows = [...body.rows];
      const isLogarithm = rows.some((row) => power(row.cells[column]));
      const order = (a, b) => compare(a.cells[column], b.cells[column], isLogarithm);
      rows.sort((a, b) => (rising ? 1 : -1) * order(a, b));
      body.append(...rows);
    });
  });
}
// The value nearest to the pointer stands beside it. Without this script, a browser shows the title of a dot.
const REACH = 24;
const tip = document.createElement("div");
tip.className = "tip";
tip.hidden = true;
document.body.append(tip);
for (const svg of document.querySelectorAll("figure svg")) {
  const dots = [...svg.querySelectorAll("circle > title")].map((title) => {
    const circle = title.parentNode;
    title.remove();
    const [x, y] = [circle.cx.baseVal.value, circle.cy.baseVal.value];
    return { x, y, colour: circle.getAttribute("fill"), text: title.textContent };
  });
  const areas = new Map([...svg.querySelectorAll("path > title")].map((title) => {
    const area = title.parentNode;
    title.remove();
    return [area, title.textContent];
  }));
  svg.addEventListener("pointerleave", () => (tip.hidden = true));
  svg.addEventListener("pointermove", (event) => {
    const box = svg.getBoundingClientRect();
    const scale = box.width / svg.viewBox.baseVal.width;
    const place = (dot) => [box.left + dot.x * scale, box.top + dot.y * scale];
    const distance = ([x, y]) => Math.hypot(x - event.clientX, y - event.clientY);
    const near = dots.reduce((a, b) => (distance(place(b)) < distance(place(a)) ? b : a), { x: -1e9, y: 0 });
    const area = areas.get(event.target);
    const [x, y] = area ? [event.clientX, event.clientY] : place(near);
    tip.hidden = distance([x, y]) > REACH;
    tip.textContent = area ?? near.text;
    const right = document.documentElement.clientWidth - tip.offsetWidth;
    tip.style.left = `${Math.max(0, Math.min(x + 12, right))}px`;
    tip.style.top = `${y + 12}px`;
  });
  addSlider(svg, dots);
}
// A slider under a figure whose lines are steps of a training: it leaves one step, or all of them.
function addSlider(svg, dots) {
  const colours = new Map();
  for (const { colour, text } of dots) {
    const step = /^step (\d+): /.exec(text);
    if (step) colours.set(Number(step[1]), colour);
  }
  const steps = [...colours.keys()].sort((a, b) => a - b);
  if (!steps.length) return;
  const lines = [...svg.querySelectorAll("path")].filter((line) =>
    [...colours.values()].includes(line.getAttribute("stroke")));
  const slider = document.createElement("input");
  Object.assign(slider, { type: "range", min: 0, max: steps.length, value: 0 });
  const shown = document.createElement("span");
  const show = () => {
    const step = steps[slider.value - 1];
    shown.textContent = step === undefined ? "all" : step;
    const isShown = (line) => step === undefined || line.getAttribute("stroke") === colours.get(step);
    for (const line of lines) line.style.opacity = isShown(line) ? 1 : 0.1;
  };
  slider.addEventListener("input", show);
  const label = document.createElement("label");
  label.className = "steps";
  label.append("step of training ", slider, shown);
  svg.after(label);
  show();
}

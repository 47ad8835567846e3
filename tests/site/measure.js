// Opens each of PAGES in a frame of WIDTH pixels, and writes down what sticks out, scrolls or is too pale.
const found = [];

function name(element) {
  return element.tagName.toLowerCase() + [...element.classList].map((each) => "." + each).join("");
}

function scrolls(element, view) {
  const { overflowX: how, display } = view.getComputedStyle(element);
  return display !== "inline" && (how === "auto" || how === "scroll" || how === "hidden");
}

function inABoxThatScrolls(element, view) {
  for (let box = element.parentElement; box && box.tagName !== "ARTICLE"; box = box.parentElement)
    if (scrolls(box, view)) return true;
  return false;
}

function colour(text) {
  const [red, green, blue, opacity = 1] = text.match(/[\d.]+/g).map(Number);
  return { parts: [red, green, blue], opacity };
}

function mixed(upper, lower) {
  return { parts: upper.parts.map((part, i) => part * upper.opacity + lower.parts[i] * (1 - upper.opacity)), opacity: 1 };
}

function ground(element, view) {
  const layers = [];
  for (let each = element; each; each = each.parentElement) {
    layers.push(colour(view.getComputedStyle(each).backgroundColor));
    if (layers.at(-1).opacity === 1) break;
  }
  return layers.reduceRight((lower, upper) => mixed(upper, lower), { parts: [255, 255, 255], opacity: 1 });
}

function luminance({ parts }) {
  const [red, green, blue] = parts.map((part) => part / 255).map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(element, view) {
  const behind = ground(element, view);
  const [dark, light] = [mixed(colour(view.getComputedStyle(element).color), behind), behind].map(luminance).sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

function hasText(element) {
  return [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim());
}

function place(element, view, complain) {
  const box = element.getBoundingClientRect();
  if (box.right > WIDTH + 1 && !inABoxThatScrolls(element, view)) complain(`sticks out by ${Math.round(box.right - WIDTH)}`, element);
  const hidden = element.scrollWidth - element.clientWidth;
  if (WIDTH >= WIDE && element.clientWidth > 1 && scrolls(element, view) && hidden > 1) complain(`scrolls sideways by ${hidden}`, element);
}

async function look(page) {
  const frame = document.createElement("iframe");
  frame.style.cssText = `border: 0; position: absolute; left: 0; top: 0; height: 900px; width: ${WIDTH}px`;
  document.body.append(frame);
  await new Promise((done) => { frame.onload = done; frame.src = page; });
  const view = frame.contentWindow, inside = frame.contentDocument;
  if (view.MathJax) await view.MathJax.startup.promise;
  await Promise.all([...inside.fonts].map((font) => font.load())); // letters of another font have other widths
  for (const folded of inside.querySelectorAll("details")) folded.open = true;
  const complain = (what, element) => found.push([page.split("/").slice(-3).join("/"), what, `${name(element)} ${element.textContent.trim().slice(0, 60)}`]);
  const seen = [...inside.querySelectorAll("article *")].filter((each) => !each.closest("mjx-assistive-mml, svg *, .visually-hidden") && each.getBoundingClientRect().width > 1);
  for (const element of seen) place(element, view, complain);
  const sideways = inside.documentElement.scrollWidth - WIDTH;
  if (sideways > 0) complain(`the page scrolls sideways by ${sideways}`, inside.body);
  for (const picture of inside.images) if (picture.loading !== "lazy" && !picture.naturalWidth) complain("no picture", picture);
  if (WIDTH >= WIDE)
    for (const theme of ["light", "dark"]) {
      inside.body.dataset.theme = theme;
      for (const element of seen.filter(hasText)) {
        const reached = contrast(element, view);
        if (reached < READABLE) complain(`contrast ${reached.toFixed(1)} in ${theme}`, element);
      }
    }
  frame.remove();
}

(async () => {
  for (const page of PAGES) {
    try { await look(page); } catch (error) { found.push([page, String(error), ""]); }
  }
  document.body.innerHTML = '<pre id="found"></pre>';
  document.getElementById("found").textContent = JSON.stringify(found);
})();

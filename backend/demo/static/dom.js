// Building the page. Data becomes text nodes, never markup.

/** An element: `h("p", {class: "muted"}, "words", child)`. `on…` are listeners; null, undefined and false are left out. */
export function h(tag, given = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export const chip = (label, tone = "plain") => h("span", { class: "chip", "data-tone": tone }, label);

export const card = (title, ...children) => h("section", { class: "card" }, title && h("h2", {}, title), ...children);

/** A term and its description; nothing where there is nothing to say. */
export const line = (term, ...said) =>
  said.every((part) => part === null || part === undefined || part === "") ? null : h("div", {}, h("dt", {}, term), h("dd", {}, ...said));

export const lines = (...pairs) => h("dl", { class: "lines" }, ...pairs);

/** A button that works once at a time and shows what was refused where the person looks. */
export function button(label, work, kind = "") {
  const made = h("button", { class: kind, type: "button", onclick: () => once(made, work) }, label);
  return made;
}

export async function once(control, work) {
  if (control.disabled) return;
  control.disabled = true;
  try {
    await work();
  } catch (error) {
    said("bad", ...refusal(error));
  } finally {
    control.disabled = false;
  }
}

/** The server's refusal: its detail, each field's, each criterion's. */
export function refusal(error) {
  const problem = error.problem;
  if (!problem) {
    console.error(error);
    return ["页面出错了，请刷新后重试。"];
  }
  const fields = (problem.errors ?? []).filter((wrong) => wrong.detail !== problem.detail).map((wrong) => labelled(wrong));
  const criteria = (problem.criteria ?? []).map((criterion) => `${criterion.title}：${criterion.why}`);
  const points = [...new Set([...fields, ...criteria])];
  return [problem.detail, points.length ? h("ul", {}, points.map((point) => h("li", {}, point))) : null];
}

/** A field's refusal under the name the person sees: controls are named as the API names its fields. */
function labelled({ field: path, detail }) {
  const control = document.querySelector(`[name="${CSS.escape(path.split("/").findLast((part) => /[a-z]/.test(part)) ?? "")}"]`);
  const label = (control?.closest("fieldset") ?? control?.closest("label"))?.querySelector("legend, span")?.textContent;
  return label ? `${label}：${detail}` : detail;
}

/** Says something at the top of the page; without words, falls silent. */
export function said(tone, ...words) {
  const place = document.getElementById("flash");
  place.replaceChildren(...(words.length ? [message(tone, ...words)] : []));
  if (words.length) place.scrollIntoView({ block: "nearest" });
}

export function message(tone, first, ...others) {
  return h("div", { class: "said", "data-tone": tone }, h("p", {}, first), ...others);
}

/**
 * Asks in a dialog. `fields` are elements with named controls; `work` gets the form's elements and may refuse, in which
 * case the dialog stays with what was typed.
 */
export function ask({ title, words, fields = [], yes, kind = "primary" }, work) {
  const refused = h("div");
  const submit = h("button", { class: kind }, yes);
  const form = h("form", { class: "stack" }, h("h2", {}, title), words && h("p", {}, words), ...fields, refused,
    h("div", { class: "choices" }, submit, h("button", { type: "button", onclick: () => dialog.close() }, "取消")));
  const dialog = h("dialog", { "aria-label": title, onclose: () => dialog.remove() }, form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    submit.disabled = true;
    try {
      await work(form.elements);
      dialog.close();
    } catch (error) {
      const [detail, ...others] = refusal(error);
      refused.replaceChildren(message("bad", detail, ...others));
      refused.scrollIntoView({ block: "nearest" });
    } finally {
      submit.disabled = false;
    }
  });
  document.body.append(dialog);
  dialog.showModal();
}

/** A photo that no address leads to: drawn, because the page's policy shows images from addresses only. */
export function picture(blob, label) {
  const canvas = h("canvas", { class: "box", role: "img", "aria-label": label });
  createImageBitmap(blob).then((bitmap) => {
    Object.assign(canvas, { width: bitmap.width, height: bitmap.height });
    canvas.getContext("2d").drawImage(bitmap, 0, 0);
  });
  return canvas;
}

export function field(label, control, hint) {
  return h("label", {}, h("span", {}, label), hint && h("small", {}, hint), control);
}

export const words = (name, options = {}) => h("textarea", { name, maxlength: 500, rows: 3, ...options });

export function choice(name, options) {
  return h("select", { name, required: true }, Object.entries(options).map(([value, label]) => h("option", { value }, label)));
}

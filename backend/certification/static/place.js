// The public page works without this file; with it one can object, and follow an objection, on the spot.

const STATES = {
  received: "已收到，等待区指挥部答复",
  admitted: "已受理，公示暂停，正在核实",
  dismissed: "不予受理",
  upheld: "异议成立",
  overruled: "异议不成立",
};
const clock = new Intl.DateTimeFormat("zh-CN", {
  timeZone: "Asia/Shanghai", year: "numeric", month: "long", day: "numeric", hour: "2-digit", minute: "2-digit", hour12: false,
});

for (const time of document.querySelectorAll("time[datetime]")) time.textContent = clock.format(new Date(time.dateTime));

const [objection, follow] = ["objection", "follow"].map((id) => document.getElementById(id));
let pending = null; // the intent under way and its key, kept until it is answered

if (objection) {
  objection.hidden = false;
  objection.addEventListener("submit", (event) => {
    event.preventDefault();
    busy(objection, raise);
  });
}
if (follow) {
  document.getElementById("follow-up").hidden = false;
  follow.addEventListener("submit", (event) => {
    event.preventDefault();
    busy(follow, look);
  });
}

async function raise(form) {
  const body = JSON.stringify({ text: form.elements.text.value.trim(), contact: form.elements.contact.value.trim() || null });
  if (pending?.body !== body) pending = { body, key: newKey() };
  const answer = await ask(form.dataset.url, {
    method: "POST", body, headers: { "Content-Type": "application/json", "Idempotency-Key": pending.key },
  });
  if (answer.final) pending = null;
  if (!answer.ok) return say(form, "bad", answer.lines);
  form.hidden = true;
  follow.elements.number.value = answer.body.id;
  say(form, "good", ["已收到您的异议，区指挥部会答复。请记下编号，凭它查询处理结果：", answer.body.id]);
}

async function look(form) {
  const number = form.elements.number.value.trim().toLowerCase();
  if (!/^[0-9a-f-]{36}$/.test(number)) return say(form, "bad", ["编号不对，请核对后重试。"]);
  const answer = await ask(form.dataset.url.replace(/[^/]+$/, number));
  if (!answer.ok) return say(form, "bad", answer.lines);
  const { status, created_at, answer: words } = answer.body;
  const lines = [STATES[status] ?? status, `提出时间：${clock.format(new Date(created_at))}`];
  say(form, "notice", words ? [...lines, `答复：${words}`] : lines);
}

/** What came back, in words; `final` once the server has decided, so that the same intent needs no repeating. */
async function ask(url, options = {}) {
  try {
    const response = await fetch(url, { ...options, signal: AbortSignal.timeout?.(10_000) });
    const body = await response.json();
    const final = response.status < 500 && body.code !== "in_flight";
    return { ok: response.ok, final, body, lines: [body.detail, ...(body.errors ?? []).map((error) => error.detail)] };
  } catch {
    return { ok: false, final: false, lines: ["网络不通，您写的内容还在，请再试一次。"] };
  }
}

async function busy(form, work) {
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    await work(form);
  } finally {
    button.disabled = false;
  }
}

function say(form, tone, lines) {
  const place = document.getElementById(`${form.id}-said`);
  place.dataset.tone = tone;
  place.replaceChildren(...lines.filter(Boolean).map((line) => {
    const paragraph = document.createElement("p");
    paragraph.textContent = line;
    if (/^[0-9a-f-]{36}$/.test(line)) paragraph.className = "code";
    return paragraph;
  }));
  place.scrollIntoView({ block: "nearest" });
}

function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

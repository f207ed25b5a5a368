// The line of a mass distribution: each station's pace, the one that holds everyone up, when the last door is done.

import { all, get, post } from "./api.js";
import { ask, button, card, chip, field, h } from "./dom.js";
import { when } from "./group_words.js";

const TROLLEY = 10;

export async function page(desk, team, id) {
  const found = (await all(`/teams/${team.id}/lines`)).toSorted((a, b) => b.id.localeCompare(a.id));
  const chosen = id ?? found.find((line) => line.status === "open")?.id;
  return [
    h("div", { class: "event" }, h("h1", {}, "流水线"), button("开一条新的", () => open(desk, team), chosen ? "" : "primary")),
    ...(chosen ? seen(desk, await get(`/lines/${chosen}`)) : [h("p", {}, "没有在走的流水线。大批物资到的时候开一条：分拣、打包、搬运、上楼各站报数，系统看哪一站拖后腿。")]),
    earlier(found.filter((line) => line.id !== chosen)),
  ].filter(Boolean);
}

function seen(desk, line) {
  return [
    card(line.title, h("p", { class: "meta" }, chip(line.status_label, line.status === "open" ? "good" : "plain"), h("span", { class: "muted" }, `${when(line.created_at)} 开始，共 ${line.packs} 份`)),
      h("p", {}, h("b", {}, line.advice)),
      h("p", {}, line.ends_at ? `最后一户大约 ${when(line.ends_at)} 送到。` : "还估不出什么时候送完。"), line.beside && h("p", { class: "muted" }, line.beside),
      h("ol", { class: "line" }, line.stations.map((station) => h("li", { "data-tone": station.station === line.bottleneck ? "bad" : "good" },
        h("h3", {}, station.station_label, station.station === line.bottleneck ? chip("卡在这里", "bad") : null),
        h("p", {}, h("b", { class: "huge number" }, station.done), h("small", {}, ` / ${line.packs} 份`)),
        h("meter", { min: 0, max: line.packs, value: station.done }),
        h("p", { class: "muted" }, `每小时 ${station.rate} 份`, station.queue ? `，前面积压 ${station.queue} 份` : ""),
        line.status === "open" && !(line.origin_id && station.station === "floor") ? h("div", { class: "choices" }, [TROLLEY, -TROLLEY].map((packs) => button(packs > 0 ? `+${packs}` : `−${-packs}`,
          () => desk.act(() => post(`/lines/${line.id}/counts`, { station: station.station, packs }), `${station.station_label}：${packs > 0 ? "多" : "减"} ${Math.abs(packs)} 份。`), packs > 0 ? "primary" : ""))) : null))),
      line.allowed_actions.includes("close") && button("结束流水线", () => desk.act(() => post(`/lines/${line.id}/close`, { revision: line.revision }), "流水线已结束。"))),
  ];
}

function open(desk, team) {
  ask({ title: "开一条流水线", yes: "开始", fields: [field("什么物资", h("input", { name: "title", required: true, maxlength: 60 })),
    field("多少份", h("input", { name: "packs", type: "number", min: 1, max: 100000, required: true, inputmode: "numeric" }))] },
  ({ title, packs }) => desk.act(() => post(`/teams/${team.id}/lines`, { title: title.value.trim(), packs: Number(packs.value) }), "流水线已开。"));
}

const earlier = (rest) => (rest.length ? card("以前的", h("ul", { class: "rows" }, rest.slice(0, 8).map((line) => h("li", {}, h("a", { class: "row", href: `#/team/line/${line.id}` },
  h("b", {}, `${line.title}，${line.packs} 份`), chip(line.status_label)))))) : null);

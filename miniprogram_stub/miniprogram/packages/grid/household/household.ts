import { get, look, patch, post, type Shape } from "../../../services/api";
import { me } from "../../../services/me";
import { compoundOf, day, door } from "../../../utils/format";
import { CONSENTS, NEEDS, howAgreed } from "../../../utils/household";
import { screen } from "../../../utils/screen";
import { choose } from "../../../utils/choose";
import { CHANNELS, PURPOSES } from "../words";

type Household = Shape<"Household">;

screen({
  data: {
    household: null as Household | null,
    title: "",
    flags: [] as { name: string; label: string; on: boolean }[],
    said: "",
    who: "",
    mine: "",
    edits: false,
    reveals: false,
    agrees: false,
    consents: [] as Given[],
    agreed: false,
    campaigns: [] as { href: string; title: string; note: string }[],
    orders: "",
    medicine: "",
    notice: "",
    channels: CHANNELS.map((one, at) => ({ ...one, chosen: at === 0 })),
    objecting: false,
    channel: CHANNELS[0].name as string,
    words: "",
    contact: "",
  },
  async load() {
    const { id } = this.data.query;
    const [household, mine] = await Promise.all([get("/households/{household_id}", { path: { household_id: id } }), me()]);
    const place = household.place_code;
    const can = (permission: string) => mine.permissions.includes(permission);
    const agrees = can("people:consent:record");
    const [consents, compound, open] = await Promise.all([
      agrees ? get("/households/{household_id}/consents", { path: { household_id: id } }) : { items: [] },
      look("/public/places/{code}", { path: { code: compoundOf(place) } }),
      look("/public/campaigns", { query: { place } }),
    ]);
    const title = `${compound.name}${door(place)} ${household.room}`;
    const forThem = `household=${id}`;
    const flags = NEEDS.map((flag) => ({ ...flag, on: !!household[flag.name] }));
    this.setData({
      household,
      title,
      flags,
      said: flags.filter((flag) => flag.on).map((flag) => flag.label).join("、") || "没有登记",
      who: mine.name,
      mine: mine.id,
      edits: can("places:household:edit"),
      reveals: can("people:household:reveal"),
      agrees,
      consents: consents.items.map(given),
      agreed: consents.items.some((consent) => consent.given_to === mine.id),
      campaigns: can("groupbuy:order:for_others")
        ? open.items.filter((campaign) => campaign.status === "open").map((campaign) => ({ href: `/packages/groupbuy/campaign/campaign?id=${campaign.id}&${forThem}`, title: campaign.title, note: `${day(campaign.cut_off_at)}截单` }))
        : [],
      orders: can("groupbuy:order:for_others") ? `/packages/groupbuy/orders/orders?${forThem}` : "",
      medicine: can("medicine:request:for_others") ? `/packages/medicine/ask/ask?${forThem}` : "",
      notice: can("certification:objection:record") && compound.notice ? compound.notice.application_id : "",
    });
  },
  async flag(event: WechatMiniprogram.CustomEvent<{ value: string[] }>) {
    const { id, revision } = this.data.household as Household;
    const on = new Set(event.detail.value);
    const changes = Object.fromEntries(this.data.flags.filter((flag) => flag.on !== on.has(flag.name)).map((flag) => [flag.name, !flag.on]));
    await this.act("flag", () => patch("/households/{household_id}", { path: { household_id: id }, body: { revision, ...changes } }), "已更新");
  },
  async reveal(event: WechatMiniprogram.TouchEvent) {
    const chosen = await choose("为什么要看？会留下记录", PURPOSES);
    if (!chosen) return;
    const path = { member_id: event.currentTarget.dataset.id as string };
    const clear = await this.act("reveal", () => post("/household-members/{member_id}/reveal", { path, body: { purpose: chosen.name } }));
    if (!clear) return;
    const { confirm } = await wx.showModal({ title: clear.name, content: clear.phone ?? "没有登记电话", confirmText: clear.phone ? "打电话" : "知道了", cancelText: "关闭", showCancel: !!clear.phone });
    if (confirm && clear.phone) wx.makePhoneCall({ phoneNumber: clear.phone });
  },
  async agree() {
    const household = this.data.household as Household;
    const kind = await howAgreed(`${this.data.title} 怎样同意由您代办？`);
    if (!kind) return;
    const body = { given_to: this.data.mine, kind };
    await this.act("agree", () => post("/households/{household_id}/consents", { path: { household_id: household.id }, body }), "已登记");
  },
  async withdraw(event: WechatMiniprogram.TouchEvent) {
    const { id, name } = event.currentTarget.dataset as { id: string; name: string };
    const { confirm } = await wx.showModal({ title: "撤回代办授权", content: `撤回后，${name}不能再替${this.data.title}办事，要办请重新登记。`, confirmText: "撤回" });
    if (confirm) await this.act("withdraw", () => post("/consents/{consent_id}/withdraw", { path: { consent_id: id } }), "已撤回");
  },
  object() {
    this.setData({ objecting: true });
  },
  close() {
    this.setData({ objecting: false });
  },
  how(event: WechatMiniprogram.CustomEvent<{ value: string }>) {
    this.setData({ channel: event.detail.value });
  },
  type(event: WechatMiniprogram.Input) {
    this.setData({ [event.currentTarget.dataset.field as string]: event.detail.value });
  },
  async takeDown() {
    const { notice, channel, words, contact } = this.data;
    const body = { application_id: notice, channel: channel as "phone", text: words.trim(), contact: contact.trim() || null };
    const receipt = await this.act("object", () => post("/objections", { body }));
    if (!receipt) return;
    this.setData({ objecting: false, words: "", contact: "" });
    const { confirm } = await wx.showModal({ title: "已记下异议", content: `编号 ${receipt.id}。请把编号告诉这位住户，凭编号可以看到答复。`, confirmText: "看进展", cancelText: "好" });
    if (confirm) wx.navigateTo({ url: `/packages/community/objection/objection?id=${receipt.id}` });
  },
});

interface Given {
  id: string;
  name: string;
  said: string;
}

function given(consent: Shape<"GivenConsent">): Given {
  const how = CONSENTS.find(({ value }) => value === consent.kind);
  return { id: consent.id, name: consent.given_to_name, said: `${how?.label ?? ""}，到${day(consent.until)}为止` };
}

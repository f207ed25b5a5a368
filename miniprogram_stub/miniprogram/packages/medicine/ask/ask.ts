/** Ask for medicine: the photo of the box first, then for whom and what, read back, sent. With `household` in the query it
 * is for somebody else's home, which has agreed. */
import { home, OVER } from "../../../pages/medicine/words";
import { get, post, postImage, Problem } from "../../../services/api";
import { me } from "../../../services/me";
import { askToNotify } from "../../../services/subscribe";
import { day } from "../../../utils/format";
import { screen } from "../../../utils/screen";
import { CONSENTS, type Consent } from "../../../utils/household";
import { blank, readBack, toLine, type Draft } from "../draft";

type Typed = WechatMiniprogram.CustomEvent<{ value: string }>;

screen({
  data: {
    homes: [] as { id: string; name: string }[],
    household: "",
    /** For a home that is not one's own. */
    behalf: false,
    consents: CONSENTS.map((one) => ({ ...one })),
    consent: "in_person" as Consent,
    patients: [] as { id: string; name: string }[],
    patient: "",
    last: null as { id: string; words: string } | null,
    files: [] as string[],
    photos: [] as string[],
    written: false,
    lines: [blank()],
    card: false,
    disease: "",
    note: "",
    reading: false,
    readBack: [] as { title: string; note: string }[],
  },

  async load() {
    const who = await me();
    const household = this.data.household || this.data.query.household || who.homes[0]?.id || "";
    const behalf = !who.homes.some((one) => one.id === household);
    this.setData({ household, behalf, homes: behalf ? [] : who.homes.map((one) => ({ id: one.id, name: home(one) })) });
    if (!household) return;
    const [patients, before] = await Promise.all([patientsOf(household), get("/medicine-requests")]);
    const last = before.items.find((one) => one.household_id === household && OVER.concat("delivered").includes(one.status) && !one.erased_on);
    this.setData({ patients, last: last ? { id: last.id, words: `${day(last.created_at)}，${last.category}` } : null });
  },

  async chooseHome(event: Typed) {
    // A photo is of one home's box.
    this.setData({ household: event.detail.value, patient: "", files: [], photos: [] });
    await this.refresh();
  },
  choosePatient(event: Typed) {
    this.setData({ patient: event.detail.value });
  },
  chooseConsent(event: Typed) {
    this.setData({ consent: event.detail.value as Consent });
  },

  async photograph(event: WechatMiniprogram.CustomEvent<{ files: string[] }>) {
    const { files, photos, household } = this.data;
    this.setData({ files: event.detail.files });
    await this.act("photo", async () => {
      for (const file of event.detail.files.slice(files.length)) {
        const { id } = await postImage("/medicine-photos", file, { query: { household } });
        photos.push(id);
      }
    });
    this.setData({ photos, files: event.detail.files.slice(0, photos.length), written: this.data.written || photos.length > 0 });
  },
  withoutPhoto() {
    this.setData({ written: true });
  },

  changeLine(event: WechatMiniprogram.CustomEvent<{ field: keyof Draft; value: string }>) {
    const { field, value } = event.detail;
    this.setData({ [`lines[${event.currentTarget.dataset.index}].${field}`]: value });
  },
  addLine() {
    this.setData({ lines: [...this.data.lines, blank()] });
  },
  dropLine(event: WechatMiniprogram.CustomEvent) {
    this.setData({ lines: this.data.lines.filter((_, index) => index !== event.currentTarget.dataset.index), wrong: {} });
  },
  change(event: Typed) {
    this.setData({ [event.currentTarget.dataset.field as string]: event.detail.value });
  },

  read() {
    this.setData({ readBack: this.data.lines.map(readBack), reading: true });
  },
  back() {
    this.setData({ reading: false });
  },

  async submit() {
    await askToNotify("medicine");
    const { household, behalf, consent, patient, lines, card, disease, note, photos } = this.data;
    const body = {
      household_id: household,
      consent: behalf ? consent : null,
      member_id: patient || null,
      lines: lines.map(toLine),
      insurance_card: card,
      disease: disease.trim() || null,
      note: note.trim() || null,
      photo_ids: photos,
    };
    this.back();
    const made = await this.act("submit", () => post("/medicine-requests", { body }));
    if (made) wx.redirectTo({ url: `/packages/medicine/request/request?id=${made.id}` });
  },

  async repeat() {
    await askToNotify("medicine");
    const { last, behalf, consent } = this.data;
    if (!last) return;
    const content = `${last.words}。药名、规格、数量和最高价都跟那次一样；有人核对以后就去买。`;
    const { confirm } = await wx.showModal({ title: "和上次一样，再买一次？", content, confirmText: "再买一次", cancelText: "先不买" });
    if (!confirm) return;
    const body = { consent: behalf ? consent : null };
    const made = await this.act("repeat", () => post("/medicine-requests/{request_id}/repeat", { path: { request_id: last.id }, body }));
    if (made) wx.redirectTo({ url: `/packages/medicine/request/request?id=${made.id}` });
  },
});

/** Masked. A volunteer at the door may ask without being told who lives there. */
async function patientsOf(household: string) {
  try {
    return (await get("/households/{household_id}/patients", { path: { household_id: household } })).items;
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return [];
    throw error;
  }
}

/** Ask for medicine: the photo of the box first, then for whom and what, read back, sent. With `household` in the query it
 * is for somebody else's home, which has agreed. */
import { sameAgain } from "../../../pages/medicine/courses";
import { home } from "../../../pages/medicine/words";
import { get, post, postImage, Problem } from "../../../services/api";
import { me } from "../../../services/me";
import { askToNotify } from "../../../services/subscribe";
import { day } from "../../../utils/format";
import { screen } from "../../../utils/screen";
import { CONSENTS, type Consent } from "../../../utils/household";
import { agreed } from "../consent";
import { blank, readBack, toLine, type Draft } from "../draft";

type Typed = WechatMiniprogram.CustomEvent<{ value: string }>;

screen({
  data: {
    homes: [] as { id: string; name: string }[],
    household: "",
    /** For a home that is not one's own: where it is, as far as one may know. */
    behalf: false,
    where: "",
    /** Whether it has to be asked each time: not with a standing consent. Nobody has agreed before they were asked. */
    must_ask: false,
    consents: CONSENTS.map((one) => ({ ...one })),
    consent: "" as Consent | "",
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
    const [neighbour, patients, before] = await Promise.all([
      behalf ? ifTold(get("/households/{household_id}", { path: { household_id: household } })) : null,
      ifTold(get("/households/{household_id}/patients", { path: { household_id: household } })),
      get("/medicine-requests", { query: { household } }),
    ]);
    const last = before.items.find((one) => one.allowed_actions.includes("repeat"));
    this.setData({
      where: neighbour?.address ?? "",
      must_ask: neighbour?.must_ask ?? behalf,
      patients: patients?.items ?? [],
      last: last ? { id: last.id, words: `${day(last.created_at)}，${last.category}` } : null,
    });
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
    // While they are sent, the page takes no other photo and no other home.
    const { household, files: before } = this.data;
    const { files } = event.detail;
    const photos = this.data.photos.filter((_, at) => files.includes(before[at])); // one may have been taken out
    this.setData({ files });
    await this.act("photo", async () => {
      for (const file of files.slice(photos.length)) {
        const { id } = await postImage("/medicine-photos", file, { query: { household } });
        photos.push(id);
      }
    });
    this.setData({ photos, files: files.slice(0, photos.length), written: this.data.written || photos.length > 0 });
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
    const { household, must_ask, consent, patient, lines, card, disease, note, photos } = this.data;
    const body = {
      household_id: household,
      consent: must_ask && consent ? consent : null,
      member_id: patient || null,
      lines: lines.map(toLine),
      insurance_card: card,
      disease: disease.trim() || null,
      note: note.trim() || null,
      photo_ids: photos,
    };
    const made = await this.act("submit", async () => {
      await askToNotify("medicine");
      this.back();
      return post("/medicine-requests", { body });
    });
    if (made) wx.redirectTo({ url: `/packages/medicine/request/request?id=${made.id}` });
  },

  async repeat() {
    const { last } = this.data;
    if (!last) return;
    const made = await this.act("repeat", async () => {
      await askToNotify("medicine");
      const consent = (await sameAgain(last.words)) ? await agreed(this.data) : undefined;
      if (consent === undefined) return null;
      return post("/medicine-requests/{request_id}/repeat", { path: { request_id: last.id }, body: { consent } });
    });
    if (made) wx.redirectTo({ url: `/packages/medicine/request/request?id=${made.id}` });
  },
});

/** A volunteer at the door may ask for a home without being told who lives there. */
async function ifTold<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return null;
    throw error;
  }
}

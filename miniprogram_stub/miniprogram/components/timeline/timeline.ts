/** Where something stands on its way: `steps` of { name, note, state: "done" | "now" | "next" | "ended" }. */
export interface TimelineStep {
  name: string;
  note?: string;
  state: "done" | "now" | "next" | "ended";
}

Component({
  options: { addGlobalClass: true },
  properties: { steps: { type: Array, value: [] as TimelineStep[] } },
});

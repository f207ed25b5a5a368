/** Something to know before one goes on: tone good, warn, bad, or none. */
Component({
  options: { addGlobalClass: true },
  properties: { tone: { type: String, value: "" }, title: { type: String, value: "" }, text: { type: String, value: "" } },
});

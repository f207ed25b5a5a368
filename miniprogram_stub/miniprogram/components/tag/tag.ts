/** A word on a wash of its tone: good, warn, bad, or none. The word says it; the colour only helps. */
Component({
  options: { addGlobalClass: true },
  properties: { text: { type: String, value: "" }, tone: { type: String, value: "" } },
});

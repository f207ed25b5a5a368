/** Where there is nothing: says why, and what one may do instead. */
Component({
  options: { addGlobalClass: true },
  properties: { title: { type: String, value: "" }, text: { type: String, value: "" } },
});

/** Asks, in the tap itself, whether WeChat may send one message about what was just begun. Never promised: whatever is
 * said there also stands in the inbox. */

/** Template ids by matter, as granted to the app id of project.config.json; with others WeChat asks nothing. */
const TEMPLATES = {
  order: ["anlin-order-ready"],
  medicine: ["anlin-medicine-progress"],
  application: ["anlin-application-progress"],
  task: ["anlin-task-assigned"],
};

/** First thing in a tap's handler: after any other `await` WeChat no longer sees the tap. Whatever is answered, the caller
 * goes on. */
export async function askToNotify(matter: keyof typeof TEMPLATES): Promise<void> {
  try {
    await wx.requestSubscribeMessage({ tmplIds: TEMPLATES[matter] });
  } catch {
    // Refused, switched off, or not granted to this app: the inbox has it.
  }
}

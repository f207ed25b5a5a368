/** The page on which one can do something about what a message tells of. */

const PAGES: Record<string, string> = {
  order: "/packages/groupbuy/order/order?id=",
  claim: "/packages/groupbuy/claim/claim?id=",
  change_request: "/packages/groupbuy/transfer/transfer?id=",
  medicine_request: "/packages/medicine/request/request?id=",
  task_claim: "/packages/volunteer/task/task?id=",
  certification: "/packages/review/application/application?id=",
  place: "/packages/community/place/place?code=",
};

/** Told of one by one, dealt with on a page that has all of them. */
const LISTS: Record<string, string> = {
  task_hand_over: "/packages/volunteer/hand-overs/hand-overs",
  appointment: "/packages/grid/appointments/appointments",
};

/** "" where there is nothing to go to: the message then says all there is. */
export function pageOf(type: string, id: string): string {
  return PAGES[type] ? PAGES[type] + id : LISTS[type] ?? "";
}

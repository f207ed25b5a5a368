/** Whether there is a network, for whoever wants to know: one listener of WeChat's for all. */
type Heard = (online: boolean) => void;

const hearing = new Set<Heard>();
let online = true;

function tell(now: boolean): void {
  if (now === online) return;
  online = now;
  hearing.forEach((heard) => heard(online));
}

wx.onNetworkStatusChange(({ isConnected }) => tell(isConnected));
wx.getNetworkType({ success: ({ networkType }) => tell(networkType !== "none") });

/** Told at once, and again at each change; returns how to stop. */
export function onNetwork(heard: Heard): () => void {
  hearing.add(heard);
  heard(online);
  return () => hearing.delete(heard);
}

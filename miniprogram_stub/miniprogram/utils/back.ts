/** Where one came from; home, for who came by a link and from nowhere. */
export function back(): void {
  wx.navigateBack({ fail: () => wx.switchTab({ url: "/pages/home/home" }) });
}

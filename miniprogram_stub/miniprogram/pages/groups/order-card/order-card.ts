/** An order in a list, with what to do next. */
Component({
  options: { addGlobalClass: true },
  properties: { row: { type: Object, value: {} }, home: { type: Boolean, value: false } },
  methods: {
    open() {
      wx.navigateTo({ url: `/packages/groupbuy/order/order?id=${(this.data.row as { id: string }).id}` });
    },
  },
});

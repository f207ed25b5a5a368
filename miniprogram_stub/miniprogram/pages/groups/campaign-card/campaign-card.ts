/** A campaign in a list; `behalf` goes on to its page, for whoever orders for a neighbour. */
Component({
  options: { addGlobalClass: true },
  properties: { row: { type: Object, value: {} }, behalf: { type: String, value: "" } },
  methods: {
    open() {
      const { row, behalf } = this.data;
      wx.navigateTo({ url: `/packages/groupbuy/campaign/campaign?id=${(row as { id: string }).id}${behalf}` });
    },
  },
});

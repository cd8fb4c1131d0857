const { unionpush } = getApp()

Page({
  data: { unionid: '', following: false, phoneNumber: '', problem: '' },

  onLoad() {
    return this.show(unionpush.getState())
  },

  /** Bound to a button, so that nobody is asked for anything before they want something. */
  onConnect() {
    return this.show(unionpush.completeUnionid())
  },

  onPhoneNumber({ detail }) {
    return this.show(unionpush.getPhoneNumber(detail))
  },

  async show(answer) {
    try {
      const { unionid = this.data.unionid, following = this.data.following, phoneNumber = '' } = await answer
      this.setData({ unionid, following, phoneNumber, problem: '' })
    } catch (error) {
      this.setData({ problem: error.code })
    }
  },
})

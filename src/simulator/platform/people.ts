/** A person; `unionid` is what user/info shows of it. An openid of your own making has no mini-program side. */
export interface SimulatedUser {
  openid: string
  unionid: string | undefined
  miniprogramOpenid: string | undefined
}

export interface FollowOptions {
  unionid?: string | undefined
  /** Of the subscribe event: `qrscene_...` or `last_trade_no_...`; default: empty. */
  eventKey?: string | undefined
}

/** A login or phone code; `unionid: false` keeps the unionid out of the session, `highRisk` makes the login fail with 40226. */
export interface CodeOptions {
  kind?: 'login' | 'phone' | undefined
  unionid?: boolean | undefined
  highRisk?: boolean | undefined
}

export interface SimulatedPayment {
  transactionId: string
  mchId: string
  outTradeNo: string
}

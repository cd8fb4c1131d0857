export interface AcceptedMessage {
  /** 19 digits. */
  msgid: string
  openid: string
  clientMsgId: string | undefined
  templateId: string
  /** The value of each key as it came. */
  data: Record<string, string>
  url: string | undefined
  miniprogram: { appid: string; pagepath: string | undefined } | undefined
  /** Epoch milliseconds of the simulator's clock. */
  at: number
  /** The access_token it was sent with. */
  token: string
}

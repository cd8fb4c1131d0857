declare module 'co-wechat-api' {
  /** As far as the bench needs it. */
  export default class WechatAPI {
    constructor(
      appid: string,
      secret: string,
      getToken: () => Promise<{ accessToken: string; expireTime: number }>,
      saveToken: (token: unknown) => Promise<void>,
    )
    prefix: string
    sendTemplate(
      openid: string,
      templateId: string,
      url: string,
      topColor: string | undefined,
      data: Record<string, { value: string }>,
    ): Promise<unknown>
  }
}

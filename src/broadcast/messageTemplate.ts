/** What everybody gets, with `{{columns}}` where rows differ. */
export interface MessageTemplate {
  data: Record<string, string>
  url?: string | undefined
  miniprogram?: { appid: string; pagepath?: string | undefined } | undefined
}

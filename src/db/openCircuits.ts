/** Times are epoch milliseconds. */
export interface OpenCircuit {
  need: 'queue' | 'database' | 'wechat'
  detail: string
  since: number
  /** Not to be believed after. */
  until: number
}

export interface OpenCircuits {
  /** `owner` waits for something, and goes on waiting until `until` unless it says more. */
  record(owner: string, circuit: OpenCircuit): Promise<void>
  /** `owner` has what it waited for. */
  remove(owner: string, need: OpenCircuit['need']): Promise<void>
  /** What some worker waits for: of several the one that lasts longest. */
  findOldest(now: number): Promise<OpenCircuit | undefined>
}

/** What the database does by itself, in the transaction of the change: a row for every change that is to be told. */
export interface WebhookChange {
  /** Grows; of two changes of one push the later one has the higher number. */
  n: number
  type: string
  appid: string
  /** The id of the push; null = it is no push that changed. */
  key: string | null
  /** JSON: the record of the push as it was then, without `account` and its times, or what happened otherwise. */
  data: string
  /** Times of the push, null for other changes. */
  createdAt: number | null
  sentAt: number | null
  finishedAt: number | null
  /** When it happened. */
  at: number
}

/** A message that its receiver has not taken. */
export interface WebhookDelivery {
  id: string
  type: string
  /** The message as it is signed. */
  body: string
  /** The pushes it is about, whose later changes have to wait: JSON of `toPushKey`s. */
  keys: string
  /** Since the first, or since somebody asked for all of it again. */
  attempts: number
  firstAt: number
  /** null = given up. */
  nextAt: number | null
  lastError: string
}

export interface WebhookEndpoint {
  /** Nothing is posted since; null = it is on. */
  offAt: number | null
  offDetail: string | null
  /** When something was last taken, to the minute. */
  succeededAt: number | null
}

type Tried = Pick<WebhookDelivery, 'id' | 'attempts' | 'firstAt' | 'nextAt' | 'lastError'>

/** Outcomes on their way to the caller's server. Times are epoch milliseconds. */
export interface Webhooks {
  /** From now on every change is stored to be told, whoever makes it. */
  turnOn(): Promise<void>
  /** From now on none is; what is stored stays. */
  turnOff(): Promise<void>
  /** Undefined = nothing is stored. */
  findEndpoint(): Promise<WebhookEndpoint | undefined>
  recordSuccess(at: number): Promise<void>
  switchOff(at: number, detail: string): Promise<void>
  /** Also makes all that failed due. */
  enable(at: number): Promise<void>
  /** What no row changes for, such as a sync that could not begin; nothing where nothing is told. */
  tell(change: Pick<WebhookChange, 'type' | 'appid' | 'data' | 'at'>): Promise<void>
  /** The oldest ones after that number. */
  findChanges(after: number, limit: number): Promise<WebhookChange[]>
  dropChanges(changes: readonly Pick<WebhookChange, 'n'>[]): Promise<void>
  /** Of what was not taken, instead of the changes it tells of. */
  keep(delivery: WebhookDelivery, changes: readonly Pick<WebhookChange, 'n'>[]): Promise<void>
  findDue(now: number, limit: number): Promise<WebhookDelivery[]>
  /** Those that are still tried. */
  findWaiting(): Promise<Pick<WebhookDelivery, 'id' | 'keys'>[]>
  recordTry(tried: Tried): Promise<void>
  drop(id: string): Promise<void>
  /** Makes all that waits for its next try due. */
  hasten(now: number): Promise<void>
  /** Makes all that failed due, those that were given up included, as if for the first time; returns how many. */
  retryAll(now: number): Promise<number>
  /** What waits for its next try, then what was given up. */
  list(): Promise<Omit<WebhookDelivery, 'body' | 'keys'>[]>
  /** Tells the records of an account that came to where they are since then once more; returns how many. */
  repeat(appid: string, since: number): Promise<number>
  /** Deletes changes, and what was given up, of before that time; returns how many. */
  purge(before: number, limit: number): Promise<number>
}

export function toPushKey({ appid, key }: Pick<WebhookChange, 'appid' | 'key'>): string {
  return `${appid} ${key}`
}

/** Numbers that follow one another, as their first and last. */
export function toRanges(changes: readonly Pick<WebhookChange, 'n'>[]): [number, number][] {
  const ranges: [number, number][] = []
  for (const { n } of changes) {
    const last = ranges.at(-1)
    if (last && last[1] === n - 1) last[1] = n
    else ranges.push([n, n])
  }
  return ranges
}

/** Something that fails again and again until it works again. */
export interface Outage<Cause> {
  fail(cause: Cause): void
  /** Costs nothing while nothing is wrong. */
  pass(): void
  isOn(): boolean
}

interface OutageOptions<Cause> {
  /** Called when it begins, and when it is of another kind than before. */
  onFail(cause: Cause): void
  onPass?(): void
  toKind?(cause: Cause): string
  /** For so many milliseconds after one was told, no other beginning is. */
  quietTime?: number
}

/** Tells of an outage once, however often it is met, and of its end. */
export function createOutage<Cause>({
  onFail,
  onPass = () => {},
  toKind = () => '',
  quietTime = 0,
}: OutageOptions<Cause>): Outage<Cause> {
  let kind: string | undefined
  let toldAt = Number.NEGATIVE_INFINITY

  return {
    fail(cause) {
      const next = toKind(cause)
      if (next === kind) return
      kind = next
      // By distance: a clock that was set back must not keep it quiet for hours.
      if (Math.abs(Date.now() - toldAt) < quietTime) return
      toldAt = Date.now()
      onFail(cause)
    },
    pass() {
      if (kind === undefined) return
      kind = undefined
      onPass()
    },
    isOn: () => kind !== undefined,
  }
}

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
  /** For so many milliseconds after one was told, no other is, unless it lasts longer. */
  quietTime?: number
}

/** Tells of an outage once, however often it is met, and of its end. */
export function createOutage<Cause>({
  onFail,
  onPass = () => {},
  toKind = () => '',
  quietTime = 0,
}: OutageOptions<Cause>): Outage<Cause> {
  let isOn = false
  let toldKind: string | undefined
  let toldAt = Number.NEGATIVE_INFINITY

  return {
    fail(cause) {
      isOn = true
      const kind = toKind(cause)
      if (kind === toldKind) return
      // By distance: a clock that was set back must not keep it quiet for hours.
      if (Math.abs(Date.now() - toldAt) < quietTime) return
      toldKind = kind
      toldAt = Date.now()
      onFail(cause)
    },
    pass() {
      const wasTold = toldKind !== undefined
      isOn = false
      toldKind = undefined
      // Nobody has heard of one that was short and quiet.
      if (wasTold) onPass()
    },
    isOn: () => isOn,
  }
}

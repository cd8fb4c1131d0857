import { toBackoff } from '../../base/backoff.ts'
import { hour, minute, second } from '../../base/duration.ts'
import type { Log } from '../../base/log.ts'
import type { Sentence } from '../../base/sentences/sentence.ts'
import { toStored } from '../../base/sentences/stored.ts'
import type { TemplatePause, TemplatePauses } from '../../db/templates.ts'
import type { PauseAlert } from '../../health/alertText.ts'
import type { PauseReason } from '../../push/status.ts'

/** From the denial to the first look, and between the looks. */
const probeBackoff = { first: 2 * minute, longest: hour, jitter: 0 }
/** What another process has paused or resumed is known here after as long. */
const listLife = second
/** An account has 25 or so. */
const mostTemplates = 1_000
/** So that not all the pushes of a template come back at one time. */
const spread = 30 * second

export interface TemplateGuard {
  /** Reads what is paused; to be called before anything is asked. */
  load(): Promise<void>
  /** Whether pushes of this template wait; costs nothing while none does. */
  isPaused(templateId: string): boolean
  /** Until when one of its pushes has to wait; undefined for the one that is to try whether it can be sent again. */
  findWait(templateId: string): Promise<{ until: number; detail: string } | undefined>
  /** WeChat refuses whatever is sent with it. */
  pause(templateId: string, fault: { reason: PauseReason; detail: Sentence }): Promise<void>
  /** WeChat accepted a message of this template, the call of which began then (epoch milliseconds). */
  accepted(templateId: string, since: number): void
  /** Whether this process has sent messages of it. */
  wasSent(templateId: string): boolean
}

interface TemplateGuardDeps {
  rows: TemplatePauses
  /** Whether WeChat lists the template by now. */
  isListed(templateId: string): Promise<boolean>
  /** Has the pushes go out that wait for it. */
  release(templateId: string): Promise<unknown>
  /** Called in the one process that paused or resumed it. */
  alert(change: PauseAlert): void
  log: Log
}

/**
 * Has the pushes of a template wait that vanished or was banned, and no others. A push that has waited long enough looks
 * whether WeChat lists the template, and is then the one that tries it.
 */
export function createTemplateGuard({
  rows,
  isListed,
  release,
  alert,
  log,
}: TemplateGuardDeps): TemplateGuard {
  let paused = new Map<string, TemplatePause>()
  let readAt = 0
  let reading: Promise<void> | undefined
  const sent = new Set<string>()

  return {
    load: read,
    isPaused(templateId) {
      if (Math.abs(Date.now() - readAt) > listLife) renew()
      return paused.has(templateId)
    },
    async findWait(templateId) {
      await read()
      const pause = paused.get(templateId)
      if (pause === undefined) return undefined
      const now = Date.now()
      const { detail, probeAt, probes } = pause
      if (probeAt > now) return { until: toSpread(probeAt), detail }
      const nextProbeAt = now + toBackoff(probeBackoff, probes + 2)
      const isMine = await rows.claimProbe(templateId, now, nextProbeAt)
      if (isMine && (await isListed(templateId))) {
        log.info({ template: templateId }, 'template on trial, this push is the probe')
        return undefined
      }
      return { until: toSpread(nextProbeAt), detail }
    },
    async pause(templateId, { reason, detail: seen }) {
      const detail = toStored(seen)
      const now = Date.now()
      const probeAt = now + toBackoff(probeBackoff, 1)
      const isNew = await rows.pause({ templateId, reason, detail, since: now, probeAt })
      await read()
      if (!isNew) return
      log.error(
        { template: templateId, reason, detail, probeAt: new Date(probeAt).toISOString() },
        'template paused, its pushes wait',
      )
      alert({ kind: 'template_paused', template: templateId, detail, probeAt })
    },
    wasSent: (templateId) => sent.has(templateId),
    accepted(templateId, since) {
      if (sent.size < mostTemplates) sent.add(templateId)
      const pause = paused.get(templateId)
      // A call that was under way when it was banned says nothing against the ban.
      if (pause === undefined || pause.since > since) return
      paused.delete(templateId)
      resume(templateId).catch((error) =>
        log.warn(
          { err: error, template: templateId },
          'the end of the pause of a template could not be recorded',
        ),
      )
    },
  }

  async function resume(templateId: string): Promise<void> {
    if (!(await rows.resume(templateId))) return
    log.info({ template: templateId }, 'template resumed')
    alert({ kind: 'template_resumed', template: templateId })
    await release(templateId)
  }

  /** What is asked meanwhile is answered as before. */
  function renew(): void {
    read().catch((error) => log.debug({ err: error }, 'paused templates could not be read'))
  }

  function read(): Promise<void> {
    reading ??= rows
      .list()
      .then((list) => {
        paused = new Map(list.map((pause) => [pause.templateId, pause]))
      })
      .finally(() => {
        readAt = Date.now()
        reading = undefined
      })
    return reading
  }
}

function toSpread(until: number): number {
  return until + Math.random() * spread
}

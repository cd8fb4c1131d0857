import { expect, vi } from 'vitest'
import { endHung } from './endHung.ts'

/** What tests wait for takes longer on a busy machine than the one second that Vitest grants. */
const timeout = 10_000

type Options = Parameters<typeof vi.waitUntil>[1]

const { waitFor, waitUntil } = vi
vi.waitFor = (look, options) => waitFor(look, withTimeout(options))
vi.waitUntil = (isDone, options) => waitUntil(isDone, withTimeout(options))

endHung(expect.getState().testPath ?? '')

function withTimeout(options: Options): Options {
  return typeof options === 'number' ? options : { timeout, ...options }
}

import { afterAll, expect, vi } from 'vitest'

/** What a file leaves turning takes the processor from those that follow it in its process, and nothing else tells. */
afterAll(() => vi.waitFor(() => expect(process.getActiveResourcesInfo()).not.toContain('Immediate')))

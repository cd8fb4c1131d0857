import type { Check } from '../check.ts'
import { callbackChecks } from './callback.ts'
import { followerChecks } from './followers.ts'
import { machineChecks } from './machine.ts'
import { networkChecks } from './network.ts'
import { openPlatformChecks } from './openPlatform.ts'
import { permissionChecks } from './permissions.ts'
import { queueChecks } from './queue.ts'
import { quotaChecks } from './quota.ts'
import { sendingChecks } from './sending.ts'
import { storageChecks } from './storage.ts'
import { templateChecks } from './templates.ts'
import { tokenChecks } from './token.ts'

const all = [
  ...machineChecks,
  ...storageChecks,
  ...queueChecks,
  ...networkChecks,
  ...tokenChecks,
  ...permissionChecks,
  ...openPlatformChecks,
  ...templateChecks,
  ...quotaChecks,
  ...callbackChecks,
  ...followerChecks,
  ...sendingChecks,
]

/** Every check under its name, those that ask somebody last. */
export const checks: readonly Check[] = [
  ...all.filter(({ isSlow }) => !isSlow),
  ...all.filter(({ isSlow }) => isSlow),
]

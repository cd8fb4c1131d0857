import type { AccountName } from '../../base/accounts/accountName.ts'
import { say } from '../../base/sentences/sentence.ts'
import type { Destinations } from '../../push/destinations.ts'
import type { PushFault } from '../../push/invalidPush.ts'
import type { TemplateCheck } from '../../sending/templates/templateCheck.ts'

export interface KnownTemplates extends AccountName {
  templateCheck: Pick<TemplateCheck, 'findMissingKeywords'>
}

const none: readonly PushFault[] = []

/** Keywords that its template asks for and the message leaves out; which of several accounts sends it is not known yet. */
export function findKeywordFaults(
  accounts: readonly KnownTemplates[],
  [{ account, message }, ...others]: Destinations,
): readonly PushFault[] | Promise<readonly PushFault[]> {
  const known = accounts.find(({ appid }) => appid === account.appid)
  if (!known || others.length > 0) return none
  const missing = known.templateCheck.findMissingKeywords(message)
  return missing instanceof Promise ? missing.then(toKeywordFaults) : toKeywordFaults(missing)
}

/** What WeChat does not tell now is found out by who sends it. */
export function toKeywordFaults(missing: readonly string[] = []): readonly PushFault[] {
  // So it is with nearly every push.
  if (missing.length === 0) return none
  return missing.map((key) => ({
    field: `data.${key}`,
    rule: say('push.neededKeyword'),
    given: say('given.nothing'),
  }))
}

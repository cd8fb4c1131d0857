import { accountCodes } from './accountCodes.ts'
import { messageCodes } from './messageCodes.ts'
import { otherCodes } from './otherCodes.ts'
import { passingCodes } from './passingCodes.ts'
import type { ErrcodeRow } from './row.ts'

/** Every documented code but 0. Numbers and classes are facts of WeChat's documentation and of user reports. */
export const errcodes: ReadonlyMap<number, ErrcodeRow> = new Map([
  ...passingCodes,
  ...messageCodes,
  ...accountCodes,
  ...otherCodes,
])

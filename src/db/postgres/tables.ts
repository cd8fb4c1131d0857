import * as account from './account/tables.ts'
import * as broadcasts from './broadcasts/tables.ts'
import * as callbacks from './callbacks/tables.ts'
import * as followers from './followers/tables.ts'
import * as pushes from './pushes/tables.ts'
import * as shared from './shared/tables.ts'
import * as sync from './sync/tables.ts'
import * as users from './users/tables.ts'
import * as webhooks from './webhooks/tables.ts'

/** Every table, by the name it has in the program. Rows are keyed by `appid`, the service account; times are integer milliseconds (UTC). */
export const tables = {
  ...account,
  ...broadcasts,
  ...callbacks,
  ...followers,
  ...pushes,
  ...shared,
  ...sync,
  ...users,
  ...webhooks,
}

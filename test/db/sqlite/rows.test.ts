import { expectTypeOf, test } from 'vitest'
import type { AccountStateRow } from '../../../src/db/accountState.ts'
import type { CallbackEventRow } from '../../../src/db/callbackEvents.ts'
import type { FollowerRow } from '../../../src/db/followers.ts'
import type { Lease } from '../../../src/db/leases/leases.ts'
import type { PushRow } from '../../../src/db/pushes.ts'
import type { tables } from '../../../src/db/sqlite/tables.ts'
import type { SyncRunRow } from '../../../src/db/syncRuns.ts'
import type { TemplateRow, TemplateStateRow } from '../../../src/db/templates.ts'
import type { TokenRow } from '../../../src/db/tokens.ts'

// Checked by the compiler: `npm run types` fails where they differ.
test('the tables hold what the stores say', () => {
  expectTypeOf<AccountStateRow>().toEqualTypeOf<typeof tables.accountState.$inferSelect>()
  expectTypeOf<CallbackEventRow>().toEqualTypeOf<typeof tables.callbackEvents.$inferSelect>()
  expectTypeOf<FollowerRow>().toEqualTypeOf<typeof tables.followers.$inferSelect>()
  expectTypeOf<Lease>().toEqualTypeOf<typeof tables.leases.$inferSelect>()
  expectTypeOf<PushRow>().toEqualTypeOf<typeof tables.pushes.$inferSelect>()
  expectTypeOf<SyncRunRow>().toEqualTypeOf<typeof tables.syncRuns.$inferSelect>()
  expectTypeOf<TemplateRow>().toEqualTypeOf<typeof tables.templates.$inferSelect>()
  expectTypeOf<TemplateStateRow>().toEqualTypeOf<typeof tables.templateStates.$inferSelect>()
  expectTypeOf<TokenRow>().toEqualTypeOf<typeof tables.accessTokens.$inferSelect>()
})

import { expectTypeOf, test } from 'vitest'
import type { AccountStateRow } from '../../../src/db/accountState.ts'
import type { CallbackEventRow } from '../../../src/db/callbackEvents.ts'
import type { FollowerRow } from '../../../src/db/followers.ts'
import type { Lease } from '../../../src/db/leases/leases.ts'
import type * as schema from '../../../src/db/postgres/schema.ts'
import type { PushRow } from '../../../src/db/pushes.ts'
import type { SyncRunRow } from '../../../src/db/syncRuns.ts'
import type { TemplateRow } from '../../../src/db/templates.ts'
import type { TokenRow } from '../../../src/db/tokens.ts'

// Checked by the compiler: `npm run types` fails where they differ.
test('the tables hold what the stores say', () => {
  expectTypeOf<AccountStateRow>().toEqualTypeOf<typeof schema.accountState.$inferSelect>()
  expectTypeOf<CallbackEventRow>().toEqualTypeOf<typeof schema.callbackEvents.$inferSelect>()
  expectTypeOf<FollowerRow>().toEqualTypeOf<typeof schema.followers.$inferSelect>()
  expectTypeOf<Lease>().toEqualTypeOf<typeof schema.leases.$inferSelect>()
  expectTypeOf<PushRow>().toEqualTypeOf<typeof schema.pushes.$inferSelect>()
  expectTypeOf<SyncRunRow>().toEqualTypeOf<typeof schema.syncRuns.$inferSelect>()
  expectTypeOf<TemplateRow>().toEqualTypeOf<typeof schema.templates.$inferSelect>()
  expectTypeOf<TokenRow>().toEqualTypeOf<typeof schema.accessTokens.$inferSelect>()
})

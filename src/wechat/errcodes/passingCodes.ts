import { group } from './row.ts'

/** What passes by itself or with another access_token. */
export const passingCodes = [
  ...group('T', 'token_invalid', [40001, 40014, 42001]),
  ...group('B', 'busy', [-1, 20001, 61450, 200001, 268487001, 268487002, 1119003, 9001002]),
  ...group('B', 'rate_limited', [43108, 45011, 45033, 45061, 45066]),
  ...group('Q', 'quota_exhausted', [45009, 45028, 45040]),
]

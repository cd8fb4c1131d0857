import { group } from './row.ts'

/** What the account or its configuration is refused for. */
export const accountCodes = [
  ...group('A', 'credentials_invalid', [40002, 40013, 40125, 40243, 41002, 41004]),
  ...group('A', 'ip_not_allowed', [40090, 40164, 45035, 61004, 89501, 89503, 89506, 89507]),
  ...group('A', 'account_restricted', [40251, 43107, 45102, 45501, 48004, 50002, 50004, 50007, 200011]),
  ...group(
    'A',
    'api_unauthorized',
    [
      40200, 43104, 45103, 45109, 46101, 48001, 48003, 48008, 48009, 50001, 61003, 61007, 61016, 89002,
      200100,
    ],
  ),
]

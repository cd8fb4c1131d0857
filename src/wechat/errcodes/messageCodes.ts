import { group } from './row.ts'

/** What one message or its user is refused for. */
export const messageCodes = [
  ...group('R', 'recipient_invalid', [40003, 43004, 43005, 43007, 46004, 49003, 50005]),
  ...group('R', 'recipient_blocked', [43006, 43019, 43101, 48002]),
  ...group('R', 'recipient_limit', [40241, 43117, 45015, 45047]),
  ...group('C', 'template_invalid', [40036, 40037, 43102, 48011]),
  ...group('C', 'data_invalid', [40034, 40062, 40250, 44003, 45003, 45012, 45013, 45014, 46001, 47003]),
  ...group('C', 'url_invalid', [40039, 40066, 45005, 45051]),
  ...group('C', 'miniprogram_invalid', [40165, 40166, 41030]),
  ...group('C', 'content_forbidden', [40249, 43116, 45168, 87014]),
  ...group('C', 'in_review', [40252]),
  ...group(
    'C',
    'request_invalid',
    [
      404, 20002, 40008, 40031, 40032, 40033, 40035, 40092, 40097, 40101, 40246, 40247, 41001, 41009, 43001,
      43002, 43003, 44002, 45067, 47001, 47002, 61451,
    ],
  ),
]

/** Why a push would not go out now. */
export const enPush = {
  'push.message': [
    '{field}: expected {expected}, found {found}',
    'The message is refused before it is queued',
  ],
  'push.template_unknown': [
    'the account has no template {template}',
    'See unionpush templates; a change of category removes templates',
  ],
  'push.data_missing': [
    'the template wants {key}, and data does not have it',
    'WeChat refuses a message with an empty keyword (47003)',
  ],
  'push.not_following': [
    'no follower with the unionid {unionid} is known',
    'Not a follower, or not seen yet: unionpush sync; with --hold a push waits for the follow',
  ],
  'push.left': ['{openid} does not follow any more', 'With --hold a push waits for the user to follow again'],
  'push.unknown_openid': [
    '{openid} is not a known follower of this account',
    'Openids differ from account to account; unionpush sync',
  ],
  'push.unionid_shared': [
    'several followers carry the unionid {unionid}: nothing is sent until WeChat names one',
    'unionpush sync asks',
  ],
  'push.never_synced': ['there was no complete sync yet, so a follower may be missing', 'unionpush sync'],
} as const

/** Why a request to the API was not done. */
export const enHttp = {
  'http.key_missing': 'this needs a key, sent as Authorization: Bearer <key>',
  'http.key_unknown': 'the key is not one of HTTP_API_KEYS',
  'http.too_many_unknown_keys':
    'too many unknown keys came from {ip}: wait {seconds} s, or send one of HTTP_API_KEYS',
  'http.session_over': 'the session is over: log in again with a key',
  'http.other_site': 'this comes from another site than the page, or from no page at all',
  'http.too_many_logins': 'too many wrong keys: wait {seconds} s, then try again',
  'http.too_many_requests': 'the key {name} has made {most} requests within a minute: wait {seconds} s',
  'http.role': 'the key {name} has the role {role}, and this needs {needed}',
  'http.no_route': 'there is no {method} {path}; /v1/openapi.json lists what there is',
  'http.bad_input': 'what was sent cannot be used: {problems}',
  'http.problem': '{pointer}: {message}',
  'http.batch_refused': 'nothing was queued, because not all of the batch can be: {problems} problems',
  'http.too_many_invalid':
    '{invalid} lines so far cannot be used, so nothing more is read; {queued} are queued',
  'http.account_missing': 'it has to be said which account is meant: {names}',
  'http.account_unknown': 'there is no account {account}; there are {names}',
  'http.unknown_push': 'no push with the id {id} is known',
  'http.unknown_follower': 'no follower with the unionid {unionid} is known',
  'http.unknown_broadcast': 'no broadcast with the id {id} is known',
  'http.ambiguous_push':
    'several accounts have a push with this id: {names}; say which is meant, as ?account=',
  'http.other_content':
    'there is a push with the id {id} and another content; the same id stands for the same push as long as its record lives',
  'http.broadcast_over': 'it is too late: {why}',
  'http.too_large': 'the body has more than {most}',
  'http.media_type': 'the body has to be {expected}, named by Content-Type',
  'http.queue_away': 'the queue cannot be reached: {why}',
  'http.database_away': 'the database cannot be used: {why}',
  'http.wechat_away': 'WeChat gave no usable answer: {why}',
  'http.wechat_refuses': 'WeChat refuses: {why}',
  'http.busy': '{why}',
  'http.internal': 'the server failed; its log says why',
  'http.refused': '{why}',
} as const

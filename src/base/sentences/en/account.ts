/** Of one account: Open Platform, templates, quota, callback, followers, sending. */
export const enAccount = {
  'openPlatform.nobody': 'WeChat lists no follower',
  'openPlatform.ok':
    '{named} of {asked} {asked:follower that was|followers that were} asked about {named:has|have} a unionid',
  'openPlatform.someNameless': [
    'only {named} of {asked} {asked:follower that was|followers that were} asked about {named:has|have} a unionid',
    'After binding to the Open Platform it takes some hours; unionpush sync asks again',
  ],
  'openPlatform.notBound': [
    'none of {asked} {asked:follower|followers} has a unionid ({named}): the service account is not bound to an Open Platform account, so nobody can be reached by unionid',
    'Bind service account and mini-program to the same one: 微信开发者平台 > 我的业务 > 服务号 > 绑定关系 > 开放平台 (formerly open.weixin.qq.com > 管理中心). Unionids come within some hours; then unionpush sync --full',
  ],
  'match.noLogins': 'nobody has logged in by the mini-program yet',
  'match.noUnionids': [
    'none of the last {logins} {logins:login|logins} has a unionid: the mini-program is not bound to an Open Platform account',
    'Bind it to that of the service account: 微信开发者平台 > 我的业务 > 小程序 > 绑定关系 > 开放平台',
  ],
  'match.ok':
    '{known} of the last {logins} {logins:user|users} of the mini-program {known:is known as a follower|are known as followers}',
  'match.tooFew':
    '{known} of {logins} {logins:user|users} of the mini-program {known:is known as a follower|are known as followers}, and so few say nothing',
  'match.different': [
    '{known} of the last {logins} {logins:user|users} of the mini-program {known:is known as a follower|are known as followers}: the two apps seem to be bound to two Open Platform accounts, whose unionids differ',
    'Compare 绑定关系 > 开放平台 of both; bind both to one account, then unionpush sync --full',
  ],
  'templates.none': [
    'the account has no template',
    'Add some of the category library (类目模板库): mp.weixin.qq.com > 广告与服务 > 模板消息',
  ],
  'templates.ok': '{count} in the list of WeChat',
  'templatesPaused.none': 'none waits for WeChat',
  'templatesPaused.one': '{template}: {why}',
  'templatesPaused.some': [
    'their pushes wait, all others go on:\n{templates}',
    'push with another template, or get this one back: unionpush looks at it from time to time, unionpush resume --template at once',
  ],
  'templatesUsed.none': 'nothing was pushed in the last week',
  'templatesUsed.ok': '{used} {used:was used and still exists|were used and still exist}',
  'templatesUsed.gone': [
    'of {used} {used:template|templates} used in the last week, no longer there: {gone}',
    'A change of category removes templates. Add them again (their id changes) and use the new id',
  ],
  'drift.nothingKnown': 'they were never listed before',
  'drift.none': '{count}, as {count:it was|they were}',
  'drift.found': [
    'since they were listed last, templates came (+), went (-) or changed (~):\n{changes}',
    'Compare the keywords that your programs send with unionpush templates',
  ],
  'quota.ok': '{used} of {limit} {limit:send|sends} {used:is|are} used today, {left} {left:is|are} left',
  'quota.burns': [
    "{used} of {limit} {limit:send|sends} {used:is|are} used today, {left} {left:is|are} left; at today's pace all are used up at {at} (Shanghai)",
    'Send less, spread it over several days, or apply for more: 接口管理 > 接口权限与额度',
  ],
  'quota.usedUp': [
    '{used} of {limit} {limit:send|sends} {used:is|are} used: nothing goes out before 00:00 in Shanghai',
    'What waits stays in the queue and is sent then; 接口管理 > 接口权限与额度 shows the quota',
  ],
  'quotaSync.ok':
    'a sync asks for {needed} {needed:page|pages} of followers; {left} of {limit} {limit:call|calls} {left:is|are} left today',
  'quotaSync.tooLittle': [
    'a sync asks for {needed} {needed:page|pages} of followers, and only {left} of {limit} {limit:call|calls} {left:is|are} left today',
    'Another program may list followers too; what a sync does not finish it resumes tomorrow',
  ],
  'callbackSettings.none': [
    'no Token of the message push is set (WECHAT_CALLBACK_TOKEN, or callback in ACCOUNTS_FILE): there are no receipts (pushes stay "sent"), and followers are learned by the sync alone',
    'Set it up as docs/en/callbacks.md says',
  ],
  'callbackSettings.plain': [
    'messages to {path} come unencrypted',
    'Choose 安全模式 in the console and set its EncodingAESKey (WECHAT_ENCODING_AES_KEY, or callback.encodingAesKey in ACCOUNTS_FILE)',
  ],
  'callbackSettings.ok': 'messages to {path}, encrypted',
  'callback.none': 'no callback is set up',
  'callback.noUrl': [
    'the account has no callback URL in the console',
    'Enter and switch it on: 微信开发者平台 > 我的业务 > 服务号 > 基础信息 > 域名与消息推送配置 (formerly 基本配置 > 服务器配置)',
  ],
  'callback.noAddress': [
    'WeChat cannot resolve the host of the callback URL',
    'Check its DNS entry from outside',
  ],
  'callback.ok': 'WeChat reaches its host at {addresses}',
  'callback.losses': [
    'WeChat reaches its host at {addresses}, with up to {loss} % of packets lost',
    'Receipts may come late; see to the network of that host',
  ],
  'callback.unreachable': [
    'WeChat does not reach the host of the callback URL at {addresses}',
    'Let the firewall pass ports 80 and 443 (a host that answers no ping looks the same), and check the DNS entry',
  ],
  'receipts.noPushes':
    'no push of the last day went out more than ten minutes ago, so a receipt may still come',
  'receipts.ok': 'there is a receipt for {told} of {pushes} {pushes:push|pushes} of the last day',
  'receipts.few': [
    'there is a receipt for {told} of {pushes} {pushes:push|pushes} of the last day only',
    'See the log of serve or start for refused callbacks, and whether it ran all the time',
  ],
  'receipts.none': [
    'there is a receipt for {told} of {pushes} {pushes:push|pushes} of the last day',
    'Check that serve or start runs, that the callback URL leads to it, and Token and EncodingAESKey; docs/en/callbacks.md',
  ],
  'followers.ok': '{subscribed} {subscribed:follows|follow}, {withUnionid} of them with unionid',
  'followers.neverSynced': [
    'no sync was complete yet; {subscribed} {subscribed:follower is|followers are} known',
    'unionpush sync, or let cron do it: who is not known cannot be reached by unionid',
  ],
  'followers.nobody': ['nobody follows', 'Follow the account yourself, then unionpush sync'],
  'followers.noUnionids': [
    '{subscribed} {subscribed:follows|follow}, {withUnionid} of them with unionid: nobody can be reached by unionid',
    'See the check open_platform; after binding unionpush sync --full',
  ],
  'followersMatch.ok': '{subscribed} {subscribed:is|are} known, WeChat counts {total}',
  'followersMatch.differ': [
    '{subscribed} {subscribed:is|are} known, WeChat counts {total}',
    'unionpush sync',
  ],
  'shared.none': 'none',
  'shared.some': [
    'unionids that several followers carry: {count}; nothing is sent to those by unionid',
    'unionpush sync asks WeChat whose they are',
  ],
  'sync.none': ['there was none yet', 'unionpush sync'],
  'sync.recent': 'begun within the last hour',
  'sync.ok': 'begun {hours} h ago',
  'sync.old': [
    'the last one was {days} {days:day|days} ago',
    'Run unionpush start or unionpush cron, or unionpush sync',
  ],
  'sync.interrupted': ['the last one was interrupted: {why}', 'unionpush sync resumes it'],
  'sync.stopped': ['the last one gave up: {why}', 'unionpush sync tries again; it drops nobody unasked'],
  'cron.ok': 'follows {schedule} ({timezone})',
  'cron.missed': [
    'the last sync that was due ({schedule}, {timezone}) did not take place',
    'Run unionpush start or unionpush cron all the time',
  ],
  'cron.tokenExpired': [
    'the stored access_token has run out, and cron refreshes it every minute: it does not run, or WeChat gives it none',
    'Run unionpush start or unionpush cron all the time, and see its log',
  ],
  'paused.no': 'not paused',
  'paused.byHand': ['paused by hand since {since}: {why}', 'unionpush resume'],
  'paused.fault': [
    'paused since {since}: {why}',
    'It resumes by itself once the cause is gone; unionpush resume tries at once',
  ],
  'circuit.none': 'none does',
  'circuit.open': [
    'a worker waits for the {need} since {since}: {why}',
    'It goes on by itself when that answers again; what waits stays queued',
  ],
  'rate.unlimited': 'not slowed down',
  'rate.ok': '{rate} {rate:send|sends} a second at most',
  'rate.low': [
    'only {rate} {rate:send|sends} a second: WeChat says that it is too much',
    'Is another program sending with this account? It rises by itself when WeChat takes it',
  ],
  'outcomes.few': '{all} {all:push|pushes} ended today, too few to say anything',
  'outcomes.ok': '{failed} of {all} {all:push|pushes} that ended today failed',
  'outcomes.manyFail': [
    '{failed} of {all} {all:push|pushes} that ended today failed, most of them with {reason}',
    'unionpush failed shows each with its reason',
  ],
} as const

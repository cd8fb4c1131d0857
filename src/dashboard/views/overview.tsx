import { useState } from 'preact/hooks'
import { ask, type Outcomes, toQuery, useAsk } from '../api.ts'
import { OutcomeChart, ReasonBars } from '../chart.tsx'
import { Act, Loaded, Panel, When } from '../parts.tsx'
import { mayOperate, status } from '../state.ts'
import { type TextKey, t } from '../text/text.ts'
import { findTroubles, type Trouble, type TroubleAction } from '../verdict.ts'
import { AccountPanel } from './account.tsx'

/** How far back each width goes, in milliseconds. */
const spans = { minute: 3_600_000, hour: 2 * 86_400_000, day: 30 * 86_400_000 }
export type BucketName = keyof typeof spans

export function OverviewView() {
  const [bucket, setBucket] = useState<BucketName>('minute')
  const hour = useAsk<Outcomes>(toPath('minute'), 2, undefined, 'minute')
  const chosen = useAsk<Outcomes>(bucket === 'minute' ? null : toPath(bucket), 10, undefined, bucket)
  const shown = bucket === 'minute' ? hour : chosen
  const now = status.value
  if (!now) return <p class="faint">{t('loading')}</p>
  return (
    <>
      <Verdict troubles={findTroubles(now, hour.data)} />
      <div class="cards">
        {now.accounts.map((account) => (
          <AccountPanel key={account.appid} account={account} />
        ))}
      </div>
      <Panel
        title={t('outcomes')}
        aside={
          <fieldset class="choice">
            <legend class="hidden">{t('outcomes.width')}</legend>
            {(Object.keys(spans) as BucketName[]).map((name) => (
              <label key={name}>
                <input
                  type="radio"
                  name="bucket"
                  checked={bucket === name}
                  onChange={() => setBucket(name)}
                />
                {t(`outcomes.${name}` satisfies TextKey)}
              </label>
            ))}
          </fieldset>
        }
      >
        <Loaded asked={shown}>
          {({ buckets }) => <OutcomeChart buckets={buckets} bucket={bucket} span={spans[bucket]} />}
        </Loaded>
      </Panel>
      <Panel title={t('reasons')}>
        <Loaded asked={shown}>
          {({ reasons }) => <ReasonBars reasons={reasons} since={toSince(bucket)} />}
        </Loaded>
      </Panel>
    </>
  )
}

/** To the whole minute, so that the same is asked for at every beat. */
function toSince(bucket: BucketName): string {
  return new Date(Math.floor((Date.now() - spans[bucket]) / 60_000) * 60_000).toISOString()
}

function toPath(bucket: BucketName): string {
  return `/outcomes${toQuery({ bucket, since: toSince(bucket) })}`
}

function Verdict({ troubles }: { troubles: Trouble[] }) {
  const [first, ...others] = troubles
  if (!first) return null
  return (
    <section class={`verdict ${first.tone}`} aria-label={t('verdict')} aria-live="polite">
      <Sentence trouble={first} isFirst />
      {others.length > 0 && (
        <ul>
          {others.map((trouble) => (
            <li key={trouble.text}>
              <Sentence trouble={trouble} />
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

function Sentence({ trouble, isFirst = false }: { trouble: Trouble; isFirst?: boolean }) {
  const { text, since, advice, action } = trouble
  return (
    <>
      <p class={isFirst ? 'headline' : undefined}>{text}</p>
      {(since || advice || action) && (
        <p class="row">
          {since && (
            <span>
              {t('since')} <When iso={since} />
            </span>
          )}
          {advice && <span>{advice}</span>}
          {action && <ActionButton action={action} />}
        </p>
      )}
    </>
  )
}

function ActionButton({ action }: { action: TroubleAction }) {
  if (action.kind === 'open') return <Act label={action.label} run={action.open} />
  if (!mayOperate.value) return null
  const { kind, account } = action
  return <Act kind="main" label={t(`do.${kind}`)} run={() => ask(`/${kind}`, { account })} />
}

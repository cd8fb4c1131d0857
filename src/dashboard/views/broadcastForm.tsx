import { useMemo, useState } from 'preact/hooks'
import {
  ask,
  type Broadcast,
  type BroadcastPlan,
  type List,
  type TemplateAnswer,
  toQuery,
  useAsk,
} from '../api.ts'
import { Act, Loaded, Panel } from '../parts.tsx'
import { address, go, language, status } from '../state.ts'
import { type TextKey, t } from '../text/text.ts'
import { MessagePreview } from './checks.tsx'
import { Choice, FollowerFile, type FollowerRows, Plan, readRows, TextField } from './fields.tsx'

type Values = Record<string, string>
type PartProps = { values: Values; set(name: string, value: string): void }
export function BroadcastForm() {
  const accounts = status.value?.accounts ?? []
  const given = (name: string) => address.peek().query.get(name) ?? ''
  const [values, setValues] = useState<Values>({ account: given('account'), template: given('template') })
  const set = (name: string, value: string) => setValues((last) => ({ ...last, [name]: value }))
  const account = (accounts.find((one) => one.account === values.account) ?? accounts[0])?.account
  // The form stays while those of another account are asked for.
  const path = account ? `/templates${toQuery({ account })}` : null
  const templates = useAsk<List<TemplateAnswer>>(path, 0, undefined, 'templates')
  const ofAccount = templates.data?.items.filter((one) => one.account === account)
  const template = ofAccount?.find(({ templateId }) => templateId === values.template)
  // Without its tag or its time a part of the followers is nobody yet.
  const isWhomSaid = !/^(tag|since)$/.test(values.audience ?? '') || Boolean(values[values.audience ?? ''])
  // In the language of the reader, as its reasons are.
  const rows = useMemo(() => readRows(values.file ?? ''), [values.file, language.value])
  return (
    <Panel title={t('broadcast.new')}>
      <Loaded asked={templates}>
        {({ items }) => (
          <form class="fields" onSubmit={(event) => event.preventDefault()}>
            {accounts.length > 1 && (
              <Choice
                label={t('push.account')}
                value={account ?? ''}
                set={(value) => set('account', value)}
                options={accounts.map((one) => [one.account, one.account])}
              />
            )}
            <Choice
              label={t('push.template')}
              value={values.template ?? ''}
              set={(value) => set('template', value)}
              options={[
                ['', t('broadcast.choose')],
                ...items.map((one) => [one.templateId, one.title] as const),
              ]}
            />
            {template && (
              <MessagePreview
                template={template}
                values={toData(values, template)}
                set={(key, value) => set(`data.${key}`, value)}
              />
            )}
            <Audience values={values} set={set} rows={rows} />
            <Limits values={values} set={set} />
            <Steps
              input={{ account, ...toInput(values, template) }}
              rows={values.audience === 'file' ? rows : undefined}
              isReady={template !== undefined && isWhomSaid}
            />
          </form>
        )}
      </Loaded>
    </Panel>
  )
}

const audiences = ['all', 'tag', 'since', 'file'] as const

function Audience({ values, set, rows }: PartProps & { rows: FollowerRows }) {
  const { audience = 'all' } = values
  return (
    <>
      <Choice
        label={t('broadcast.audience')}
        value={audience}
        set={(value) => set('audience', value)}
        options={audiences.map((name) => [name, t(`broadcast.${name}` satisfies TextKey)])}
      />
      {(audience === 'tag' || audience === 'since') && (
        <TextField
          label={t(`broadcast.${audience}`)}
          type={audience === 'tag' ? 'number' : 'datetime-local'}
          value={values[audience] ?? ''}
          set={(value) => set(audience, value)}
        />
      )}
      {audience === 'file' && (
        <FollowerFile value={values.file ?? ''} set={(text) => set('file', text)} rows={rows} />
      )}
    </>
  )
}

const limits = ['name', 'url', 'startAt', 'expiresAt', 'rate', 'window', 'canary', 'maxFailures'] as const
const examples: Values = { window: '09:00-21:00', canary: '1%', maxFailures: '20%', rate: '100' }

function Limits({ values, set }: PartProps) {
  return (
    <details>
      <summary>{t('broadcast.more')}</summary>
      {limits.map((name) => (
        <TextField
          key={name}
          label={t(`broadcast.${name}` satisfies TextKey)}
          type={name.endsWith('At') ? 'datetime-local' : 'text'}
          hint={examples[name]}
          value={values[name] ?? ''}
          set={(value) => set(name, value)}
        />
      ))}
    </details>
  )
}

interface StepsProps {
  input: Record<string, unknown>
  /** Of a file. */
  rows: FollowerRows | undefined
  isReady: boolean
}

/** What it would do is shown before it can be done, and the button says to how many. */
function Steps({ input, rows, isReady }: StepsProps) {
  const [last, setLast] = useState<{ plan: BroadcastPlan; of: string; rows: FollowerRows | undefined }>()
  const said = JSON.stringify(input)
  const plan = last?.of === said && last.rows === rows ? last.plan : undefined
  return (
    <>
      <p class="row">
        <Act
          label={t('broadcast.try')}
          disabled={!isReady || rows?.good.length === 0}
          run={async () => {
            setLast({ plan: await send<BroadcastPlan>({ ...input, dryRun: true }, rows), of: said, rows })
          }}
        />
        <Act
          kind="main"
          label={plan ? t('broadcast.send', { n: plan.sendable }) : t('broadcast.send_any')}
          disabled={!plan || plan.selected === 0}
          confirm={t('broadcast.send.what', { n: plan?.sendable ?? 0 })}
          run={async () => {
            const { text } = address.peek()
            const { id } = await send<Broadcast>(input, rows)
            // Whoever has gone elsewhere meanwhile stays there.
            if (address.peek().text === text) go(`/broadcasts/${encodeURIComponent(id)}`)
          }}
        />
        {!plan && <span class="faint">{t('broadcast.try_first')}</span>}
      </p>
      {plan && <Plan plan={plan} rows={rows} />}
    </>
  )
}

/** Rows of a file go one a line, however many there are, and the rest beside them. */
function send<T>(input: Record<string, unknown>, rows: FollowerRows | undefined): Promise<T> {
  if (!rows) return ask<T>('/broadcasts', input)
  const { audience: _, ...rest } = input
  const given = Object.entries(rest).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, typeof value === 'object' ? JSON.stringify(value) : String(value)]],
  )
  const lines = rows.good.map(({ values }) => `${JSON.stringify(values)}\n`)
  return ask<T>(`/broadcasts?${new URLSearchParams(given)}`, lines.join(''))
}

/** As the API takes it; what is not filled in is left out. */
function toInput(values: Values, template: TemplateAnswer | undefined): object {
  const time = (text: string | undefined) => (text ? new Date(text).toISOString() : undefined)
  const { audience = 'all', tag, since, name, url, rate, window, canary, maxFailures } = values
  const whom: Record<string, unknown> = { tag: { tag: Number(tag) }, since: { since: time(since) } }
  const optional = {
    ...{ name, url, window, canary, maxFailures },
    ...{ startAt: time(values.startAt), expiresAt: time(values.expiresAt) },
    // What is no number is refused there: it must not go out unbraked.
    rate: rate && (Number(rate) || rate),
  }
  return {
    templateId: template?.templateId,
    data: template && toData(values, template),
    audience: audience === 'file' ? undefined : (whom[audience] ?? { all: true }),
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value)),
  }
}

function toData(values: Values, { fields }: TemplateAnswer): Values {
  return Object.fromEntries(fields.map(({ key }) => [key, values[`data.${key}`] ?? '']))
}

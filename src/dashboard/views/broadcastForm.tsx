import { useState } from 'preact/hooks'
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
import { address, go, status } from '../state.ts'
import { type TextKey, t } from '../text/text.ts'
import { Choice, FollowerFile, Plan, TextField, toRows } from './fields.tsx'

type Values = Record<string, string>
interface PartProps {
  values: Values
  set(name: string, value: string): void
}
export function BroadcastForm() {
  const accounts = status.value?.accounts ?? []
  const [values, setValues] = useState<Values>({ template: address.value.query.get('template') ?? '' })
  const set = (name: string, value: string) => setValues((last) => ({ ...last, [name]: value }))
  const account = values.account ?? accounts[0]?.account
  const templates = useAsk<List<TemplateAnswer>>(account ? `/templates${toQuery({ account })}` : null)
  const template = templates.data?.items.find(({ templateId }) => templateId === values.template)
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
            {template && <Message template={template} values={values} set={set} />}
            <Audience values={values} set={set} />
            <Limits values={values} set={set} />
            <Steps input={toInput(values, template)} account={account} isReady={template !== undefined} />
          </form>
        )}
      </Loaded>
    </Panel>
  )
}

function Message({ template, values, set }: PartProps & { template: TemplateAnswer }) {
  return (
    <>
      {template.fields.map(({ key }) => (
        <TextField
          key={key}
          label={key}
          value={values[`data.${key}`] ?? ''}
          set={(value) => set(`data.${key}`, value)}
        />
      ))}
      <fieldset class="preview">
        <legend>{t('broadcast.preview')}</legend>
        <b>{template.title}</b>
        {template.content.replace(/\{\{(\w+)\.DATA\}\}/g, (_, key) => values[`data.${key}`] || `[${key}]`)}
      </fieldset>
    </>
  )
}

const audiences = ['all', 'tag', 'since', 'file'] as const

function Audience({ values, set }: PartProps) {
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
      {audience === 'file' && <FollowerFile value={values.file ?? ''} set={(text) => set('file', text)} />}
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
  input: object
  account: string | undefined
  isReady: boolean
}

/** What it would do is shown before it can be done, and the button says to how many. */
function Steps({ input, account, isReady }: StepsProps) {
  const [last, setLast] = useState<{ plan: BroadcastPlan; of: string }>()
  const said = JSON.stringify([account, input])
  const plan = last?.of === said ? last.plan : undefined
  return (
    <>
      <p class="row">
        <Act
          label={t('broadcast.try')}
          disabled={!isReady}
          run={async () => {
            const planned = await ask<BroadcastPlan>('/broadcasts', { account, ...input, dryRun: true })
            setLast({ plan: planned, of: said })
          }}
        />
        <Act
          kind="main"
          label={plan ? t('broadcast.send', { n: plan.sendable }) : t('broadcast.send_any')}
          disabled={!plan || plan.selected === 0}
          confirm={t('broadcast.send.what', { n: plan?.sendable ?? 0 })}
          run={async () => {
            const { id } = await ask<Broadcast>('/broadcasts', { account, ...input })
            go(`/broadcasts/${encodeURIComponent(id)}`)
          }}
        />
        {!plan && <span class="faint">{t('broadcast.try_first')}</span>}
      </p>
      {plan && <Plan plan={plan} />}
    </>
  )
}

/** As the API takes it; what is not filled in is left out. */
function toInput(values: Values, template: TemplateAnswer | undefined): object {
  const time = (text: string | undefined) => (text ? new Date(text).toISOString() : undefined)
  const { audience = 'all', tag, since, file = '', name, url, rate, window, canary, maxFailures } = values
  const whom: Record<string, unknown> = { tag: { tag: Number(tag) }, since: { since: time(since) } }
  const optional = {
    ...{ name, url, window, canary, maxFailures },
    startAt: time(values.startAt),
    expiresAt: time(values.expiresAt),
    rate: rate ? Number(rate) : undefined,
  }
  return {
    templateId: template?.templateId,
    data: Object.fromEntries(template?.fields.map(({ key }) => [key, values[`data.${key}`] ?? '']) ?? []),
    audience: audience === 'file' ? { rows: toRows(file) } : (whom[audience] ?? { all: true }),
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value)),
  }
}

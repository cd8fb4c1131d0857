import { useState } from 'preact/hooks'
import {
  type AuditAnswer,
  type CheckResult,
  type List,
  type TemplateAnswer,
  toQuery,
  useAsk,
} from '../api.ts'
import { Act, Badge, Grid, Loaded, Notice, Panel, When } from '../parts.tsx'
import { mayOperate } from '../state.ts'
import { isTextKey, t } from '../text/text.ts'
import { TextField } from './fields.tsx'

interface DoctorAnswer {
  ok: boolean
  checks: CheckResult[]
}

export function DoctorView() {
  const asked = useAsk<DoctorAnswer>('/doctor')
  const rank = ['fail', 'warn', 'ok', 'skipped']
  return (
    <>
      <p class="row">
        <span>{t('doctor.what')}</span>
        <Act label={t('doctor.again')} run={asked.reload} />
      </p>
      <Loaded asked={asked}>
        {({ ok, checks }) => (
          <>
            <Notice tone={ok ? 'ok' : 'bad'}>{t(ok ? 'doctor.ok' : 'doctor.bad')}</Notice>
            <Grid label={t('nav.doctor')} head={['doctor.check', 'push.status', 'doctor.seen', 'what_to_do']}>
              {checks
                .toSorted((a, b) => rank.indexOf(a.status) - rank.indexOf(b.status))
                .map(({ name, account, status, detail, hint }) => (
                  <tr key={`${account} ${name}`}>
                    <th scope="row">
                      {name} {account && <small>{account}</small>}
                    </th>
                    <td>
                      <Badge word={status} />
                    </td>
                    <td class="detail">{detail}</td>
                    <td class="detail">{hint}</td>
                  </tr>
                ))}
            </Grid>
          </>
        )}
      </Loaded>
    </>
  )
}

export function AuditView() {
  const asked = useAsk<List<AuditAnswer>>('/audit?limit=200', 5)
  return (
    <>
      <p>{t('audit.what')}</p>
      <Loaded asked={asked}>
        {({ items }) =>
          items.length === 0 ? (
            <Notice>{t('audit.none')}</Notice>
          ) : (
            <Grid
              label={t('nav.audit')}
              head={['time', 'audit.who', 'audit.did', 'push.account', 'audit.target', 'audit.detail']}
            >
              {items.map((entry) => (
                <tr key={JSON.stringify(entry)}>
                  <td>
                    <When iso={entry.at} />
                  </td>
                  <td>{entry.keyName}</td>
                  <td>{entry.action}</td>
                  <td>{entry.account}</td>
                  <td>{entry.target}</td>
                  <td class="detail">{entry.detail}</td>
                </tr>
              ))}
            </Grid>
          )
        }
      </Loaded>
    </>
  )
}

export function TemplatesView() {
  const asked = useAsk<List<TemplateAnswer> & { listedBefore: string | null }>('/templates')
  return (
    <Loaded asked={asked}>
      {({ items, listedBefore }) => (
        <>
          {listedBefore && (
            <Notice tone="warn">
              {t('templates.old')} <When iso={listedBefore} />
            </Notice>
          )}
          {items.length === 0 && <Notice>{t('templates.none')}</Notice>}
          <div class="cards">
            {items.map((template) => (
              <TemplatePanel key={template.account + template.templateId} template={template} />
            ))}
          </div>
        </>
      )}
    </Loaded>
  )
}

function TemplatePanel({ template }: { template: TemplateAnswer }) {
  const { account, templateId, title, content, example, fields } = template
  const [isExample, setExample] = useState(true)
  const [values, setValues] = useState<Record<string, string>>({})
  return (
    <Panel
      title={title}
      name={`${title} ${templateId} ${account}`}
      aside={<small class="faint">{account}</small>}
    >
      <p>
        <code>{templateId}</code>
      </p>
      <div class="preview">{(isExample && example) || content}</div>
      <p class="row">
        {example && (
          <label>
            <input
              type="checkbox"
              checked={isExample}
              onChange={({ currentTarget }) => setExample(currentTarget.checked)}
            />{' '}
            {t('templates.example')}
          </label>
        )}
        {mayOperate.value && (
          <a href={`#/broadcasts/new${toQuery({ account, template: templateId })}`}>{t('broadcast.new')}</a>
        )}
      </p>
      <details class="fields">
        <summary>{t('templates.own')}</summary>
        <MessagePreview
          template={template}
          values={values}
          set={(key, value) => setValues((last) => ({ ...last, [key]: value }))}
        />
      </details>
      <p class="faint">{fields.map(({ key, type }) => `${key} (${type})`).join(', ')}</p>
    </Panel>
  )
}

/** Lines of old templates that WeChat shows no more. */
const neverShown = new Set(['first', 'remark'])

interface MessagePreviewProps {
  template: TemplateAnswer
  /** By keyword. */
  values: Record<string, string>
  set(key: string, value: string): void
}

/** What a message says, and how the user sees it. */
export function MessagePreview({ template, values, set }: MessagePreviewProps) {
  return (
    <>
      {template.fields.map(({ key, type }) => (
        <TextField
          key={key}
          label={key}
          hint={toHint(type)}
          value={values[key] ?? ''}
          set={(value) => set(key, value)}
        />
      ))}
      <fieldset class="preview">
        <legend>{t('broadcast.preview')}</legend>
        <b>{template.title}</b>
        {template.content.replace(/\{\s*\{\s*(\w+)\.DATA\s*\}\s*\}/g, (_, key) =>
          neverShown.has(key) ? '' : values[key] || `[${key}]`,
        )}
      </fieldset>
    </>
  )
}

function toHint(type: string): string {
  const key = `type.${type}`
  return isTextKey(key) ? t(key) : ''
}

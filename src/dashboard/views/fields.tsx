import { type BroadcastPlan, readText } from '../api.ts'
import { Notice } from '../parts.tsx'
import { t, toNumber, tWord } from '../text/text.ts'

interface FieldProps {
  label: string
  value: string
  set(value: string): void
}

export function TextField({
  label,
  value,
  set,
  type = 'text',
  hint,
}: FieldProps & { type?: string; hint?: string | undefined }) {
  return (
    <label>
      {label}
      <input
        type={type}
        value={value}
        placeholder={hint}
        onInput={({ currentTarget }) => set(currentTarget.value)}
      />
    </label>
  )
}

export function Choice({
  label,
  value,
  set,
  options,
}: FieldProps & { options: readonly (readonly [string, string])[] }) {
  return (
    <label>
      {label}
      <select value={value} onChange={({ currentTarget }) => set(currentTarget.value)}>
        {options.map(([word, title]) => (
          <option key={word} value={word}>
            {title}
          </option>
        ))}
      </select>
    </label>
  )
}

export interface BadRow {
  line: number
  reason: string
}

function BadRows({ rows }: { rows: readonly BadRow[] }) {
  if (rows.length === 0) return null
  return (
    <>
      <p>{t('broadcast.invalid', { n: rows.length })}</p>
      <ul>
        {rows.slice(0, 20).map(({ line, reason }) => (
          <li key={line}>{t('broadcast.line', { line: String(line), reason })}</li>
        ))}
      </ul>
      {rows.length > 20 && <p>{t('file.more', { n: rows.length - 20 })}</p>}
    </>
  )
}

export interface FollowerRows {
  /** Each with the line of the file that it is in. */
  good: { line: number; values: Record<string, unknown> }[]
  bad: BadRow[]
}

type FollowerFileProps = Omit<FieldProps, 'label'> & { rows: FollowerRows }

/** Checked line by line as soon as it is there; a large one is not shown. */
export function FollowerFile({ value, set, rows: { good, bad } }: FollowerFileProps) {
  const read = async (file: File | undefined) => file && set(await readText(file))
  const columns = Object.keys(good[0]?.values ?? {}).map((name) => `{{${name}}}`)
  return (
    <>
      <label
        class="drop"
        onDragOver={(event) => event.preventDefault()}
        onDrop={(event) => {
          event.preventDefault()
          void read(event.dataTransfer?.files[0])
        }}
      >
        {t('broadcast.file')}
        <input
          type="file"
          accept=".csv,.jsonl,.txt"
          onChange={({ currentTarget }) => void read(currentTarget.files?.[0])}
        />
        {value.length < 10_000 && (
          <textarea
            rows={5}
            placeholder={'unionid\no6_bmas...'}
            value={value}
            onInput={({ currentTarget }) => set(currentTarget.value)}
          />
        )}
      </label>
      {value !== '' && (
        <Notice tone={bad.length > 0 ? 'warn' : 'ok'}>
          <p>{t('file.rows', { n: good.length })}</p>
          {good.length > 0 && <p>{t('file.columns', { columns: columns.join(' ') })}</p>}
          <BadRows rows={bad} />
        </Notice>
      )}
    </>
  )
}

type PlanProps = { plan: BroadcastPlan; rows: FollowerRows | undefined }

/** What a broadcast would do. */
export function Plan({ plan: { selected, sendable, skipped, invalid, quota, samples }, rows }: PlanProps) {
  // The server counts what it was sent, people count the lines of their file.
  const bad = invalid.map(({ line, reason }) => ({ line: rows?.good[line - 1]?.line ?? line, reason }))
  const [sample] = samples
  const texts = Object.entries(sample?.data ?? {}).map(([key, value]) => `${key} = ${value}`)
  return (
    <Notice tone={bad.length > 0 ? 'warn' : 'ok'}>
      <p>{t('broadcast.plan', { selected, sendable })}</p>
      {Object.entries(skipped).map(([reason, n]) => (
        <p key={reason}>{`${tWord('reason', reason)}: ${toNumber(n ?? 0)}`}</p>
      ))}
      {quota && <p>{t('broadcast.quota', { left: quota.left, n: quota.days })}</p>}
      {sample && (
        <p>{`${t('broadcast.sample', { who: sample.unionid ?? sample.openid ?? '' })}: ${texts.join('; ')}`}</p>
      )}
      <BadRows rows={bad} />
    </Notice>
  )
}

const idPattern = /^[\w-]{1,128}$/

/** JSON lines, or columns separated by commas below a line with their names. */
export function readRows(text: string): FollowerRows {
  const lines = text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .map((content, i) => ({ content, line: i + 1 }))
    .filter(({ content }) => content.trim() !== '')
  const [first, ...others] = lines
  const found: FollowerRows = { good: [], bad: [] }
  if (!first) return found
  const isJson = first.content.trimStart().startsWith('{')
  const names = isJson ? [] : toCells(first.content)
  if (!isJson && !names.includes('unionid') && !names.includes('openid')) {
    return { good: [], bad: [{ line: first.line, reason: t('file.header') }] }
  }
  for (const { content, line } of isJson ? lines : others) {
    const row = isJson ? toObject(content) : toValues(names, toCells(content))
    const reason = typeof row === 'string' ? row : findFault(row)
    if (typeof row === 'string' || reason) found.bad.push({ line, reason: reason ?? '' })
    else found.good.push({ line, values: row })
  }
  return found
}

/** Or what is wrong with it. */
function toValues(names: readonly string[], cells: readonly string[]): Record<string, unknown> | string {
  if (cells.length !== names.length) return t('file.cells', { n: cells.length, names: names.length })
  return Object.fromEntries(cells.map((cell, i) => [names[i] ?? '', cell]))
}

function toObject(line: string): Record<string, unknown> | string {
  try {
    const value: unknown = JSON.parse(line)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  } catch {}
  return t('file.json')
}

function findFault({ unionid, openid }: Record<string, unknown>): string | undefined {
  const ids = [unionid, openid].filter((id) => typeof id === 'string').map((id) => id.trim())
  if (ids.every((id) => id === '')) return t('file.nobody')
  const odd = ids.find((id) => id !== '' && !idPattern.test(id))
  return odd && t('file.odd', { id: odd.slice(0, 30) })
}

/** A cell in quotes may have commas in it, and quotes written twice. */
function toCells(line: string): string[] {
  const cells = line.match(/(?<=^|,)(?:"(?:[^"]|"")*"|[^,]*)/g) ?? []
  return cells.map((cell) =>
    cell
      .trim()
      .replace(/^"(.*)"$/s, '$1')
      .replaceAll('""', '"'),
  )
}

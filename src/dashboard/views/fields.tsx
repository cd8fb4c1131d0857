import type { BroadcastPlan } from '../api.ts'
import { Notice } from '../parts.tsx'
import { t, toNumber, tWord } from '../text/text.ts'

export function FollowerFile({ value, set }: { value: string; set(text: string): void }) {
  return (
    <label
      onDragOver={(event) => event.preventDefault()}
      onDrop={async (event) => {
        event.preventDefault()
        set((await event.dataTransfer?.files[0]?.text()) ?? '')
      }}
    >
      {t('broadcast.file')}
      <input
        type="file"
        accept=".csv,.jsonl,.txt"
        onChange={async ({ currentTarget }) => set((await currentTarget.files?.[0]?.text()) ?? '')}
      />
      <textarea
        rows={5}
        placeholder={'unionid\no6_bmas...'}
        value={value}
        onInput={({ currentTarget }) => set(currentTarget.value)}
      />
    </label>
  )
}

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

interface BadRow {
  line: number
  reason: string
}

/** What a broadcast would do. */
export function Plan({
  plan: { selected, sendable, skipped, invalid, quota, samples },
}: {
  plan: BroadcastPlan
}) {
  const bad: readonly BadRow[] = invalid
  const [sample] = samples
  const texts = Object.entries(sample?.data ?? {}).map(([key, value]) => `${key} = ${value}`)
  return (
    <Notice tone={bad.length > 0 ? 'warn' : 'ok'}>
      <p>{t('broadcast.plan', { selected, sendable })}</p>
      {Object.entries(skipped).map(([reason, n]) => (
        <p key={reason}>{`${tWord('reason', reason)}: ${toNumber(n ?? 0)}`}</p>
      ))}
      {quota && <p>{t('broadcast.quota', { left: quota.left, days: quota.days })}</p>}
      {sample && (
        <p>{`${t('broadcast.sample', { who: sample.unionid ?? sample.openid ?? '' })}: ${texts.join('; ')}`}</p>
      )}
      {bad.length > 0 && <p>{t('broadcast.invalid', { n: bad.length })}</p>}
      <ul>
        {bad.slice(0, 20).map(({ line, reason }) => (
          <li key={line}>{t('broadcast.line', { line: String(line), reason })}</li>
        ))}
      </ul>
    </Notice>
  )
}

/** JSON lines, or columns separated by commas below a line with their names; what is neither goes as it is, to be refused. */
export function toRows(text: string): unknown[] {
  const lines = text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '')
  if (lines[0]?.startsWith('{')) return lines.map(toJson)
  const [names = [], ...rest] = lines.map(toCells)
  return rest.map((cells) => Object.fromEntries(cells.map((cell, i) => [names[i] ?? `${i}`, cell])))
}

function toJson(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return line
  }
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

import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import type { Bucket, OutcomeName } from './api.ts'
import { Grid } from './parts.tsx'
import { language, theme } from './state.ts'
import { type TextKey, t, toNumber, toTime, tWord } from './text/text.ts'

const shown: OutcomeName[] = ['delivered', 'sent', 'skipped', 'undelivered', 'rejected', 'unknown']
const widths = { minute: 60, hour: 3_600, day: 86_400 }

interface ChartProps {
  buckets: Bucket[]
  bucket: keyof typeof widths
  /** Milliseconds up to now. */
  span: number
}

/** One column each, with a table behind it for whoever does not see the picture. */
export function OutcomeChart({ buckets, bucket, span }: ChartProps) {
  const place = useRef<HTMLDivElement>(null)
  const look = `${theme.value} ${language.value}`
  useEffect(
    () => (place.current ? draw(place.current, buckets, widths[bucket], span) : undefined),
    [buckets, bucket, span, look],
  )
  return (
    <>
      <div class="chart" ref={place} aria-hidden="true" />
      <ul class="legend" aria-hidden="true">
        {shown.map((name) => (
          <li key={name}>
            <i class={`dot ${name}`} />
            {tWord('status', name)}
          </li>
        ))}
      </ul>
      <details>
        <summary>{t('outcomes.table')}</summary>
        <Grid
          label={t('outcomes')}
          head={['time', ...shown.map((name) => `status.${name}` satisfies TextKey)]}
        >
          {buckets.toReversed().map((one) => (
            <tr key={one.at}>
              <th scope="row">{toTime(one.at)}</th>
              {shown.map((name) => (
                <td key={name}>{toNumber(one[name])}</td>
              ))}
            </tr>
          ))}
        </Grid>
      </details>
    </>
  )
}

function draw(place: HTMLElement, buckets: Bucket[], width: number, span: number): () => void {
  // A canvas knows no variables, and what they stand for depends on the theme.
  const color = (name: string) => {
    place.style.color = `var(--${name})`
    return getComputedStyle(place).color
  }
  const times = buckets.map(({ at }) => Date.parse(at) / 1_000)
  const sums = buckets.map(() => 0)
  // The tallest is drawn first, and each lower one over it: that is how columns are stacked here.
  const stacks = shown.map((name) =>
    buckets.map((one, i) => {
      sums[i] = (sums[i] ?? 0) + one[name]
      return sums[i] ?? 0
    }),
  )
  const end = Math.ceil(Date.now() / 1_000 / width) * width
  const bars = uPlot.paths.bars?.({ size: [0.8, 40], align: 1 })
  const series = shown.map((name) => ({
    stroke: color(name),
    fill: color(name),
    width: 0,
    points: { show: false },
    ...(bars && { paths: bars }),
  }))
  const axis = { stroke: color('faint'), grid: { stroke: color('line'), width: 1 }, ticks: { show: false } }
  const chart = new uPlot(
    {
      width: place.clientWidth,
      height: 200,
      legend: { show: false },
      cursor: { show: false },
      scales: {
        x: { range: [end - span / 1_000, end] },
        y: { range: (_, __, max) => [0, Math.max(5, max * 1.1)] },
      },
      axes: [
        { ...axis, grid: { show: false }, values: (_, ticks) => ticks.map((tick) => toTick(tick, width)) },
        {
          ...axis,
          size: 60,
          incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 5e4, 1e5, 1e6],
          values: (_, ticks) => ticks.map(toNumber),
        },
      ],
      series: [{}, ...series.toReversed()],
    },
    [times, ...stacks.toReversed()],
    place,
  )
  const watch = new ResizeObserver(() => chart.setSize({ width: place.clientWidth, height: 200 }))
  watch.observe(place)
  return () => {
    watch.disconnect()
    chart.destroy()
  }
}

function toTick(seconds: number, width: number): string {
  const date = new Date(seconds * 1_000)
  const two = (n: number) => String(n).padStart(2, '0')
  const isDay = width >= 86_400 || (date.getHours() === 0 && date.getMinutes() === 0)
  return isDay
    ? `${date.getMonth() + 1}-${date.getDate()}`
    : `${two(date.getHours())}:${two(date.getMinutes())}`
}

interface ReasonBarsProps {
  reasons: Record<string, number>
  since?: string
  broadcast?: string
}

/** Each leads to the pushes behind it. */
export function ReasonBars({ reasons, ...filter }: ReasonBarsProps) {
  const sorted = Object.entries(reasons).sort(([, a], [, b]) => b - a)
  const most = sorted[0]?.[1] ?? 1
  if (sorted.length === 0) return <p class="faint">{t('reasons.none')}</p>
  return (
    <ul class="bars">
      {sorted.map(([reason, count]) => (
        <li key={reason}>
          <a href={`#/failed?${new URLSearchParams({ reason, ...filter })}`}>
            <span>{tWord('reason', reason)}</span>
            <meter min={0} max={most} value={count} aria-hidden="true" />
            <b>{toNumber(count)}</b>
          </a>
        </li>
      ))}
    </ul>
  )
}

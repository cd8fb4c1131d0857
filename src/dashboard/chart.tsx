import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import type { Bucket, OutcomeName, Overview } from './api.ts'
import { Grid, type GridProps } from './parts.tsx'
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
  const place = useChart((box) => drawOutcomes(box, buckets, widths[bucket], span), [buckets, bucket, span])
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
      <Table
        label={`${t('outcomes')}: ${t('outcomes.table')}`}
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
      </Table>
    </>
  )
}

type FollowerDays = Overview['accounts'][number]['followers']

export function FollowerChart({ account, days }: { account: string; days: FollowerDays }) {
  const place = useChart((box) => drawFollowers(box, days), [JSON.stringify(days)])
  if (days.length < 2) return days.length === 0 ? null : <p class="faint">{t('account.growth.one')}</p>
  return (
    <>
      <p class="faint">{t('account.growth')}</p>
      <div class="chart low" ref={place} aria-hidden="true" />
      <Table label={`${account}: ${t('account.growth')}`} head={['time', 'account.followers']}>
        {days.toReversed().map(({ at, total }) => (
          <tr key={at}>
            <th scope="row">{toTime(at)}</th>
            <td>{toNumber(total)}</td>
          </tr>
        ))}
      </Table>
    </>
  )
}

/** For whoever does not see the picture. */
function Table(props: GridProps) {
  return (
    <details>
      <summary>{t('outcomes.table')}</summary>
      <Grid {...props} />
    </details>
  )
}

function useChart(show: (place: HTMLElement) => () => void, of: readonly unknown[]) {
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => (place.current ? show(place.current) : undefined), [...of, theme.value, language.value])
  return place
}

/** A canvas knows no variables, and what they stand for depends on the theme. */
function toColor(place: HTMLElement, name: string): string {
  place.style.color = `var(--${name})`
  return getComputedStyle(place).color
}

function drawOutcomes(place: HTMLElement, buckets: Bucket[], width: number, span: number): () => void {
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
    stroke: toColor(place, name),
    fill: toColor(place, name),
    width: 0,
    points: { show: false },
    ...(bars && { paths: bars }),
  }))
  const scales = {
    x: { range: [end - span / 1_000, end] satisfies [number, number] },
    y: { range: (_: uPlot, __: number, max: number): [number, number] => [0, Math.max(5, max * 1.1)] },
  }
  const data: uPlot.AlignedData = [times, ...stacks.toReversed()]
  return draw(place, { scales, series: [{}, ...series.toReversed()] }, data, width)
}

/** Their number does not begin at nought: what counts is how it changes. */
function drawFollowers(place: HTMLElement, days: FollowerDays): () => void {
  const stroke = toColor(place, 'link')
  const range = (_: uPlot, min: number, max: number): [number, number] => {
    const margin = Math.max(5, (max - min) / 5)
    return [Math.max(0, min - margin), max + margin]
  }
  const times = days.map(({ at }) => Date.parse(at) / 1_000)
  const series = [{}, { stroke, width: 2, points: { show: days.length < 30, stroke, fill: stroke } }]
  return draw(place, { scales: { y: { range } }, series }, [times, days.map(({ total }) => total)], 86_400)
}

function draw(
  place: HTMLElement,
  own: Pick<uPlot.Options, 'scales' | 'series'>,
  data: uPlot.AlignedData,
  width: number,
): () => void {
  const size = () => ({ width: place.clientWidth, height: place.clientHeight })
  const stroke = toColor(place, 'faint')
  const axis = { stroke, ticks: { show: false } }
  const times = (_: uPlot, ticks: number[]) => ticks.map((tick) => toTick(tick, width))
  const axes: uPlot.Axis[] = [
    { ...axis, size: 28, grid: { show: false }, values: times },
    {
      ...axis,
      grid: { stroke: toColor(place, 'line'), width: 1 },
      size: 70,
      space: 26,
      incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6, 5e6],
      values: (_, ticks) => ticks.map(toNumber),
    },
  ]
  const chart = new uPlot(
    { ...size(), ...own, axes, legend: { show: false }, cursor: { show: false } },
    data,
    place,
  )
  const watch = new ResizeObserver(() => chart.setSize(size()))
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
  // What an earlier try or another account has sent did arrive.
  const { already_sent: _, handed_over: __, ...others } = reasons
  const sorted = Object.entries(others).sort(([, a], [, b]) => b - a)
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

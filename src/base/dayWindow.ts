import { day, minute } from './duration.ts'

/** Minutes of the day: the first is in it, the last is not. */
export interface DayWindow {
  from: number
  to: number
}

const pattern = /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$/

/** `09:00-21:00`, also over midnight; undefined for something else. */
export function parseWindow(text: string): DayWindow | undefined {
  const [, fromHour, fromMinute, toHour, toMinute] = pattern.exec(text) ?? []
  if (fromHour === undefined) return undefined
  const window = {
    from: Number(fromHour) * 60 + Number(fromMinute),
    to: Number(toHour) * 60 + Number(toMinute),
  }
  return window.from === window.to ? undefined : window
}

/** Whether it is open at that time (epoch milliseconds) where the account lives. */
export function isOpenAt(window: DayWindow, time: number, timezone: string): boolean {
  const at = toMinuteOfDay(time, timezone)
  return window.from < window.to ? at >= window.from && at < window.to : at >= window.from || at < window.to
}

/** When an open window closes, epoch milliseconds; the change of the clocks may move that by an hour. */
export function findClosing({ to }: DayWindow, time: number, timezone: string): number {
  const left = (to - toMinuteOfDay(time, timezone) + day / minute) % (day / minute)
  return Math.floor(time / minute) * minute + left * minute
}

function toMinuteOfDay(time: number, timezone: string): number {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: timezone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  })
  const parts = format.formatToParts(Math.floor(time / minute) * minute)
  const get = (type: string) => Number(parts.find((part) => part.type === type)?.value)
  return get('hour') * 60 + get('minute')
}

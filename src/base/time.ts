/** As JSON has times; null stays null. */
export function toIso(time: number): string
export function toIso(time: number | null | undefined): string | null
export function toIso(time: number | null | undefined): string | null {
  return time === null || time === undefined ? null : new Date(time).toISOString()
}

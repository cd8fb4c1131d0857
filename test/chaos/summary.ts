import type { RunResult } from './run.ts'

/** What many runs come to, for people: how many of what, and what was found. */
export function summarize(results: readonly RunResult[], seconds: number): string[] {
  const count = (texts: readonly string[]) => {
    const counts = new Map<string, number>()
    for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1)
    return [...counts].sort(([, a], [, b]) => b - a)
  }
  const faults = results.flatMap((result) => result.faults)
  const pushes = results.flatMap(({ statuses }) => Object.values(statuses)).reduce((a, b) => a + b, 0)
  const bad = results.filter(({ violations }) => violations.length > 0)
  const perRun = (seconds / Math.max(1, results.length)).toFixed(1)
  return [
    `${results.length} runs in ${Math.round(seconds)} s (${perRun} s each), ${pushes} pushes, ${faults.length} faults:`,
    ...count(faults).map(([name, times]) => `  ${String(times).padStart(5)}  ${name}`),
    ...count(results.flatMap(({ skipped }) => skipped)).map(
      ([reason, times]) => `  ${times} skipped: ${reason}`,
    ),
    `${bad.length} runs with violations${bad.length > 0 ? `, their seeds: ${bad.map(({ seed }) => seed).join(', ')}` : ''}`,
  ]
}

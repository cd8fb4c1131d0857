import type { Reporter, TestModule } from 'vitest/node'

/** Names at the end what skipped itself, and why. */
export const skippedReporter: Reporter = {
  onTestRunEnd(modules) {
    const lines = modules.flatMap(toLines)
    if (lines.length === 0) return
    process.stdout.write(`\n${lines.join('\n')}\n${lines.length} tests were skipped\n`)
  },
}

function toLines(module: TestModule): string[] {
  return [...module.children.allTests('skipped')].flatMap((test) => {
    const result = test.result()
    if (result.state !== 'skipped' || !result.note) return []
    return [`SKIPPED ${module.relativeModuleId} > ${test.fullName}: ${result.note}`]
  })
}

import type { Sentence } from '../base/sentences/sentence.ts'
import type { SyncOutput, SyncWatch } from '../operations/sync.ts'
import type { Output } from './output.ts'
import { inWords } from './text/phrase.ts'

type Progress = Pick<SyncOutput, 'status' | 'seen' | 'total'>

/** Shows on stderr how far the follower sync is that `run` does. */
export async function withSyncProgress<T extends Progress>(
  out: Output,
  label: string,
  run: (watch: Pick<SyncWatch, 'onProgress' | 'onWait'>) => Promise<T>,
): Promise<T> {
  const progress = out.createProgress(label)
  const onProgress = ({ seen, total }: Pick<Progress, 'seen' | 'total'>) => progress.update(seen, total)
  try {
    const onWait = (sentence: Sentence) => void process.stderr.write(`unionpush sync: ${inWords(sentence)}\n`)
    const result = await run({ onProgress, onWait })
    if (result.status === 'complete') onProgress(result)
    return result
  } finally {
    progress.end()
  }
}
